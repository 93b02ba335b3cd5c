//! What a client sends arrives equal, in every style; what the specification writes is read.

use axum::Router;
use orderhook_test_features::models::{Count, Filter, State};
use orderhook_test_features::server::parameters::*;

use crate::support::{App, counts, name, names, point, send, thing};

/// Texts that stand between other things somewhere, or are encoded somewhere.
const AWKWARD: [&str; 8] = [
    "a,b",
    "c d",
    "&=+%/",
    "ä€😀",
    "\"'\\",
    "x.y;z",
    "a|b#?",
    "%2C",
];

/// What each operation of the path gets.
macro_rules! path {
    ($type:ident, $scalar:expr, $list:expr, $counts:expr, $label:expr) => {
        $type {
            scalar: $scalar,
            list: names($list),
            exploded_list: counts($counts),
            object: point(-1, Some($label)),
            exploded_object: point(2, Some($label)),
        }
    };
}

/// Asserts that the client's operation brings `$sent`, with its required members and the optional
/// ones that it has, to the server.
macro_rules! check {
    ($app:expr, $operation:ident, $sent:expr, [$($required:ident)*] $($optional:ident)*) => {{
        let sent = $sent;
        let call = $app.client.$operation()$(.$required(sent.$required.clone()))*;
        $(
            let call = match sent.$optional.clone() {
                Some(value) => call.$optional(value),
                None => call,
            };
        )*
        let read = call.send().await.expect("answers").into_inner().read;
        assert_eq!(read, format!("{sent:?}"));
    }};
}

#[tokio::test]
async fn of_a_plain_operation() {
    let app = App::start().await;
    for text in AWKWARD {
        let call = app.client.get_plain().name(name(text)).limit(-7);
        let thing = call.send().await.expect("answers").into_inner();
        assert_eq!((thing.name, thing.size), (name(text), Some(-7)));
    }
}

#[tokio::test]
async fn of_the_path() {
    check_paths(&App::start().await).await;
}

#[tokio::test]
async fn of_the_path_of_a_nested_router() {
    let below = |router| Router::new().nest("/v1/{tenant}", router);
    check_paths(&App::start_with(below, "/v1/a%2Cb").await).await;
}

async fn check_paths(app: &App) {
    let lists: [&[&str]; 3] = [&AWKWARD, &["one"], &["", "after empty"]];
    for list in lists {
        for label in AWKWARD {
            let simple = path!(GetSimplePath, Count(-7), list, &[1, -2], label);
            check!(app, get_simple, simple, [scalar list exploded_list object exploded_object]);
            let dotted = path!(GetLabelPath, name(label), list, &[1, -2], label);
            check!(app, get_label, dotted, [scalar list exploded_list object exploded_object]);
            let matrix = path!(GetMatrixPath, name(label), list, &[1, -2], label);
            check!(app, get_matrix, matrix, [scalar list exploded_list object exploded_object]);
        }
    }
}

#[tokio::test]
async fn empty_ones_of_the_path() {
    let app = App::start().await;
    let matrix = path!(GetMatrixPath, name(""), &[], &[], "");
    check!(app, get_matrix, matrix, [scalar list exploded_list object exploded_object]);

    // A segment of a path can't be empty, and one of a dot is a step.
    let simple = app.client.get_simple().scalar(1).list(names(&[]));
    let simple = simple.exploded_list(counts(&[1])).object(point(1, None));
    let refused = simple.exploded_object(point(1, None)).send().await;
    let error = refused.expect_err("is no path").to_string();
    assert!(error.contains("list: "), "{error}");
}

