//! What people see of each thing that an answer can hold.

use orderhook_types::{
    Attempt, Delivery, Endpoint, Event, EventDetail, EventTypeEntry, Merchant, PublishedEvent,
    RotatedSecret, Token, Webhook, WebhookListItem, WebhookSubscription,
};

use super::Output;

/// A thing with a row in a table.
pub(crate) trait Tabular {
    /// The names of the columns.
    const HEADERS: &'static [&'static str];

    /// The row; an empty text where there is nothing.
    fn cells(&self, output: &Output) -> Vec<String>;
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

impl Tabular for Merchant {
    const HEADERS: &'static [&'static str] = &["ID", "NAME", "CREATED", "SECRET"];

    fn cells(&self, output: &Output) -> Vec<String> {
        vec![
            self.merchant_id.to_string(),
            self.merchant_name.clone(),
            self.create_time.clone(),
            output.secret(self.sign_secret.as_ref()),
        ]
    }
}

impl Tabular for Token {
    const HEADERS: &'static [&'static str] = &[
        "ID",
        "MERCHANT",
        "OPERATOR ID",
        "OPERATOR",
        "CREATED",
        "REVOKED",
    ];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.token_id.to_string(),
            self.merchant_id.to_string(),
            self.operator_id.to_string(),
            self.operator_name.clone(),
            self.create_time.clone(),
            text(self.revoke_time.as_ref()),
        ]
    }
}

impl Tabular for RotatedSecret {
    const HEADERS: &'static [&'static str] = &["SECRET", "PREVIOUS UNTIL"];

    fn cells(&self, output: &Output) -> Vec<String> {
        vec![
            output.secret(Some(&self.sign_secret)),
            text(self.previous_expire_time.as_ref()),
        ]
    }
}

impl Tabular for Webhook {
    const HEADERS: &'static [&'static str] = &[
        "ID",
        "NAME",
        "URL",
        "SECRET",
        "CREATED",
        "CREATED BY",
        "CHANGED",
        "CHANGED BY",
    ];

    fn cells(&self, output: &Output) -> Vec<String> {
        vec![
            self.webhook_id.to_string(),
            self.webhook_name.clone(),
            text(self.webhook_url.as_ref()),
            output.secret(self.sign_secret.as_ref()),
            text(self.create_time.as_ref()),
            text(self.creator_name.as_ref()),
            text(self.operate_time.as_ref()),
            text(self.operator_name.as_ref()),
        ]
    }
}

impl Tabular for WebhookListItem {
    const HEADERS: &'static [&'static str] = &["ID", "NAME", "EVENT", "URL", "SECRET", "CHANGED"];

    fn cells(&self, output: &Output) -> Vec<String> {
        vec![
            self.webhook_id.to_string(),
            self.webhook_name.clone(),
            text(self.event_type.as_ref()),
            text(self.webhook_url.as_ref()),
            output.secret(self.sign_secret.as_ref()),
            text(self.operate_time.as_ref()),
        ]
    }
}

impl Tabular for WebhookSubscription {
    const HEADERS: &'static [&'static str] = &["ID", "NAME", "EVENT", "CODE", "DESCRIPTION", "URL"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.webhook_id.to_string(),
            self.webhook_name.clone(),
            self.event_type.to_string(),
            text(self.event_code.as_ref()),
            text(self.event_description.as_ref()),
            text(self.webhook_url.as_ref()),
        ]
    }
}

impl Tabular for EventTypeEntry {
    const HEADERS: &'static [&'static str] = &["EVENT", "CODE", "CATEGORY", "DESCRIPTION"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.event_type.to_string(),
            text(self.event_code.as_ref()),
            text(self.event_category.as_ref()),
            text(self.event_description.as_ref()),
        ]
    }
}

impl Tabular for Endpoint {
    const HEADERS: &'static [&'static str] = &[
        "ID",
        "MERCHANT",
        "KIND",
        "STATE",
        "PENDING",
        "OLDEST",
        "FAILING SINCE",
        "URL",
        "REASON",
    ];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.endpoint_id.to_string(),
            self.merchant_id.to_string(),
            self.kind.to_string(),
            self.state.to_string(),
            self.pending.to_string(),
            text(self.oldest_pending_time.as_ref()),
            text(self.failing_since.as_ref()),
            text(self.url.as_ref()),
            text(self.state_reason.as_ref()),
        ]
    }
}

impl Tabular for Event {
    const HEADERS: &'static [&'static str] = &["ID", "MERCHANT", "EVENT", "ORDER", "PUBLISHED"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.event_id.clone(),
            self.merchant_id.to_string(),
            self.event_type.to_string(),
            text(self.order_id.as_ref()),
            self.create_time.clone(),
        ]
    }
}

impl Tabular for EventDetail {
    const HEADERS: &'static [&'static str] =
        &["ID", "MERCHANT", "EVENT", "ORDER", "PUBLISHED", "BODY"];

    fn cells(&self, _: &Output) -> Vec<String> {
        let body = serde_json::to_string_pretty(&self.body);
        vec![
            self.event_id.clone(),
            self.merchant_id.to_string(),
            self.event_type.to_string(),
            text(self.order_id.as_ref()),
            self.create_time.clone(),
            body.unwrap_or_default(),
        ]
    }
}

impl Tabular for PublishedEvent {
    const HEADERS: &'static [&'static str] = &["ID", "DELIVERIES"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![self.event_id.clone(), self.deliveries.to_string()]
    }
}

impl Tabular for Delivery {
    const HEADERS: &'static [&'static str] = &[
        "ID",
        "EVENT",
        "ENDPOINT",
        "STATE",
        "ATTEMPTS",
        "CREATED",
        "NEXT ATTEMPT",
        "FINISHED",
        "URL",
        "LAST REASON",
    ];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.delivery_id.to_string(),
            self.event_id.clone(),
            self.endpoint_id.to_string(),
            self.state.to_string(),
            self.attempts.to_string(),
            self.create_time.clone(),
            text(self.next_attempt_time.as_ref()),
            text(self.finish_time.as_ref()),
            text(self.url.as_ref()),
            text(self.last_reason.as_ref()),
        ]
    }
}

impl Tabular for Attempt {
    const HEADERS: &'static [&'static str] =
        &["ATTEMPT", "BEGAN", "TOOK", "OUTCOME", "STATUS", "REASON"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.attempt.to_string(),
            self.attempt_time.clone(),
            format!("{} ms", self.duration_ms),
            self.outcome.to_string(),
            text(self.status.as_ref()),
            self.reason.clone(),
        ]
    }
}
