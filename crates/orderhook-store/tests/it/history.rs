//! Lists: what is in them, and how they are cut.

use orderhook_store::{
    DeliveryFilter, DeliveryId, DeliveryState, EventFilter, EventId, EventKind, MessageId, Next,
    PageRequest,
};
use proptest::prelude::*;

use crate::harness::{Harness, at, card_event, card_load, everything, order};

#[tokio::test]
async fn an_event_is_found_with_the_bytes_that_are_sent() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let published = harness
        .publish(merchant_id, order("A", "{\"a\":1}"), at(3))
        .await;
    let message_id = published.message_id;
    let (event, body) = harness
        .store
        .event(message_id)
        .await
        .expect("reads")
        .expect("exists");
    assert_eq!(&*body, b"{\"a\":1}");
    assert_eq!(
        (event.message_id, event.merchant_id),
        (message_id, merchant_id)
    );
    assert_eq!(event.kind, EventKind::OrderStatusChange);
    assert_eq!(event.event_type, "order_status_change");
    assert_eq!(
        (event.order_id.as_deref(), event.created_at),
        (Some("A"), at(3))
    );
    let guessed = MessageId {
        nonce: 5,
        ..message_id
    };
    assert_eq!(harness.store.event(guessed).await.expect("reads"), None);
}

#[tokio::test]
async fn events_are_filtered() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    harness.publish(mine, card_load(), at(1)).await;
    harness.publish(mine, card_event("card.new"), at(2)).await;
    harness.publish(mine, order("A", "{}"), at(3)).await;
    harness.publish(others, card_load(), at(4)).await;
    let check = async |filter: EventFilter, expected: &[i64]| {
        let page = harness.store.events(&filter, everything()).await;
        let times = page.expect("lists").items;
        let times: Vec<_> = times.iter().map(|event| event.created_at).collect();
        let expected: Vec<_> = expected.iter().map(|seconds| at(*seconds)).collect();
        assert_eq!(times, expected, "{filter:?}");
    };
    let all = EventFilter::default;
    check(all(), &[1, 2, 3, 4]).await;
    check(
        EventFilter {
            merchant_id: Some(mine),
            ..all()
        },
        &[1, 2, 3],
    )
    .await;
    check(
        EventFilter {
            event_type: Some("card.load".to_owned()),
            ..all()
        },
        &[1, 4],
    )
    .await;
    check(
        EventFilter {
            order_id: Some("A".to_owned()),
            ..all()
        },
        &[3],
    )
    .await;
    check(
        EventFilter {
            since: Some(at(2)),
            ..all()
        },
        &[2, 3, 4],
    )
    .await;
    check(
        EventFilter {
            until: Some(at(2)),
            ..all()
        },
        &[1],
    )
    .await;
    check(
        EventFilter {
            merchant_id: Some(others),
            since: Some(at(2)),
            ..all()
        },
        &[4],
    )
    .await;
}

#[tokio::test]
async fn deliveries_are_filtered() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let webhook = harness.webhook(mine).await.webhook_id;
    let foreign = harness.webhook(others).await.webhook_id;
    let event = harness.publish(mine, card_load(), at(1)).await;
    harness.publish(mine, card_load(), at(2)).await;
    harness.publish(others, card_load(), at(3)).await;
    let claims = harness.claim(webhook, at(5)).await;
    harness.finish(&claims[0], Next::Acknowledged, at(5)).await;
    harness.finish(&claims[1], Next::GiveUp, at(5)).await;
    let check = async |filter: DeliveryFilter, expected: &[i64]| {
        let found = harness.deliveries(filter).await;
        let times: Vec<_> = found.iter().map(|delivery| delivery.created_at).collect();
        let expected: Vec<_> = expected.iter().map(|seconds| at(*seconds)).collect();
        assert_eq!(times, expected, "{filter:?}");
    };
    let all = DeliveryFilter::default;
    let guessed = MessageId {
        nonce: 77,
        ..event.message_id
    };
    check(all(), &[1, 2, 3]).await;
    check(
        DeliveryFilter {
            merchant_id: Some(mine),
            ..all()
        },
        &[1, 2],
    )
    .await;
    check(
        DeliveryFilter {
            endpoint_id: Some(foreign),
            ..all()
        },
        &[3],
    )
    .await;
    check(
        DeliveryFilter {
            message_id: Some(event.message_id),
            ..all()
        },
        &[1],
    )
    .await;
    check(
        DeliveryFilter {
            message_id: Some(guessed),
            ..all()
        },
        &[],
    )
    .await;
    check(
        DeliveryFilter {
            state: Some(DeliveryState::Pending),
            ..all()
        },
        &[3],
    )
    .await;
    check(
        DeliveryFilter {
            state: Some(DeliveryState::Acknowledged),
            ..all()
        },
        &[1],
    )
    .await;
    check(
        DeliveryFilter {
            state: Some(DeliveryState::Failed),
            ..all()
        },
        &[2],
    )
    .await;
    check(
        DeliveryFilter {
            state: Some(DeliveryState::Cancelled),
            ..all()
        },
        &[],
    )
    .await;
    check(
        DeliveryFilter {
            since: Some(at(2)),
            ..all()
        },
        &[2, 3],
    )
    .await;
    check(
        DeliveryFilter {
            until: Some(at(2)),
            ..all()
        },
        &[1],
    )
    .await;
}

