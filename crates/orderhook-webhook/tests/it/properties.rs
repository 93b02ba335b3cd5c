//! Properties of any message, any secret and any answer.

use http::HeaderMap;
use orderhook_webhook::acknowledge::acknowledges;
use orderhook_webhook::{
    MessageId, SignatureHeaders, Signer, SigningSecret, Verifier, WEBHOOK_ID, WEBHOOK_SIGNATURE,
    WEBHOOK_TIMESTAMP,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::at;

fn secret() -> impl Strategy<Value = SigningSecret> {
    vec(any::<u8>(), 24..=64).prop_map(|bytes| SigningSecret::from_bytes(&bytes).unwrap())
}

fn message_id() -> impl Strategy<Value = MessageId> {
    "[!-~&&[^.]]{1,255}".prop_map(|text| MessageId::new(text).unwrap())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..2048)
}

fn headers_of(signed: &SignatureHeaders) -> HeaderMap {
    let mut headers = HeaderMap::new();
    signed.insert_into(&mut headers);
    headers
}

/// The same bytes with one bit turned over.
fn flipped(bytes: &[u8], position: Index, bit: u8) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[position.index(bytes.len())] ^= 1 << bit;
    flipped
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(
        secrets in vec(secret(), 1..4),
        known in any::<Index>(),
        id in message_id(),
        seconds in 0..4_000_000_000_u64,
        body in body(),
    ) {
        let headers = headers_of(&Signer::new(secrets.clone()).unwrap().sign(&id, seconds, &body));
        let verifier = Verifier::new([known.get(&secrets).clone()]).unwrap();
        let verified = verifier.verify(&headers, &body, at(seconds)).unwrap();
        prop_assert_eq!(verified.body(), &body);
        prop_assert_eq!(verified.message_id(), &id);
    }

    #[test]
    fn a_flipped_bit_of_the_body_is_refused(
        secret in secret(),
        id in message_id(),
        body in vec(any::<u8>(), 1..2048),
        position in any::<Index>(),
        bit in 0..8_u8,
    ) {
        let headers = headers_of(&Signer::new([secret.clone()]).unwrap().sign(&id, 1_000, &body));
        let changed = flipped(&body, position, bit);
        let verifier = Verifier::new([secret]).unwrap();
        prop_assert!(verifier.verify(&headers, &changed, at(1_000)).is_err());
    }

    #[test]
    fn a_flipped_bit_of_a_header_is_refused(
        secret in secret(),
        id in message_id(),
        body in body(),
        name in prop::sample::select(vec![WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE]),
        position in any::<Index>(),
        bit in 0..8_u8,
    ) {
        let mut headers =
            headers_of(&Signer::new([secret.clone()]).unwrap().sign(&id, 1_000, &body));
        let changed = flipped(headers[&name].as_bytes(), position, bit);
        // Some flips give a byte that no header can have, so nothing could arrive.
        let Ok(value) = changed.try_into() else { return Ok(()) };
        headers.insert(name, value);
        let verifier = Verifier::new([secret]).unwrap();
        prop_assert!(verifier.verify(&headers, &body, at(1_000)).is_err());
    }

    #[test]
    fn another_secret_is_refused(
        theirs in secret(),
        ours in secret(),
        id in message_id(),
        body in body(),
    ) {
        prop_assume!(theirs.expose_text() != ours.expose_text());
        let headers = headers_of(&Signer::new([theirs]).unwrap().sign(&id, 1_000, &body));
        let verifier = Verifier::new([ours]).unwrap();
        prop_assert!(verifier.verify(&headers, &body, at(1_000)).is_err());
    }

    #[test]
    fn a_secret_survives_its_text_form(secret in secret()) {
        let again: SigningSecret = secret.expose_text().parse().unwrap();
        prop_assert_eq!(again.expose_text(), secret.expose_text());
    }

    #[test]
    fn an_acknowledgement_is_json_with_the_code(
        before in "[\\[{\" ]{0,2}",
        code in "0{4,6}",
        after in "[\\]}\" ,]{0,3}",
    ) {
        let text = format!(r#"{before}{{"code":"{code}"{after}"#);
        let acknowledged = acknowledges(200, text.as_bytes()).is_ok();
        let expected = serde_json::from_str::<Value>(&text)
            .is_ok_and(|value| value.get("code") == Some(&Value::from("00000")));
        prop_assert_eq!(acknowledged, expected, "{}", text);
    }
}
