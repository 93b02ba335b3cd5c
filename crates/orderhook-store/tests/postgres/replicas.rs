//! Two processes on one database.

use std::sync::Arc;
use std::time::Duration;

use orderhook_store::{
    Claim, DeliveryFilter, EndpointId, EndpointNews, EndpointState, EventFilter, MerchantId, Next,
    Once, SecretOwner, Shards, Store, WebhookFilter,
};
use orderhook_types::{Patch, Secret};
use tokio::task::JoinSet;

use crate::harness::{
    Harness, ann, at, card_load, done, everything, finished, key, keyring, order,
};

/// How often two calls are made at one time, to meet in as many ways as can be.
const ROUNDS: usize = 30;

/// The first of them holds all shards.
async fn two() -> [Harness; 2] {
    let first = Harness::open().await;
    let second = Harness::open_on(Arc::clone(&first.database), keyring(&[1])).await;
    [first, second.expect("opens")]
}

#[tokio::test]
async fn what_one_changes_counts_for_the_other_at_once() {
    let [changing, publishing] = two().await;
    changing.store.let_go().await.expect("lets go");
    assert_eq!(publishing.hold().await, Shards::ALL);
    publishing.hungry();
    let merchant_id = changing.merchant().await;
    let publish = async || {
        publishing.publish(merchant_id, card_load(), at(1)).await;
        let claims = publishing.told().await.claims;
        for claim in &claims {
            let finished = changing.finish(claim, Next::Acknowledged, at(1));
            assert!(finished.await);
        }
        claims
    };
    assert!(publish().await.is_empty());
    let id = changing.webhook(merchant_id).await.webhook_id;
    assert_eq!(publish().await.len(), 1);

    let (by, url) = (ann(), Patch::Value("https://new.example/".to_owned()));
    let updated = changing
        .store
        .update_webhook(merchant_id, id, "Loads", &url, &by, at(1));
    updated.await.expect("updates").expect("exists");
    assert_eq!(&*publish().await[0].url, "https://new.example/");

    let (owner, secret) = (SecretOwner::Webhook(id), Secret::from("second"));
    let rotated = changing.store.rotate_secret(owner, &secret, at(9), at(1));
    assert!(rotated.await.expect("rotates"));
    let claim = publish().await.remove(0);
    let secrets: Vec<&str> = claim.sign_secrets.iter().map(Secret::reveal).collect();
    assert_eq!(secrets, ["second", "webhook-secret"]);

    for _ in 0..20 {
        let ended = changing
            .store
            .unsubscribe(merchant_id, id, "card.load", &by, at(1));
        ended.await.expect("ends").expect("was subscribed");
        assert!(publish().await.is_empty());
        let begun = changing
            .store
            .subscribe(merchant_id, id, "card.load", &by, at(1));
        begun.await.expect("begins").expect("exists");
        assert_eq!(publish().await.len(), 1);
    }
    let deleted = changing.store.delete_webhook(id, at(1)).await;
    assert!(deleted.expect("deletes"));
    assert!(publish().await.is_empty());
}

/// One of two equal calls is done, and the other gets its answer.
fn one_was_done<T: PartialEq + std::fmt::Debug>(answers: (Once<T>, Once<T>)) -> T {
    match answers {
        (Once::Done(answer), Once::Repeated(again))
        | (Once::Repeated(again), Once::Done(answer)) => {
            assert_eq!(answer, again);
            answer
        }
        answers => panic!("{answers:?}"),
    }
}