#[tokio::test]
async fn a_merchants_deliveries_are_paged_in_both_directions() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    for merchant_id in [mine, mine, others] {
        harness.webhook(merchant_id).await;
    }
    for merchant_id in [mine, others, mine, others, mine] {
        harness.publish(merchant_id, card_load(), at(1)).await;
    }
    let filter = DeliveryFilter {
        merchant_id: Some(mine),
        ..DeliveryFilter::default()
    };
    for ascending in [true, false] {
        let mut expected = harness.deliveries(filter).await;
        if !ascending {
            expected.reverse();
        }
        assert_eq!(expected.len(), 6);
        let mut seen = Vec::new();
        let mut request = PageRequest {
            cursor: None,
            limit: 1,
            ascending,
        };
        loop {
            let page = harness
                .store
                .deliveries(&filter, request)
                .await
                .expect("lists");
            seen.extend(page.items);
            if page.next_cursor.is_none() {
                break;
            }
            request.cursor = page.next_cursor;
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn attempts_are_kept_in_order() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let mut delivery_id = None;
    for seconds in 0..3 {
        let claim = harness.claim(webhook, at(seconds)).await.remove(0);
        let retry = Next::Retry {
            due: at(seconds + 1),
        };
        harness.finish(&claim, retry, at(seconds)).await;
        delivery_id = Some(claim.delivery_id);
    }
    let delivery_id = delivery_id.expect("three claims");
    let newest_first = PageRequest {
        cursor: None,
        limit: 2,
        ascending: false,
    };
    let page = harness
        .store
        .attempts(delivery_id, newest_first)
        .await
        .expect("lists");
    let page = page.expect("exists");
    let numbers: Vec<_> = page.items.iter().map(|attempt| attempt.attempt).collect();
    assert_eq!((numbers, page.next_cursor), (vec![3, 2], Some(2)));
    assert_eq!(page.items[0].attempted_at, at(2));
    assert_eq!(&*page.items[0].answer, b"hello");
    let none = harness.store.attempts(DeliveryId(99), everything()).await;
    assert_eq!(none.expect("lists"), None);
    assert_eq!(
        harness.store.delivery(DeliveryId(99)).await.expect("reads"),
        None
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Pages put together are the list, whatever their size and direction.
    #[test]
    fn pages_neither_repeat_nor_lose(count in 0_usize..12, limit in 1_u32..5, ascending: bool) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let harness = Harness::open().await;
            let merchant_id = harness.merchant().await;
            let mut expected = Vec::new();
            for _ in 0..count {
                let published = harness.publish(merchant_id, card_load(), at(0)).await;
                expected.push(published.message_id.event_id);
            }
            if !ascending {
                expected.reverse();
            }
            let mut cursor = None;
            let mut seen: Vec<EventId> = Vec::new();
            loop {
                let request = PageRequest { cursor, limit, ascending };
                let page = harness.store.events(&EventFilter::default(), request).await;
                let page = page.expect("lists");
                assert!(page.items.len() <= limit as usize);
                seen.extend(page.items.iter().map(|event| event.message_id.event_id));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
                assert_eq!(page.items.len(), limit as usize);
            }
            assert_eq!(seen, expected);
        });
    }
}
