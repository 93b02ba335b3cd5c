//! What a user of the crate relies on, in one test binary.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

mod acknowledgements;
#[cfg(feature = "axum")]
mod axum_route;
mod handler;
#[cfg(feature = "osl")]
mod osl;
mod properties;
mod push;
mod receiver;
mod replay;
mod signatures;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A point in time, in Unix seconds.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The body of a vector: `body` is text, `body_base64` is bytes.
fn body_of(vector: &Value) -> Vec<u8> {
    match vector.get("body_base64") {
        Some(encoded) => STANDARD.decode(encoded.as_str().unwrap()).unwrap(),
        None => vector["body"].as_str().unwrap().as_bytes().to_vec(),
    }
}

/// The result of a future that never waits, such as those of the store in memory.
fn now_or_panic<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waited"),
    }
}
