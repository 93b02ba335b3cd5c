//! The header check of OSL-style platforms, against signatures made by OpenSSL.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use orderhook_webhook::osl::{
    APP_ID, BodyGuard, BodyGuardError, Digest, HeaderVerifier, HeadersAuthentic, HeadersError,
    KeyError, SIGNATURE, TIMESTAMP,
};
use orderhook_webhook::{ClockError, HeaderError};

const APP: &str = "me100000000000001";
const TIME: u64 = 1_756_802_303_227;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name))
    };
}

const KEY_2048: &str = fixture!("rsa-2048.spki.pem");
const KEY_2048_PKCS1: &str = fixture!("rsa-2048.pkcs1.pem");
const KEY_1024: &str = fixture!("rsa-1024.spki.pem");
const SIGNED_2048: &str = fixture!("rsa-2048.sha256.signature");

fn millis(time: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(time)
}

fn headers(signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(APP_ID, HeaderValue::from_static(APP));
    headers.insert(TIMESTAMP, HeaderValue::from(TIME));
    headers.insert(SIGNATURE, signature.trim().parse().unwrap());
    headers
}

fn verifier() -> HeaderVerifier {
    HeaderVerifier::builder(APP, KEY_2048).build().unwrap()
}

fn authentic() -> HeadersAuthentic {
    verifier()
        .verify(&headers(SIGNED_2048), millis(TIME))
        .unwrap()
}

#[test]
fn verifies_each_digest_and_length() {
    #[track_caller]
    fn check(key: &str, digest: Digest, signature: &str) {
        let verifier = HeaderVerifier::builder(APP, key)
            .digest(digest)
            .allow_rsa_1024()
            .build()
            .unwrap();
        let result = verifier.verify(&headers(signature), millis(TIME));
        assert_eq!(
            result.map(|headers| headers.timestamp_ms()),
            Ok(TIME),
            "{digest:?}"
        );
    }
    check(KEY_2048, Digest::Sha256, SIGNED_2048);
    check(
        KEY_2048,
        Digest::Sha512,
        fixture!("rsa-2048.sha512.signature"),
    );
    check(KEY_2048, Digest::Sha1, fixture!("rsa-2048.sha1.signature"));
    check(
        KEY_1024,
        Digest::Sha256,
        fixture!("rsa-1024.sha256.signature"),
    );
    check(
        KEY_1024,
        Digest::Sha512,
        fixture!("rsa-1024.sha512.signature"),
    );
    check(KEY_1024, Digest::Sha1, fixture!("rsa-1024.sha1.signature"));
}

#[test]
fn a_long_key_needs_no_legacy_switch() {
    #[track_caller]
    fn check(digest: Digest, signature: &str) {
        let verifier = HeaderVerifier::builder(APP, KEY_2048)
            .digest(digest)
            .build()
            .unwrap();
        let result = verifier.verify(&headers(signature), millis(TIME));
        assert!(result.is_ok(), "{digest:?}: {result:?}");
    }
    check(Digest::Sha256, SIGNED_2048);
    check(Digest::Sha512, fixture!("rsa-2048.sha512.signature"));
    check(Digest::Sha1, fixture!("rsa-2048.sha1.signature"));
}

#[test]
fn reads_each_form_of_a_key() {
    #[track_caller]
    fn check(key: &str) {
        let verifier = HeaderVerifier::builder(APP, key).build().unwrap();
        let result = verifier.verify(&headers(SIGNED_2048), millis(TIME));
        assert!(result.is_ok(), "{result:?}");
    }
    let bare = |pem: &str, separator: &str| {
        let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        lines.join(separator)
    };
    check(KEY_2048);
    check(KEY_2048_PKCS1);
    check(&KEY_2048.replace('\n', "\r\n"));
    check(&bare(KEY_2048, ""));
    check(&bare(KEY_2048, " "));
    check(&bare(KEY_2048_PKCS1, "\n"));
}

#[test]
fn refuses_what_is_no_usable_key() {
    #[track_caller]
    fn check(key: &str, legacy: bool, expected: KeyError) {
        let mut builder = HeaderVerifier::builder(APP, key);
        if legacy {
            builder = builder.allow_rsa_1024();
        }
        assert_eq!(builder.build().unwrap_err(), expected);
    }
    let too_short = |bits, least| KeyError::TooShort { bits, least };
    check(KEY_1024, false, too_short(1024, 2048));
    check(fixture!("rsa-1023.spki.pem"), false, too_short(1023, 2048));
    check(fixture!("rsa-1023.spki.pem"), true, too_short(1023, 1024));
    check(fixture!("rsa-512.spki.pem"), true, too_short(512, 1024));
    check(fixture!("p256.spki.pem"), true, KeyError::NotRsa);
    check("", false, KeyError::NotRsa);
    check("MIIB", false, KeyError::NotRsa);
    check("not a key!", false, KeyError::NotBase64);
}

