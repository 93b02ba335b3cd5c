//! A merchant's calls, with the generated client.

use anyhow::Context;
use futures_util::TryStreamExt;
use orderhook_client::{Client, ErrorExt};
use orderhook_types::{EventType, Patch, Secret, WebhookUrl};

use crate::receiver::Socket;
use crate::setup;
use crate::story::Story;

const URL: &str = "https://merchant.example/hooks";

/// What is left of the six operations: a webhook that is subscribed to `card.load`.
pub(crate) struct Webhook {
    pub(crate) sign_secret: Secret,
}

/// All six operations; the webhook ends up with the receiver's address.
pub(crate) async fn six_operations(
    story: &mut Story,
    client: &Client,
    receiver: &Socket,
) -> anyhow::Result<Webhook> {
    story.request("GET /v1/events, every page of the catalogue");
    let events: Vec<_> = client.list_events().limit(1).stream().try_collect().await?;
    for event in &events {
        story.answer(format!(
            "{} ({})",
            event.event_type,
            event.event_description.as_deref().unwrap_or("-")
        ));
    }
    story.check(
        events.len() == 2,
        "two types of event, one on each of two pages",
    );

    story.request(format!("POST /v1/webhooks for {URL}"));
    let url: WebhookUrl = URL.parse()?;
    let create = client
        .create_webhook()
        .body_map(|body| body.webhook_name("order-events").webhook_url(url));
    let created = create.send().await?;
    story.answer(created.status());
    story.body(&*created)?;
    let webhook = created.data.first().context("an array of one")?;
    let id = webhook.webhook_id;
    let secret = webhook.sign_secret.clone().context("a signing secret")?;
    story.check(
        !format!("{created:?}").contains(secret.reveal()),
        "Debug does not show the secret",
    );

    story.request(format!("POST /v1/webhooks/{id}/subscriptions"));
    let subscribe = client.subscribe_event().webhook_id(id);
    let subscribed = subscribe
        .body_map(|body| body.event_type(EventType::CardLoad))
        .send()
        .await?;
    story.answer(subscribed.status());
    story.body(&*subscribed)?;
    story.check(
        subscribed.data[0].event_type == EventType::CardLoad,
        "subscribed to card.load",
    );

    story.request(format!("PUT /v1/webhooks/{id}, with a new address"));
    let address = receiver.hooks();
    let url: WebhookUrl = address.parse()?;
    let update = client.update_webhook().webhook_id(id);
    let update = update.body_map(|body| {
        body.webhook_name("order-events")
            .webhook_url(Patch::Value(url))
    });
    let updated = update.send().await?;
    story.answer(updated.status());
    story.body(&*updated)?;
    story.check(
        updated.data[0].webhook_url.as_deref() == Some(address.as_str()),
        "the address is the new one",
    );

    story.request("GET /v1/webhooks");
    let listed = client.list_webhooks().send().await?;
    story.answer(listed.status());
    story.body(&*listed)?;
    let row = listed.data.data.first().context("one webhook")?;
    story.check(
        row.event_type == Some(EventType::CardLoad),
        "the webhook stands there with its event",
    );

    story.request(format!("DELETE /v1/webhooks/{id}/subscriptions/card.load"));
    let unsubscribe = client.unsubscribe_event().webhook_id(id);
    let removed = unsubscribe.event_type(EventType::CardLoad).send().await?;
    story.answer(removed.status());
    let rows: Vec<_> = client.list_webhooks().stream().try_collect().await?;
    story.check(
        rows.len() == 1 && rows[0].event_type.is_none(),
        "the webhook is left, without an event",
    );
    let subscribe = client.subscribe_event().webhook_id(id);
    let subscribe = subscribe.body_map(|body| body.event_type(EventType::CardLoad));
    subscribe.send().await?;
    Ok(Webhook {
        sign_secret: secret,
    })
}

/// What a caller is told who does it wrong.
pub(crate) async fn refusals(story: &mut Story, client: &Client, api: &str) -> anyhow::Result<()> {
    story.request("GET /v1/webhooks?limit=0&cursor=-1, two faults in one request");
    let refused = client.list_webhooks().limit(0).cursor(-1).send().await;
    let error = refused.err().context("it was not refused")?;
    for fault in error.faults() {
        story.answer(format!(
            "{} {}: {}",
            fault.location, fault.field, fault.message
        ));
    }
    story.check(
        error.is_bad_request() && error.faults().len() == 2,
        "400, and both are named",
    );
    let trace_id = error.trace_id().unwrap_or_default();
    story.check(
        !trace_id.is_empty(),
        format!("the log has it under {trace_id}"),
    );

    story.request("POST /v1/webhooks for an address inside the platform's own network");
    let url: WebhookUrl = "https://169.254.169.254/latest/meta-data".parse()?;
    let create = client.create_webhook();
    let create = create.body_map(|body| body.webhook_name("nosy").webhook_url(url));
    let error = create.send().await.err().context("it was not refused")?;
    for fault in error.faults() {
        story.answer(format!(
            "{} {}: {}",
            fault.location, fault.field, fault.message
        ));
    }
    story.check(error.is_bad_request(), "400, and nothing was stored");

    story.request("GET /v1/events, with a wrong token");
    let stranger = setup::client(api, "not-the-token")?;
    let refused = stranger.list_events().send().await;
    let error = refused.err().context("it was not refused")?;
    story.answer(
        error
            .envelope()
            .map_or("no envelope", |envelope| &envelope.msg),
    );
    story.check(error.is_unauthorized(), "401");
    Ok(())
}