#[tokio::test]
async fn of_the_query() {
    let app = App::start().await;
    for text in AWKWARD {
        let sent = GetQueryQuery {
            scalar: name(text),
            state: Some(State::InUse),
            exploded: Some(names(&AWKWARD)),
            list: Some(names(&AWKWARD)),
            spaces: Some(counts(&[1, -2])),
            exploded_spaces: Some(counts(&[3, -4])),
            pipes: Some(counts(&[-5, 6])),
            exploded_object: Some(point(-1, Some(text))),
            object: Some(point(-1, Some(text))),
            deep: Some(Filter {
                name: Some(text.to_owned()),
                least: Some(-3),
                exact: Some(true),
            }),
            json: Some(thing(text)),
            empty: Some(name(text)),
        };
        check!(app, get_query, sent, [scalar] state exploded list spaces exploded_spaces
            pipes exploded_object object deep json empty);
    }
}

#[tokio::test]
async fn absent_and_empty_ones_of_the_query() {
    let app = App::start().await;
    let sent = GetQueryQuery {
        list: Some(names(&[])),
        spaces: Some(counts(&[])),
        pipes: Some(counts(&[])),
        ..only_scalar("")
    };
    check!(app, get_query, sent, [scalar] list spaces pipes);
    check!(app, get_query, only_scalar("a"), [scalar] state exploded list object deep json);
}

#[tokio::test]
async fn among_the_headers() {
    let app = App::start().await;
    for text in ["c d", "&=+%/", "ä€😀", "\"'\\", "x.y;z", "%2C"] {
        let sent = GetHeadersHeaders {
            x_scalar: Count(-7),
            x_list: Some(names(&[text, "b"])),
            x_object: Some(point(-1, Some(text))),
            x_exploded: Some(point(2, Some(text))),
            x_json: Some(thing("a, b")),
        };
        check!(app, get_headers, sent, [x_scalar] x_list x_object x_exploded x_json);
    }
    let sent = GetHeadersHeaders {
        x_list: Some(names(&[])),
        ..no_headers(0)
    };
    check!(app, get_headers, sent, [x_scalar] x_list x_object);

    let comma = app.client.get_headers().x_scalar(1).x_list(names(&["a,b"]));
    let error = comma.send().await.expect_err("is no item").to_string();
    assert!(error.contains("`,` stands between items"), "{error}");
}

#[tokio::test]
async fn among_the_cookies() {
    let app = App::start().await;
    for text in AWKWARD {
        let sent = GetCookiesCookies {
            session: name(text),
            visits: Some(Count(-7)),
            list: Some(names(&[text, "b", "+"])),
        };
        check!(app, get_cookies, sent, [session] visits list);
    }
}

fn only_scalar(scalar: &str) -> GetQueryQuery {
    GetQueryQuery {
        scalar: name(scalar),
        state: None,
        exploded: None,
        list: None,
        spaces: None,
        exploded_spaces: None,
        pipes: None,
        exploded_object: None,
        object: None,
        deep: None,
        json: None,
        empty: None,
    }
}

fn no_headers(scalar: i64) -> GetHeadersHeaders {
    GetHeadersHeaders {
        x_scalar: Count(scalar),
        x_list: None,
        x_object: None,
        x_exploded: None,
        x_json: None,
    }
}

/// The paths of the specification's table of styles: its `R,100,G,200` are our `x,100,y,200`.
#[tokio::test]
async fn paths_as_the_specification_writes_them() {
    let app = App::start().await;
    let check = async |path: &str, expected: String| {
        let answer = send(app.http.get(app.url(path))).await;
        assert_eq!(answer, (200, expected), "{path}");
    };
    let colors = || names(&["blue", "black", "brown"]);
    let mut object = point(100, None);
    object.y = Some(200);

    let simple = GetSimplePath {
        scalar: Count(5),
        list: colors(),
        exploded_list: counts(&[3, 4, 5]),
        object: object.clone(),
        exploded_object: object.clone(),
    };
    let path = "/simple/5/blue,black,brown/3,4,5/x,100,y,200/x=100,y=200";
    check(path, format!("{simple:?}")).await;

    let mut label = GetLabelPath {
        scalar: name("blue"),
        list: colors(),
        exploded_list: counts(&[3, 4, 5]),
        object: object.clone(),
        exploded_object: object.clone(),
    };
    let path = "/label/.blue/.blue,black,brown/.3.4.5/.x,100,y,200/.x=100.y=200";
    check(path, format!("{label:?}")).await;
    label.scalar = name("a+b");
    let path = "/label/.a+b/.blue,black,brown/.3.4.5/.x,100,y,200/.x=100.y=200";
    check(path, format!("{label:?}")).await;

    let mut matrix = GetMatrixPath {
        scalar: name("blue"),
        list: colors(),
        exploded_list: counts(&[3, 4, 5]),
        object: object.clone(),
        exploded_object: object,
    };
    let rest = "/;exploded_list=3;exploded_list=4;exploded_list=5/;object=x,100,y,200/;x=100;y=200";
    let path = format!("/matrix/;scalar=blue/;list=blue,black,brown{rest}");
    check(&path, format!("{matrix:?}")).await;
    matrix.scalar = name("");
    matrix.list = names(&[]);
    check(
        &format!("/matrix/;scalar/;list{rest}"),
        format!("{matrix:?}"),
    )
    .await;
}

