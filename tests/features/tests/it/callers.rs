//! Who may call: what the document says of each operation, and the credentials of requests.

use crate::support::{App, send};

/// Asserts what the implementation is told of who calls.
#[track_caller]
fn check(answer: (u16, String), operation: &str, principal: &str) {
    assert_eq!(answer, (200, format!("({operation:?}, {principal})")));
}

#[tokio::test]
async fn credentials_of_each_scheme() {
    let app = App::start().await;
    let get = |name: &str| app.http.get(app.url(&format!("/callers/{name}")));

    let answer = send(get("query_key?api%20key=a%20b%2B")).await;
    check(answer, "get_query_key", r#""query_key a b+ []""#);
    let answer = send(get("query_key?api+key=a+b")).await;
    check(answer, "get_query_key", r#""query_key a b []""#);
    let answer = send(get("header_key").header("x-api-key", "k")).await;
    check(answer, "get_header_key", r#""header_key k []""#);
    let answer = send(get("cookie_key").header("cookie", "a=b; session=k")).await;
    check(answer, "get_cookie_key", r#""cookie_key k []""#);
    let answer = send(get("basic").basic_auth("me", Some("pass"))).await;
    check(answer, "get_basic", r#""basic bWU6cGFzcw== []""#);
    let answer = send(get("digest").header("authorization", "DIGEST a=b")).await;
    check(answer, "get_digest", r#""digest a=b []""#);
    let answer = send(get("bearer").bearer_auth("t")).await;
    check(answer, "get_bearer", r#""bearer t []""#);
    let answer = send(get("oauth").bearer_auth("t")).await;
    check(answer, "get_oauth", r#""oauth t [read write]""#);
}

#[tokio::test]
async fn schemes_together_and_instead() {
    let app = App::start().await;
    let get = |name: &str| app.http.get(app.url(&format!("/callers/{name}")));

    let answer = send(get("either").header("x-api-key", "k")).await;
    check(answer, "get_either", r#""header_key k []""#);
    let answer = send(get("either").bearer_auth("t")).await;
    check(answer, "get_either", r#""oauth t [read]""#);
    let answer = send(get("both?api%20key=q").header("x-api-key", "k")).await;
    check(
        answer,
        "get_both",
        r#""header_key k [] and query_key q []""#,
    );
}

#[tokio::test]
async fn where_anyone_may_call() {
    let app = App::start().await;
    let get = |name: &str| app.http.get(app.url(&format!("/callers/{name}")));

    check(send(get("optional")).await, "get_optional", "None");
    let answer = send(get("optional").bearer_auth("t")).await;
    check(answer, "get_optional", r#"Some("bearer t []")"#);
    // Of another scheme than it asks for.
    let answer = send(get("optional").basic_auth("me", Some("pass"))).await;
    check(answer, "get_optional", "None");
    let answer = send(get("anyone").bearer_auth("wrong")).await;
    check(answer, "get_anyone", "()");
}

#[tokio::test]
async fn without_a_credential() {
    let app = App::start().await;
    let get = |name: &str| app.http.get(app.url(&format!("/callers/{name}")));
    let refused = (401, "header Authorization: credential".to_owned());
    for request in [
        get("query_key"),
        get("query_key?api%20key=a&api%20key=b"),
        get("header_key?api%20key=q"),
        get("header_key")
            .header("x-api-key", "a")
            .header("x-api-key", "b"),
        get("cookie_key").header("cookie", "sessions=k"),
        get("cookie_key").header("cookie", "session=a; session=b"),
        get("basic").bearer_auth("t"),
        get("bearer").basic_auth("me", Some("pass")),
        get("bearer").bearer_auth("wrong"),
        get("both").header("x-api-key", "k"),
        get("either?api%20key=q"),
        get("optional").bearer_auth("wrong"),
    ] {
        let about = format!("{request:?}");
        assert_eq!(send(request).await, refused, "{about}");
    }
}

#[tokio::test]
async fn the_client_knows_the_refusal() {
    let app = App::start().await;
    let refused = app.client.get_bearer().send().await;
    let error = refused.expect_err("nobody calls");
    let progenitor_client::Error::ErrorResponse(body) = error else {
        panic!("{error}");
    };
    assert_eq!((body.status().as_u16(), body.code), (401, 401));
}
