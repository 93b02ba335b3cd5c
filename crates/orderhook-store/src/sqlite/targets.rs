//! Where a new event goes, remembered from one publish to the next.
//!
//! Forgotten as a whole whenever a webhook, a subscription, an endpoint or a secret changes: that is
//! rare, and a rule with no exceptions is one that is kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::access::merchant_exists;
use super::secrets::live_secrets;
use crate::millis::Millis;
use crate::vault::{LiveSecrets, Signer, Vault};
use crate::{EndpointId, EndpointKind, EndpointState, MerchantId, StoreError};

/// How many routes are remembered before all are forgotten.
const MAX_ROUTES: usize = 4096;

/// One receiver of a new event.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint_id: EndpointId,
    pub(super) kind: EndpointKind,
    /// The webhook's address, or the origin.
    pub(super) url: Arc<str>,
    pub(super) failing_since: Option<Timestamp>,
    /// `None` while nothing is to be attempted: then its deliveries wait in the queue.
    pub(super) secrets: Option<LiveSecrets>,
}

/// What decides where an event goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Route {
    EventType(MerchantId, String),
    Origin(MerchantId, String),
}

#[derive(Default)]
pub(super) struct Targets {
    routes: HashMap<Route, Arc<[Target]>>,
    merchants: HashSet<MerchantId>,
}

impl Targets {
    pub(super) fn forget(&mut self) {
        self.routes.clear();
        self.merchants.clear();
    }

    /// Whether there is such a merchant.
    pub(super) fn know_merchant(
        &mut self,
        connection: &Connection,
        merchant_id: MerchantId,
    ) -> Result<bool, StoreError> {
        if self.merchants.contains(&merchant_id) {
            return Ok(true);
        }
        let exists = merchant_exists(connection, merchant_id)?;
        if exists {
            self.merchants.insert(merchant_id);
        }
        Ok(exists)
    }

    /// The merchant's webhooks that are subscribed to the type and have an address.
    pub(super) fn of_event_type(
        &mut self,
        connection: &Connection,
        vault: &Vault,
        merchant_id: MerchantId,
        event_type: &str,
        now: Timestamp,
    ) -> Result<Arc<[Target]>, StoreError> {
        let route = Route::EventType(merchant_id, event_type.to_owned());
        self.find(route, now, || {
            subscribed(connection, vault, merchant_id, event_type, now)
        })
    }

    /// The endpoint of an origin, which is made where there is none.
    pub(super) fn of_origin(
        &mut self,
        connection: &Connection,
        vault: &Vault,
        merchant_id: MerchantId,
        origin: &str,
        now: Timestamp,
    ) -> Result<Arc<[Target]>, StoreError> {
        let route = Route::Origin(merchant_id, origin.to_owned());
        self.find(route, now, || {
            order_callback(connection, vault, merchant_id, origin, now).map(|target| vec![target])
        })
    }

    fn find(
        &mut self,
        route: Route,
        now: Timestamp,
        load: impl FnOnce() -> Result<Vec<Target>, StoreError>,
    ) -> Result<Arc<[Target]>, StoreError> {
        if let Some(targets) = self.routes.get(&route)
            && targets.iter().all(|target| target.is_fresh(now))
        {
            return Ok(Arc::clone(targets));
        }
        let targets: Arc<[Target]> = load()?.into();
        if self.routes.len() >= MAX_ROUTES {
            self.forget();
        }
        self.routes.insert(route, Arc::clone(&targets));
        Ok(targets)
    }
}

impl Target {
    /// Whether all its secrets are still live.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let until = self.secrets.as_ref().and_then(|secrets| secrets.until);
        until.is_none_or(|until| until > Millis::from(now))
    }
}

fn subscribed(
    connection: &Connection,
    vault: &Vault,
    merchant_id: MerchantId,
    event_type: &str,
    now: Timestamp,
) -> Result<Vec<Target>, StoreError> {
    let mut statement = connection.prepare_cached(
        "-- subscribed
        SELECT e.endpoint_id, e.url, e.state, e.failing_since
        FROM endpoint e JOIN subscription s ON s.webhook_id = e.endpoint_id
        WHERE e.merchant_id = ?1 AND s.event_type = ?2 AND e.kind = 'webhook'
            AND e.url IS NOT NULL AND e.deleted_at IS NULL
        ORDER BY e.endpoint_id",
    )?;
    let mut rows = statement.query((merchant_id, event_type))?;
    let mut targets = Vec::new();
    while let Some(row) = rows.next()? {
        let endpoint_id = row.get(0)?;
        let signer = Signer {
            merchant_id,
            webhook_id: Some(endpoint_id),
        };
        targets.push(Target {
            endpoint_id,
            kind: EndpointKind::Webhook,
            url: row.get(1)?,
            secrets: secrets_if_active(connection, vault, signer, row.get(2)?, now)?,
            failing_since: row.get::<_, Option<Millis>>(3)?.map(Millis::timestamp),
        });
    }
    Ok(targets)
}

fn order_callback(
    connection: &Connection,
    vault: &Vault,
    merchant_id: MerchantId,
    origin: &str,
    now: Timestamp,
) -> Result<Target, StoreError> {
    let found = connection
        .prepare_cached(
            "-- order_callback
            SELECT endpoint_id, state, failing_since FROM endpoint
            WHERE kind = 'order_callback' AND merchant_id = ?1 AND url = ?2",
        )?
        .query_row((merchant_id, origin), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<Millis>>(2)?))
        })
        .optional()?;
    let (endpoint_id, state, failing_since) = match found {
        Some(found) => found,
        None => {
            let insert = connection
                .prepare_cached(
                    "-- order_callback
                    INSERT INTO endpoint (merchant_id, kind, url) VALUES (?1, 'order_callback', ?2)",
                )?
                .insert((merchant_id, origin))?;
            (EndpointId(insert), EndpointState::Active, None)
        }
    };
    let signer = Signer {
        merchant_id,
        webhook_id: None,
    };
    Ok(Target {
        endpoint_id,
        kind: EndpointKind::OrderCallback,
        url: origin.into(),
        secrets: secrets_if_active(connection, vault, signer, state, now)?,
        failing_since: failing_since.map(Millis::timestamp),
    })
}

fn secrets_if_active(
    connection: &Connection,
    vault: &Vault,
    signer: Signer,
    state: EndpointState,
    now: Timestamp,
) -> Result<Option<LiveSecrets>, StoreError> {
    if state != EndpointState::Active {
        return Ok(None);
    }
    secrets_or_wait(connection, vault, signer, now)
}

/// The live secrets; `None`, with a line in the log, where they can't be opened: an event is taken
/// in all the same, and one damaged row keeps no other endpoint from its deliveries.
pub(super) fn secrets_or_wait(
    connection: &Connection,
    vault: &Vault,
    signer: Signer,
    now: Timestamp,
) -> Result<Option<LiveSecrets>, StoreError> {
    match live_secrets(connection, vault, signer, now) {
        Err(error @ (StoreError::Sealed { .. } | StoreError::Corrupt { .. })) => {
            tracing::error!(%error, "deliveries wait for a secret that can be opened");
            Ok(None)
        }
        other => other.map(Some),
    }
}
