//! 400: the rules of parameters, headers and bodies, one by one.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

use super::{WEBHOOKS, check, check_body, check_query, check_status};
use crate::support::TestServer;

#[tokio::test]
async fn parameters_of_a_query_are_checked() {
    let server = TestServer::with_platform().await;
    let check = async |query: &str, faults: &[&str]| check_query(&server, query, faults).await;

    check("", &[]).await;
    check("cursor=", &[]).await;
    check("cursor", &[]).await;
    check("cursor=0", &[]).await;
    check("cursor=9999999999", &[]).await;
    check("cursor=0000000000001", &[]).await;
    check("cursor=10000000000", &["query:cursor:maximum"]).await;
    check("cursor=18446744073709551615", &["query:cursor:maximum"]).await;
    check("cursor=99999999999999999999", &["query:cursor:maximum"]).await;
    check("cursor=-99999999999999999999", &["query:cursor:minimum"]).await;
    check("cursor=-1", &["query:cursor:minimum"]).await;
    check("cursor=1.5", &["query:cursor:type"]).await;
    check("cursor=%2B1", &["query:cursor:type"]).await;
    check("cursor=%201", &["query:cursor:type"]).await;
    check("cursor=next", &["query:cursor:type"]).await;

    check("limit=1", &[]).await;
    check("limit=99999", &[]).await;
    check("limit=0", &["query:limit:minimum"]).await;
    check("limit=100000", &["query:limit:maximum"]).await;
    check("limit=", &["query:limit:type"]).await;
    check("ascending=true", &[]).await;
    check("ascending=false", &[]).await;
    check("ascending=True", &["query:ascending:type"]).await;
    check("ascending=1", &["query:ascending:type"]).await;

    check(&format!("webhook_name={}", "%F0%9F%A6%80".repeat(20)), &[]).await;
    check(
        &format!("webhook_name={}", "%F0%9F%A6%80".repeat(21)),
        &["query:webhook_name:max_length"],
    )
    .await;
    check("webhook_name=", &["query:webhook_name:min_length"]).await;
    check("webhook_url=https%3A%2F%2Fa.example", &[]).await;
    check("webhook_url=a.example", &["query:webhook_url:format"]).await;
}

#[tokio::test]
async fn a_query_has_one_reading() {
    let server = TestServer::with_platform().await;
    let check = async |query: &str, faults: &[&str]| check_query(&server, query, faults).await;

    check("limit=1&limit=1", &["query:limit:duplicate"]).await;
    check("limit=1&l%69mit=2", &["query:limit:duplicate"]).await;
    check("cursor=&cursor=", &["query:cursor:duplicate"]).await;
    check("unknown=1&unknown=2", &[]).await;
    check("&&limit=1&", &[]).await;

    check("webhook_name=%FF", &["query:webhook_name:syntax"]).await;
    check("webhook_name=%", &["query:webhook_name:syntax"]).await;
    check("webhook_name=%2", &["query:webhook_name:syntax"]).await;
    check("webhook_name=%zz", &["query:webhook_name:syntax"]).await;
    check("webhook_name=%25", &[]).await;
    check("%FF=1", &["query:%FF:syntax"]).await;
    check(
        "webhook_name=%FF&limit=0",
        &["query:webhook_name:syntax", "query:limit:minimum"],
    )
    .await;
}

#[tokio::test]
async fn parameters_of_a_path_are_checked() {
    let server = TestServer::with_platform().await;
    let check = async |path: &str, status: u16, faults: &[&str]| {
        let request = server.request(Method::DELETE, &format!("/v1/webhooks/{path}"));
        check_status(request, status, faults).await;
    };

    // With these the platform itself is asked, and has no such webhook.
    check(
        "9223372036854775807/subscriptions/card.load",
        404,
        &["path:webhook_id:exists"],
    )
    .await;
    check(
        "%31/subscriptions/card%2Eload",
        404,
        &["path:webhook_id:exists"],
    )
    .await;
    let longest = format!("1/subscriptions/{}", "%F0%9F%A6%80".repeat(50));
    check(&longest, 404, &["path:webhook_id:exists"]).await;

    check(
        "9223372036854775808/subscriptions/a",
        400,
        &["path:webhook_id:maximum"],
    )
    .await;
    check("-1/subscriptions/a", 400, &["path:webhook_id:minimum"]).await;
    check("one/subscriptions/a", 400, &["path:webhook_id:type"]).await;
    check("1/subscriptions/%FF", 400, &["path::syntax"]).await;
    check("1/subscriptions/%zz", 400, &["path::syntax"]).await;
    check("1/subscriptions/a%", 400, &["path::syntax"]).await;
}