#[test]
fn refuses_other_headers() {
    /// Puts these lines in place of the one that the platform sent.
    #[track_caller]
    fn check(name: &HeaderName, lines: &[&'static str], expected: impl Into<HeadersError>) {
        let mut headers = headers(SIGNED_2048);
        headers.remove(name);
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        let result = verifier().verify(&headers, millis(TIME));
        assert_eq!(result.unwrap_err(), expected.into());
    }
    use HeaderError::{Malformed, Missing, Repeated};
    check(&APP_ID, &[], Missing(APP_ID));
    check(&APP_ID, &[APP, APP], Repeated(APP_ID));
    check(&APP_ID, &["me200000000000002"], HeadersError::OtherApp);
    check(&TIMESTAMP, &[], Missing(TIMESTAMP));
    check(&TIMESTAMP, &["1756802303227", "1"], Repeated(TIMESTAMP));
    check(&TIMESTAMP, &["+1756802303227"], Malformed(TIMESTAMP));
    check(&TIMESTAMP, &["1756802303228"], HeadersError::NoMatch);
    check(&TIMESTAMP, &["01756802303227"], HeadersError::NoMatch);
    check(&SIGNATURE, &[], Missing(SIGNATURE));
    check(
        &SIGNATURE,
        &[SIGNED_2048.trim(), "AAAA"],
        Repeated(SIGNATURE),
    );
    check(&SIGNATURE, &["@@@@"], Malformed(SIGNATURE));
    check(&SIGNATURE, &["AAAA"], HeadersError::NoMatch);
    check(&SIGNATURE, &[""], HeadersError::NoMatch);
}

#[test]
fn refuses_another_key_or_digest() {
    #[track_caller]
    fn check(key: &str, digest: Digest, signature: &str) {
        let verifier = HeaderVerifier::builder(APP, key)
            .digest(digest)
            .allow_rsa_1024()
            .build()
            .unwrap();
        let result = verifier.verify(&headers(signature), millis(TIME));
        assert_eq!(result.unwrap_err(), HeadersError::NoMatch);
    }
    check(KEY_1024, Digest::Sha256, SIGNED_2048);
    check(KEY_2048, Digest::Sha512, SIGNED_2048);
    check(
        KEY_2048,
        Digest::Sha256,
        fixture!("rsa-2048.sha1.signature"),
    );
}

#[test]
fn holds_the_tolerance_both_ways() {
    #[track_caller]
    fn check(now: u64, expected: Result<(), ClockError>) {
        let result = verifier().verify(&headers(SIGNED_2048), millis(now));
        assert_eq!(result.map(drop), expected.map_err(HeadersError::from));
    }
    let over = Duration::from_millis(300_001);
    check(TIME + 300_000, Ok(()));
    check(TIME + 300_001, Err(ClockError::TooOld { age: over }));
    check(TIME - 300_000, Ok(()));
    check(TIME - 300_001, Err(ClockError::TooNew { ahead: over }));
}

#[test]
fn the_same_headers_carry_one_body() {
    let guard = BodyGuard::default();
    let headers = authentic();
    assert_eq!(guard.admit(&headers, b"genuine", millis(TIME)), Ok(()));
    assert_eq!(guard.admit(&headers, b"genuine", millis(TIME + 1)), Ok(()));
    for now in [TIME + 2, TIME + 300_000] {
        assert_eq!(
            guard.admit(&headers, b"forged", millis(now)),
            Err(BodyGuardError::OtherBody)
        );
    }
}

#[test]
fn the_guard_forgets_what_the_verifier_refuses() {
    let guard = BodyGuard::new(1);
    let headers = authentic();
    let too_late = millis(TIME + 300_001);
    assert_eq!(guard.admit(&headers, b"genuine", millis(TIME)), Ok(()));
    assert!(
        verifier()
            .verify(&self::headers(SIGNED_2048), too_late)
            .is_err()
    );
    assert_eq!(guard.admit(&headers, b"another", too_late), Ok(()));
}

#[test]
fn a_full_guard_forgets_nothing() {
    let guard = BodyGuard::new(0);
    assert_eq!(
        guard.admit(&authentic(), b"genuine", millis(TIME)),
        Err(BodyGuardError::Full)
    );
}
