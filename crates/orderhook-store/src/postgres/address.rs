//! Where the database is, and how it is spoken to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orderhook_types::Secret;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{BoxError, StoreError};

/// What each session of ours is set to, whatever the server's defaults.
///
/// `synchronous_commit` is the promise that what was answered survives. What an unreachable client
/// left behind holds its locks no longer than seconds. Statements are planned once, and for indexes:
/// those of the hot tables must not be planned by how few rows they had at some moment.
const SESSION: &str = "-c search_path=orderhook -c synchronous_commit=on \
    -c statement_timeout=30s -c lock_timeout=4s -c idle_in_transaction_session_timeout=10s \
    -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 \
    -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c random_page_cost=1 \
    -c max_parallel_workers_per_gather=0 -c jit=off -c timezone=UTC \
    -c client_min_messages=warning";

/// How long a connection may take to be made, and how long sent bytes may wait to be received.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const UNRECEIVED_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection is made with.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// Reads a URL.
///
/// `sslmode` is `disable`, `require` (or `verify-full`, which is the same here: a certificate is always
/// verified), or `prefer`, the default, which encrypts if the server can. `prefer` on this machine
/// itself, by a socket or a loopback address, is `disable`: there is nobody in between.
pub(super) fn parse(url: &Secret) -> Result<Address, StoreError> {
    let (url, root_certificates) = without_root_certificates(url.reveal());
    let url = url.replace("sslmode=verify-full", "sslmode=require");
    // Its message names the parameter at fault, and never a value.
    let mut config: Config = url.parse().map_err(refused)?;
    if config.get_ssl_mode() == SslMode::Prefer && is_this_machine(&config) {
        config.ssl_mode(SslMode::Disable);
    }
    let options = match config.get_options() {
        Some(own) => format!("{SESSION} {own}"),
        None => SESSION.to_owned(),
    };
    config
        .options(options)
        .application_name("orderhook")
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_user_timeout(UNRECEIVED_TIMEOUT)
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3);
    let tls = MakeRustlsConnect::new(tls_config(root_certificates.as_deref())?);
    Ok(Address { config, tls })
}

/// `sslrootcert` is known to libpq and not to our client.
fn without_root_certificates(url: &str) -> (String, Option<String>) {
    let Some((before, parameters)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let (certificates, others): (Vec<&str>, Vec<&str>) = parameters
        .split('&')
        .partition(|parameter| parameter.starts_with("sslrootcert="));
    let path = certificates
        .last()
        .and_then(|parameter| parameter.split_once('='))
        .map(|(_, path)| path.replace("%2F", "/").replace("%2f", "/"));
    let joined = others.join("&");
    let separator = if joined.is_empty() { "" } else { "?" };
    (format!("{before}{separator}{joined}"), path)
}

fn is_this_machine(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.to_canonical().is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

fn tls_config(root_certificates: Option<&str>) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = match root_certificates {
        Some(path) => builder.with_root_certificates(read_roots(Path::new(path))?),
        None => builder.with_platform_verifier().map_err(refused)?,
    };
    Ok(builder.with_no_client_auth())
}

fn read_roots(path: &Path) -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(refused)? {
        roots.add(certificate.map_err(refused)?).map_err(refused)?;
    }
    Ok(roots)
}

fn refused(error: impl Into<BoxError>) -> StoreError {
    StoreError::Refused(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> Config {
        parse(&Secret::from(url)).expect("is valid").config
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted_as_far_as_the_server_can() {
        let check = |url: &str, mode: SslMode| {
            assert_eq!(config(url).get_ssl_mode(), mode, "{url}");
        };
        check("postgres://ann@db.example/orderhook", SslMode::Prefer);
        check("postgres://ann@localhost/orderhook", SslMode::Disable);
        check("postgres://ann@127.0.0.1:5433/orderhook", SslMode::Disable);
        check(
            "postgres://ann@%2Frun%2Fpostgresql/orderhook",
            SslMode::Disable,
        );
        check(
            "postgres://ann@[::1]/orderhook?sslmode=require",
            SslMode::Require,
        );
        check(
            "postgres://db.example/o?sslmode=verify-full",
            SslMode::Require,
        );
        check("postgres://db.example/o?sslmode=disable", SslMode::Disable);
    }

    #[test]
    fn root_certificates_are_read_from_a_file() {
        let check = |url: &str, rest: &str, path: Option<&str>| {
            let expected = (rest.to_owned(), path.map(str::to_owned));
            assert_eq!(without_root_certificates(url), expected, "{url}");
        };
        check("postgres://h/d", "postgres://h/d", None);
        check(
            "postgres://h/d?sslmode=require",
            "postgres://h/d?sslmode=require",
            None,
        );
        check(
            "postgres://h/d?sslrootcert=/ca.pem",
            "postgres://h/d",
            Some("/ca.pem"),
        );
        check(
            "postgres://h/d?sslmode=require&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3",
            "postgres://h/d?sslmode=require&connect_timeout=3",
            Some("/etc/ca.pem"),
        );
        let missing = parse(&Secret::from("postgres://h/d?sslrootcert=/nowhere/ca.pem"));
        assert!(matches!(missing, Err(StoreError::Refused(_))));
    }

    #[test]
    fn an_error_shows_no_password() {
        let Err(error) = parse(&Secret::from("postgres://ann:hunter2@h/d?nonsense=hunter3")) else {
            panic!("there is no such parameter");
        };
        let shown = format!("{error:?}");
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.contains("nonsense"), "{shown}");
    }
}
