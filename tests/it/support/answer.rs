//! An answer, and the envelope that every one of them has.

use reqwest::header::{self, HeaderMap};
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Sends the request; whatever the answer is, it must be JSON in the documented envelope.
    pub(crate) async fn to(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        assert_eq!(
            headers[header::CONTENT_TYPE],
            "application/json",
            "{status}"
        );
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body["code"], status, "the status is in the body: {body}");
        assert!(body["msg"].is_string(), "there is a message: {body}");
        let trace_id = body["trace_id"].as_str().unwrap_or_default();
        assert!(!trace_id.is_empty(), "there is a trace id: {body}");
        Self {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn trace_id(&self) -> &str {
        self.body["trace_id"]
            .as_str()
            .expect("every answer has one")
    }

    /// Each fault as `location:field:rule`, in the order of the answer.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faults = self.body["data"]["faults"].as_array();
        let text = |fault: &Value, member: &str| fault[member].as_str().expect("a text").to_owned();
        let faults = faults.into_iter().flatten();
        faults
            .map(|fault| {
                ["location", "field", "rule"]
                    .map(|member| text(fault, member))
                    .join(":")
            })
            .collect()
    }
}
