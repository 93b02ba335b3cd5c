//! What is refused with another status than 400: caller, path, method, key, size and media type.

use futures_util::stream;
use reqwest::header;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;

use super::{BODY_LIMIT, WEBHOOKS, body_of, check_body, check_status};
use crate::support::{ADA, Answer, EVE, GRACE, TestServer};

#[tokio::test]
async fn a_caller_is_known_by_one_token() {
    let server = TestServer::with_platform().await;
    let check = async |tokens: &[&str], is_known: bool| {
        let request = server.anonymous(Method::GET, WEBHOOKS);
        let request = tokens.iter().fold(request, |request, token| {
            request.header(header::AUTHORIZATION, *token)
        });
        let answer = Answer::to(request).await;
        assert_eq!(
            answer.status,
            if is_known { 200 } else { 401 },
            "{tokens:?}"
        );
        let faults = answer.faults();
        let expected: &[_] = if is_known {
            &[]
        } else {
            &["header:Authorization:credential"]
        };
        assert_eq!(faults, expected, "{tokens:?}");
    };

    check(&[ADA], true).await;
    check(&[&format!("Bearer {ADA}")], true).await;
    check(&[&format!("bearer  {ADA}")], true).await;
    check(&[], false).await;
    check(&[""], false).await;
    check(&["Bearer "], false).await;
    check(&["Bearer"], false).await;
    check(&["unknown"], false).await;
    check(&[&format!("{ADA}x")], false).await;
    check(&[&ADA.to_uppercase()], false).await;
    check(&[&format!("Basic {ADA}")], false).await;
    check(&[ADA, ADA], false).await;
    check(&[&format!("{ADA}, {GRACE}")], false).await;
}

#[tokio::test]
async fn nobody_learns_of_rules_without_a_token() {
    let server = TestServer::with_platform().await;
    let broken = server
        .anonymous(Method::POST, "/v1/webhooks/x/subscriptions")
        .body("{");
    check_status(broken, 401, &["header:Authorization:credential"]).await;
}

