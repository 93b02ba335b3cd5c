//! The same for the operations of the operator API.

use orderhook_client::operator::Client;
use orderhook_client::types::*;
use orderhook_codegen::document::shape::{self, Kind};
use serde_json::{Map, Value, json};

use super::{KEY, NAME, TYPE, is_refusal, record, url};
use crate::support::ADA;
use crate::support::spec::documents;

/// What the names of these snapshots begin with: both documents have a `list_events`.
pub(super) const PREFIX: &str = "operator_";

const SINCE: &str = "2026-11-02T00:00:00+01:00";
const UNTIL: &str = "2026-11-03T00:00:00Z";

async fn check<const N: usize>(operation: &str, calls: impl AsyncFnOnce(&Client) -> [bool; N]) {
    let snapshot = format!("{PREFIX}{operation}");
    record(&snapshot, async |server| {
        calls(&server.operator_client(ADA)).await
    })
    .await;
}

/// What `$call` gets, as it is and after `$all`.
macro_rules! least_and_all {
    ($call:expr, $($all:tt)+) => {
        [
            is_refusal($call.send().await),
            is_refusal($call$($all)+.send().await),
        ]
    };
}

fn key() -> IdempotencyKey {
    KEY.parse().expect("a key")
}

fn data() -> Map<String, Value> {
    let data = json!({"z": "50.00", "a": [1, null, {"ü": true}]});
    data.as_object().cloned().expect("an object")
}

fn card_event() -> PublishCardEventRequest {
    let event = PublishCardEventRequest::builder()
        .event_type(TYPE)
        .data(data());
    event.try_into().expect("an event")
}

fn order() -> Order {
    let order = json!({
        "merchantOrderId": "M-1", "orderId": "1", "userId": "88001", "fiatCurrency": "EUR",
        "cryptoCurrency": "USDT", "fiatAmount": "120.00", "cryptoAmount": "129.8701298701298701",
        "orderFee": "1.20", "price": "0.924", "payWayCode": "CARD", "state": "CREATEED",
        "createTime": UNTIL, "updateTime": UNTIL, "network": "TRON", "address": "TXYZ",
        "actualReceivedAmount": "0", "orderCallBackUrl": "https://merchant.example/orders",
    });
    serde_json::from_value(order).expect("an order")
}

