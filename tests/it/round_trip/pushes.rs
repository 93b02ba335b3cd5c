//! The two pushes: bodies from the sender to the receiver's trait, acknowledgements back.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::routing::MethodRouter;
use orderhook_types::{Acknowledgement, CardEventPush, OrderStatusPush};
use orderhook_webhook::acknowledge::{self, acknowledges};
use orderhook_webhook::{MessageId, PushRequest, Receiver, Signer, SigningSecret, Verifier};
use proptest::prelude::Just;
use proptest::strategy::Strategy;
use proptest::{prop_assert_eq, prop_oneof};

use super::recording::{RecordingReceiver, Slot};
use super::{WORLD, run};

/// Where the pushes go, which is the merchant's choice.
pub(super) const PATH: &str = "/merchant/pushes";

/// The time on both ends, in seconds since 1970-01-01T00:00:00Z.
const NOW: u64 = 1_793_525_712;

pub(super) fn route(receiver: &'static RecordingReceiver) -> MethodRouter {
    let verifier = Verifier::new([secret()]).expect("one secret");
    let receiver = Arc::new(Receiver::new(receiver, verifier));
    orderhook_webhook::axum::route(receiver, || UNIX_EPOCH + Duration::from_secs(NOW))
}

fn secret() -> SigningSecret {
    SigningSecret::from_bytes(&[7; 32]).expect("a secret of 32 bytes")
}

#[test]
fn order_status_change() {
    let sent = |push: &OrderStatusPush| orderhook_webhook::order_status_change(push);
    check(
        &WORLD.receiver.order_status_change,
        "OrderStatusPush",
        sent,
        |mut push| {
            // Row `B.push.27`: the secret stays with the sender.
            push.data.private_secret = None;
            push
        },
    );
}

#[test]
fn card_event() {
    let sent = |push: &CardEventPush| orderhook_webhook::card_event(push);
    check(&WORLD.receiver.card_event, "CardEventPush", sent, |push| {
        push
    });
}

/// Pushes of the component schema `name` arrive as `expected` has them, and what the receiver
/// answers arrives at the sender.
#[track_caller]
fn check<T>(
    slot: &Slot<T, Acknowledgement>,
    name: &str,
    request: impl Fn(&T) -> serde_json::Result<PushRequest>,
    expected: impl Fn(T) -> T,
) where
    T: serde::de::DeserializeOwned + Debug + PartialEq + 'static,
{
    static MESSAGES: AtomicU64 = AtomicU64::new(0);
    let signer = Signer::new([secret()]).expect("one secret");
    let http = reqwest::Client::builder().no_proxy().build();
    let http = http.expect("a client");
    let url = format!("{}{PATH}", WORLD.server.base_url());
    run(
        &(
            WORLD.order_management.spec.model::<T>(name),
            acknowledgements(),
        ),
        |(push, acknowledgement)| {
            slot.prepare(acknowledgement.clone());
            let count = MESSAGES.fetch_add(1, Ordering::Relaxed);
            let message_id = MessageId::new(format!("msg_{count}")).expect("a legal id");
            let url = url.parse().expect("a legal URL");
            let request = request(&push).expect("a push can be written");
            let request = request.attempt(url, &signer, &message_id, NOW);
            let (status, body) = WORLD.runtime.block_on(async {
                let request = request
                    .try_into()
                    .expect("a request of `http` is one of reqwest");
                let response = http.execute(request).await.expect("an answer");
                let status = response.status().as_u16();
                (status, response.bytes().await.expect("a whole answer"))
            });
            prop_assert_eq!(slot.arrived(), Some(expected(push)));
            let arrived: Acknowledgement =
                serde_json::from_slice(&body).expect("an acknowledgement");
            let is_success = acknowledgement.code == acknowledge::SUCCESS;
            prop_assert_eq!(arrived, acknowledgement);
            prop_assert_eq!(acknowledges(status, &body).is_ok(), is_success);
            Ok(())
        },
    );
}

fn acknowledgements() -> impl Strategy<Value = Acknowledgement> {
    let spec = WORLD.order_management.spec;
    let any = spec.model::<Acknowledgement>("Acknowledgement");
    let code = prop_oneof![Just(Some(acknowledge::SUCCESS)), Just(None)];
    (any, code).prop_map(|(acknowledgement, code)| Acknowledgement {
        code: code.map_or(acknowledgement.code, str::to_owned),
        ..acknowledgement
    })
}
