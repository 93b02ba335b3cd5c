//! Where a new event goes and what signs it, remembered from one publish to the next.
//!
//! All of it was read under one number of `routing`. Whoever writes by it has the statement compare
//! the number, so that a change made anywhere counts from the moment at which it is durable.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connection::Transaction;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::secrets::SecretRow;
use crate::millis::Millis;
use crate::vault::{LiveSecrets, Signer, Vault};
use crate::{EndpointId, EndpointKind, MerchantId, StoreError};

/// How many routes, or merchants, or secrets are remembered before all are forgotten.
const MAX_REMEMBERED: usize = 4096;

/// One receiver of a new event.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint_id: EndpointId,
    pub(super) kind: EndpointKind,
    /// The webhook's address, or the origin.
    pub(super) url: Arc<str>,
    /// `None` if they can't be opened: then its deliveries wait in the queue.
    pub(super) secrets: Option<LiveSecrets>,
}

/// What decides where an event goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Route {
    EventType(MerchantId, String),
    Origin(MerchantId, String),
}

#[derive(Default)]
pub(super) struct Routes(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// 0 before the first look: the database begins with 1.
    version: i64,
    targets: HashMap<Route, Arc<[Target]>>,
    secrets: HashMap<Signer, LiveSecrets>,
    /// A merchant is never deleted, so that these hold under any number.
    merchants: HashSet<MerchantId>,
}

impl Known {
    /// Forgets what was read under another number.
    fn follow(&mut self, version: i64) {
        if self.version != version {
            self.version = version;
            self.targets.clear();
            self.secrets.clear();
        }
    }
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything that a change can have made untrue.
    pub(super) fn forget(&self) {
        self.lock().follow(0);
    }

    /// Whether there is such a merchant.
    pub(super) async fn knows_merchant(
        &self,
        client: &ClientWrapper,
        merchant_id: MerchantId,
    ) -> Result<bool, StoreError> {
        if self.lock().merchants.contains(&merchant_id) {
            return Ok(true);
        }
        let statement = client.prepare_cached(MERCHANT_EXISTS).await?;
        let exists = client
            .query_one(&statement, &[&merchant_id])
            .await?
            .try_get(0)?;
        if exists {
            let mut known = self.lock();
            if known.merchants.len() >= MAX_REMEMBERED {
                known.merchants.clear();
            }
            known.merchants.insert(merchant_id);
        }
        Ok(exists)
    }

    /// Where each of these routes leads, and the number under which all of it was read.
    pub(super) async fn find_all(
        &self,
        client: &ClientWrapper,
        vault: &Vault,
        routes: &[Route],
        now: Timestamp,
    ) -> Result<(i64, Vec<Arc<[Target]>>), StoreError> {
        loop {
            let begun_under = self.lock().version;
            let mut found = Vec::with_capacity(routes.len());
            for route in routes {
                let targets = match self.remembered(route, now) {
                    Some(targets) => targets,
                    None => self.read(client, vault, route, now).await?,
                };
                found.push(targets);
            }
            let version = self.lock().version;
            // If a change came in between, some of it was read before and some of it after.
            if version == begun_under && version != 0 {
                return Ok((version, found));
            }
        }
    }

    fn remembered(&self, route: &Route, now: Timestamp) -> Option<Arc<[Target]>> {
        let known = self.lock();
        let targets = known.targets.get(route)?;
        let fresh = targets.iter().all(|target| target.is_fresh(now));
        fresh.then(|| Arc::clone(targets))
    }

    async fn read(
        &self,
        client: &ClientWrapper,
        vault: &Vault,
        route: &Route,
        now: Timestamp,
    ) -> Result<Arc<[Target]>, StoreError> {
        let rows = match route {
            Route::EventType(merchant_id, event_type) => {
                let statement = client.prepare_cached(SUBSCRIBED).await?;
                let now = Millis::from(now);
                client
                    .query(&statement, &[merchant_id, event_type, &now])
                    .await?
            }
            Route::Origin(merchant_id, origin) => {
                add_origin(client, *merchant_id, origin).await?;
                let statement = client.prepare_cached(ORDER_CALLBACK).await?;
                let now = Millis::from(now);
                client
                    .query(&statement, &[merchant_id, origin, &now])
                    .await?
            }
        };
        let (version, targets) = read_targets(&rows, vault)?;
        let targets: Arc<[Target]> = targets.into();
        let mut known = self.lock();
        known.follow(version);
        if known.targets.len() >= MAX_REMEMBERED {
            known.targets.clear();
        }
        known.targets.insert(route.clone(), Arc::clone(&targets));
        Ok(targets)
    }

    /// The live secrets of a signer, as they were under this number or later; `None`, with a line in
    /// the log, if they can't be opened.
    pub(super) async fn live_secrets(
        &self,
        client: &ClientWrapper,
        vault: &Vault,
        signer: Signer,
        version: i64,
        now: Timestamp,
    ) -> Result<Option<LiveSecrets>, StoreError> {
        {
            let known = self.lock();
            if known.version == version
                && let Some(secrets) = known.secrets.get(&signer)
                && is_live(secrets, now)
            {
                return Ok(Some(secrets.clone()));
            }
        }
        let (sql, id) = match signer.webhook_id {
            Some(webhook_id) => (SECRETS_OF_WEBHOOK, webhook_id.0),
            None => (SECRETS_OF_MERCHANT, signer.merchant_id.0),
        };
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&id, &Millis::from(now)]).await?;
        let mut read_under = version;
        let mut sealed = Vec::new();
        for row in &rows {
            read_under = row.try_get(0)?;
            sealed.extend(SecretRow::read(row, 1)?);
        }
        let secrets = open_or_wait(vault, &sealed)?;
        if let Some(secrets) = &secrets {
            let mut known = self.lock();
            known.follow(read_under);
            if known.secrets.len() >= MAX_REMEMBERED {
                known.secrets.clear();
            }
            known.secrets.insert(signer, secrets.clone());
        }
        Ok(secrets)
    }
}