#[tokio::test]
async fn queries_as_the_specification_writes_them() {
    let app = App::start().await;
    let check = async |query: &str, expected: GetQueryQuery| {
        let url = app.url(&format!("/query?{query}"));
        let answer = send(app.http.get(url)).await;
        assert_eq!(answer, (200, format!("{expected:?}")), "{query}");
    };
    let colors = || Some(names(&["blue", "black", "brown"]));
    let mut object = point(100, None);
    object.y = Some(200);
    let blue = || only_scalar("blue");

    check("scalar=", only_scalar("")).await;
    check("scalar=blue", blue()).await;
    check("scalar=a+b%2B", only_scalar("a b+")).await;
    let mut expected = blue();
    expected.list = colors();
    check("scalar=blue&list=blue,black,brown", expected).await;
    let mut expected = blue();
    expected.exploded = colors();
    let exploded = "scalar=blue&exploded=blue&exploded=black&exploded=brown";
    check(exploded, expected).await;
    let mut expected = blue();
    expected.object = Some(object.clone());
    check("scalar=blue&object=x,100,y,200", expected).await;
    let mut expected = blue();
    expected.exploded_object = Some(object);
    check("scalar=blue&x=100&y=200", expected).await;
    let mut expected = blue();
    expected.spaces = Some(counts(&[3, 4, 5]));
    check("scalar=blue&spaces=3%204%205", expected.clone()).await;
    check("scalar=blue&spaces=3+4+5", expected).await;
    let mut expected = blue();
    expected.pipes = Some(counts(&[3, 4, 5]));
    check("scalar=blue&pipes=3|4|5", expected.clone()).await;
    check("scalar=blue&pipes=3%7C4%7C5", expected).await;
    let mut expected = blue();
    expected.deep = Some(Filter {
        name: Some("n".to_owned()),
        least: Some(100),
        exact: None,
    });
    check("scalar=blue&deep[name]=n&deep[least]=100", expected).await;
    check("scalar=blue&empty=", blue()).await;
}

#[tokio::test]
async fn headers_and_cookies_as_the_specification_writes_them() {
    let app = App::start().await;
    let mut object = point(100, None);
    object.y = Some(200);
    let expected = GetHeadersHeaders {
        x_list: Some(names(&["blue", "black", "brown"])),
        x_object: Some(object.clone()),
        x_exploded: Some(object),
        ..no_headers(5)
    };
    let request = app.http.get(app.url("/headers")).header("x-scalar", "5");
    let request = request
        .header("x-list", "blue,black,brown")
        .header("x-object", "x,100,y,200")
        .header("x-exploded", "x=100,y=200");
    assert_eq!(send(request).await, (200, format!("{expected:?}")));

    let expected = GetCookiesCookies {
        session: name("a+b"),
        visits: Some(Count(5)),
        list: Some(names(&["a+b", "black"])),
    };
    let cookies = "other=1; session=a+b; visits=5; list=a+b,black";
    let request = app.http.get(app.url("/cookies")).header("cookie", cookies);
    assert_eq!(send(request).await, (200, format!("{expected:?}")));
}
