//! Whatever an implementation answers arrives as its type, or is an internal error.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use futures_util::TryStreamExt as _;
use orderhook_test_features::client::operations::{GetAnswerHeadersOk, GetSeveralOk};
use progenitor_client::{ByteStream, Error};

use crate::support::{App, LIMIT, send};

/// What became of a call: its status, and the answer or the refusal as their type.
fn told<T: std::fmt::Debug, E: std::fmt::Debug>(
    result: Result<progenitor_client::ResponseValue<T>, Error<E>>,
) -> String {
    match result {
        Ok(answer) => format!("{} {:?}", answer.status().as_u16(), answer.into_inner()),
        Err(Error::ErrorResponse(refusal)) => {
            let status = refusal.status().as_u16();
            format!("{status} refused {:?}", refusal.into_inner())
        }
        Err(Error::UnexpectedResponse(response)) => {
            format!("{} unexpected", response.status().as_u16())
        }
        Err(error) => format!("{error:?}"),
    }
}

async fn all(stream: ByteStream) -> Vec<u8> {
    let pieces: Vec<Bytes> = stream.into_inner().try_collect().await.expect("arrives");
    pieces.concat()
}

#[tokio::test]
async fn each_of_several() {
    let app = App::start().await;
    let thing = |name| format!("{:?}", crate::support::thing(name));
    let name = |text| format!("{:?}", crate::support::name(text));
    let holders = format!("{:?}", crate::support::names(&["a b", "c"]));
    let conflict = "Refusal { code: 7, message: None }";
    let general =
        |status| format!("Refusal {{ code: {status}, message: Some(\"as the test asks\") }}");
    for (which, expected) in [
        ("json", format!("200 OkJson({})", thing("ä"))),
        ("text", "200 OkPlain(\"text, ä\")".to_owned()),
        ("bytes", "200 OkOctetStream(\"ByteStream\")".to_owned()),
        (
            "created",
            format!(
                "201 Created {{ body: {}, location: {} }}",
                thing("made"),
                name("/things/a,b")
            ),
        ),
        ("accepted", "202 Accepted { retry_after: None }".to_owned()),
        (
            "later",
            "202 Accepted { retry_after: Some(Count(-7)) }".to_owned(),
        ),
        ("nothing", "204 NoContent".to_owned()),
        (
            "elsewhere",
            format!("303 SeeOther {{ location: {} }}", name("/ä")),
        ),
        (
            "bad",
            "400 refused BadRequest(Problem { title: \"a title\" })".to_owned(),
        ),
        ("unknown", "404 refused NotFound".to_owned()),
        (
            "conflict",
            format!("409 refused Conflict {{ body: {conflict}, x_holders: Some({holders}) }}"),
        ),
        (
            "429",
            format!(
                "429 refused ClientError {{ status: 429, body: {} }}",
                general(429)
            ),
        ),
        (
            "broken",
            "500 refused InternalServerError(\"oops\")".to_owned(),
        ),
        (
            "503",
            format!(
                "503 refused Default {{ status: 503, body: {} }}",
                general(503)
            ),
        ),
    ] {
        let call = app.client.get_several().which(which);
        assert_eq!(told(call.send().await), expected, "{which}");
    }
    let bytes = app.client.get_several().which("bytes").send().await;
    let GetSeveralOk::OkOctetStream(bytes) = bytes.expect("answers").into_inner() else {
        panic!("is bytes");
    };
    assert_eq!(all(bytes).await, b"bytes");
}

#[tokio::test]
async fn each_of_ranges() {
    let app = App::start().await;
    let thing = format!("{:?}", crate::support::thing("in range"));
    for (which, expected) in [
        ("200", format!("200 {thing}")),
        ("299", format!("299 {thing}")),
        ("400", "400 refused ClientError { status: 400, body: Refusal { code: 400, message: Some(\"as the test asks\") } }".to_owned()),
        ("499", "499 refused ClientError { status: 499, body: Refusal { code: 499, message: Some(\"as the test asks\") } }".to_owned()),
        ("503", "503 refused ServerError { status: 503 }".to_owned()),
    ] {
        let call = app.client.get_ranges().which(which);
        assert_eq!(told(call.send().await), expected, "{which}");
    }
}

#[tokio::test]
async fn by_default() {
    let app = App::start().await;
    let thing = format!("{:?}", crate::support::thing("by default"));
    for (which, expected) in [
        ("200", format!("200 {thing}")),
        ("404", "404 refused NotFound".to_owned()),
        (
            "418",
            format!("418 refused Default {{ status: 418, body: {thing} }}"),
        ),
    ] {
        let call = app.client.get_default().which(which);
        assert_eq!(told(call.send().await), expected, "{which}");
    }
}

