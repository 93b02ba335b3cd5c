//! Replays `spec/vectors/signatures.json`, whose answers our code did not compute.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use orderhook_webhook::{
    ClockError, HeaderError, MessageId, Signer, SigningSecret, Verified, Verifier, VerifyError,
    WEBHOOK_ID, WEBHOOK_SIGNATURE,
};
use serde_json::Value;

use crate::{at, body_of};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../spec/vectors/signatures.json")).unwrap()
}

fn secrets(vector: &Value) -> Vec<SigningSecret> {
    let texts = vector["secrets"].as_array().unwrap();
    texts
        .iter()
        .map(|text| text.as_str().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn signs_as_others_do() {
    for vector in vectors()["sign"].as_array().unwrap() {
        let id = MessageId::new(vector["id"].as_str().unwrap()).unwrap();
        let timestamp = vector["timestamp"].as_u64().unwrap();
        let body = body_of(vector);

        let signed = Signer::new(secrets(vector))
            .unwrap()
            .sign(&id, timestamp, &body);
        assert_eq!(
            signed.signature(),
            vector["signature"].as_str().unwrap(),
            "{}",
            vector["name"]
        );

        let mut headers = HeaderMap::new();
        signed.insert_into(&mut headers);
        for secret in secrets(vector) {
            let verifier = Verifier::new([secret]).unwrap();
            let verified = verifier.verify(&headers, &body, at(timestamp)).unwrap();
            assert_eq!(verified.message_id(), &id, "{}", vector["name"]);
            assert_eq!(verified.timestamp(), timestamp, "{}", vector["name"]);
            assert_eq!(verified.body(), body, "{}", vector["name"]);
        }
    }
}

#[test]
fn verifies_as_others_do() {
    for vector in vectors()["verify"].as_array().unwrap() {
        let body = body_of(vector);
        let mut headers = HeaderMap::new();
        for line in vector["headers"].as_array().unwrap() {
            headers.append(
                HeaderName::try_from(line[0].as_str().unwrap()).unwrap(),
                HeaderValue::try_from(line[1].as_str().unwrap()).unwrap(),
            );
        }
        let mut verifier = Verifier::new(secrets(vector)).unwrap();
        if let Some(seconds) = vector["tolerance"].as_u64() {
            verifier = verifier.tolerance(Duration::from_secs(seconds));
        }
        let result = verifier.verify(&headers, &body, at(vector["now"].as_u64().unwrap()));
        assert_eq!(name_of(&result), vector["result"], "{}", vector["name"]);
    }
}

fn name_of(result: &Result<Verified<'_>, VerifyError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(VerifyError::Header(HeaderError::Missing(_))) => "missing",
        Err(VerifyError::Header(HeaderError::Repeated(_))) => "repeated",
        Err(VerifyError::Header(HeaderError::Malformed(_))) => "malformed",
        Err(VerifyError::TooManySignatures) => "too_many",
        Err(VerifyError::UnknownVersion) => "unknown_version",
        Err(VerifyError::Clock(ClockError::TooOld { .. })) => "too_old",
        Err(VerifyError::Clock(ClockError::TooNew { .. })) => "too_new",
        Err(VerifyError::NoMatch) => "no_match",
        Err(other) => panic!("no vector knows {other:?}"),
    }
}

#[test]
fn errors_name_the_header() {
    let secret = SigningSecret::from_bytes(&[1; 24]).unwrap();
    let verifier = Verifier::new([secret.clone()]).unwrap();
    let mut headers = HeaderMap::new();
    Signer::new([secret])
        .unwrap()
        .sign(&MessageId::new("msg_1").unwrap(), 1_000, b"{}")
        .insert_into(&mut headers);

    let check = |headers: &HeaderMap, now: u64, expected: &str| {
        let error = verifier.verify(headers, b"{}", at(now)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(&headers, 1_301, "timestamp is 301 s old, too old");
    check(&headers, 600, "timestamp is 400 s ahead, too new");
    headers.append(WEBHOOK_SIGNATURE, HeaderValue::from_static("v1,AAAA"));
    check(
        &headers,
        1_000,
        "header `webhook-signature` stands more than once",
    );
    headers.insert(WEBHOOK_ID, HeaderValue::from_bytes(b"\xff").unwrap());
    check(&headers, 1_000, "header `webhook-id` is malformed");
    headers.remove(WEBHOOK_ID);
    check(&headers, 1_000, "header `webhook-id` is missing");
}
