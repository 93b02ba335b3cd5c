//! The platform's pushes, and the merchant's receiver of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use orderhook_types::{Acknowledgement, CardEventPush, OrderState, OrderStatusPush, Secret};
use orderhook_webhook::acknowledge::acknowledges;
use orderhook_webhook::{
    Delivery, MessageId, Push, PushReceiver, PushRequest, Receiver, Signer, SigningSecret, Verifier,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::servers;
use crate::story::Story;

/// What the merchant wrote: one method a push.
struct Merchant {
    handled: mpsc::UnboundedSender<Push>,
}

impl PushReceiver for Merchant {
    type Error = Infallible;

    async fn order_status_change(
        &self,
        delivery: Delivery,
        push: OrderStatusPush,
    ) -> Result<Acknowledgement, Infallible> {
        // Nobody listens any more once the story is over.
        let _ = self.handled.send(Push::OrderStatusChange(push));
        Ok(delivery.acknowledge())
    }

    async fn card_event(
        &self,
        delivery: Delivery,
        push: CardEventPush,
    ) -> Result<Acknowledgement, Infallible> {
        let _ = self.handled.send(Push::CardEvent(push));
        Ok(delivery.acknowledge())
    }
}

/// The way from the platform to the merchant's receiver.
pub(crate) struct Wire {
    url: String,
    http: reqwest::Client,
    signer: Signer,
    handled: mpsc::UnboundedReceiver<Push>,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Wire {
    /// Starts the merchant's receiver, which shares `secret` with the platform.
    pub(crate) async fn open(secret: &Secret) -> anyhow::Result<Self> {
        let secret: SigningSecret = secret.reveal().parse()?;
        let (sender, handled) = mpsc::unbounded_channel();
        let verifier = Verifier::new([secret.clone()])?;
        let receiver = Receiver::new(Merchant { handled: sender }, verifier);
        let route = orderhook_webhook::axum::route(Arc::new(receiver), now);
        let address = servers::start(axum::Router::new().route("/hooks", route)).await?;
        Ok(Self {
            url: format!("{address}/hooks"),
            // A proxy of the environment must not stand between two ports of this machine.
            http: reqwest::Client::builder().no_proxy().build()?,
            signer: Signer::new([secret])?,
            handled,
        })
    }

    async fn send(
        &self,
        story: &mut Story,
        push: &PushRequest,
        id: &str,
    ) -> anyhow::Result<Answer> {
        let timestamp = now().duration_since(UNIX_EPOCH)?.as_secs();
        let request = push.attempt(
            self.url.parse()?,
            &self.signer,
            &MessageId::new(id)?,
            timestamp,
        );
        story.request(format!("POST {} with {}", request.uri(), push.operation()));
        self.execute(story, request).await
    }

    async fn execute(
        &self,
        story: &Story,
        request: http::Request<Vec<u8>>,
    ) -> anyhow::Result<Answer> {
        for (name, value) in request
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("webhook"))
        {
            story.detail(format!("{name}: {}", value.to_str()?));
        }
        story.detail(String::from_utf8_lossy(request.body()));
        let response = self.http.execute(request.try_into()?).await?;
        let status = response.status().as_u16();
        let body = response.bytes().await?.to_vec();
        story.answer(format!("{status} {}", String::from_utf8_lossy(&body)));
        Ok(Answer { status, body })
    }
}

/// An order goes from CREATEED to COMPLETED, and one push comes twice.
pub(crate) async fn order(story: &mut Story, wire: &mut Wire) -> anyhow::Result<()> {
    for (id, state) in [
        ("msg_1", OrderState::Created),
        ("msg_2", OrderState::Completed),
    ] {
        let push = orderhook_webhook::order_status_change(&order_in(state.clone())?)?;
        let answer = wire.send(story, &push, id).await?;
        story.check(
            acknowledges(answer.status, &answer.body).is_ok(),
            "acknowledged with code 00000",
        );
        // The merchant's method ends before the answer is given.
        let handled = wire.handled.try_recv();
        let right =
            matches!(&handled, Ok(Push::OrderStatusChange(push)) if push.data.state == state);
        story.check(
            right,
            format!("signature verified, and the merchant has the order in state {state}"),
        );
    }

    let push = orderhook_webhook::order_status_change(&order_in(OrderState::Completed)?)?;
    let answer = wire.send(story, &push, "msg_2").await?;
    story.check(
        acknowledges(answer.status, &answer.body).is_ok(),
        "the same message again is acknowledged",
    );
    story.check(
        wire.handled.try_recv().is_err(),
        "and not handled a second time",
    );
    Ok(())
}

pub(crate) async fn card_event(story: &mut Story, wire: &mut Wire) -> anyhow::Result<()> {
    let event: CardEventPush = serde_json::from_value(json!({
        "type": "card.load",
        "event_code": "165802",
        "data": {"card_id": "C-9001", "amount": "50.00", "currency": "EUR"},
    }))?;
    let push = orderhook_webhook::card_event(&event)?;
    let answer = wire.send(story, &push, "msg_3").await?;
    story.check(answer.status == 200, "acknowledged by a 2xx");
    let handled = wire.handled.try_recv();
    story.check(
        handled == Ok(Push::CardEvent(event)),
        "signature verified, and the merchant has the same event",
    );
    Ok(())
}

/// Somebody changes the amount on the way.
pub(crate) async fn forgery(story: &mut Story, wire: &mut Wire) -> anyhow::Result<()> {
    let push = orderhook_webhook::order_status_change(&order_in(OrderState::Completed)?)?;
    let timestamp = now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut request = push.attempt(
        wire.url.parse()?,
        &wire.signer,
        &MessageId::new("msg_4")?,
        timestamp,
    );
    let forged = String::from_utf8(request.body().clone())?.replace("120.00", "920.00");
    *request.body_mut() = forged.into_bytes();
    story.request(format!(
        "POST {} with another amount than was signed",
        request.uri()
    ));
    let answer = wire.execute(story, request).await?;
    story.check(answer.status == 401, "refused");
    story.check(
        wire.handled.try_recv().is_err(),
        "and the merchant's code never saw it",
    );
    Ok(())
}

fn order_in(state: OrderState) -> anyhow::Result<OrderStatusPush> {
    let order: Value = json!({
        "merchantOrderId": "M-20261101-0001",
        "orderId": "1985643200000000001",
        "userId": "88001",
        "fiatCurrency": "EUR",
        "cryptoCurrency": "USDT",
        "fiatAmount": "120.00",
        "cryptoAmount": "129.870129870129870129",
        "orderFee": "1.20",
        "price": "0.924",
        "payWayCode": "CARD",
        "state": state,
        "createTime": "2026-11-01T09:30:00.000Z",
        "updateTime": "2026-11-01T09:35:12.000Z",
        "network": "TRON",
        "address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
        "actualReceivedAmount": "127.820129870129870129",
        "orderCallBackUrl": "https://merchant.example/orders",
    });
    let push = json!({"type": "order_status_change", "data": order});
    Ok(serde_json::from_value(push)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a demo is its own outermost caller"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
