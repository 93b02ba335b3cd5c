//! Endpoints: what deliveries go to.

use async_trait::async_trait;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use orderhook_types::Secret;
use tokio_postgres::Row;

use super::Postgres;
use super::columns::unsigned;
use super::connection::Transaction;
use super::routes::change_routing;
use super::rows::{Conditions, page};
use super::secrets::{expire_secrets, insert_secret};
use crate::handover::News;
use crate::millis::Millis;
use crate::vault::Signer;
use crate::{
    Endpoint, EndpointFilter, EndpointId, EndpointState, Endpoints, Page, PageRequest, SecretOwner,
    StoreError,
};

/// So many deliveries are made due by one transaction.
const RESUMED_AT_ONCE: i64 = 2000;

#[async_trait]
impl Endpoints for Postgres {
    async fn endpoints(
        &self,
        filter: EndpointFilter,
        request: PageRequest,
    ) -> Result<Page<Endpoint>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.and_if("p.merchant_id = ?", filter.merchant_id);
        conditions.and_if("p.state = ?", filter.state);
        self.core
            .pool
            .run(async |connection| {
                let endpoints = page(
                    &connection,
                    &format!("-- endpoints{SELECT_ENDPOINT}"),
                    "p.endpoint_id",
                    conditions,
                    request,
                    |row| Ok((row.try_get(0)?, read_endpoint(row)?)),
                )
                .await?;
                Ok(endpoints)
            })
            .await
    }

    async fn endpoint(&self, endpoint_id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let endpoint = find_endpoint(&connection, endpoint_id).await?;
                Ok(endpoint)
            })
            .await
    }

    async fn set_endpoint_state(
        &self,
        endpoint_id: EndpointId,
        state: EndpointState,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        let pool = &self.core.pool;
        if state == EndpointState::Active {
            // In steps, so that a long queue holds up no one else, and before the state: as long as
            // the endpoint is not active, it doesn't matter what is due.
            while pool
                .transact(async |transaction| make_due(&transaction, endpoint_id, now).await)
                .await?
                > 0
            {}
        }
        let set = pool
            .transact(async |transaction| {
                set_state(&transaction, endpoint_id, state, reason, now).await
            })
            .await?;
        match set {
            Set::NotFound => return Ok(None),
            Set::Kept => {}
            Set::Changed => self.core.tell(News {
                changed: vec![endpoint_id],
                wake: state == EndpointState::Active,
                ..News::default()
            }),
        }
        self.endpoint(endpoint_id).await
    }

    async fn rotate_secret(
        &self,
        owner: SecretOwner,
        sign_secret: &Secret,
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let core = &self.core;
        let signed = core
            .pool
            .transact(async |transaction| {
                let Some(signer) = lock_signer(&transaction, owner).await? else {
                    return Ok(None);
                };
                expire_secrets(&transaction, signer, previous_until).await?;
                insert_secret(&transaction, &core.vault, signer, sign_secret, now).await?;
                let signed = signed_by(&transaction, signer).await?;
                change_routing(&transaction).await?;
                Ok(Some(signed))
            })
            .await?;
        let Some(changed) = signed else {
            return Ok(false);
        };
        core.tell(News {
            changed,
            ..News::default()
        });
        Ok(true)
    }
}

pub(super) const SELECT_ENDPOINT: &str = "
    SELECT p.endpoint_id, p.merchant_id, p.kind, p.url, p.state, p.state_reason, p.state_since,
        p.failing_since, q.pending, e.created_at
    FROM endpoint p
    CROSS JOIN LATERAL (
        SELECT count(*) AS pending, min(q.delivery_id) AS oldest FROM queue q
        WHERE q.endpoint_id = p.endpoint_id
    ) q
    LEFT JOIN delivery d ON d.delivery_id = q.oldest
    LEFT JOIN event e ON e.event_id = d.event_id
    WHERE p.deleted_at IS NULL";

async fn find_endpoint(
    client: &ClientWrapper,
    endpoint_id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let sql = format!("-- find_endpoint{SELECT_ENDPOINT} AND p.endpoint_id = $1");
    let statement = client.prepare_cached(&sql).await?;
    let row = client.query_opt(&statement, &[&endpoint_id]).await?;
    row.as_ref().map(read_endpoint).transpose()
}