#[tokio::test]
async fn merchants() {
    check("list_merchants", async |client| {
        let call = client.list_merchants();
        least_and_all!(call.clone(), .cursor(9_999_999_999_i64).limit(100).ascending(true))
    })
    .await;
    check("create_merchant", async |client| {
        let call = client
            .create_merchant()
            .body_map(|body| body.merchant_name(NAME));
        least_and_all!(call.clone(), .idempotency_key(key()))
    })
    .await;
    check("get_merchant", async |client| {
        [is_refusal(
            client.get_merchant().merchant_id(2).send().await,
        )]
    })
    .await;
    check("rotate_merchant_secret", async |client| {
        let call = client.rotate_merchant_secret().merchant_id(2);
        let least = call.clone().body_map(|body| body);
        let all = call.body_map(|body| body.overlap_seconds(0));
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
}

#[tokio::test]
async fn tokens() {
    check("list_tokens", async |client| {
        let call = client.list_tokens().merchant_id(2);
        least_and_all!(call.clone(), .cursor(1).limit(1).ascending(false))
    })
    .await;
    check("create_token", async |client| {
        let call = client.create_token().merchant_id(2);
        let call = call.body_map(|body| body.operator_id(7).operator_name(NAME));
        least_and_all!(call.clone(), .idempotency_key(key()))
    })
    .await;
    check("revoke_token", async |client| {
        let call = client.revoke_token().merchant_id(2).token_id(11);
        [is_refusal(call.send().await)]
    })
    .await;
}

#[tokio::test]
async fn publishing() {
    check("publish_order_status_change", async |client| {
        let call = client.publish_order_status_change().merchant_id(2);
        let call = call.body(order());
        least_and_all!(call.clone(), .idempotency_key(key()))
    })
    .await;
    check("publish_card_event", async |client| {
        let call = client.publish_card_event().merchant_id(2);
        let call = call.body(card_event());
        least_and_all!(call.clone(), .idempotency_key(key()))
    })
    .await;
    check("publish_card_events", async |client| {
        let call = client.publish_card_events().merchant_id(2);
        let call = call.body_map(|body| body.events(vec![card_event(), card_event()]));
        least_and_all!(call.clone(), .idempotency_key(key()))
    })
    .await;
}

#[tokio::test]
async fn webhooks() {
    check("create_merchant_webhook", async |client| {
        let call = client.create_merchant_webhook().merchant_id(2);
        let least = call.clone().body_map(|body| body.webhook_name(NAME));
        let all = call.body_map(|body| body.webhook_name(NAME).webhook_url(url()));
        let all = all.idempotency_key(key());
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
    check("subscribe_merchant_webhook", async |client| {
        let call = client.subscribe_merchant_webhook().merchant_id(2);
        let call = call.webhook_id(1003);
        let call = call.body_map(|body| body.event_type(TYPE));
        [is_refusal(call.send().await)]
    })
    .await;
    check("delete_webhook", async |client| {
        [is_refusal(
            client.delete_webhook().webhook_id(1003).send().await,
        )]
    })
    .await;
    check("rotate_webhook_secret", async |client| {
        let call = client.rotate_webhook_secret().webhook_id(1003);
        let least = call.clone().body_map(|body| body);
        let all = call.body_map(|body| body.overlap_seconds(604_800));
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
}

#[tokio::test]
async fn endpoints() {
    check("list_endpoints", async |client| {
        let call = client.list_endpoints();
        least_and_all!(
            call.clone(),
            .cursor(1).limit(1).merchant_id(2).state(EndpointState::Paused).ascending(true)
        )
    })
    .await;
    check("get_endpoint", async |client| {
        [is_refusal(
            client.get_endpoint().endpoint_id(1003).send().await,
        )]
    })
    .await;
    check("pause_endpoint", async |client| {
        let call = client.pause_endpoint().endpoint_id(1003);
        let least = call.clone().body_map(|body| body);
        let reason: PauseReason = NAME.parse().expect("a reason");
        let all = call.body_map(|body| body.reason(reason));
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
    check("resume_endpoint", async |client| {
        [is_refusal(
            client.resume_endpoint().endpoint_id(1003).send().await,
        )]
    })
    .await;
}

#[tokio::test]
async fn events() {
    check("list_events", async |client| {
        let call = client.list_events();
        least_and_all!(
            call.clone(),
            .cursor(1).limit(1).merchant_id(2).event_type(TYPE).order_id("a b")
                .since(SINCE).until(UNTIL).ascending(true)
        )
    })
    .await;
    check("get_event", async |client| {
        [is_refusal(
            client.get_event().event_id("msg_2/%?").send().await,
        )]
    })
    .await;
}

#[tokio::test]
async fn deliveries() {
    check("list_deliveries", async |client| {
        let call = client.list_deliveries();
        least_and_all!(
            call.clone(),
            .cursor(1).limit(1).merchant_id(2).endpoint_id(1003).event_id("msg_2")
                .state(DeliveryState::Failed).since(SINCE).until(UNTIL).ascending(true)
        )
    })
    .await;
    check("get_delivery", async |client| {
        [is_refusal(
            client.get_delivery().delivery_id(50_002).send().await,
        )]
    })
    .await;
    check("list_attempts", async |client| {
        let call = client.list_attempts().delivery_id(50_002);
        least_and_all!(call.clone(), .cursor(1).limit(1).ascending(true))
    })
    .await;
    check("replay_delivery", async |client| {
        [is_refusal(
            client.replay_delivery().delivery_id(50_002).send().await,
        )]
    })
    .await;
    check("replay_deliveries", async |client| {
        let call = client.replay_deliveries();
        let least = call.clone().body_map(|body| body.since(SINCE));
        let all = call.body_map(|body| {
            let body = body.since(SINCE).until(UNTIL.to_owned());
            let body = body.merchant_id(2).endpoint_id(1003);
            let body = body.event_type(EventType::CardLoad);
            body.state(DeliveryState::Failed).dry_run(true)
        });
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
}

#[tokio::test]
async fn status() {
    check("get_status", async |client| {
        [is_refusal(client.get_status().send().await)]
    })
    .await;
}

/// The client goes by names: what creates or publishes carries a key, and nothing else takes one.
#[test]
fn the_names_of_operations_with_an_idempotency_key_begin_alike() {
    for document in documents() {
        let mut checked = 0;
        shape::walk(
            Kind::OpenApi,
            document.root(),
            "",
            &mut |kind, at, operation| {
                let Some(id) = operation.get("operationId").and_then(Value::as_str) else {
                    return;
                };
                let parameters = operation.get("parameters").and_then(Value::as_array);
                let takes_key = (0..parameters.map_or(0, Vec::len)).any(|index| {
                    let parameter = document.resolve(&format!("{at}/parameters/{index}"));
                    parameter.expect("a parameter").value["name"] == "Idempotency-Key"
                });
                let creates = id.starts_with("create_") || id.starts_with("publish_");
                assert_eq!((kind, takes_key), (Kind::Operation, creates), "{id}");
                checked += usize::from(takes_key);
            },
        );
        assert!(checked > 0, "{} has no such operation", document.file());
    }
}
