//! Bodies of every kind arrive equal, in pieces where they may be large.

use axum::body::Bytes;
use futures_util::{TryStreamExt as _, stream};
use orderhook_test_features::client::operations::{
    PostPartsParts, PostSeveralBody, PostSeveralParts,
};
use orderhook_test_features::models::Form;
use reqwest::Body;
use reqwest::multipart;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{App, LIMIT, name, names, point, send, thing};

fn form() -> Form {
    Form {
        name: name("a&b=+ä"),
        size: Some(-2),
        is_new: Some(true),
        tags: Some(names(&["x,y", "", "z"])),
        point: Some(point(-1, Some("{\"}"))),
    }
}

fn file(body: impl Into<Body>) -> multipart::Part {
    let part = multipart::Part::stream(body).file_name("f ä.csv");
    part.mime_str("text/csv").expect("a media type")
}

/// A body that is sent piece by piece, as the test says.
fn pieces() -> (UnboundedSender<&'static str>, Body) {
    let (sender, receiver) = unbounded_channel();
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece: &str = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), receiver))
    });
    (sender, Body::wrap_stream(pieces))
}

/// Sends a piece when the server has the one before.
async fn one_by_one(sender: UnboundedSender<&'static str>, mut arrived: UnboundedReceiver<Bytes>) {
    for piece in ["first", "second"] {
        sender.send(piece).expect("is read");
        assert_eq!(arrived.recv().await, Some(Bytes::from(piece)));
    }
}

