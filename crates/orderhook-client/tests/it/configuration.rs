use std::error::Error as _;

use orderhook_client::{BuildError, Client, Error};

use crate::clock::TestClock;
use crate::server::{Answer, Server};
use crate::{TOKEN, builder, client_of};

/// Building with this base URL and token fails with an error of this text and cause.
fn refused(base: &str, token: &str, message: &str, source: Option<&str>) {
    let error = Client::new(base, token).unwrap_err();
    assert_eq!(error.to_string(), message, "{base:?}");
    let cause = error.source().map(ToString::to_string);
    assert_eq!(cause.as_deref(), source, "{base:?}");
}

#[tokio::test]
async fn a_base_url_that_no_path_can_follow_is_refused() {
    let relative = Some("relative URL without a base");
    let not_absolute = "base URL is not an absolute URL";
    refused("", TOKEN, not_absolute, relative);
    refused("orders.example", TOKEN, not_absolute, relative);
    refused("/v1", TOKEN, not_absolute, relative);
    refused("https://", TOKEN, not_absolute, Some("empty host"));
    refused(
        "https://h:99999",
        TOKEN,
        not_absolute,
        Some("invalid port number"),
    );

    let scheme = "base URL has the scheme `ftp`, not `http` or `https`";
    refused("ftp://orders.example", TOKEN, scheme, None);
    let scheme = "base URL has the scheme `localhost`, not `http` or `https`";
    refused("localhost:8080", TOKEN, scheme, None);

    let query = "base URL has a query or a fragment";
    refused("https://orders.example?a=b", TOKEN, query, None);
    refused("https://orders.example/?", TOKEN, query, None);
    refused("https://orders.example/#top", TOKEN, query, None);

    let credentials = "base URL holds a user name or a password";
    refused("https://ada@orders.example", TOKEN, credentials, None);
    refused("https://ada:pw@orders.example", TOKEN, credentials, None);
    refused("https://:pw@orders.example", TOKEN, credentials, None);
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_refused_and_not_shown() {
    let message = "access token can't be sent: empty, blank at an end, or with a control character";
    for token in ["", " ", "token\n", " token", "to\nken", "to\0ken"] {
        refused("https://orders.example", token, message, None);
    }
    let error = Client::builder("https://orders.example", TOKEN)
        .user_agent("my\nshop")
        .build()
        .unwrap_err();
    assert!(matches!(error, BuildError::UserAgent));
}

/// The path that a client with this path in its base URL asks for.
async fn check_path(base_path: &str, target: &str) {
    let clock = TestClock::new();
    let server = Server::start([Answer::empty_page()], &clock).await;
    let client = Client::new(&format!("{}{base_path}", server.base()), TOKEN).unwrap();
    client.list_events().send().await.unwrap();
    assert_eq!(server.targets(), [target], "{base_path}");
}

#[tokio::test]
async fn the_base_url_may_have_a_path() {
    check_path("", "/v1/events").await;
    check_path("/", "/v1/events").await;
    check_path("/orders", "/orders/v1/events").await;
    check_path("/orders/", "/orders/v1/events").await;
    check_path("/a b", "/a%20b/v1/events").await;
}

#[tokio::test]
async fn every_attempt_carries_the_token_and_a_user_agent() {
    let (server, client) = client_of([Answer::status(503), Answer::empty_page()]).await;
    client.list_webhooks().send().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        assert_eq!(seen.header("authorization"), Some(TOKEN));
        let user_agent = concat!("orderhook-client/", env!("CARGO_PKG_VERSION"));
        assert_eq!(seen.header("user-agent"), Some(user_agent));
        assert_eq!(seen.header("content-type"), None);
        // progenitor's own, which the spec does not have.
        assert_eq!(seen.header("api-version"), None);
    }
}

#[tokio::test]
async fn the_token_may_name_its_scheme() {
    let clock = TestClock::new();
    let server = Server::start([Answer::empty_page()], &clock).await;
    let client = Client::new(&server.base(), "Bearer abc").unwrap();
    client.list_webhooks().send().await.unwrap();
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer abc"));
}

#[tokio::test]
async fn an_http_client_of_ones_own_keeps_its_user_agent() {
    let clock = TestClock::new();
    let server = Server::start([Answer::empty_page(), Answer::empty_page()], &clock).await;
    let http_client = reqwest::Client::builder().user_agent("my shop");
    let own = builder(&server, &clock).http_client(http_client.build().unwrap());
    let client = own.build().unwrap();
    client.list_webhooks().send().await.unwrap();

    let named = builder(&server, &clock).http_client(reqwest::Client::new());
    let client = named.user_agent("my café/1").build();
    client.unwrap().list_webhooks().send().await.unwrap();

    let seen = server.seen();
    assert_eq!(seen[0].header("user-agent"), Some("my shop"));
    let user_agent = seen[1].headers.get("user-agent").unwrap();
    assert_eq!(user_agent.as_bytes(), "my café/1".as_bytes());
    assert_eq!(seen[1].header("authorization"), Some(TOKEN));
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_the_token() {
    let clock = TestClock::new();
    let server = Server::start([Answer::status(401)], &clock).await;
    let builder = builder(&server, &clock);
    let before = format!("{builder:?} {builder:#?}");
    let client = builder.build().unwrap();
    let error = client.list_webhooks().send().await.unwrap_err();
    let printed = [
        before,
        format!("{client:?} {client:#?} {:?}", *client),
        format!("{:?}", client.create_webhook().idempotency_key("mine")),
        format!("{error} {error:?} {error:#}"),
    ];
    for text in printed {
        assert!(!text.contains(TOKEN), "{text}");
    }
    // What is printed is of use all the same.
    assert!(format!("{client:?}").contains(&server.base()));
}

#[tokio::test]
async fn a_client_is_shared_by_tasks() {
    let (server, client) = client_of([Answer::empty_page(), Answer::empty_page()]).await;
    let tasks = [client.clone(), client]
        .map(|client| tokio::spawn(async move { client.list_webhooks().send().await.map(drop) }));
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let clock = TestClock::new();
    let elsewhere = Server::start([Answer::empty_page()], &clock).await;
    let location = vec![("location", elsewhere.base())];
    let (_server, client) = client_of([Answer::Whole(302, location, String::new())]).await;
    let error = client.list_webhooks().send().await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedResponse(_)));
    assert!(elsewhere.seen().is_empty());
}
