//! The laws of paging, on every list that there is.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::http::Api;
use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::{Merchant, Server, order};

/// The ids of a list, page by page, and the number of pages.
fn all_pages(api: &Api, target: &str, query: &str, id: &str) -> (Vec<Value>, usize) {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    for pages in 1.. {
        let page = api.get(&format!("{target}?{query}&cursor={cursor}")).data();
        let ids = page["data"].as_array().unwrap().iter();
        rows.extend(ids.map(|row| row[id].clone()));
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(page["has_more"].as_bool().unwrap(), !cursor.is_empty());
        if cursor.is_empty() {
            return (rows, pages);
        }
    }
    unreachable!("every list ends")
}

/// Of a list with `n` rows that nobody else adds to, compared by their ids: other members change
/// by themselves.
#[track_caller]
fn check(api: &Api, target: &str, filter: &str, id: &str, n: usize) {
    let (newest_first, pages) = all_pages(api, target, filter, id);
    assert_eq!((newest_first.len(), pages), (n, 1), "{target}");
    let mut reversed = newest_first.clone();
    reversed.reverse();
    let (oldest_first, _) = all_pages(api, target, &format!("{filter}&ascending=true"), id);
    assert_eq!(oldest_first, reversed, "{target}");
    for limit in [1, 2, 3, n, n + 1, 99_999] {
        for (ascending, expected) in [(false, &newest_first), (true, &reversed)] {
            let query = format!("{filter}&limit={limit}&ascending={ascending}");
            let (rows, pages) = all_pages(api, target, &query, id);
            assert_eq!(&rows, expected, "{target} {query}");
            assert_eq!(pages, n.div_ceil(limit), "{target} {query}");
        }
    }
    let distinct: HashSet<_> = newest_first.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), n);
}

fn merchant_with_seven_of_everything(server: &Server) -> Merchant {
    let merchant = server.new_merchant();
    for number in 0..7 {
        let name = format!("{number}");
        merchant.webhook(&json!({"webhook_name": name}));
        let token = json!({"operator_id": 1, "operator_name": name});
        merchant
            .operator
            .post(&merchant.path("tokens"), &token)
            .data();
        let url = format!("https://merchant-{number}.example/");
        merchant.publish_order(&order("1", "PROCESSING", &url));
    }
    merchant
}

#[test]
fn pages_put_together_are_the_list() {
    let server = Server::shared();
    let merchant = merchant_with_seven_of_everything(&server);
    let of_merchant = format!("merchant_id={}", merchant.id);
    let operator = &merchant.operator;
    check(&merchant.api, "/v1/webhooks", "", "webhook_id", 7);
    check(operator, &merchant.path("tokens"), "", "token_id", 8);
    check(operator, "/v1/events", &of_merchant, "event_id", 7);
    check(operator, "/v1/deliveries", &of_merchant, "delivery_id", 7);
    check(operator, "/v1/endpoints", &of_merchant, "endpoint_id", 14);
}

#[test]
fn merchants_are_listed_without_their_secrets() {
    let server = Server::start(Program::new());
    for _ in 0..4 {
        server.new_merchant();
    }
    check(&server.operator, "/v1/merchants", "", "merchant_id", 5);
    let page = server.operator.get("/v1/merchants").data();
    let mut merchants = page["data"].as_array().unwrap().iter();
    assert!(merchants.all(|merchant| merchant.get("sign_secret").is_none()));
}

#[test]
fn attempts_are_paged_too() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|_| (500, ""));
    merchant.publish_order(&order("1", "FAILED", &receiver.url("/")));
    let delivery = merchant.wait_for("failed", 1)[0]["delivery_id"].clone();
    let target = format!("/v1/deliveries/{delivery}/attempts");
    check(&merchant.operator, &target, "", "attempt", 3);
}

#[test]
fn the_rows_of_a_webhook_stand_on_one_page() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for number in 0..5 {
        let webhook = merchant.webhook(&json!({"webhook_name": number.to_string()}));
        let target = format!("/v1/webhooks/{}/subscriptions", webhook["webhook_id"]);
        for event_type in ["card.load", "card.transaction"] {
            let body = json!({"event_type": event_type});
            merchant.api.post(&target, &body).data();
        }
    }
    for limit in 1..=6 {
        let (rows, pages) = all_pages(
            &merchant.api,
            "/v1/webhooks",
            &format!("limit={limit}"),
            "webhook_id",
        );
        assert_eq!((rows.len(), pages), (10, 5_usize.div_ceil(limit)));
    }
}

#[test]
fn what_is_added_does_not_shift_the_pages_behind() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let ids: Vec<_> = (0..4)
        .map(|_| merchant.webhook(&json!({"webhook_name": "w"}))["webhook_id"].clone())
        .collect();
    let first = merchant.api.get("/v1/webhooks?limit=2").data();
    merchant.webhook(&json!({"webhook_name": "new"}));
    let delete = format!("/v1/webhooks/{}", ids[3]);
    merchant.operator.delete(&delete).data();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = merchant
        .api
        .get(&format!("/v1/webhooks?limit=2&cursor={cursor}"))
        .data();
    let listed = second["data"].as_array().unwrap().iter();
    let listed: Vec<_> = listed.map(|row| row["webhook_id"].clone()).collect();
    assert_eq!(listed, [ids[1].clone(), ids[0].clone()]);
}

#[test]
fn filters_select_and_only_select() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    merchant.publish_order(&order("A", "PROCESSING", "https://one.example/"));
    merchant.publish_order(&order("A", "COMPLETED", "https://one.example/"));
    merchant.publish_order(&order("B", "FAILED", "https://two.example/"));
    let (card, _) = merchant.publish_card(&json!({}));
    let of = |list: &str, filter: &str| {
        let target = format!("/v1/{list}?merchant_id={}{filter}", merchant.id);
        let page = merchant.operator.get(&target).data();
        page["data"].as_array().unwrap().len()
    };
    let check = |list, filter: &str, expected| assert_eq!(of(list, filter), expected, "{filter}");
    check("events", "", 4);
    check("events", "&order_id=A", 2);
    check("events", "&order_id=a", 0);
    check("events", "&event_type=card.load", 1);
    check("events", "&event_type=order_status_change", 3);
    check("events", "&since=2020-01-01T00:00:00Z", 4);
    check("events", "&until=2020-01-01T00:00:00Z", 0);
    check("events", "&since=9999-01-01T00:00:00Z", 0);
    check("events", "&order_id=A&event_type=card.load", 0);
    check("deliveries", "", 3);
    check("deliveries", &format!("&event_id={card}"), 0);
    check("deliveries", "&until=2020-01-01T00:00:00Z", 0);
    let endpoint = merchant.deliveries("")[0]["endpoint_id"].to_string();
    check("deliveries", &format!("&endpoint_id={endpoint}"), 1);
    check("deliveries", "&endpoint_id=9000000000", 0);
    check("endpoints", "", 2);
    check("endpoints", "&state=disabled", 0);
}