#[tokio::test]
async fn headers_of_every_kind() {
    let app = App::start().await;
    let answer = app.client.get_answer_headers().send().await;
    let GetAnswerHeadersOk::Ok {
        body,
        x_count,
        x_names,
        x_point,
    } = answer.expect("answers").into_inner();
    assert_eq!(body, crate::support::thing("with headers"));
    assert_eq!(*x_count, -7);
    assert_eq!(x_names, Some(crate::support::names(&["a b", "ä", "="])));
    let point = crate::support::point(1, Some("a;b"));
    assert_eq!(format!("{x_point:?}"), format!("{:?}", Some(point)));
}

#[tokio::test]
async fn a_refusal_that_only_the_server_has() {
    let app = App::start().await;
    let large = "x".repeat(LIMIT + 1);
    let refused = app.client.put_text().body(large).send().await;
    assert_eq!(told(refused), "413 unexpected");
}

#[tokio::test]
async fn nothing_and_anything() {
    let app = App::start().await;
    assert_eq!(told(app.client.delete_empty().send().await), "204 ()");
    let answer = app.client.get_any().send().await.expect("answers");
    assert_eq!(answer.headers()["content-type"], "image/gif");
    assert_eq!(all(answer.into_inner()).await, b"gif");
}

/// A server that does not keep to the document.
async fn wrong(Query(which): Query<HashMap<String, String>>) -> Response {
    let answer = Response::builder();
    let json = "application/json";
    let (answer, body) = match which["which"].as_str() {
        "no header" => (
            answer.status(201).header("content-type", json),
            r#"{"name":"n"}"#,
        ),
        "no number" => (answer.status(202).header("retry-after", "x"), ""),
        "no thing" => (
            answer.status(200).header("content-type", json),
            r#"{"size":1}"#,
        ),
        "no json" => (answer.status(409).header("content-type", json), "<html>"),
        "no media type" => (answer.status(200), "hello"),
        "another media type" => (
            answer.status(200).header("content-type", "image/png"),
            "hello",
        ),
        "parameters" => {
            let media_type = "Application/JSON; charset=utf-8";
            (
                answer.status(200).header("content-type", media_type),
                r#"{"name":"n"}"#,
            )
        }
        _ => (answer.status(204).header("content-type", json), ""),
    };
    answer.body(body.into()).expect("an answer")
}

#[tokio::test]
async fn answers_that_are_not_documented() {
    let around = |_| Router::new().route("/answers/several", get(wrong));
    let app = App::start_with(around, "").await;
    for (which, expected) in [
        (
            "no header",
            "Invalid Response Payload (b\"\"): the header `Location`: it is missing",
        ),
        (
            "no number",
            "Invalid Response Payload (b\"x\"): the header `Retry-After`: invalid digit",
        ),
        (
            "no thing",
            "Invalid Response Payload (b\"{\\\"size\\\":1}\"): missing field `name`",
        ),
        (
            "no json",
            "Invalid Response Payload (b\"<html>\"): expected value",
        ),
        ("no media type", "200 unexpected"),
        ("another media type", "200 unexpected"),
        ("parameters", "200 OkJson(Thing { name: Name(\"n\")"),
        ("nothing, typed", "204 NoContent"),
    ] {
        let call = app.client.get_several().which(which);
        let told = told(call.send().await);
        assert!(told.starts_with(expected), "{which}: {told}");
    }
}

/// What the document does not allow is an internal error, and the log says why.
#[tokio::test]
async fn statuses_that_are_not_documented() {
    let check = async |path: &str, expected: &str| {
        let app = App::start().await;
        let (status, _) = send(app.http.get(app.url(path))).await;
        let logged = app.logged();
        assert_eq!(status, 500, "{path}: {logged}");
        assert!(logged.contains(expected), "{path}: {logged}");
    };
    check(
        "/answers/ranges?which=out%20of%20range",
        "the implementation answered 303 See Other where the document has 2XX",
    )
    .await;
    check(
        "/answers/ranges?which=client%20error%20out%20of%20range",
        "the operation has no status 503 for: as the test asks",
    )
    .await;
    check(
        "/answers/several?which=out%20of%20range",
        "the operation has no status 503 for: as the test asks",
    )
    .await;
    check(
        "/answers/default?which=409",
        "the operation has no status 409 for: as the test asks",
    )
    .await;
    check(
        "/answers/several?which=a%20comma",
        "`,` stands between the items of a header",
    )
    .await;
}
