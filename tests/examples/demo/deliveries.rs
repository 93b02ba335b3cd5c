//! A card event that takes three attempts, and a delivery that is given up and replayed.

use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use orderhook_client::operator;
use orderhook_types::{CardEventData, Delivery, DeliveryState, EventType};
use orderhook_webhook::Push;
use serde_json::json;

use crate::receiver::Shop;
use crate::setup::{Merchant, Platform};
use crate::story::Story;

/// How often the operator looks again, and how many times at most.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 400;

pub(crate) async fn card_event(
    story: &mut Story,
    platform: &Platform,
    merchant: &Merchant,
    shop: &mut Shop,
) -> anyhow::Result<()> {
    story.request("the receiver will answer 503 twice; POST card-events");
    shop.fail(StatusCode::SERVICE_UNAVAILABLE, 2);
    let event_id = publish(story, platform, merchant).await?;

    for attempt in 1..=3 {
        let arrival = shop.arrival().await?;
        story.answer(format!(
            "attempt {attempt}: {} gets {}",
            arrival.webhook_id(),
            arrival.status
        ));
        story.check(
            arrival.webhook_id() == event_id,
            "the same webhook-id as ever",
        );
    }
    story.check(
        matches!(shop.handled().as_slice(), [Push::CardEvent(_)]),
        "signature verified, and the merchant has the event once",
    );

    story.request("GET its delivery and the attempts");
    let operator = &platform.operator;
    let delivery = finished(operator, &event_id).await?;
    let attempts = operator.list_attempts().delivery_id(delivery.delivery_id);
    let attempts = attempts.ascending(true).send().await?;
    for attempt in &attempts.data.data {
        story.answer(format!(
            "attempt {}: {} after {} ms",
            attempt.attempt, attempt.reason, attempt.duration_ms
        ));
    }
    story.check(
        delivery.state == DeliveryState::Acknowledged && attempts.data.data.len() == 3,
        "acknowledged with the third attempt",
    );
    Ok(())
}

pub(crate) async fn replay(
    story: &mut Story,
    platform: &Platform,
    merchant: &Merchant,
    shop: &mut Shop,
) -> anyhow::Result<()> {
    story.request("the receiver is down for all three attempts; POST card-events");
    shop.fail(StatusCode::INTERNAL_SERVER_ERROR, 3);
    let event_id = publish(story, platform, merchant).await?;
    for attempt in 1..=3 {
        let arrival = shop.arrival().await?;
        story.answer(format!("attempt {attempt}: {}", arrival.status));
    }
    let operator = &platform.operator;
    let delivery = finished(operator, &event_id).await?;
    story.answer(delivery.last_reason.as_deref().unwrap_or_default());
    story.check(
        delivery.state == DeliveryState::Failed,
        "given up, and kept as failed",
    );

    story.request("POST /v1/replays of all that failed, first as a dry run");
    let counted = request(operator, &delivery, true).await?;
    story.body(&counted)?;
    story.check(counted.matched == 1, "one delivery would be replayed");
    let replayed = request(operator, &delivery, false).await?;
    story.body(&replayed)?;
    let arrival = shop.arrival().await?;
    story.answer(format!("{} gets {}", arrival.webhook_id(), arrival.status));
    story.check(
        arrival.webhook_id() == event_id && arrival.status.is_success(),
        "it came under its old webhook-id, and was acknowledged",
    );
    story.check(
        matches!(shop.handled().as_slice(), [Push::CardEvent(_)]),
        "and the merchant has it",
    );
    let delivery = finished(operator, &event_id).await?;
    story.check(
        delivery.state == DeliveryState::Acknowledged && delivery.attempts == 4,
        "nothing is left to do",
    );
    Ok(())
}

async fn publish(
    story: &Story,
    platform: &Platform,
    merchant: &Merchant,
) -> anyhow::Result<String> {
    let data = json!({"card_id": "C-9001", "amount": "50.00", "currency": "EUR"});
    let data: CardEventData = serde_json::from_value(data)?;
    let publish = platform.operator.publish_card_event();
    let publish = publish
        .merchant_id(merchant.id)
        .body_map(|body| body.event_type(EventType::CardLoad).data(data));
    let published = publish.send().await?;
    story.answer(published.status());
    story.body(&*published)?;
    Ok(published.data.event_id.clone())
}

async fn request(
    operator: &operator::Client,
    delivery: &Delivery,
    dry_run: bool,
) -> anyhow::Result<orderhook_types::ReplaySummary> {
    let replay = operator.replay_deliveries().body_map(|body| {
        body.since(delivery.create_time.clone())
            .state(DeliveryState::Failed)
            .dry_run(dry_run)
    });
    Ok(replay.send().await?.data.clone())
}

/// The one delivery of an event, once it is neither queued nor attempted.
async fn finished(operator: &operator::Client, event_id: &str) -> anyhow::Result<Delivery> {
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    for _ in 0..MOST_LOOKS {
        looks.tick().await;
        let listed = operator.list_deliveries().event_id(event_id).send().await?;
        let delivery = listed.data.data.first().context("a delivery")?;
        if delivery.state != DeliveryState::Pending {
            return Ok(delivery.clone());
        }
    }
    bail!("the delivery of {event_id} does not end")
}
