//! The requests that are sent, and what both servers answer with.

use std::sync::atomic::{AtomicU64, Ordering};

use orderhook_types::{Secret, Webhook, WebhookListItem, WebhookPage};

/// The one access token that both servers know.
pub(crate) const TOKEN: &str = "3f0f7a1f9b6c4c0e8a5d2b1e7c9d4f60";

/// A request without its token.
pub(crate) struct SampleRequest {
    pub(crate) name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static str,
    body: &'static str,
}

const JSON: &str = "content-type: application/json\r\nidempotency-key: 5b6f0f4e-8f0a-4f2c-9d3b\r\n";

/// What is measured.
pub(crate) const ACCEPTED: &[SampleRequest] = &[
    SampleRequest {
        name: "GET list_webhooks",
        method: "GET",
        target: "/v1/webhooks?cursor=9999999999&limit=20&webhook_name=order+events&\
                 webhook_url=https%3A%2F%2Fmerchant.example%2Fhooks&ascending=true",
        headers: "",
        body: "",
    },
    SampleRequest {
        name: "POST create_webhook",
        method: "POST",
        target: "/v1/webhooks",
        headers: JSON,
        body: r#"{"webhook_name":"order events","webhook_url":"https://merchant.example/hooks"}"#,
    },
];

/// What shows that both check the same.
pub(crate) const REFUSED: &[SampleRequest] = &[
    SampleRequest {
        name: "a query with six faults",
        method: "GET",
        target: "/v1/webhooks?cursor=x&limit=0&webhook_name=&webhook_url=hooks&ascending=1&cursor=2",
        headers: "",
        body: "",
    },
    SampleRequest {
        name: "a number that is too large and a broken escape",
        method: "GET",
        target: "/v1/webhooks?cursor=10000000000&webhook_name=%F0%9F",
        headers: "",
        body: "",
    },
    SampleRequest {
        name: "a body with a long name and a relative address",
        method: "POST",
        target: "/v1/webhooks",
        headers: JSON,
        body: r#"{"webhook_name":"\u00e9 name of 21 letters!","webhook_url":"/hooks","more":{}}"#,
    },
    SampleRequest {
        name: "a body of wrong types and an empty key",
        method: "POST",
        target: "/v1/webhooks",
        headers: "content-type: application/json; charset=utf-8\r\nidempotency-key: \r\n",
        body: r#"{"webhook_name":7,"webhook_url":null}"#,
    },
    SampleRequest {
        name: "a body that is no JSON",
        method: "POST",
        target: "/v1/webhooks",
        headers: "content-type: text/plain\r\n",
        body: "webhook",
    },
    SampleRequest {
        name: "a path that is not there",
        method: "GET",
        target: "/v1/hooks",
        headers: "",
        body: "",
    },
];

impl SampleRequest {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self {
            method,
            target,
            headers,
            body,
            ..
        } = self;
        let length = body.len();
        format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\
             authorization: {TOKEN}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Ids of one length, in the order of the requests.
#[derive(Default)]
pub(crate) struct TraceIds(AtomicU64);

impl TraceIds {
    pub(crate) fn next(&self) -> String {
        format!("{:016x}", self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) fn page() -> WebhookPage {
    WebhookPage {
        next_cursor: Some(String::new()),
        has_more: false,
        data: vec![WebhookListItem {
            create_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
            creator_id: Some(7),
            creator_name: Some("Ada".to_owned()),
            event_code: None,
            event_description: None,
            event_type: None,
            operate_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
            operator_id: Some(7.into()),
            operator_name: Some("Ada".to_owned()),
            sign_secret: Some(Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
            webhook_id: 1003,
            webhook_name: "order events".to_owned(),
            webhook_url: Some("https://merchant.example/hooks".to_owned()),
        }],
    }
}

pub(crate) fn webhook(name: String, url: Option<String>) -> Webhook {
    Webhook {
        create_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
        creator_id: Some(7),
        creator_name: Some("Ada".to_owned()),
        operate_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
        operator_id: Some(7.into()),
        operator_name: Some("Ada".to_owned()),
        sign_secret: Some(Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        webhook_id: 1003,
        webhook_name: name,
        webhook_url: url,
    }
}