#[tokio::test]
async fn a_call_that_comes_to_both_at_once_is_done_once() {
    let [first, second] = two().await;
    let merchant_id = first.merchant().await;
    first.webhook(merchant_id).await;
    let (by, secret) = (ann(), Secret::from("webhook-secret"));
    for round in 0..ROUNDS {
        let key = |operation| Some(key(operation, &format!("key {round}"), 1));
        let publish = async |harness: &Harness| {
            let (events, key) = (vec![card_load()], key("publish"));
            let published = harness.store.publish(merchant_id, events, key, at(1));
            published.await.expect("answers").expect("exists")
        };
        one_was_done(tokio::join!(publish(&first), publish(&second)));
        let create = async |harness: &Harness| {
            let (store, key) = (&harness.store, key("createWebhook"));
            let created = store.create_webhook(merchant_id, "x", None, &secret, &by, key, at(1));
            created.await.expect("answers").expect("exists")
        };
        one_was_done(tokio::join!(create(&first), create(&second)));
    }
    let all = EventFilter::default();
    let events = first.store.events(&all, everything());
    assert_eq!(events.await.expect("lists").items.len(), ROUNDS);
    let filter = WebhookFilter {
        name: Some("x".to_owned()),
        url: None,
    };
    let webhooks = first.store.webhooks(merchant_id, &filter, everything());
    assert_eq!(webhooks.await.expect("lists").items.len(), ROUNDS);
}

#[tokio::test]
async fn what_one_knows_the_other_is_told() {
    let [telling, told] = two().await;
    telling.store.let_go().await.expect("lets go");
    told.hold().await;
    let merchant_id = telling.merchant().await;
    let id = telling.webhook(merchant_id).await.webhook_id;
    telling.publish(merchant_id, card_load(), at(0)).await;
    assert_eq!(told.engine.hint().await.left, [id]);
    for state in [EndpointState::Paused, EndpointState::Disabled] {
        let set = telling.store.set_endpoint_state(id, state, None, at(1));
        set.await.expect("sets").expect("exists");
        assert_eq!(told.engine.hint().await.changed, [id], "{state:?}");
    }
    let own = telling.told().await;
    assert_eq!((own.changed, own.woken), (vec![id, id], 0));
}

/// So many orders at a time, so that they share batches.
const ORDERS: usize = 12;

async fn publish_to_all(store: Arc<dyn Store>, merchant_id: MerchantId) {
    let mut calls = JoinSet::new();
    for number in 0..ORDERS {
        let event = order(&format!("order {number}"), "{}");
        let store = Arc::clone(&store);
        calls.spawn(async move {
            let published = store.publish(merchant_id, vec![event], None, at(1)).await;
            done(published.expect("publishes").expect("exists"));
        });
    }
    calls.join_all().await;
}

async fn finish_all(store: Arc<dyn Store>, claims: Vec<Claim>) {
    let mut calls = JoinSet::new();
    for claim in claims {
        let store = Arc::clone(&store);
        calls.spawn(async move {
            let news = EndpointNews::Nothing;
            let finished = finished(&claim, Next::Acknowledged, news, at(1));
            let held = store.finish(finished, at(1)).await;
            assert!(held.expect("finishes"), "nobody else has the lease");
        });
    }
    calls.join_all().await;
}

#[tokio::test]
async fn no_push_is_left_behind_when_one_is_published_while_the_last_before_it_is_finished() {
    let [first, second] = two().await;
    let merchant_id = first.merchant().await;
    publish_to_all(Arc::clone(&first.store), merchant_id).await;
    let shop = first.deliveries(DeliveryFilter::default()).await[0].endpoint_id;
    for round in 0..ROUNDS {
        // Only the first holds shards; each of them publishes and finishes in turn.
        let claims = first.claim(shop, at(1)).await;
        assert_eq!(claims.len(), ORDERS, "in round {round}");
        let (publishing, finishing) = match round % 2 {
            0 => (&first.store, &second.store),
            _ => (&second.store, &first.store),
        };
        tokio::join!(
            publish_to_all(Arc::clone(publishing), merchant_id),
            finish_all(Arc::clone(finishing), claims),
        );
    }
    finish_all(Arc::clone(&second.store), first.claim(shop, at(1)).await).await;
    let stats = first.store.stats(at(2)).await.expect("reads");
    assert_eq!(stats.pending, 0);
}

