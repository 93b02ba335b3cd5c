//! The pushes of an order, in order, and one that somebody changed.

use std::time::UNIX_EPOCH;

use anyhow::{Context, ensure};
use axum::http::StatusCode;
use orderhook_types::{Order, OrderState, OrderStatusPush};
use orderhook_webhook::{MessageId, Push, Signer};
use serde_json::json;

use crate::receiver::{Shop, now};
use crate::setup::{Merchant, Platform, plain_http};
use crate::story::Story;

/// What a merchant's order goes through.
const LIFE: [OrderState; 5] = [
    OrderState::Created,
    OrderState::Processing,
    OrderState::Succeeded,
    OrderState::ChainWithdrawWait,
    OrderState::Completed,
];

pub(crate) async fn life_of_an_order(
    story: &mut Story,
    platform: &Platform,
    merchant: &Merchant,
    shop: &mut Shop,
) -> anyhow::Result<()> {
    story.request("POST order-status-changes, five at once; the first push will get a 500");
    shop.fail(StatusCode::INTERNAL_SERVER_ERROR, 1);
    for state in LIFE {
        let order = order_in(state, shop)?;
        let publish = platform.operator.publish_order_status_change();
        let published = publish.merchant_id(merchant.id).body(order).send().await?;
        story.answer(format!(
            "{} {}",
            published.status(),
            published.data.event_id
        ));
    }
    // One more than there are changes, because the first push comes twice.
    for _ in 0..=LIFE.len() {
        let arrival = shop.arrival().await?;
        story.answer(format!("{} gets {}", arrival.webhook_id(), arrival.status));
    }
    let handled = shop.handled();
    let states: Vec<_> = handled.iter().filter_map(state).collect();
    story.detail(
        states
            .iter()
            .map(|state| state.as_str())
            .collect::<Vec<_>>()
            .join(" → "),
    );
    story.check(
        states.into_iter().eq(LIFE.iter()),
        "the merchant has each change once, and in order, although the first had to wait",
    );
    Ok(())
}

fn state(push: &Push) -> Option<&OrderState> {
    match push {
        Push::OrderStatusChange(push) => Some(&push.data.state),
        Push::CardEvent(_) => None,
    }
}

/// Somebody changes the amount on the way.
pub(crate) async fn forgery(
    story: &mut Story,
    merchant: &Merchant,
    shop: &mut Shop,
) -> anyhow::Result<()> {
    let push = orderhook_webhook::order_status_change(&OrderStatusPush {
        type_: orderhook_types::OrderStatusPushType::OrderStatusChange,
        data: order_in(OrderState::Completed, shop)?,
    })?;
    let request = push.attempt(
        format!("http://{}/orders", shop.address).parse()?,
        &Signer::new([merchant.sign_secret.reveal().parse()?])?,
        &MessageId::new("msg_forged")?,
        now().duration_since(UNIX_EPOCH)?.as_secs(),
    );
    let (head, body) = request.into_parts();
    let signed = String::from_utf8(body)?;
    let forged = signed.replace(r#""fiatAmount":"120.00""#, r#""fiatAmount":"920.00""#);
    story.request("POST an order to the receiver, with another amount than was signed");
    ensure!(forged != signed, "the order has no amount to change");
    let request = http::Request::from_parts(head, forged);
    let answer = plain_http()?.execute(request.try_into()?).await?;
    story.answer(answer.status());
    story.check(
        answer.status() == reqwest::StatusCode::UNAUTHORIZED && shop.handled().is_empty(),
        "refused, and the merchant's code never saw it",
    );
    Ok(())
}

fn order_in(state: OrderState, shop: &Shop) -> anyhow::Result<Order> {
    let order = json!({
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
        "orderCallBackUrl": format!("http://{}/orders", shop.address),
    });
    serde_json::from_value(order).context("an order")
}
