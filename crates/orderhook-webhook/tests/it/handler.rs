//! A receiver whose answers a test chooses, and the pushes that it is sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use http::{HeaderMap, Uri};
use orderhook_types::{Acknowledgement, CardEventPush, OrderStatusPush};
use orderhook_webhook::replay::{Claim, ReplayStore};
use orderhook_webhook::{
    Delivery, MessageId, Push, PushReceiver, PushRequest, Signer, SigningSecret, Verifier,
};

/// An order with every required member, each with a value of its own.
pub(crate) const ORDER: &str = r#"{
    "merchantOrderId": "M-1", "orderId": "1985643200000000001", "userId": "88001",
    "fiatCurrency": "EUR", "cryptoCurrency": "USDT", "fiatAmount": "120.00",
    "cryptoAmount": "129.870129870129870129", "orderFee": "1.20", "price": "0.924",
    "payWayCode": "CARD", "state": "COMPLETED", "createTime": "2026-11-01T09:30:00.000Z",
    "updateTime": "2026-11-01T09:35:12.000Z", "network": "TRON", "address": "TXYZ",
    "actualReceivedAmount": "127.82", "orderCallBackUrl": "https://merchant.example/orders"
}"#;

pub(crate) const CARD_EVENT: &str =
    r#"{"type":"card.load","event_code":"165802","data":{"amount":"50.00"}}"#;

/// When the pushes of these tests are signed and received.
pub(crate) const NOW: u64 = 1_614_265_330;

/// What a handler of these tests fails with; its text must not leave the process.
#[derive(Debug)]
pub(crate) struct DatabaseDown;

impl fmt::Display for DatabaseDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection to db.internal")
    }
}

impl std::error::Error for DatabaseDown {}

pub(crate) type Reply = fn(&Delivery) -> Result<Acknowledgement, DatabaseDown>;

/// Gives one reply after the other, then acknowledges, and remembers the calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handler {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    calls: Arc<Mutex<Vec<(Delivery, Push)>>>,
}

impl Handler {
    pub(crate) fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            calls: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> Vec<(Delivery, Push)> {
        self.calls.lock().unwrap().clone()
    }

    fn reply(&self, delivery: Delivery, push: Push) -> Result<Acknowledgement, DatabaseDown> {
        let reply = self.replies.lock().unwrap().pop_front();
        let reply = reply.map_or_else(|| Ok(delivery.acknowledge()), |reply| reply(&delivery));
        self.calls.lock().unwrap().push((delivery, push));
        reply
    }
}

impl PushReceiver for Handler {
    type Error = DatabaseDown;

    async fn order_status_change(
        &self,
        delivery: Delivery,
        push: OrderStatusPush,
    ) -> Result<Acknowledgement, DatabaseDown> {
        self.reply(delivery, Push::OrderStatusChange(push))
    }

    async fn card_event(
        &self,
        delivery: Delivery,
        push: CardEventPush,
    ) -> Result<Acknowledgement, DatabaseDown> {
        self.reply(delivery, Push::CardEvent(push))
    }
}

/// A store that is down, for claims or for everything after them.
pub(crate) struct Down {
    pub(crate) claims: bool,
}

impl ReplayStore for Down {
    type Error = DatabaseDown;

    async fn claim(&self, _: &MessageId, _: SystemTime) -> Result<Claim, DatabaseDown> {
        match self.claims {
            true => Err(DatabaseDown),
            false => Ok(Claim::New),
        }
    }

    async fn complete(&self, _: &MessageId, _: SystemTime) -> Result<(), DatabaseDown> {
        Err(DatabaseDown)
    }

    async fn release(&self, _: &MessageId) -> Result<(), DatabaseDown> {
        Err(DatabaseDown)
    }
}

fn secret() -> SigningSecret {
    SigningSecret::from_bytes(&[7; 32]).unwrap()
}

pub(crate) fn signer() -> Signer {
    Signer::new([secret()]).unwrap()
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new([secret()]).unwrap()
}

/// The headers of `body`, signed at [`NOW`] as the message `id`.
pub(crate) fn signed(id: &str, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    signer()
        .sign(&MessageId::new(id).unwrap(), NOW, body)
        .insert_into(&mut headers);
    headers
}

/// One attempt at `url`, signed at [`NOW`] as the message `id`.
pub(crate) fn attempt(request: &PushRequest, url: &str, id: &str) -> http::Request<Vec<u8>> {
    let url: Uri = url.parse().unwrap();
    request.attempt(url, &signer(), &MessageId::new(id).unwrap(), NOW)
}