#[tokio::test]
async fn an_order_whose_pushes_come_to_both_has_one_line() {
    let [first, second] = two().await;
    let merchant_id = first.merchant().await;
    for _ in 0..5 {
        tokio::join!(
            publish_to_all(Arc::clone(&first.store), merchant_id),
            publish_to_all(Arc::clone(&second.store), merchant_id),
        );
    }
    let shop = first.deliveries(DeliveryFilter::default()).await[0].endpoint_id;
    for _ in 0..10 {
        let claims = first.claim(shop, at(1)).await;
        assert_eq!(claims.len(), ORDERS, "one push of each order");
        finish_all(Arc::clone(&second.store), claims).await;
    }
    assert!(first.claim(shop, at(1)).await.is_empty());
}

#[tokio::test]
async fn each_delivers_to_the_endpoints_of_its_shards() {
    let [first, second] = two().await;
    assert_eq!(second.hold().await, Shards::NONE, "until one lets go");
    let firsts = first.hold().await;
    assert_eq!(
        second.hold().await,
        Shards::NONE,
        "the first is only told to leave"
    );
    assert_eq!(first.hold().await, firsts);
    let seconds = second.hold().await;
    assert_eq!((firsts.count(), seconds.count()), (32, 32));
    assert_eq!(Shards::ALL.without(firsts), seconds);

    let merchant_id = first.merchant().await;
    let mut webhooks = Vec::new();
    for _ in 0..8 {
        webhooks.push(first.webhook(merchant_id).await.webhook_id);
    }
    for harness in [&first, &second] {
        harness.hungry();
    }
    let of = |shards: Shards| -> Vec<EndpointId> {
        let own = webhooks.iter().filter(|id| shards.contain(**id));
        own.copied().collect()
    };
    first.publish(merchant_id, card_load(), at(1)).await;
    let handed = first.told().await.claims;
    let handed: Vec<_> = handed.iter().map(|claim| claim.endpoint_id).collect();
    assert_eq!(handed, of(firsts));
    for id in of(seconds) {
        assert!(first.claim(id, at(1)).await.is_empty(), "is the second's");
        assert_eq!(second.claim(id, at(1)).await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_under_way_is_not_let_go() {
    let [first, second] = two().await;
    let an_hour = Duration::from_hours(1);
    let held = first.store.hold(Shards::ALL, an_hour, at(0)).await;
    let held = held.expect("holds");
    assert_eq!((held.shards.count(), held.leaving.count()), (32, 32));
    assert_eq!(second.hold().await, Shards::NONE);
    let busy = [held.leaving.iter().next().expect("one")];
    let busy: Shards = busy.into_iter().collect();
    let held = first.store.hold(busy, an_hour, at(0)).await;
    assert_eq!(held.expect("holds").leaving, busy);
    assert_eq!(second.hold().await.count(), 31);
}

#[tokio::test]
async fn the_shards_of_one_that_is_gone_are_taken_and_its_leases_end_by_themselves() {
    let [gone, left] = two().await;
    let merchant_id = gone.merchant().await;
    let id = gone.webhook(merchant_id).await.webhook_id;
    gone.publish(merchant_id, card_load(), at(0)).await;
    let lost = gone.claim(id, at(0)).await.remove(0);
    let expires_now = gone.store.hold(Shards::ALL, Duration::ZERO, at(0));
    expires_now.await.expect("holds");

    assert_eq!(left.hold().await, Shards::ALL);
    assert!(left.claim(id, at(1)).await.is_empty(), "is leased still");
    let claim = left.claim(id, lost.lease.until).await.remove(0);
    assert_eq!(claim.delivery_id, lost.delivery_id);
    assert!(gone.claim(id, at(999)).await.is_empty(), "is not its own");
    assert!(!gone.finish(&lost, Next::Acknowledged, at(31)).await);
    assert!(left.finish(&claim, Next::Acknowledged, at(31)).await);
}
