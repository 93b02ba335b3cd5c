//! A library for Standard Webhooks of other people, behind a program that reads and writes lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use orderhook_webhook::{MessageId, Signer, SigningSecret, Verifier};
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Bodies that differ in what a library could get wrong.
const BODIES: [&str; 4] = ["{}", "", r#"{"name":"Zoë 🦀"}"#, "{ \"kept\" :\n1.50 }\r\n"];

pub(super) struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    pub(super) fn start(mut program: Command) -> Self {
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = program.spawn().expect("the peer can be started");
        Self {
            input: process.stdin.take().expect("it is piped"),
            output: BufReader::new(process.stdout.take().expect("it is piped")),
            process,
        }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").expect("the peer reads");
        let mut answer = String::new();
        self.output
            .read_line(&mut answer)
            .expect("the peer answers");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    fn verify(&mut self, signer: &Signer, body: &str, altered: &str) -> Value {
        let id = MessageId::new("msg_1").expect("a legal id");
        let mut headers = HeaderMap::new();
        signer
            .sign(&id, now(), body.as_bytes())
            .insert_into(&mut headers);
        let headers: serde_json::Map<_, _> = headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().expect("visible text").into(),
                )
            })
            .collect();
        self.ask(&json!({
            "op": "verify",
            "secret": SECRET,
            "headers": headers,
            "body_base64": STANDARD.encode(altered),
        }))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(super) fn verifies_our_signatures(mut peer: Peer) {
    let one = Signer::new([secret(SECRET)]).expect("a secret");
    let rotating = Signer::new([secret(OLD_SECRET), secret(SECRET)]).expect("a secret");
    for body in BODIES {
        for signer in [&one, &rotating] {
            assert_eq!(
                peer.verify(signer, body, body)["verified"],
                true,
                "{body:?}"
            );
        }
    }
    let other = Signer::new([secret(OLD_SECRET)]).expect("a secret");
    assert_eq!(
        peer.verify(&other, "{}", "{}")["verified"],
        false,
        "another secret"
    );
    assert_eq!(
        peer.verify(&one, "{}", "{ }")["verified"],
        false,
        "another body"
    );
}

pub(super) fn we_verify_signatures_of(mut peer: Peer) {
    let verifier = Verifier::new([secret(OLD_SECRET), secret(SECRET)]).expect("a secret");
    for body in BODIES {
        let timestamp = 1_614_265_330;
        let signed = peer.ask(&json!({
            "op": "sign",
            "secret": SECRET,
            "id": "msg_1",
            "timestamp": timestamp,
            "body_base64": STANDARD.encode(body),
        }));
        let mut headers = HeaderMap::new();
        let signature = signed["signature"].as_str().expect("a signature");
        for (name, value) in [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", &timestamp.to_string()),
            ("webhook-signature", signature),
        ] {
            headers.insert(
                HeaderName::from_static(name),
                value.parse().expect("a legal header"),
            );
        }
        let at = UNIX_EPOCH + Duration::from_secs(timestamp);
        let verified = verifier.verify(&headers, body.as_bytes(), at);
        assert!(verified.is_ok(), "{body:?}: {verified:?}");
    }
}

fn secret(text: &str) -> SigningSecret {
    text.parse().expect("a legal secret")
}

/// The libraries look at the real clock themselves.
#[expect(
    clippy::disallowed_methods,
    reason = "foreign libraries take no other clock"
)]
fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.expect("a time after 1970").as_secs()
}