fn read_endpoint(row: &Row) -> Result<Endpoint, StoreError> {
    let time = |index: usize| -> Result<Option<Timestamp>, StoreError> {
        let time: Option<Millis> = row.try_get(index)?;
        Ok(time.map(Millis::timestamp))
    };
    Ok(Endpoint {
        endpoint_id: row.try_get(0)?,
        merchant_id: row.try_get(1)?,
        kind: row.try_get(2)?,
        url: row.try_get(3)?,
        state: row.try_get(4)?,
        state_reason: row.try_get(5)?,
        state_since: time(6)?,
        failing_since: time(7)?,
        pending: unsigned(row, 8)?,
        oldest_pending: time(9)?,
    })
}

/// Makes some of what waits for a time due; returns how many. What is leased stays leased, and of an
/// active endpoint everything stays as it is.
///
/// A row that another transaction has locked is passed by: it is just being finished or replayed.
async fn make_due(
    transaction: &Transaction,
    endpoint_id: EndpointId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- make_due
            UPDATE queue SET due = $2 WHERE delivery_id IN (
                SELECT delivery_id FROM queue
                WHERE endpoint_id = $1 AND due > $2 AND lease IS NULL LIMIT $3
                FOR UPDATE SKIP LOCKED
            ) AND EXISTS (SELECT 1 FROM endpoint WHERE endpoint_id = $1 AND state <> 'active')",
        )
        .await?;
    let parameters = [
        &endpoint_id as _,
        &Millis::from(now) as _,
        &RESUMED_AT_ONCE as _,
    ];
    Ok(transaction.execute(&statement, &parameters).await?)
}

/// What came of setting a state.
enum Set {
    /// There is no such endpoint.
    NotFound,
    /// It had the state already.
    Kept,
    /// It has another one now.
    Changed,
}

async fn set_state(
    transaction: &Transaction,
    endpoint_id: EndpointId,
    state: EndpointState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Set, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- set_state
            SELECT state FROM endpoint WHERE endpoint_id = $1 AND deleted_at IS NULL
            FOR NO KEY UPDATE",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&endpoint_id]).await?;
    let Some(row) = row else {
        return Ok(Set::NotFound);
    };
    if row.try_get::<_, EndpointState>(0)? == state {
        if state == EndpointState::Paused {
            replace_reason(transaction, endpoint_id, reason).await?;
        }
        return Ok(Set::Kept);
    }
    let statement = transaction
        .prepare_cached(
            "-- set_state
            UPDATE endpoint SET state = $2, state_reason = $3, state_since = $4,
                failing_since = CASE WHEN $2 = 'active' THEN NULL ELSE failing_since END
            WHERE endpoint_id = $1",
        )
        .await?;
    let since = Millis::from(now);
    transaction
        .execute(&statement, &[&endpoint_id, &state, &reason, &since])
        .await?;
    Ok(Set::Changed)
}

async fn replace_reason(
    transaction: &Transaction,
    endpoint_id: EndpointId,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- replace_reason
            UPDATE endpoint SET state_reason = $2 WHERE endpoint_id = $1",
        )
        .await?;
    transaction
        .execute(&statement, &[&endpoint_id, &reason])
        .await?;
    Ok(())
}

/// The endpoints whose deliveries are signed with a secret.
async fn signed_by(
    transaction: &Transaction,
    signer: Signer,
) -> Result<Vec<EndpointId>, StoreError> {
    if let Some(webhook_id) = signer.webhook_id {
        return Ok(vec![webhook_id]);
    }
    let statement = transaction
        .prepare_cached(
            "-- signed_by
            SELECT endpoint_id FROM endpoint WHERE merchant_id = $1 AND kind = 'order_callback'",
        )
        .await?;
    let rows = transaction
        .query(&statement, &[&signer.merchant_id])
        .await?;
    let endpoints: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(endpoints?)
}

/// Finds whose secret it is, and lets nobody else rotate it or delete the webhook until the end of the
/// transaction: of two secrets that never expire, neither would be the newest.
async fn lock_signer(
    transaction: &Transaction,
    owner: SecretOwner,
) -> Result<Option<Signer>, StoreError> {
    let (sql, id, webhook_id) = match owner {
        SecretOwner::Webhook(webhook_id) => (
            "-- lock_signer
            SELECT merchant_id FROM endpoint
            WHERE endpoint_id = $1 AND kind = 'webhook' AND deleted_at IS NULL
            FOR NO KEY UPDATE",
            webhook_id.0,
            Some(webhook_id),
        ),
        SecretOwner::Merchant(merchant_id) => (
            "-- lock_signer
            SELECT merchant_id FROM merchant WHERE merchant_id = $1
            FOR NO KEY UPDATE",
            merchant_id.0,
            None,
        ),
    };
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_opt(&statement, &[&id]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Signer {
        merchant_id: row.try_get(0)?,
        webhook_id,
    }))
}