impl Target {
    /// Whether all its secrets are still live.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.secrets
            .as_ref()
            .is_some_and(|secrets| is_live(secrets, now))
    }
}

fn is_live(secrets: &LiveSecrets, now: Timestamp) -> bool {
    secrets.until.is_none_or(|until| until > Millis::from(now))
}

/// To be done by every transaction that changes an address, a subscription or a secret.
pub(super) async fn change_routing(transaction: &Transaction) -> Result<(), StoreError> {
    let statement = transaction
        .prepare_cached("UPDATE routing SET version = version + 1")
        .await?;
    transaction.execute(&statement, &[]).await?;
    Ok(())
}

pub(super) const MERCHANT_EXISTS: &str = "-- merchant_exists
    SELECT EXISTS (SELECT 1 FROM merchant WHERE merchant_id = $1)";

/// A row for each live secret of each target; one row with nothing but the number where there are no
/// targets.
const SUBSCRIBED: &str = "-- subscribed
    SELECT r.version, p.endpoint_id, p.kind, p.url, s.secret_id, s.sealed, s.expires_at
    FROM routing r
    LEFT JOIN (subscription u JOIN endpoint p ON p.endpoint_id = u.webhook_id)
        ON p.merchant_id = $1 AND u.event_type = $2 AND p.url IS NOT NULL AND p.deleted_at IS NULL
    LEFT JOIN signing_secret s
        ON s.webhook_id = p.endpoint_id AND (s.expires_at IS NULL OR s.expires_at > $3)
    ORDER BY p.endpoint_id, s.secret_id DESC";

const ORDER_CALLBACK: &str = "-- order_callback
    SELECT r.version, p.endpoint_id, p.kind, p.url, s.secret_id, s.sealed, s.expires_at
    FROM routing r
    LEFT JOIN endpoint p ON p.merchant_id = $1 AND p.url = $2 AND p.kind = 'order_callback'
    LEFT JOIN signing_secret s ON s.merchant_id = p.merchant_id AND s.webhook_id IS NULL
        AND (s.expires_at IS NULL OR s.expires_at > $3)
    ORDER BY s.secret_id DESC";

const SECRETS_OF_WEBHOOK: &str = "-- live_secrets
    SELECT r.version, s.secret_id, s.sealed, s.expires_at FROM routing r
    LEFT JOIN signing_secret s
        ON s.webhook_id = $1 AND (s.expires_at IS NULL OR s.expires_at > $2)
    ORDER BY s.secret_id DESC";

const SECRETS_OF_MERCHANT: &str = "-- live_secrets
    SELECT r.version, s.secret_id, s.sealed, s.expires_at FROM routing r
    LEFT JOIN signing_secret s ON s.merchant_id = $1 AND s.webhook_id IS NULL
        AND (s.expires_at IS NULL OR s.expires_at > $2)
    ORDER BY s.secret_id DESC";

/// Makes the endpoint of an origin where there is none. That changes no route that leads anywhere.
async fn add_origin(
    client: &ClientWrapper,
    merchant_id: MerchantId,
    origin: &str,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "-- add_origin
            INSERT INTO endpoint (merchant_id, kind, url)
            SELECT $1, 'order_callback', $2 WHERE NOT EXISTS (
                SELECT 1 FROM endpoint
                WHERE merchant_id = $1 AND url = $2 AND kind = 'order_callback'
            )
            ON CONFLICT (merchant_id, url) WHERE kind = 'order_callback' DO NOTHING",
        )
        .await?;
    client.execute(&statement, &[&merchant_id, &origin]).await?;
    Ok(())
}

fn read_targets(rows: &[Row], vault: &Vault) -> Result<(i64, Vec<Target>), StoreError> {
    let mut version = 0;
    let mut targets = Vec::new();
    let mut rows = rows.iter().peekable();
    while let Some(row) = rows.next() {
        version = row.try_get(0)?;
        let Some(endpoint_id) = row.try_get::<_, Option<EndpointId>>(1)? else {
            continue;
        };
        let mut sealed = Vec::from_iter(SecretRow::read(row, 4)?);
        while let Some(row) = rows.next_if(|row| row.try_get(1).ok() == Some(Some(endpoint_id))) {
            sealed.extend(SecretRow::read(row, 4)?);
        }
        targets.push(Target {
            endpoint_id,
            kind: row.try_get(2)?,
            url: row.try_get::<_, &str>(3)?.into(),
            secrets: open_or_wait(vault, &sealed)?,
        });
    }
    Ok((version, targets))
}

/// `None`, with a line in the log, where a secret can't be opened: an event is taken in all the same,
/// and one damaged row keeps no other endpoint from its deliveries.
fn open_or_wait(vault: &Vault, sealed: &[SecretRow]) -> Result<Option<LiveSecrets>, StoreError> {
    match SecretRow::open_all(sealed, vault) {
        Err(error @ (StoreError::Sealed { .. } | StoreError::Corrupt { .. })) => {
            tracing::error!(%error, "deliveries wait for a secret that can be opened");
            Ok(None)
        }
        other => other.map(Some),
    }
}
