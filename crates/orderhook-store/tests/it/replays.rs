//! Deliveries that are made once more.

use orderhook_store::{
    Claim, DeliveryId, DeliveryState, EndpointId, Next, ReplayCounts, ReplayFilter, Replayed,
};

use crate::harness::{Harness, at, card_event, card_load};

/// A store with one delivery that was finished.
async fn finished_delivery(next: Next) -> (Harness, EndpointId, Claim) {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(webhook, at(0)).await.remove(0);
    assert!(harness.finish(&claim, next, at(1)).await);
    (harness, webhook, claim)
}

#[tokio::test]
async fn a_finished_delivery_is_replayed_with_its_id_and_a_new_schedule() {
    for next in [Next::Acknowledged, Next::GiveUp] {
        let (harness, webhook, first) = finished_delivery(next).await;
        let replayed = harness
            .store
            .replay_delivery(first.delivery_id, at(5))
            .await;
        let Some(Replayed::Queued(delivery)) = replayed.expect("replays") else {
            panic!("not queued")
        };
        assert_eq!(
            (delivery.state, delivery.attempts),
            (DeliveryState::Pending, 1)
        );
        assert_eq!(
            (delivery.next_attempt_at, delivery.finished_at),
            (Some(at(5)), None)
        );
        assert_eq!(harness.told().await.woken, 1);
        let again = harness.claim(webhook, at(5)).await.remove(0);
        assert_eq!(
            (again.delivery_id, again.message_id),
            (first.delivery_id, first.message_id)
        );
        assert_eq!((again.attempts, again.schedule_position), (1, 0));
        assert!(harness.finish(&again, Next::Acknowledged, at(6)).await);
    }
}

#[tokio::test]
async fn a_waiting_delivery_is_due_at_once_and_an_attempted_one_is_left_alone() {
    let (harness, webhook, first) = finished_delivery(Next::Retry { due: at(999) }).await;
    let replay = async |now| {
        let replayed = harness.store.replay_delivery(first.delivery_id, now).await;
        assert!(matches!(replayed, Ok(Some(Replayed::Queued(_)))));
    };
    replay(at(5)).await;
    let leased = harness.claim(webhook, at(5)).await.remove(0);
    assert_eq!((leased.attempts, leased.schedule_position), (1, 0));
    replay(at(6)).await;
    assert!(harness.claim(webhook, at(6)).await.is_empty());
    assert!(harness.finish(&leased, Next::Acknowledged, at(7)).await);
}

#[tokio::test]
async fn what_is_gone_is_not_replayed() {
    let (harness, webhook, first) = finished_delivery(Next::GiveUp).await;
    let missing = harness.store.replay_delivery(DeliveryId(99), at(5)).await;
    assert_eq!(missing.expect("answers"), None);
    harness
        .store
        .delete_webhook(webhook, at(5))
        .await
        .expect("deletes");
    let gone = harness
        .store
        .replay_delivery(first.delivery_id, at(5))
        .await;
    assert_eq!(gone.expect("answers"), Some(Replayed::EndpointGone));
}

#[tokio::test]
async fn a_filter_selects_what_is_counted_and_replayed() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let webhook = harness.webhook(mine).await.webhook_id;
    let foreign = harness.webhook(others).await.webhook_id;
    for (merchant_id, endpoint_id, seconds) in
        [(mine, webhook, 1), (mine, webhook, 2), (others, foreign, 3)]
    {
        harness.publish(merchant_id, card_load(), at(seconds)).await;
        let claim = harness.claim(endpoint_id, at(seconds)).await.remove(0);
        assert!(harness.finish(&claim, Next::GiveUp, at(seconds)).await);
    }
    let failed = || ReplayFilter {
        state: DeliveryState::Failed,
        since: at(0),
        until: None,
        merchant_id: None,
        endpoint_id: None,
        event_type: None,
    };
    let check = async |filter: ReplayFilter, expected: u64| {
        let count = harness.store.count_replays(&filter).await.expect("counts");
        assert_eq!(count, expected, "{filter:?}");
    };
    check(failed(), 3).await;
    check(
        ReplayFilter {
            state: DeliveryState::Acknowledged,
            ..failed()
        },
        0,
    )
    .await;
    check(
        ReplayFilter {
            since: at(2),
            ..failed()
        },
        2,
    )
    .await;
    check(
        ReplayFilter {
            until: Some(at(2)),
            ..failed()
        },
        1,
    )
    .await;
    check(
        ReplayFilter {
            merchant_id: Some(mine),
            ..failed()
        },
        2,
    )
    .await;
    check(
        ReplayFilter {
            endpoint_id: Some(foreign),
            ..failed()
        },
        1,
    )
    .await;
    check(
        ReplayFilter {
            event_type: Some("card.new".to_owned()),
            ..failed()
        },
        0,
    )
    .await;

    let of_mine = ReplayFilter {
        merchant_id: Some(mine),
        ..failed()
    };
    let replayed = harness.store.replay_deliveries(&of_mine, at(9)).await;
    assert_eq!(
        replayed.expect("replays"),
        ReplayCounts {
            matched: 2,
            replayed: 2,
        }
    );
    check(failed(), 1).await;
    assert_eq!(harness.claim(webhook, at(9)).await.len(), 2);
    harness
        .store
        .delete_webhook(foreign, at(9))
        .await
        .expect("deletes");
    check(failed(), 0).await;
}

#[tokio::test]
async fn of_pending_deliveries_only_those_that_wait_are_replayed() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let waiting = harness.claim(webhook, at(0)).await.remove(0);
    assert!(
        harness
            .finish(&waiting, Next::Retry { due: at(999) }, at(0))
            .await
    );
    harness
        .publish(merchant_id, card_event("card.load"), at(1))
        .await;
    let attempted = harness.claim(webhook, at(1)).await;
    assert_eq!(attempted.len(), 1);
    let pending = ReplayFilter {
        state: DeliveryState::Pending,
        since: at(0),
        until: None,
        merchant_id: None,
        endpoint_id: None,
        event_type: None,
    };
    assert_eq!(
        harness.store.count_replays(&pending).await.expect("counts"),
        1
    );
    let replayed = harness.store.replay_deliveries(&pending, at(2)).await;
    assert_eq!(
        replayed.expect("replays"),
        ReplayCounts {
            matched: 1,
            replayed: 1,
        }
    );
    let claims = harness.claim(webhook, at(2)).await;
    assert_eq!(
        (claims.len(), claims[0].delivery_id),
        (1, waiting.delivery_id)
    );
}

#[tokio::test]
async fn more_are_replayed_than_one_transaction_takes() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    let events = vec![card_load(); 1000];
    harness
        .store
        .publish(merchant_id, events, None, at(0))
        .await
        .expect("publishes");
    for claim in harness.claim(webhook, at(0)).await {
        harness.finish(&claim, Next::GiveUp, at(0)).await;
    }
    let failed = ReplayFilter {
        state: DeliveryState::Failed,
        since: at(0),
        until: None,
        merchant_id: None,
        endpoint_id: None,
        event_type: None,
    };
    let replayed = harness.store.replay_deliveries(&failed, at(1)).await;
    assert_eq!(
        replayed.expect("replays"),
        ReplayCounts {
            matched: 1000,
            replayed: 1000,
        }
    );
    assert_eq!(harness.claim(webhook, at(1)).await.len(), 1000);
}