#[tokio::test]
async fn members_of_a_body_are_checked() {
    let server = TestServer::with_platform().await;
    let check =
        async |body: &str, faults: &[&str]| check_body(&server, body.to_owned(), faults).await;

    check("{}", &["body:webhook_name:required"]).await;
    check(r#"{"webhook_name":null}"#, &["body:webhook_name:type"]).await;
    check(r#"{"webhook_name":1}"#, &["body:webhook_name:type"]).await;
    check(r#"{"webhook_name":""}"#, &["body:webhook_name:min_length"]).await;
    check(&json!({"webhook_name": "🦀".repeat(20)}).to_string(), &[]).await;
    check(
        &json!({"webhook_name": "🦀".repeat(21)}).to_string(),
        &["body:webhook_name:max_length"],
    )
    .await;
    // Two scalar values make one visible letter, and are counted as two.
    check(
        &json!({"webhook_name": "e\u{301}".repeat(11)}).to_string(),
        &["body:webhook_name:max_length"],
    )
    .await;

    let url = |url: &str| json!({"webhook_name": "a", "webhook_url": url}).to_string();
    check(&url(&format!("https://a.example/{}", "x".repeat(82))), &[]).await;
    check(
        &url(&format!("https://a.example/{}", "x".repeat(83))),
        &["body:webhook_url:max_length"],
    )
    .await;
    check(&url("/hooks"), &["body:webhook_url:format"]).await;
    check(&url("https://"), &["body:webhook_url:format"]).await;
    check(
        &url(""),
        &["body:webhook_url:min_length", "body:webhook_url:format"],
    )
    .await;
    check(
        r#"{"webhook_name":"a","webhook_url":null}"#,
        &["body:webhook_url:type"],
    )
    .await;
    check(
        r#"{"webhook_name":"a","color":"red","more":{"x":null}}"#,
        &[],
    )
    .await;
}

#[tokio::test]
async fn a_body_has_one_reading() {
    let server = TestServer::with_platform().await;
    let check =
        async |body: &[u8], faults: &[&str]| check_body(&server, body.to_vec(), faults).await;

    check(b"", &["body::required"]).await;
    check(b"   ", &["body::syntax"]).await;
    check(b"null", &["body::type"]).await;
    check(b"[]", &["body::type"]).await;
    check(br#"{"webhook_name":"a""#, &["body::syntax"]).await;
    check(br#"{"webhook_name":"a"} x"#, &["body::syntax"]).await;
    check(br#"{"webhook_name":"a"}{}"#, &["body::syntax"]).await;
    check(b" {\"webhook_name\":\"a\"}\r\n", &[]).await;
    check(b"\xef\xbb\xbf{\"webhook_name\":\"a\"}", &["body::syntax"]).await;
    check(b"{\"webhook_name\":\"\xff\"}", &["body::syntax"]).await;
    check(br#"{"webhook_name":"\ud800"}"#, &["body::syntax"]).await;
    check(
        br#"{"webhook_name":"a","webhook_name":"a"}"#,
        &["body:webhook_name:duplicate"],
    )
    .await;
    check(
        br#"{"webhook_name":"a","webhook_n\u0061me":"a"}"#,
        &["body:webhook_name:duplicate"],
    )
    .await;
    check(
        br#"{"webhook_name":"a","x":{"y":1,"y":1}}"#,
        &["body:x.y:duplicate"],
    )
    .await;
    check(
        br#"{"webhook_name":"a","x":[0,{"y":1,"y":1}]}"#,
        &["body:x[1].y:duplicate"],
    )
    .await;
}

#[tokio::test]
async fn an_idempotency_key_is_checked() {
    let server = TestServer::with_platform().await;
    let create = || server.send(Method::POST, WEBHOOKS, r#"{"webhook_name":"a"}"#);
    let key = |bytes: &[u8]| HeaderValue::from_bytes(bytes).expect("a value");
    let check = async |keys: &[&[u8]], faults: &[&str]| {
        let request = keys.iter().fold(create(), |request, bytes| {
            request.header("idempotency-key", key(bytes))
        });
        check(request, faults).await;
    };

    check(&[], &[]).await;
    check(&[&[b'k'; 255]], &[]).await;
    check(&[&[b'k'; 256]], &["header:Idempotency-Key:max_length"]).await;
    check(&[b""], &["header:Idempotency-Key:min_length"]).await;
    check(&["🦀".repeat(255).as_bytes()], &[]).await;
    check(&[b"\xff"], &["header:Idempotency-Key:syntax"]).await;
    check(&[b"a", b"a"], &["header:Idempotency-Key:duplicate"]).await;
}
