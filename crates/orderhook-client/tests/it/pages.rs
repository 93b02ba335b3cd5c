use futures_util::{StreamExt, TryStreamExt};
use orderhook_client::{Error, ErrorExt};
use serde_json::{Value, json};

use crate::client_of;
use crate::server::Answer;

/// The `next_cursor` of a page that has one, its `has_more`, and how many items it holds.
type Page = (Value, bool, usize);

/// Pages with items numbered from 1, as both lists have them.
fn script(pages: &[Page]) -> Vec<Answer> {
    let mut number = 0;
    let mut page = |(cursor, has_more, len): &Page| {
        let items: Vec<_> = (0..*len)
            .map(|_| {
                number += 1;
                json!({
                    "webhook_id": number,
                    "webhook_name": "w",
                    "event_id": number,
                    "event_type": "card.load",
                })
            })
            .collect();
        Answer::page(&items, *has_more, cursor)
    };
    pages.iter().map(&mut page).collect()
}

/// Both lists give `items` items from these pages, and end with an error of this text, if any.
/// `queries` are those of the requests.
async fn check(pages: &[Page], items: i64, error: Option<&str>, queries: &[&str]) {
    let expected: Vec<_> = (1..=items).collect();
    let prefixed = |path: &str| -> Vec<String> {
        let target = |query: &&str| format!("{path}?{query}limit=2");
        queries.iter().map(target).collect()
    };

    let (server, client) = client_of(script(pages)).await;
    let mut webhooks = client.list_webhooks().limit(2).stream();
    let (ids, end) = drain(&mut webhooks, |item| item.webhook_id).await;
    assert_eq!(
        (ids, end.as_deref()),
        (expected.clone(), error),
        "{pages:?}"
    );
    assert!(webhooks.next().await.is_none());
    assert_eq!(server.targets(), prefixed("/v1/webhooks"));

    let (server, client) = client_of(script(pages)).await;
    let mut events = client.list_events().limit(2).stream();
    let (ids, end) = drain(&mut events, |item| item.event_id.unwrap()).await;
    assert_eq!((ids, end.as_deref()), (expected, error), "{pages:?}");
    assert!(events.next().await.is_none());
    assert_eq!(server.targets(), prefixed("/v1/events"));
}

/// The ids of the items until the stream ends, and the text of the error it ends with.
async fn drain<T, E>(
    stream: &mut (impl futures_util::Stream<Item = Result<T, Error<E>>> + Unpin),
    id: impl Fn(T) -> i64,
) -> (Vec<i64>, Option<String>) {
    let mut ids = Vec::new();
    loop {
        match stream.next().await {
            Some(Ok(item)) => ids.push(id(item)),
            Some(Err(Error::InvalidResponsePayload(payload, error))) => {
                let payload = String::from_utf8(payload.to_vec()).unwrap();
                return (ids, Some(format!("{payload}: {error}")));
            }
            Some(Err(error)) => panic!("status {:?}", error.status()),
            None => return (ids, None),
        }
    }
}

#[tokio::test]
async fn every_page_is_followed_to_its_end() {
    let two = ["", "cursor=2&"];
    let three = ["", "cursor=2&", "cursor=4&"];
    check(&[(json!(""), false, 0)], 0, None, &two[..1]).await;
    check(&[(json!(""), false, 2)], 2, None, &two[..1]).await;
    check(
        &[
            (json!("2"), true, 2),
            (json!("4"), true, 2),
            (json!(""), false, 1),
        ],
        5,
        None,
        &three,
    )
    .await;
    // A page can be empty and not the last.
    check(
        &[
            (json!("2"), true, 2),
            (json!("4"), true, 0),
            (json!(""), false, 1),
        ],
        3,
        None,
        &three,
    )
    .await;
    // Up to ten digits, beyond 32 bits.
    check(
        &[(json!("9999999999"), true, 1), (json!(""), false, 1)],
        2,
        None,
        &["", "cursor=9999999999&"],
    )
    .await;
}

