//! What a platform may send other than the spec has it.

use orderhook_client::types::{EventType, OperatorIdNumber};
use serde_json::{Value, json};

use crate::client_of;
use crate::server::Answer;

fn row(operator_id: &Value) -> Value {
    json!({"webhook_id": 3, "webhook_name": "w", "event_type": "card.load", "operator_id": operator_id})
}

#[tokio::test]
async fn an_operator_id_is_read_as_number_and_as_text_in_both_places() {
    for id in [json!(8), json!("8")] {
        let (_server, client) = client_of([
            Answer::page(&[row(&id)], false, &json!("")),
            Answer::json(200, &json!({"code": 200, "data": [row(&id)]})),
            Answer::json(200, &json!({"code": 200, "data": [row(&id)]})),
        ])
        .await;
        let list = client.list_webhooks().send().await.unwrap();
        let expected = Some(OperatorIdNumber::from(8));
        assert_eq!(list.data.data[0].operator_id, expected, "{id}");

        let update = client.update_webhook().webhook_id(3);
        let update = update.body_map(|body| body.webhook_name("w"));
        let updated = update.send().await.unwrap();
        let operator_id = updated.data[0].operator_id.as_ref().unwrap();
        assert_eq!(operator_id.as_str(), "8", "{id}");

        let unsubscribe = client.unsubscribe_event().webhook_id(3);
        let removed = unsubscribe.event_type("card.load").send().await.unwrap();
        let operator_id = removed.data[0].operator_id.as_ref().unwrap();
        assert_eq!(operator_id.as_str(), "8", "{id}");
    }
}

#[tokio::test]
async fn unknown_values_members_and_nulls_are_lived_with() {
    let long_name = "a name that no request may have".repeat(10);
    let item = json!({
        "webhook_id": 3,
        "webhook_name": long_name,
        "webhook_url": null,
        "operator_id": null,
        "event_type": "card.frozen",
        "event_code": "170000",
        "added_later": {"deep": [1, 2, 3]},
    });
    let body = json!({
        "msg": null,
        "code": 200,
        "trace_id": null,
        "added_later": 1,
        "data": {"next_cursor": null, "has_more": false, "data": [item], "added_later": []},
    });
    let (_server, client) = client_of([Answer::json(200, &body)]).await;
    let list = client.list_webhooks().send().await.unwrap().into_inner();

    let item = &list.data.data[0];
    assert_eq!(item.webhook_name, long_name);
    assert_eq!(item.webhook_url, None);
    assert_eq!(item.event_type, Some(EventType::from("card.frozen")));
    let event_code = item.event_code.as_ref().unwrap();
    assert!(!event_code.is_known());
    let written = serde_json::to_value(item).unwrap();
    assert_eq!(written["event_type"], "card.frozen");
    assert_eq!(written["event_code"], "170000");
}

#[tokio::test]
async fn an_unknown_event_type_can_be_subscribed_and_unsubscribed() {
    let (server, client) = client_of([Answer::webhook(), Answer::webhook()]).await;
    let subscribe = client.subscribe_event().webhook_id(3);
    let subscribe = subscribe.body_map(|body| body.event_type("card/frozen ?"));
    subscribe.send().await.unwrap();
    let unsubscribe = client.unsubscribe_event().webhook_id(3);
    let unsubscribe = unsubscribe.event_type("card/frozen ?");
    unsubscribe.send().await.unwrap();

    let seen = server.seen();
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body, json!({"event_type": "card/frozen ?"}));
    let path = "/v1/webhooks/3/subscriptions/card%2Ffrozen%20%3F";
    assert_eq!(seen[1].target, path);
}

#[tokio::test]
async fn no_answer_shows_its_secret() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let item = json!({"webhook_id": 3, "webhook_name": "w", "sign_secret": secret});
    let (_server, client) = client_of([Answer::page(&[item], false, &json!(""))]).await;
    let list = client.list_webhooks().send().await.unwrap();
    assert!(!format!("{list:?}").contains(secret));
}
