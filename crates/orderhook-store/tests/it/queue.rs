//! Leases: given, lost, ended, finished.

use jiff::SignedDuration;
use orderhook_store::{
    AttemptOutcome, DeliveryFilter, DeliveryState, EndpointNews, EndpointState, Next, Wanted,
};
use orderhook_types::Patch;

use crate::database::IS_EXCLUSIVE;
use crate::harness::{Harness, LEASE, ann, at, card_load, everything, finished, long_card_load};

#[tokio::test]
async fn a_claim_has_all_that_an_attempt_needs() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    let event = harness.publish(merchant_id, card_load(), at(1)).await;

    let claims = harness.claim(webhook_id, at(2)).await;
    let [claim] = &*claims else {
        panic!("{claims:?}")
    };
    assert_eq!(claim.message_id, event.message_id);
    assert_eq!(claim.merchant_id, merchant_id);
    assert_eq!(&*claim.url, "https://receiver.example/hook");
    assert_eq!(claim.body, card_load().body);
    assert_eq!(claim.sign_secrets[0].reveal(), "webhook-secret");
    assert_eq!((claim.attempts, claim.schedule_position), (0, 0));
    assert_eq!(claim.lease.until, at(2) + LEASE);
    assert_eq!(claim.failing_since, None);
}

#[tokio::test]
async fn a_leased_delivery_is_nobody_elses_until_the_lease_ends() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let first = harness.claim(webhook_id, at(0)).await;
    let just_before = at(0) + LEASE - SignedDuration::from_millis(1);

    assert!(harness.claim(webhook_id, just_before).await.is_empty());
    let second = harness.claim(webhook_id, at(0) + LEASE).await;
    assert_eq!(second[0].delivery_id, first[0].delivery_id);
    assert_ne!(second[0].lease.token, first[0].lease.token);

    let now = at(31);
    assert!(!harness.finish(&first[0], Next::Acknowledged, now).await);
    assert!(harness.finish(&second[0], Next::GiveUp, now).await);
    assert!(!harness.finish(&second[0], Next::Acknowledged, now).await);
    let delivery = &harness.deliveries(DeliveryFilter::default()).await[0];
    assert_eq!(delivery.state, DeliveryState::Failed);
    let attempts = harness.store.attempts(delivery.delivery_id, everything());
    let attempts = attempts.await.expect("lists").expect("exists").items;
    let seen: Vec<_> = attempts.iter().map(|a| (a.attempt, a.outcome)).collect();
    assert_eq!(
        seen,
        [
            (1, AttemptOutcome::Acknowledged),
            (2, AttemptOutcome::Rejected),
            (3, AttemptOutcome::Acknowledged),
        ]
    );
}

#[tokio::test]
async fn a_retry_waits_for_its_time_and_counts_on() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = &harness.claim(webhook_id, at(0)).await[0];
    assert!(
        harness
            .finish(claim, Next::Retry { due: at(100) }, at(1))
            .await
    );

    assert!(harness.claim(webhook_id, at(99)).await.is_empty());
    assert_eq!(
        harness.store.next_due(at(1)).await.expect("reads"),
        Some(at(100))
    );
    let again = &harness.claim(webhook_id, at(100)).await[0];
    assert_eq!((again.attempts, again.schedule_position), (1, 1));
    let delivery = &harness.deliveries(DeliveryFilter::default()).await[0];
    assert_eq!(delivery.state, DeliveryState::Pending);
    assert_eq!(delivery.attempts, 1);
    assert_eq!(delivery.next_attempt_at, Some(at(100) + LEASE));
}

#[tokio::test]
async fn recovering_ends_every_lease_unless_its_owner_may_still_be_there() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    for _ in 0..3 {
        harness.publish(merchant_id, card_load(), at(0)).await;
    }
    let wanted = [Wanted {
        endpoint_id: webhook_id,
        count: 2,
    }];
    let claims = harness.store.claim(&wanted, at(0), at(30)).await;
    assert_eq!(claims.expect("claims").len(), 2);

    let (ended, claimable) = if IS_EXCLUSIVE { (2, 3) } else { (0, 1) };
    let recovered = harness.store.recover(at(1)).await;
    assert_eq!(recovered.expect("recovers"), ended);
    assert_eq!(harness.claim(webhook_id, at(1)).await.len(), claimable);
}

#[tokio::test]
async fn a_released_lease_returns_to_its_place_and_counts_no_attempt() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(webhook_id, at(5)).await.remove(0);
    assert_eq!(claim.due, at(0));
    harness.publish(merchant_id, card_load(), at(6)).await;
    harness.release(&claim, at(7)).await;

    let again = harness.claim(webhook_id, at(7)).await;
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].delivery_id, claim.delivery_id, "is the older one");
    assert_eq!((again[0].attempts, again[0].schedule_position), (0, 0));
    // A lease that is lost can't be given back.
    harness.release(&claim, at(8)).await;
    assert!(harness.claim(webhook_id, at(8)).await.is_empty());
}