#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let server = TestServer::with_platform().await;
    let webhook_id = server.create(json!({"webhook_name": "a"})).await;
    let check = async |request: RequestBuilder, faults: &[&str]| {
        check_status(request, 404, faults).await.body["msg"].clone()
    };

    for path in ["/", "/v1", "/v1/webhooks/", "/V1/webhooks"] {
        check(server.get(path), &[]).await;
        check(server.anonymous(Method::PUT, path), &[]).await;
    }

    let rename = |token: &str, webhook_id: i64| {
        server
            .anonymous(Method::PUT, &format!("/v1/webhooks/{webhook_id}"))
            .header(header::AUTHORIZATION, token)
            .json(&json!({"webhook_name": "b"}))
    };
    let never_existed = check(rename(EVE, 4711), &["path:webhook_id:exists"]).await;
    let not_hers = check(rename(EVE, webhook_id), &["path:webhook_id:exists"]).await;
    assert_eq!(
        not_hers, never_existed,
        "a refusal does not tell that an id is in use"
    );

    let subscriptions = format!("/v1/webhooks/{webhook_id}/subscriptions");
    let unknown = server.send(
        Method::POST,
        &subscriptions,
        r#"{"event_type":"card.lost"}"#,
    );
    check(unknown, &["body:event_type:exists"]).await;
    for event_type in ["card.load", "card.lost"] {
        let path = format!("{subscriptions}/{event_type}");
        check(
            server.request(Method::DELETE, &path),
            &["path:event_type:exists"],
        )
        .await;
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_a_405_that_names_the_others() {
    let server = TestServer::with_platform().await;
    let check = async |method: Method, path: &str, expected: &[&str]| {
        let answer = check_status(server.anonymous(method, path), 405, &[]).await;
        let allow = answer.headers[header::ALLOW].to_str().expect("a text");
        let mut allowed: Vec<_> = allow.split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
    };

    check(Method::DELETE, WEBHOOKS, &["GET", "HEAD", "POST"]).await;
    check(Method::OPTIONS, WEBHOOKS, &["GET", "HEAD", "POST"]).await;
    check(Method::GET, "/v1/webhooks/1", &["PUT"]).await;
    check(Method::PUT, "/v1/webhooks/1/subscriptions", &["POST"]).await;
    check(
        Method::GET,
        "/v1/webhooks/1/subscriptions/card.load",
        &["DELETE"],
    )
    .await;
    check(Method::POST, "/v1/events", &["GET", "HEAD"]).await;
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_body() {
    let server = TestServer::with_platform().await;
    let create = |token: &str, key: &str, body: &str| {
        let request = server.anonymous(Method::POST, WEBHOOKS);
        request
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(body.to_owned())
    };
    let first = Answer::to(create(ADA, "k", r#"{"webhook_name":"a"}"#)).await;
    assert_eq!(first.status, 200);

    let again = Answer::to(create(ADA, "k", r#"{ "webhook_name": "\u0061", "x": 0 }"#)).await;
    assert_eq!(
        again.body["data"], first.body["data"],
        "it is the body's meaning that counts"
    );
    let by_a_colleague = Answer::to(create(GRACE, "k", r#"{"webhook_name":"a"}"#)).await;
    assert_eq!(
        by_a_colleague.body["data"], first.body["data"],
        "the key is the merchant's"
    );

    let other_body = create(ADA, "k", r#"{"webhook_name":"b"}"#);
    check_status(other_body, 409, &["header:Idempotency-Key:unique"]).await;
    let other_merchant = Answer::to(create(EVE, "k", r#"{"webhook_name":"b"}"#)).await;
    assert_eq!(other_merchant.status, 200);
    let other_key = Answer::to(create(ADA, "K", r#"{"webhook_name":"a"}"#)).await;
    assert_ne!(other_key.body["data"], first.body["data"]);

    let listed = Answer::to(server.get(WEBHOOKS)).await;
    assert_eq!(
        listed.body["data"]["data"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_a_413() {
    let server = TestServer::with_platform().await;
    let chunked = |text: String| {
        let (first, second) = text.split_at(text.len() / 2);
        let chunks = [
            Ok::<_, std::io::Error>(first.to_owned()),
            Ok(second.to_owned()),
        ];
        Body::wrap_stream(stream::iter(chunks))
    };

    assert_eq!(body_of(BODY_LIMIT).len(), BODY_LIMIT);
    check_body(&server, body_of(BODY_LIMIT), &[]).await;
    check_body(&server, chunked(body_of(BODY_LIMIT)), &[]).await;
    for body in [
        Body::from(body_of(BODY_LIMIT + 1)),
        chunked(body_of(BODY_LIMIT + 1)),
    ] {
        let request = server.send(Method::POST, WEBHOOKS, body);
        check_status(request, 413, &["body::size"]).await;
    }
}

#[tokio::test]
async fn a_body_is_said_to_be_json() {
    let server = TestServer::with_platform().await;
    let check = async |content_types: &[&str], is_json: bool| {
        let request = server.request(Method::POST, WEBHOOKS);
        let request = content_types.iter().fold(request, |request, content_type| {
            request.header(header::CONTENT_TYPE, *content_type)
        });
        let request = request.body(r#"{"webhook_name":"a"}"#);
        let faults: &[_] = if is_json {
            &[]
        } else {
            &["header:Content-Type:media_type"]
        };
        check_status(request, if is_json { 200 } else { 415 }, faults).await;
    };

    check(&["application/json"], true).await;
    check(&["Application/JSON"], true).await;
    check(&["application/json; charset=utf-8"], true).await;
    check(&["application/json;charset=\"UTF-8\""], true).await;
    check(&["application/json; version=1"], true).await;
    check(&["application/json; charset=latin1"], false).await;
    check(&["application/jsonp"], false).await;
    check(&["text/plain"], false).await;
    check(&["application/json", "text/plain"], false).await;
    check(&["text/plain", "application/json"], false).await;
    check(&[""], false).await;
    check(&[], false).await;

    let without_a_body = server
        .get(WEBHOOKS)
        .header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(Answer::to(without_a_body).await.status, 200);
}
