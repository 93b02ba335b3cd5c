//! The queue against a model of it: any sequence of calls has the outcome that a few maps in memory
//! have.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orderhook_store::{
    Claim, DeliveryFilter, DeliveryId, DeliveryState, EndpointId, MerchantId, Next, Replayed,
    Wanted,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::database::{IS_EXCLUSIVE, MODEL_CASES};
use crate::harness::{Harness, LEASE, at, card_load, order};

#[derive(Debug, Clone)]
enum Step {
    Publish,
    PublishOrder(bool),
    Wait(i64),
    Claim {
        of_orders: bool,
        count: u32,
    },
    /// Of any claim that was ever made, so that many leases are lost.
    Finish(Index, Outcome),
    Release(Index),
    Replay(Index),
    Recover,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Acknowledged,
    Retry(i64),
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Acknowledged),
        2 => (0_i64..40).prop_map(Outcome::Retry),
        1 => Just(Outcome::GiveUp),
    ];
    prop_oneof![
        3 => Just(Step::Publish),
        4 => any::<bool>().prop_map(Step::PublishOrder),
        2 => (1_i64..40).prop_map(Step::Wait),
        6 => (any::<bool>(), 1_u32..4)
            .prop_map(|(of_orders, count)| Step::Claim { of_orders, count }),
        6 => (any::<Index>(), outcome).prop_map(|(index, outcome)| Step::Finish(index, outcome)),
        1 => any::<Index>().prop_map(Step::Release),
        2 => any::<Index>().prop_map(Step::Replay),
        1 => Just(Step::Recover),
    ]
}

/// What is queued.
#[derive(Debug, Clone)]
struct Place {
    due: Option<Timestamp>,
    lease: Option<i64>,
    in_line: u32,
    schedule_position: u32,
}

#[derive(Debug, Clone)]
struct Row {
    published_at: Timestamp,
    order: Option<bool>,
    state: DeliveryState,
    attempts: u32,
    place: Option<Place>,
}

#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<DeliveryId, Row>,
    next_in_line: u32,
}

impl Model {
    /// Puts a row into the queue, at the end of its order's line.
    fn enqueue(&mut self, delivery_id: DeliveryId, now: Timestamp) {
        let order = self.rows[&delivery_id].order;
        let waits = order.is_some() && self.line(order).next().is_some();
        self.next_in_line += 1;
        let row = self.rows.get_mut(&delivery_id).expect("a row");
        row.state = DeliveryState::Pending;
        row.place = Some(Place {
            due: (!waits).then_some(now),
            lease: None,
            in_line: self.next_in_line,
            schedule_position: 0,
        });
    }

    fn line(&self, order: Option<bool>) -> impl Iterator<Item = (DeliveryId, &Place)> {
        let of_order = self.rows.iter().filter(move |(_, row)| row.order == order);
        of_order.filter_map(|(id, row)| Some((*id, row.place.as_ref()?)))
    }

    fn due(&self, of_orders: bool, count: u32, now: Timestamp) -> Vec<DeliveryId> {
        let mut due: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, row)| row.order.is_some() == of_orders)
            .filter_map(|(id, row)| Some((row.place.as_ref()?.due?, *id)))
            .filter(|(due, _)| *due <= now)
            .collect();
        due.sort();
        due.truncate(count as usize);
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// The place of a lease that is still held.
    fn held(&mut self, claim: &Claim) -> Option<&mut Place> {
        let place = self.rows.get_mut(&claim.delivery_id)?.place.as_mut()?;
        (place.lease == Some(claim.lease.token)).then_some(place)
    }

    fn finish(&mut self, claim: &Claim, next: Next, now: Timestamp) -> bool {
        self.rows
            .get_mut(&claim.delivery_id)
            .expect("a row")
            .attempts += 1;
        let Some(place) = self.held(claim) else {
            return false;
        };
        let state = match next {
            Next::Retry { due } => {
                place.due = Some(due);
                place.lease = None;
                place.schedule_position += 1;
                return true;
            }
            Next::Acknowledged => DeliveryState::Acknowledged,
            Next::GiveUp => DeliveryState::Failed,
        };
        let row = self.rows.get_mut(&claim.delivery_id).expect("a row");
        row.place = None;
        row.state = state;
        let order = row.order;
        if order.is_some() {
            let first = self.line(order).min_by_key(|(_, place)| place.in_line);
            if let Some((id, _)) = first {
                let next = self.rows.get_mut(&id).expect("a row");
                next.place.as_mut().expect("in line").due = Some(now);
            }
        }
        true
    }

    fn replay(&mut self, delivery_id: DeliveryId, now: Timestamp) {
        match &mut self.rows.get_mut(&delivery_id).expect("a row").place {
            None => self.enqueue(delivery_id, now),
            Some(place) if place.lease.is_some() => {}
            Some(place) => {
                place.schedule_position = 0;
                place.due = place.due.map(|_| now);
            }
        }
    }

    fn recover(&mut self) -> u64 {
        if !IS_EXCLUSIVE {
            return 0;
        }
        let mut recovered = 0;
        for row in self.rows.values_mut() {
            if let Some(place) = row.place.as_mut().filter(|place| place.lease.is_some()) {
                place.lease = None;
                place.due = Some(row.published_at);
                recovered += 1;
            }
        }
        recovered
    }
}

