//! The examples: complete and realistic, with ids and times that are new each time.

use jiff::{SignedDuration, Timestamp};
use orderhook_types::OrderState;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::time::wire;

/// An example, and what it shows.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) kind: Kind,
    /// Members that it has beside those of its kind, as JSON.
    members: &'static str,
}

/// What an example is of.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A card event, whose type is the example's name.
    Card,
    /// A change of an order to this state.
    Order(OrderState),
}

/// What is different each time.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    /// The time, which the example happened shortly before.
    pub(super) now: Timestamp,
    /// A random number, which ids are made of.
    pub(super) number: u64,
    /// Where an order's pushes go, if that is known.
    pub(super) callback_url: Option<&'a str>,
}

/// Every example, in the order in which they happen.
pub(super) const EXAMPLES: &[Example] = &[
    Example {
        name: "card.load",
        description: "Money is loaded onto a card",
        kind: Kind::Card,
        members: r#"{"amount": "50.00", "currency": "EUR", "balance": "62.40", "source": "crypto"}"#,
    },
    Example {
        name: "card.transaction",
        description: "A card is used in a shop",
        kind: Kind::Card,
        members: r#"{"amount": "12.40", "currency": "EUR", "balance": "50.00", "status": "authorized",
            "merchant": {"name": "Corner Bakery", "city": "Lisbon", "country": "PT", "mcc": "5462"}}"#,
    },
    Example {
        name: "order.created",
        description: "An order is created (only bottom warehouse merchants see this state)",
        kind: Kind::Order(OrderState::Created),
        members: "{}",
    },
    Example {
        name: "order.processing",
        description: "The 3DS payment link of an order is there",
        kind: Kind::Order(OrderState::Processing),
        members: r#"{"threeDsRedirectUrl": "https://pay.example/3ds/7c0d9e"}"#,
    },
    Example {
        name: "order.succeeded",
        description: "An order is paid and awaits its coins (underlying merchants)",
        kind: Kind::Order(OrderState::Succeeded),
        members: "{}",
    },
    Example {
        name: "order.failed",
        description: "The payment of an order failed",
        kind: Kind::Order(OrderState::Failed),
        members: r#"{"errorCode": "51", "errorMessage": "Insufficient funds"}"#,
    },
    Example {
        name: "order.chain_withdraw_wait",
        description: "An order is paid and its coins are on their way (on-chain merchants)",
        kind: Kind::Order(OrderState::ChainWithdrawWait),
        members: r#"{"networkFee": "1.000000"}"#,
    },
    Example {
        name: "order.completed",
        description: "An order is completed, and its coins have arrived",
        kind: Kind::Order(OrderState::Completed),
        members: r#"{"networkFee": "1.000000", "actualReceivedAmount": "128.870129",
            "txId": "9f3c5f0d7be14ea0a0c1cc3d4d6f8c2b5a7e9d1f3b5c7d9e0f1a2b3c4d5e6f70"}"#,
    },
    Example {
        name: "order.conversion_failed",
        description: "The hedging of an order failed",
        kind: Kind::Order(OrderState::ConversionFailed),
        members: r#"{"errorCode": "HEDGE_TIMEOUT", "errorMessage": "Conversion was not filled"}"#,
    },
];

impl Example {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        EXAMPLES.iter().find(|example| example.name == name)
    }

    /// What is published.
    pub(super) fn body(&self, fresh: &Fresh<'_>) -> Result<Value, Failure> {
        let members: Value = serde_json::from_str(self.members).map_err(anyhow::Error::new)?;
        let mut body = match &self.kind {
            Kind::Card => json!({"event_type": self.name, "data": card(fresh)}),
            Kind::Order(state) => order(state, fresh),
        };
        let place = match self.kind {
            Kind::Card => &mut body["data"],
            Kind::Order(_) => &mut body,
        };
        if let (Value::Object(place), Value::Object(members)) = (place, members) {
            place.extend(members);
        }
        Ok(body)
    }
}

fn card(fresh: &Fresh<'_>) -> Value {
    json!({
        "card_id": "C-9001",
        "transaction_id": format!("T-{}", fresh.number),
        "time": wire(fresh.now),
    })
}

fn order(state: &OrderState, fresh: &Fresh<'_>) -> Value {
    let minutes_ago = |minutes| wire(fresh.now - SignedDuration::from_mins(minutes));
    let number = fresh.number;
    let mut order = json!({
        "merchantOrderId": format!("M-{number}"),
        "orderId": number.to_string(),
        "userId": "88001",
        "merchantUser": "ada",
        "fiatCurrency": "EUR",
        "cryptoCurrency": "USDT",
        "fiatAmount": "120.00",
        "cryptoAmount": "129.870129",
        "orderFee": "1.20",
        "price": "0.924",
        "payWayCode": "CARD",
        "state": state.to_string(),
        "createTime": minutes_ago(6),
        "updateTime": wire(fresh.now),
        "network": "TRON",
        "address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
        "actualReceivedAmount": "0",
    });
    if let Some(url) = fresh.callback_url {
        order["orderCallBackUrl"] = Value::from(url);
    }
    if *state == OrderState::Completed {
        order["chainArrivalTime"] = Value::from(minutes_ago(1));
        order["completedTime"] = Value::from(wire(fresh.now));
    }
    order
}

#[cfg(test)]
mod tests {
    use orderhook_types::{Order, PublishCardEventRequest};

    use super::*;

    fn body(example: &Example) -> Value {
        let fresh = Fresh {
            now: Timestamp::UNIX_EPOCH,
            number: 7,
            callback_url: Some("https://merchant.example/orders"),
        };
        example.body(&fresh).unwrap()
    }

    #[test]
    fn every_example_can_be_published_and_keeps_all_its_members() {
        for example in EXAMPLES {
            let body = body(example);
            let read_back = match &example.kind {
                Kind::Card => {
                    let event: PublishCardEventRequest =
                        serde_json::from_value(body.clone()).unwrap();
                    assert!(!matches!(
                        event.event_type,
                        orderhook_types::EventType::Unknown(_)
                    ));
                    serde_json::to_value(event)
                }
                Kind::Order(state) => {
                    let order: Order = serde_json::from_value(body.clone()).unwrap();
                    assert_eq!(&order.state, state);
                    serde_json::to_value(order)
                }
            };
            assert_eq!(read_back.unwrap(), body, "{}", example.name);
        }
    }

    #[test]
    fn every_documented_state_has_an_example() {
        let states = EXAMPLES.iter().filter_map(|example| match &example.kind {
            Kind::Order(state) => Some(state.to_string()),
            Kind::Card => None,
        });
        let mut states: Vec<String> = states.collect();
        states.sort();
        let expected = [
            "CHAIN_WITHDRAW_WAIT",
            "COMPLETED",
            "CONVERSION_FAILED",
            "CREATEED",
            "FAILED",
            "PROCESSING",
            "SUCCESSED",
        ];
        assert_eq!(states, expected);
    }
}
