//! The operating notes: their table of metrics is that of the server, and their links lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use orderhook_delivery::{AttemptSeen, BreakerState, Load, LostAttempt, Observer as _};
use orderhook_store::{
    AttemptOutcome, DeliveryId, EndpointId, EventId, MerchantId, MessageId, Stats, StoreError,
};

use crate::metrics::Metrics;

const NOTES: &str = include_str!("../../deploy/README.md");

/// Metrics of which each has something to tell: those that have not are not on the page.
fn metrics() -> Metrics {
    let metrics = Metrics::new();
    let delivery_id = DeliveryId(1);
    let endpoint_id = EndpointId(1);
    metrics.request("merchant", "listWebhooks", 200, 0.001);
    metrics.stats(&Stats::default(), Timestamp::UNIX_EPOCH);
    metrics.load(&Load::default());
    metrics.attempted(&AttemptSeen {
        merchant_id: MerchantId(1),
        endpoint_id,
        delivery_id,
        message_id: MessageId {
            event_id: EventId(1),
            nonce: 1,
        },
        attempt: 1,
        outcome: AttemptOutcome::Acknowledged,
        status: Some(200),
        duration: Duration::ZERO,
        waited: Duration::ZERO,
    });
    metrics.recorded(delivery_id, false);
    metrics.attempt_lost(delivery_id, LostAttempt::Unsigned);
    metrics.breaker_changed(endpoint_id, BreakerState::HalfOpen);
    metrics.store_failed(&StoreError::Unavailable("it is away".into()));
    metrics
}

/// The name of each metric, as Prometheus keeps it, and its kind.
fn served() -> BTreeSet<(String, String)> {
    let page = metrics().encode().unwrap();
    let kinds = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = kinds.map(|line| {
        let (name, kind) = line.split_once(' ').unwrap();
        let end = if kind == "counter" { "_total" } else { "" };
        (format!("{name}{end}"), kind.to_owned())
    });
    names.collect()
}

/// The same as the table of the notes has it.
fn noted() -> BTreeSet<(String, String)> {
    let rows = NOTES
        .lines()
        .filter(|line| line.starts_with("| `orderhook_"));
    let names = rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let name = cells.next().unwrap().trim_matches('`');
        (name.to_owned(), cells.next().unwrap().to_owned())
    });
    names.collect()
}

#[test]
fn every_metric_is_explained_and_no_other() {
    assert_eq!(noted(), served());
}

#[test]
fn links_lead_somewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let links = NOTES
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap());
    for link in links.filter(|link| !link.starts_with("https://")) {
        let (path, heading) = link.split_once('#').unwrap_or((link, ""));
        assert!(folder.join(path).exists(), "{link}");
        let mut headings = NOTES.lines().filter_map(|line| line.strip_prefix("## "));
        let is_there = headings.any(|it| it.to_lowercase().replace(' ', "-") == heading);
        assert!(heading.is_empty() || is_there, "{link}");
    }
}
