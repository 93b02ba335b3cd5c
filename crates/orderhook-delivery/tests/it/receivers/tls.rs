//! Certificates, good and bad.

use std::sync::LazyLock;

use orderhook_store::AttemptOutcome::{self, *};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use tokio_rustls::TlsAcceptor;

use super::connecting::Scripted;
use super::*;

/// Signs the certificates of receivers; what [`options`] trust.
pub(super) static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "authority of the tests");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
});

const NAME: &str = "receiver.example";

struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// A certificate for [`NAME`], unless `change` says otherwise.
fn signed(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &AUTHORITY).unwrap();
    Identity {
        certificate: certificate.der().clone(),
        key: key.into(),
    }
}

fn self_signed() -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([NAME.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity {
        certificate: certificate.der().clone(),
        key: key.into(),
    }
}

/// Answers 200 by TLS to one request on each connection.
async fn tls_receiver(identity: Identity) -> Receiver {
    let config = server_config().with_no_client_auth();
    tls_receiver_with(
        config
            .with_single_cert(vec![identity.certificate], identity.key)
            .unwrap(),
    )
    .await
}

fn server_config() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
}

async fn tls_receiver_with(config: ServerConfig) -> Receiver {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Receiver::start(move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let accepting = acceptor.accept(connection.stream).into_fallible();
            let mut stream = match accepting.await {
                Ok(stream) => stream,
                Err((error, mut stream)) => {
                    // Closing over unread bytes would reset the connection, and lose the alert.
                    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                    return Err(error);
                }
            };
            let mut request = Vec::new();
            while !request.ends_with(BODY) {
                stream.read_buf(&mut request).await?;
            }
            connection.requests.lock().unwrap().push(request);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await?;
            stream.shutdown().await
        }
    })
    .await
}

/// A push by https to [`NAME`], which resolves to this receiver.
async fn post_by_name(receiver: &Receiver, deadline: Duration) -> Result<Answer, SendError> {
    let mut options = options();
    options.resolver = Scripted::new([vec![receiver.address]]);
    let transport = HttpTransport::new(options).unwrap();
    let url = format!("https://{NAME}:{}/hooks", receiver.address.port());
    post(&transport, &url, deadline).await
}

async fn check(identity: Identity, outcome: AttemptOutcome, reason: &str) {
    let receiver = tls_receiver(identity).await;
    let result = post_by_name(&receiver, LONG).await;
    let verdict = verdict(EndpointKind::Webhook, &result);
    assert_eq!(
        (verdict.outcome, verdict.reason.as_str()),
        (outcome, reason)
    );
    let received = usize::from(outcome == Acknowledged);
    assert_eq!(
        receiver.requests().len(),
        received,
        "nothing is sent before it is trusted"
    );
}

#[tokio::test]
async fn a_certificate_of_an_extra_authority_is_trusted() {
    check(signed(|_| ()), Acknowledged, "answered 200 OK").await;
}

#[tokio::test]
async fn a_bad_certificate_is_not_trusted() {
    check(
        self_signed(),
        TlsFailed,
        "the receiver's certificate is from no authority that is trusted here",
    )
    .await;
    check(
        signed(|params| params.not_after = date_time_ymd(2001, 1, 1)),
        TlsFailed,
        "the receiver's certificate has expired",
    )
    .await;
    check(
        signed(|params| params.not_before = date_time_ymd(4000, 1, 1)),
        TlsFailed,
        "the receiver's certificate is not valid yet",
    )
    .await;
    check(
        signed(|params| {
            *params = CertificateParams::new(["other.example".to_owned()]).unwrap();
        }),
        TlsFailed,
        "the receiver's certificate is for another name",
    )
    .await;
}

#[tokio::test]
async fn a_receiver_that_wants_a_certificate_of_ours_fails() {
    let mut roots = RootCertStore::empty();
    roots.add(AUTHORITY.as_ref().der().clone()).unwrap();
    let builder = server_config();
    let provider = builder.crypto_provider().clone();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let identity = signed(|_| ());
    let config = builder
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![identity.certificate], identity.key)
        .unwrap();
    let receiver = tls_receiver_with(config).await;
    let result = post_by_name(&receiver, LONG).await;
    let reason = "the receiver asks for a client certificate, and there is none";
    assert_verdict(&result, TlsFailed, reason);
}

#[tokio::test]
async fn plain_http_on_the_port_of_https_is_no_tls() {
    let receiver = Receiver::start(|mut connection| async move {
        connection
            .stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await?;
        connection.read_to_end().await
    })
    .await;
    let result = post_by_name(&receiver, LONG).await;
    assert_verdict(&result, TlsFailed, "the receiver does not speak TLS");
}

#[tokio::test]
async fn a_connection_that_closes_in_the_handshake_fails() {
    let receiver = Receiver::start(|mut connection| async move {
        let mut hello = [0; 64];
        connection.stream.read_exact(&mut hello).await?;
        connection.stream.shutdown().await?;
        connection.read_to_end().await
    })
    .await;
    let result = post_by_name(&receiver, LONG).await;
    let reason = "the connection broke during the TLS handshake: unexpected end of file";
    assert_verdict(&result, TlsFailed, reason);
}

#[tokio::test]
async fn a_handshake_that_hangs_ends_by_the_deadline() {
    let receiver = Receiver::start(|mut connection| async move { connection.read_to_end().await });
    let receiver = receiver.await;
    let result = post_by_name(&receiver, SHORT).await;
    assert_verdict(&result, TimedOut, "no complete answer within 200 ms");
}