/// Both, side by side.
struct Run {
    harness: Harness,
    merchant_id: MerchantId,
    webhook: EndpointId,
    shop: EndpointId,
    model: Model,
    claims: Vec<Claim>,
    now: Timestamp,
}

impl Run {
    async fn begin() -> Self {
        let harness = Harness::open().await;
        let merchant_id = harness.merchant().await;
        let webhook = harness.webhook(merchant_id).await.webhook_id;
        harness
            .publish(merchant_id, order("before", "{}"), at(0))
            .await;
        let before = harness
            .deliveries(DeliveryFilter::default())
            .await
            .remove(0);
        let claim = harness.claim(before.endpoint_id, at(0)).await.remove(0);
        assert!(harness.finish(&claim, Next::Acknowledged, at(0)).await);
        Self {
            harness,
            merchant_id,
            webhook,
            shop: before.endpoint_id,
            model: Model::default(),
            claims: Vec::new(),
            now: at(1),
        }
    }

    async fn step(&mut self, step: Step) {
        let (harness, now) = (&self.harness, self.now);
        match step {
            Step::Publish => self.publish(None).await,
            Step::PublishOrder(which) => self.publish(Some(which)).await,
            Step::Wait(seconds) => {
                self.now += SignedDuration::from_secs(seconds);
            }
            Step::Claim { of_orders, count } => self.claim(of_orders, count).await,
            Step::Finish(index, outcome) if !self.claims.is_empty() => {
                let claim = index.get(&self.claims);
                let next = match outcome {
                    Outcome::Acknowledged => Next::Acknowledged,
                    Outcome::GiveUp => Next::GiveUp,
                    Outcome::Retry(seconds) => Next::Retry {
                        due: now + SignedDuration::from_secs(seconds),
                    },
                };
                let held = harness.finish(claim, next, now).await;
                assert_eq!(held, self.model.finish(claim, next, now));
            }
            Step::Release(index) if !self.claims.is_empty() => {
                let claim = index.get(&self.claims);
                harness.release(claim, now).await;
                if let Some(place) = self.model.held(claim) {
                    place.lease = None;
                    place.due = Some(claim.due);
                }
            }
            Step::Replay(index) if !self.model.rows.is_empty() => {
                let ids: Vec<_> = self.model.rows.keys().copied().collect();
                let id = *index.get(&ids);
                let replayed = harness.store.replay_delivery(id, now).await;
                assert!(matches!(replayed, Ok(Some(Replayed::Queued(_)))));
                self.model.replay(id, now);
            }
            Step::Recover => {
                let recovered = harness.store.recover(now).await.expect("recovers");
                assert_eq!(recovered, self.model.recover());
            }
            Step::Finish(..) | Step::Release(_) | Step::Replay(_) => {}
        }
        self.compare().await;
    }

    async fn publish(&mut self, order_of: Option<bool>) {
        let event = match order_of {
            None => card_load(),
            Some(which) => order(if which { "A" } else { "B" }, "{}"),
        };
        let event = self
            .harness
            .publish(self.merchant_id, event, self.now)
            .await;
        let filter = DeliveryFilter {
            message_id: Some(event.message_id),
            ..DeliveryFilter::default()
        };
        let delivery = self.harness.deliveries(filter).await.remove(0);
        let row = Row {
            published_at: self.now,
            order: order_of,
            state: DeliveryState::Pending,
            attempts: 0,
            place: None,
        };
        self.model.rows.insert(delivery.delivery_id, row);
        self.model.enqueue(delivery.delivery_id, self.now);
    }

    async fn claim(&mut self, of_orders: bool, count: u32) {
        let endpoint_id = if of_orders { self.shop } else { self.webhook };
        let wanted = [Wanted { endpoint_id, count }];
        let until = self.now + LEASE;
        let claims = self.harness.store.claim(&wanted, self.now, until).await;
        let claims = claims.expect("claims");
        let ids: Vec<_> = claims.iter().map(|claim| claim.delivery_id).collect();
        assert_eq!(ids, self.model.due(of_orders, count, self.now));
        for claim in &claims {
            let row = self.model.rows.get_mut(&claim.delivery_id).expect("a row");
            let place = row.place.as_mut().expect("is queued");
            assert_eq!(claim.attempts, row.attempts);
            assert_eq!(claim.schedule_position, place.schedule_position);
            assert_eq!(Some(claim.due), place.due);
            place.lease = Some(claim.lease.token);
            place.due = Some(until);
        }
        self.claims.extend(claims);
    }

    async fn compare(&self) {
        let deliveries = self.harness.deliveries(DeliveryFilter::default()).await;
        let seen = deliveries.iter().skip(1).map(|delivery| {
            let next = delivery.next_attempt_at;
            (
                delivery.delivery_id,
                delivery.state,
                delivery.attempts,
                next,
            )
        });
        let expected = self.model.rows.iter().map(|(id, row)| {
            let next = row.place.as_ref().and_then(|place| place.due);
            (*id, row.state, row.attempts, next)
        });
        assert_eq!(seen.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: MODEL_CASES, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let mut run = Run::begin().await;
            for step in steps {
                run.step(step).await;
            }
        });
    }
}
