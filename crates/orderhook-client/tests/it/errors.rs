use orderhook_client::types::{FaultLocation, FaultRule};
use orderhook_client::{Error, ErrorExt};
use serde_json::json;

use crate::client_of;
use crate::server::Answer;

#[tokio::test]
async fn a_refusal_says_which_field_breaks_which_rule() {
    let refusal = json!({
        "msg": "the request breaks 2 rules",
        "code": 400,
        "trace_id": "018f6b2e9a7c7d14",
        "added_later": true,
        "data": {"faults": [
            {"location": "query", "field": "limit", "rule": "minimum", "message": "must be 1 or more"},
            {"location": "cookie", "field": "cursor", "rule": "prime", "message": "must be prime"},
        ]},
    });
    let (server, client) = client_of([Answer::json(400, &refusal)]).await;
    let error = client.list_webhooks().limit(0).send().await.unwrap_err();

    assert_eq!(server.targets(), ["/v1/webhooks?limit=0"]);
    assert!(error.is_bad_request());
    assert!(!error.is_retryable());
    assert_eq!(error.status().unwrap(), 400);
    assert_eq!(error.trace_id(), Some("018f6b2e9a7c7d14"));
    assert_eq!(error.envelope().unwrap().msg, "the request breaks 2 rules");
    assert_eq!(error.faults().len(), 2);

    let limit = error.fault("limit").unwrap();
    assert_eq!(limit.rule, FaultRule::Minimum);
    assert_eq!(limit.location, FaultLocation::Query);
    // A rule and a place that this version does not know are kept.
    let cursor = error.fault("cursor").unwrap();
    assert_eq!(cursor.rule.as_str(), "prime");
    assert_eq!(cursor.location.as_str(), "cookie");
    assert!(error.fault("webhook_name").is_none());
}

/// Which of the questions the error of this status says yes to.
async fn check(status: u16, expected: &[&str]) {
    let (_server, client) = client_of(vec![Answer::status(status); 4]).await;
    let call = client.create_webhook();
    let error = call.body_map(|body| body.webhook_name("a")).send().await;
    let error = error.unwrap_err();
    let answers = [
        ("bad request", error.is_bad_request()),
        ("unauthorized", error.is_unauthorized()),
        ("not found", error.is_not_found()),
        ("conflict", error.is_conflict()),
        ("rate limited", error.is_rate_limited()),
        ("retryable", error.is_retryable()),
    ];
    let yes: Vec<_> = answers
        .into_iter()
        .filter_map(|(question, answer)| answer.then_some(question))
        .collect();
    assert_eq!(yes, expected, "{status}");
    assert_eq!(error.status().unwrap(), status);
    assert!(error.faults().is_empty(), "{status}");
}

#[tokio::test]
async fn an_error_tells_its_status_documented_or_not() {
    check(400, &["bad request"]).await;
    check(401, &["unauthorized"]).await;
    check(404, &["not found"]).await;
    check(405, &[]).await;
    check(409, &["conflict"]).await;
    check(429, &["rate limited", "retryable"]).await;
    check(500, &[]).await;
    check(502, &["retryable"]).await;
    check(503, &["retryable"]).await;
}

/// Whether a webhook of this name is asked for, or refused before anything is sent.
async fn check_name(name: &str, is_sent: bool) {
    let (server, client) = client_of([Answer::webhook()]).await;
    let call = client.create_webhook();
    let result = call.body_map(|body| body.webhook_name(name)).send().await;
    assert_eq!(server.seen().len(), usize::from(is_sent), "{name}");
    match result {
        Ok(_) => assert!(is_sent, "{name}"),
        Err(Error::InvalidRequest(problem)) => {
            assert!(problem.contains("webhook_name"), "{problem}");
        }
        Err(error) => panic!("{name}: status {:?}", error.status()),
    }
}

#[tokio::test]
async fn a_name_has_1_to_20_characters_however_many_bytes_they_take() {
    check_name("", false).await;
    check_name("a", true).await;
    check_name(&"a".repeat(20), true).await;
    check_name(&"a".repeat(21), false).await;
    check_name(&"ä".repeat(20), true).await;
    check_name(&"🦀".repeat(20), true).await;
    check_name(&"🦀".repeat(21), false).await;
}

#[tokio::test]
async fn a_request_that_lacks_a_parameter_is_not_sent() {
    let (server, client) = client_of([Answer::webhook()]).await;
    let call = client.unsubscribe_event().event_type("card.load");
    let error = call.send().await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest(_)));
    assert_eq!(error.status(), None);
    assert!(error.envelope().is_none());
    assert!(server.seen().is_empty());
}

/// A refusal with this body, which is not the envelope, keeps all that the answer says.
async fn check_foreign(status: u16, body: &str, is_retryable: bool) {
    let headers = vec![("via", "balancer".to_owned())];
    let page = Answer::Whole(status, headers, body.to_owned());
    let (_server, client) = client_of(vec![page; 4]).await;
    let error = client.list_events().send().await.unwrap_err();
    assert_eq!(error.status().unwrap(), status, "{body}");
    assert_eq!(error.is_retryable(), is_retryable, "{status} {body}");
    assert_eq!(error.is_unauthorized(), status == 401, "{status} {body}");
    assert_eq!(error.is_rate_limited(), status == 429, "{status} {body}");
    assert_eq!((error.trace_id(), error.faults().len()), (None, 0));

    let Error::UnexpectedResponse(response) = error else {
        panic!("{status} {body} is no envelope");
    };
    assert_eq!(response.url().path(), "/v1/events");
    assert_eq!(response.headers()["via"], "balancer");
    assert_eq!(response.text().await.unwrap(), body);
}

#[tokio::test]
async fn a_refusal_without_the_envelope_keeps_its_status() {
    // Documented.
    check_foreign(400, "<html>bad request</html>", false).await;
    check_foreign(401, "<html>who are you?</html>", false).await;
    check_foreign(429, r#"{"error": "slow down"}"#, true).await;
    check_foreign(500, "null", false).await;
    check_foreign(503, "", true).await;
    // Not documented.
    check_foreign(405, "<html>not allowed</html>", false).await;
    check_foreign(502, "<html>bad gateway</html>", true).await;
}

/// An answer of this status and as many bytes is read or not.
async fn check_size(status: u16, bytes: usize, is_read: bool) {
    let page = Answer::Whole(status, Vec::new(), " ".repeat(bytes));
    let (server, client) = client_of(vec![page; 4]).await;
    let error = client.list_events().send().await.unwrap_err();
    match error {
        Error::Custom(problem) => {
            assert!(!is_read, "{status} {bytes}");
            assert_eq!(problem, "the answer is larger than 8 MiB");
            assert_eq!(server.seen().len(), 1, "it is not asked for again");
        }
        Error::InvalidResponsePayload(..) | Error::UnexpectedResponse(_) => {
            assert!(is_read, "{status} {bytes}");
        }
        error => panic!("{status} {bytes}: {error:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_8_mib() {
    let most = 8 * 1024 * 1024;
    check_size(200, most, true).await;
    check_size(200, most + 1, false).await;
    check_size(500, most, true).await;
    check_size(503, most + 1, false).await;
}