#[tokio::test]
async fn json() {
    let app = App::start().await;
    let absent = app.client.put_json().send().await.expect("answers");
    assert_eq!(absent.read, "None");
    let sent = app.client.put_json().body(thing("ä")).send().await;
    let expected = format!("{:?}", Some(thing("ä")));
    assert_eq!(sent.expect("answers").read, expected);
    let sent = app.client.put_charset().body(thing("ä")).send().await;
    assert_eq!(sent.expect("answers").into_inner(), thing("ä"));

    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
    ] {
        let request = app.http.put(app.url("/bodies/charset"));
        let request = request.header("content-type", media_type);
        let (status, body) = send(request.body(r#"{"name":"n"}"#)).await;
        assert_eq!(
            (status, body.as_str()),
            (200, r#"{"name":"n"}"#),
            "{media_type}"
        );
    }
    // Empty, but said to be there.
    let request = app.http.put(app.url("/bodies/json"));
    let request = request.header("content-type", "application/vnd.thing+json");
    let refused = (400, "body : required".to_owned());
    assert_eq!(send(request.body("")).await, refused);
}

#[tokio::test]
async fn forms() {
    let app = App::start().await;
    let sent = app.client.put_form().body(form()).send().await;
    assert_eq!(sent.expect("answers").read, format!("{:?}", form()));

    let request = app.http.put(app.url("/bodies/form"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let (status, read) = send(request.body("name=a+b%2B&tags=x&tags=y&unknown=z")).await;
    let mut expected = form();
    expected.name = name("a b+");
    expected.tags = Some(names(&["x", "y"]));
    (expected.size, expected.is_new, expected.point) = (None, None, None);
    assert_eq!((status, read), (200, format!("{expected:?}")));
}

#[tokio::test]
async fn texts() {
    let app = App::start().await;
    let absent = app.client.put_text().send().await.expect("answers");
    assert_eq!(absent.into_inner(), "None");
    for text in ["text, ä\r\n\"", ""] {
        let sent = app.client.put_text().body(text).send().await;
        let sent = sent.expect("answers").into_inner();
        assert_eq!(sent, format!("{:?}", Some(text)));
    }
    let request = app.http.put(app.url("/bodies/text"));
    let request = request.header("content-type", "text/plain");
    let refused = (400, "body : syntax".to_owned());
    assert_eq!(send(request.body(&b"\xff"[..])).await, refused);
}

#[tokio::test]
async fn bytes_arrive_piece_by_piece() {
    let App {
        client, arrived, ..
    } = App::start().await;
    let (sender, body) = pieces();
    let call = client.put_bytes().body(body).send();
    let (answer, ()) = tokio::join!(call, one_by_one(sender, arrived));
    let answer = answer.expect("answers").into_inner();
    let answer: Vec<Bytes> = answer.into_inner().try_collect().await.expect("arrives");
    assert_eq!(answer.concat(), b"firstsecond");
}

#[tokio::test]
async fn ranges_of_media_types() {
    let app = App::start().await;
    let absent = app.client.put_any().send().await.expect("answers");
    assert_eq!(absent.read, "\"absent\"");
    let sent = app.client.put_any().body(("image/gif", "gif")).send().await;
    assert_eq!(
        sent.expect("answers").read,
        r#"(Some("image/gif"), b"gif")"#
    );
}

#[tokio::test]
async fn several_media_types() {
    let app = App::start().await;
    let parts = || PostSeveralParts {
        name: name("n"),
        size: None,
        tags: names(&["a", "b"]).0,
        point: None,
        file: file("file"),
        more_files: vec![],
    };
    for (body, expected) in [
        (
            PostSeveralBody::Json(thing("n")),
            format!("Json({:?})", thing("n")),
        ),
        (
            PostSeveralBody::XWwwFormUrlencoded(form()),
            format!("XWwwFormUrlencoded({:?})", form()),
        ),
        (
            PostSeveralBody::FormData(parts()),
            r#"("parts", 4)"#.to_owned(),
        ),
        (
            PostSeveralBody::Plain("ä".to_owned()),
            r#"Plain("ä")"#.to_owned(),
        ),
        (
            PostSeveralBody::OctetStream("o".into()),
            r#"("bytes", b"o")"#.to_owned(),
        ),
    ] {
        let sent = app.client.post_several().body(body).send().await;
        assert_eq!(sent.expect("answers").read, expected);
    }

    let post = |media_type: &str| {
        let request = app.http.post(app.url("/bodies/several"));
        request.header("content-type", media_type).body("x")
    };
    let unsupported = (415, "header Content-Type: media_type".to_owned());
    for media_type in ["text/html", "application/problem+json", "nonsense", ""] {
        assert_eq!(send(post(media_type)).await, unsupported, "{media_type}");
    }
    let twice = post("text/plain").header("content-type", "application/json");
    assert_eq!(send(twice).await, unsupported);
    let unnamed = app.http.post(app.url("/bodies/several"));
    assert_eq!(send(unnamed).await, (400, "body : required".to_owned()));
}

#[tokio::test]
async fn parts_arrive_as_they_are_sent() {
    let App {
        client, arrived, ..
    } = App::start().await;
    let (sender, body) = pieces();
    let parts = PostPartsParts {
        name: name("n\"ä"),
        size: Some(-4),
        tags: names(&["a,b", ""]).0,
        point: Some(point(-1, Some("{"))),
        file: file(body),
        more_files: vec![file("one"), file("")],
    };
    let call = client.post_parts().body(parts).send();
    let (answer, ()) = tokio::join!(call, one_by_one(sender, arrived));
    let expected = [
        format!("name {:?}", name("n\"ä")),
        "Size(-4)".to_owned(),
        format!("Tags({:?})", name("a,b")),
        format!("Tags({:?})", name("")),
        format!("Point({:?})", point(-1, Some("{"))),
        "file Some(\"f ä.csv\") Some(\"text/csv\") firstsecond".to_owned(),
        "more Some(\"f ä.csv\") Some(\"text/csv\") one".to_owned(),
        "more Some(\"f ä.csv\") Some(\"text/csv\") ".to_owned(),
    ];
    assert_eq!(answer.expect("answers").read, expected.join("; "));
}

#[tokio::test]
async fn parts_that_break_a_rule() {
    let app = App::start().await;
    let check = async |parts: &[(&str, &str)], status: u16, expected: &str| {
        let parts = parts.iter().map(|(name, text)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        });
        let body = parts.collect::<String>() + "--b--\r\n";
        let request = app.http.post(app.url("/bodies/parts")).body(body.clone());
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        assert_eq!(send(request).await, (status, expected.to_owned()), "{body}");
    };
    let (name, file) = (("name", "n"), ("file", "f"));
    let both = r#"name Name("n"); file None None f"#;
    check(&[name, file], 200, both).await;
    check(&[name, ("unknown", "u"), file, ("", "")], 200, both).await;
    check(&[name], 400, "body file: required").await;
    check(&[], 400, "body name: required, body file: required").await;
    check(&[name, name, file], 400, "body name: duplicate").await;
    check(&[("size", "x")], 400, "body size: type").await;
    check(&[("point", "{")], 400, "body point: syntax").await;
    check(&[("point", r#"{"x":"y"}"#)], 400, "body point.x: type").await;
    let long = "n".repeat(41);
    check(&[("tags", &long)], 400, "body tags: max_length").await;
    let large = "f".repeat(LIMIT);
    check(&[("file", &large)], 413, "body : size").await;
    check(&[("unknown", &large)], 413, "body : size").await;
}

#[tokio::test]
async fn broken_parts() {
    let app = App::start().await;
    let check = async |media_type: &str, body: &'static str, status: u16, expected: &str| {
        let request = app.http.post(app.url("/bodies/parts")).body(body);
        let request = request.header("content-type", media_type);
        assert_eq!(send(request).await, (status, expected.to_owned()), "{body}");
    };
    let whole = "multipart/form-data; boundary=b";
    let unsupported = "header Content-Type: media_type";
    check(
        "multipart/form-data",
        "",
        400,
        "header Content-Type: syntax",
    )
    .await;
    check("multipart/mixed; boundary=b", "--b--", 415, unsupported).await;
    check(whole, "--other--\r\n", 400, "body : syntax").await;
    check(whole, "", 400, "body : syntax").await;
    let cut = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nn";
    check(whole, cut, 400, "body : syntax").await;
}