#[tokio::test]
async fn a_page_is_the_last_where_it_says_so() {
    let first = [""];
    check(&[(json!("2"), false, 1)], 1, None, &first).await;
    check(&[(Value::Null, false, 1)], 1, None, &first).await;
    check(&[(json!("no number"), false, 1)], 1, None, &first).await;
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_an_error_after_the_items_of_its_page() {
    let not_a_number = async |cursor: &str| {
        let error = format!("{cursor}: `next_cursor` is not a number");
        check(&[(json!(cursor), true, 2)], 2, Some(&error), &[""]).await;
    };
    not_a_number("abc").await;
    not_a_number("1.5").await;
    not_a_number("-1").await;
    not_a_number(" 2").await;
    not_a_number("99999999999999999999").await;

    let missing = Some(": `has_more` without a `next_cursor`");
    check(&[(json!(""), true, 2)], 2, missing, &[""]).await;
    check(&[(Value::Null, true, 2)], 2, missing, &[""]).await;
    check(&[(Value::Null, true, 0)], 0, missing, &[""]).await;

    let again = |cursor: &str| format!("{cursor}: `next_cursor` was there before");
    check(
        &[(json!("2"), true, 1), (json!("2"), true, 1)],
        2,
        Some(&again("2")),
        &["", "cursor=2&"],
    )
    .await;
    check(
        &[
            (json!("2"), true, 1),
            (json!("4"), true, 1),
            (json!("2"), true, 1),
        ],
        3,
        Some(&again("2")),
        &["", "cursor=2&", "cursor=4&"],
    )
    .await;
}

#[tokio::test]
async fn the_other_parameters_are_the_same_for_every_page() {
    let pages = [(json!("8"), true, 1), (json!(""), false, 1)];

    let (server, client) = client_of(script(&pages)).await;
    let call = client.list_webhooks().cursor(9).ascending(false).limit(1);
    let call = call
        .webhook_name("ä b&c")
        .webhook_url("https://m.example/?a=b");
    let items: Vec<_> = call.stream().try_collect().await.unwrap();
    assert_eq!(items.len(), 2);
    let query = "limit=1&webhook_name=%C3%A4+b%26c&webhook_url=https%3A%2F%2Fm.example%2F%3Fa%3Db";
    let target = |cursor: i64| format!("/v1/webhooks?ascending=false&cursor={cursor}&{query}");
    assert_eq!(server.targets(), [target(9), target(8)]);

    let (server, client) = client_of(script(&pages)).await;
    let call = client.list_events().cursor(9).ascending(true).limit(1);
    let call = call.event_type("card.load").event_code("165802");
    let items: Vec<_> = call.stream().try_collect().await.unwrap();
    assert_eq!(items.len(), 2);
    let query = "event_code=165802&event_type=card.load&limit=1";
    let target = |cursor: i64| format!("/v1/events?ascending=true&cursor={cursor}&{query}");
    assert_eq!(server.targets(), [target(9), target(8)]);
}

#[tokio::test]
async fn a_page_is_fetched_when_its_items_are_asked_for() {
    let pages = [(json!("2"), true, 2), (json!(""), false, 1)];
    let (server, client) = client_of(script(&pages)).await;
    let mut stream = client.list_webhooks().stream();
    let mut requests = vec![server.seen().len()];
    while stream.try_next().await.unwrap().is_some() {
        requests.push(server.seen().len());
    }
    assert_eq!(requests, [0, 1, 1, 2]);
}

#[tokio::test]
async fn a_page_is_retried_and_a_refusal_ends_the_stream() {
    let mut answers = script(&[(json!("2"), true, 1)]);
    answers.extend([Answer::status(503), Answer::status(401)]);
    let (server, client) = client_of(answers).await;
    let mut stream = client.list_webhooks().stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert!(stream.next().await.unwrap().unwrap_err().is_unauthorized());
    assert!(stream.next().await.is_none());
    assert_eq!(
        server.targets(),
        [
            "/v1/webhooks",
            "/v1/webhooks?cursor=2",
            "/v1/webhooks?cursor=2"
        ]
    );
}
