//! Faults: their place, field and rule, and all of them at once.

use crate::support::{App, LIMIT, send};

#[tokio::test]
async fn faults_name_their_place() {
    let app = App::start().await;
    let long = "n".repeat(41);
    let get = |path: &str| app.http.get(app.url(path));
    let check = async |request: reqwest::RequestBuilder, expected: &str| {
        let about = format!("{request:?}");
        assert_eq!(send(request).await, (400, expected.to_owned()), "{about}");
    };

    check(
        get(&format!("/plain/{long}?limit=x")),
        "path name: max_length, query limit: type",
    )
    .await;
    check(
        get("/simple/x/a/1,y/x,1,y/x=1,y"),
        "path scalar: type, path exploded_list[1]: type, path object: syntax, path exploded_object: syntax",
    )
    .await;
    check(
        get("/label/a/.a/1/.x,z/.x=z"),
        "path scalar: syntax, path exploded_list: syntax, path object.x: type, path exploded_object.x: type",
    )
    .await;
    check(
        get("/matrix/;other=a/;list=a/;exploded_list=1;other=2/;object=x/;x=z"),
        "path scalar: syntax, path exploded_list: syntax, path object: syntax, path exploded_object.x: type",
    )
    .await;
    check(
        get("/query?state=old&list=a&list=b&pipes=1|x&deep[least]=y&json={&x=z&object=x"),
        "query scalar: required, query state: one_of, query list: duplicate, query pipes[1]: type, \
         query exploded_object.x: type, query object: syntax, query deep.least: type, query json: syntax",
    )
    .await;
    check(get("/query?scalar=%zz"), "query scalar: syntax").await;
    check(
        get("/headers")
            .header("x-object", "x")
            .header("x-json", "{}"),
        "header X-Scalar: required, header X-Object: syntax, header X-Json.name: required",
    )
    .await;
    check(
        get("/cookies").header("cookie", format!("visits=x; list={long}")),
        "cookie session: required, cookie visits: type, cookie list[0]: max_length",
    )
    .await;
}

#[tokio::test]
async fn faults_of_bodies() {
    let app = App::start().await;
    let put = |path: &str, media_type: &str, body: &str| {
        let request = app.http.put(app.url(path));
        let request = request.header("content-type", media_type);
        request.body(body.to_owned())
    };
    let check = async |request: reqwest::RequestBuilder, status: u16, expected: &str| {
        let about = format!("{request:?}");
        assert_eq!(
            send(request).await,
            (status, expected.to_owned()),
            "{about}"
        );
    };
    let json = "application/vnd.thing+json";
    check(
        put("/bodies/json", json, r#"{"size": "x", "tags": [1]}"#),
        400,
        "body name: required, body size: type, body tags[0]: type",
    )
    .await;
    check(put("/bodies/json", json, "{"), 400, "body : syntax").await;
    let form = "application/x-www-form-urlencoded";
    check(
        put("/bodies/form", form, "size=x&is_new=1&size=2&point={"),
        400,
        "body name: required, body size: duplicate, body size: type, body is_new: type, body point: syntax",
    )
    .await;
    let unsupported = "header Content-Type: media_type";
    check(
        put("/bodies/json", "application/json", "{}"),
        415,
        unsupported,
    )
    .await;
    let latin = "application/json; charset=latin1";
    check(put("/bodies/charset", latin, "{}"), 415, unsupported).await;
    check(put("/bodies/any", "text/plain", "x"), 415, unsupported).await;
    check(put("/bodies/bytes", "image/gif", "x"), 415, unsupported).await;
    let large = " ".repeat(LIMIT + 1);
    for (path, media_type) in [
        ("/bodies/json", json),
        ("/bodies/form", form),
        ("/bodies/text", "text/plain"),
        ("/bodies/any", "image/gif"),
    ] {
        check(put(path, media_type, &large), 413, "body : size").await;
    }
    // As the document has it, without a body.
    check(put("/bodies/bytes", "image/png", &large), 413, "").await;
    check(
        app.http.put(app.url("/bodies/form")),
        400,
        "body : required",
    )
    .await;
}