#[tokio::test]
async fn a_claim_ends_where_its_bodies_are_long() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhooks = [
        harness.webhook(merchant_id).await.webhook_id,
        harness.webhook(merchant_id).await.webhook_id,
    ];
    let events = vec![long_card_load(); 5];
    let published = harness.store.publish(merchant_id, events, None, at(0));
    published.await.expect("publishes");
    harness.told().await;
    let claim = async || {
        let wanted = webhooks.map(|endpoint_id| Wanted {
            endpoint_id,
            count: 100,
        });
        let claims = harness.store.claim(&wanted, at(1), at(1) + LEASE).await;
        let mut left = harness.told().await.left;
        left.sort();
        (claims.expect("claims").len(), left)
    };
    assert_eq!(claim().await, (4, webhooks.to_vec()));
    assert_eq!(claim().await, (4, webhooks[1..].to_vec()));
    assert_eq!(claim().await, (2, vec![]));
}

#[tokio::test]
async fn what_is_due_longest_is_claimed_first() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    let late = harness.publish(merchant_id, card_load(), at(5)).await;
    let early = harness.publish(merchant_id, card_load(), at(3)).await;
    let claims = harness.claim(webhook_id, at(9)).await;
    let order: Vec<_> = claims.iter().map(|claim| claim.message_id).collect();
    assert_eq!(order, [early.message_id, late.message_id]);
}

#[tokio::test]
async fn ready_endpoints_are_active_have_an_address_and_something_due() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let mut webhooks = Vec::new();
    for _ in 0..6 {
        webhooks.push(harness.webhook(merchant_id).await.webhook_id);
    }
    harness.publish(merchant_id, card_load(), at(10)).await;
    let [first, paused, addressless, busy, deleted, last] = webhooks[..] else {
        unreachable!("six")
    };
    let store = &harness.store;
    let state = EndpointState::Paused;
    let pause = store.set_endpoint_state(paused, state, None, at(10));
    pause.await.expect("pauses");
    let unset = store
        .update_webhook(merchant_id, addressless, "x", &Patch::Null, &ann(), at(10))
        .await;
    unset.expect("updates");
    harness.claim(busy, at(10)).await;
    store
        .delete_webhook(deleted, at(10))
        .await
        .expect("deletes");

    let ready = |now, after, limit| store.ready(now, after, limit);
    assert_eq!(ready(at(9), None, 9).await.expect("reads"), []);
    assert_eq!(ready(at(10), None, 9).await.expect("reads"), [first, last]);
    assert_eq!(ready(at(10), None, 1).await.expect("reads"), [first]);
    assert_eq!(ready(at(10), Some(first), 9).await.expect("reads"), [last]);
    assert_eq!(store.next_due(at(9)).await.expect("reads"), Some(at(10)));
    assert_eq!(
        store.next_due(at(10)).await.expect("reads"),
        Some(at(10) + LEASE)
    );
    for shut in [paused, addressless, deleted] {
        assert!(harness.claim(shut, at(20)).await.is_empty(), "{shut}");
    }
}

#[tokio::test]
async fn an_attempt_tells_of_its_endpoint() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let mut now = at(0);
    let mut attempt = async |news: EndpointNews| {
        now += LEASE;
        let claim = harness.claim(webhook_id, now).await.remove(0);
        let finished = finished(&claim, Next::Retry { due: now }, news, now);
        harness.store.finish(finished, now).await.expect("finishes");
        let endpoint = harness.store.endpoint(webhook_id).await.expect("reads");
        (claim.failing_since, endpoint.expect("exists"))
    };

    let (_, endpoint) = attempt(EndpointNews::Failing).await;
    assert_eq!(endpoint.failing_since, Some(at(30)));
    let (claimed, endpoint) = attempt(EndpointNews::Failing).await;
    assert_eq!(
        (claimed, endpoint.failing_since),
        (Some(at(30)), Some(at(30)))
    );
    let (_, endpoint) = attempt(EndpointNews::Recovered).await;
    assert_eq!(endpoint.failing_since, None);
    let (_, endpoint) = attempt(EndpointNews::Disabled("410".to_owned())).await;
    assert_eq!(endpoint.state, EndpointState::Disabled);
    assert_eq!(endpoint.state_reason.as_deref(), Some("410"));
    assert_eq!(endpoint.state_since, Some(at(120)));
    assert_eq!(harness.told().await.changed, [webhook_id]);
    assert!(harness.claim(webhook_id, at(999)).await.is_empty());
}

#[tokio::test]
async fn an_attempt_disables_no_endpoint_that_is_paused() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(id, at(0)).await.remove(0);
    let state = EndpointState::Paused;
    let paused = harness.store.set_endpoint_state(id, state, None, at(1));
    let paused = paused.await.expect("pauses");
    let news = EndpointNews::Disabled("410".to_owned());
    let gone = finished(&claim, Next::Retry { due: at(2) }, news, at(2));
    assert!(harness.store.finish(gone, at(2)).await.expect("finishes"));
    let endpoint = harness.store.endpoint(id).await.expect("reads");
    assert_eq!(endpoint, paused);
}

#[tokio::test]
async fn only_the_first_bytes_of_an_answer_are_kept() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(webhook_id, at(0)).await.remove(0);
    let mut finished = finished(&claim, Next::Acknowledged, EndpointNews::Nothing, at(0));
    finished.attempt.answer = vec![b'x'; 5000].into();
    harness
        .store
        .finish(finished, at(0))
        .await
        .expect("finishes");
    let delivery = &harness.deliveries(DeliveryFilter::default()).await[0];
    let kept = delivery.last_attempt.as_ref().expect("one").answer.len();
    assert_eq!(kept, orderhook_store::MAX_ANSWER_KEPT);
}
