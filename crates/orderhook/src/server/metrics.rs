//! What Prometheus reads. No label has more values than this program has names.

use std::sync::atomic::AtomicU64;

use orderhook_delivery::{AttemptSeen, BreakerState, Load, LostAttempt, Observer};
use orderhook_store::{DeliveryId, EndpointId, Stats, StoreError};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    listener: &'static str,
    operation: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

/// The server's metrics.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<ListenerLabels, Histogram, fn() -> Histogram>,
    attempts: Family<OutcomeLabels, Counter>,
    attempt_seconds: Histogram,
    wait_seconds: Histogram,
    leases_lost: Counter,
    attempts_lost: Family<ReasonLabels, Counter>,
    breakers: Family<StateLabels, Counter>,
    store_errors: Counter,
    pending: Gauge,
    due: Gauge,
    oldest_due_seconds: Gauge<f64, AtomicU64>,
    oldest_pending_seconds: Gauge<f64, AtomicU64>,
    endpoints: Family<StateLabels, Gauge>,
    in_memory: Family<StateLabels, Gauge>,
    shards_held: Gauge,
}

/// From half a millisecond to 16 seconds: what a call or an attempt can take.
fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("orderhook");
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(latency),
            attempts: Family::default(),
            attempt_seconds: latency(),
            wait_seconds: latency(),
            leases_lost: Counter::default(),
            attempts_lost: Family::default(),
            breakers: Family::default(),
            store_errors: Counter::default(),
            pending: Gauge::default(),
            due: Gauge::default(),
            oldest_due_seconds: Gauge::default(),
            oldest_pending_seconds: Gauge::default(),
            endpoints: Family::default(),
            in_memory: Family::default(),
            shards_held: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from a request to its answer",
            Unit::Seconds,
            metrics.request_seconds.clone(),
        );
        registry.register("attempts", "Attempts to deliver", metrics.attempts.clone());
        registry.register_with_unit(
            "attempt_duration",
            "Time from the beginning of an attempt to its end",
            Unit::Seconds,
            metrics.attempt_seconds.clone(),
        );
        registry.register_with_unit(
            "attempt_wait",
            "Time from the lease of a delivery to the beginning of its attempt",
            Unit::Seconds,
            metrics.wait_seconds.clone(),
        );
        registry.register(
            "attempts_lost",
            "Attempts without a record, which will be made again, by the reason",
            metrics.attempts_lost.clone(),
        );
        registry.register(
            "leases_lost",
            "Attempts whose lease ended before their result was recorded",
            metrics.leases_lost.clone(),
        );
        registry.register(
            "breaker_changes",
            "Changes of an endpoint's breaker, by the state it came to",
            metrics.breakers.clone(),
        );
        registry.register(
            "store_errors",
            "Results of attempts that could not be recorded at once, and polls that failed",
            metrics.store_errors.clone(),
        );
        registry.register(
            "deliveries_pending",
            "Deliveries that are queued or being attempted, by any replica",
            metrics.pending.clone(),
        );
        registry.register(
            "deliveries_due",
            "Deliveries of active endpoints that are due, in the whole database",
            metrics.due.clone(),
        );
        registry.register_with_unit(
            "oldest_due_age",
            "For how long the longest due delivery has been due",
            Unit::Seconds,
            metrics.oldest_due_seconds.clone(),
        );
        registry.register_with_unit(
            "oldest_pending_age",
            "How long ago the oldest pending delivery was queued",
            Unit::Seconds,
            metrics.oldest_pending_seconds.clone(),
        );
        registry.register("endpoints", "Endpoints by state", metrics.endpoints.clone());
        registry.register(
            "deliveries_in_memory",
            "Deliveries that the engine holds: waiting for their turn, being attempted or recorded",
            metrics.in_memory.clone(),
        );
        registry.register(
            "shards_held",
            "Shards of endpoints that this replica delivers to, of 64 that all of them share",
            metrics.shards_held.clone(),
        );
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn request(
        &self,
        listener: &'static str,
        operation: &'static str,
        status: u16,
        seconds: f64,
    ) {
        self.requests
            .get_or_create(&RequestLabels {
                listener,
                operation,
                status,
            })
            .inc();
        self.request_seconds
            .get_or_create(&ListenerLabels { listener })
            .observe(seconds);
    }

    /// What a look at the store showed.
    pub(crate) fn stats(&self, stats: &Stats, now: jiff::Timestamp) {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let age = |since: Option<jiff::Timestamp>| {
            since.map_or(0.0, |since| {
                now.duration_since(since).as_secs_f64().max(0.0)
            })
        };
        self.pending.set(count(stats.pending));
        self.due.set(count(stats.due));
        self.oldest_due_seconds.set(age(stats.oldest_due));
        self.oldest_pending_seconds.set(age(stats.oldest_pending));
        for (state, endpoints) in [
            ("active", stats.endpoints_active),
            ("paused", stats.endpoints_paused),
            ("disabled", stats.endpoints_disabled),
        ] {
            self.endpoints
                .get_or_create(&StateLabels { state })
                .set(count(endpoints));
        }
    }

    /// What the engine holds in memory.
    pub(crate) fn load(&self, load: &Load) {
        for (state, deliveries) in [
            ("waiting", load.waiting),
            ("attempting", load.attempting),
            ("recording", load.recording),
        ] {
            self.in_memory
                .get_or_create(&StateLabels { state })
                .set(i64::try_from(deliveries).unwrap_or(i64::MAX));
        }
        self.shards_held.set(load.shards.into());
    }

    /// The text that Prometheus reads.
    pub(crate) fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

impl Observer for Metrics {
    fn attempted(&self, attempt: &AttemptSeen) {
        let outcome = attempt.outcome.as_str();
        self.attempts
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
        self.attempt_seconds.observe(attempt.duration.as_secs_f64());
        self.wait_seconds.observe(attempt.waited.as_secs_f64());
    }

    fn recorded(&self, _: DeliveryId, held: bool) {
        if !held {
            self.leases_lost.inc();
        }
    }

    fn attempt_lost(&self, _: DeliveryId, lost: LostAttempt) {
        let reason = match lost {
            LostAttempt::Unsigned => "unsigned",
            LostAttempt::NotConnected => "not_connected",
            LostAttempt::Panicked => "panicked",
            LostAttempt::Unrecorded => "unrecorded",
            _ => "other",
        };
        self.attempts_lost
            .get_or_create(&ReasonLabels { reason })
            .inc();
    }

    fn breaker_changed(&self, _: EndpointId, state: BreakerState) {
        let state = match state {
            BreakerState::Closed => "closed",
            BreakerState::Open { .. } => "open",
            BreakerState::HalfOpen => "half_open",
        };
        self.breakers.get_or_create(&StateLabels { state }).inc();
    }

    fn store_failed(&self, _: &StoreError) {
        self.store_errors.inc();
    }
}
