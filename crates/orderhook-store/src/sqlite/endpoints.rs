//! Endpoints: what deliveries go to.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::Secret;
use rusqlite::{Connection, OptionalExtension, Row};

use super::Sqlite;
use super::batch::Batch;
use super::columns::count;
use super::rows::{Conditions, page};
use super::secrets::{expire_secrets, insert_secret};
use crate::millis::Millis;
use crate::vault::Signer;
use crate::{
    Endpoint, EndpointFilter, EndpointId, EndpointState, Endpoints, MerchantId, Page, PageRequest,
    SecretOwner, StoreError,
};

/// So many deliveries are made due by one transaction.
const RESUMED_AT_ONCE: u32 = 2000;

#[async_trait]
impl Endpoints for Sqlite {
    async fn endpoints(
        &self,
        filter: EndpointFilter,
        request: PageRequest,
    ) -> Result<Page<Endpoint>, StoreError> {
        let read = move |connection: &Connection| {
            let mut conditions = Conditions::default();
            conditions.and_if("p.merchant_id = ?", filter.merchant_id);
            conditions.and_if("p.state = ?", filter.state);
            page(
                connection,
                &format!("-- endpoints{SELECT_ENDPOINT}"),
                "p.endpoint_id",
                conditions,
                request,
                |row| Ok((row.get(0)?, read_endpoint(row)?)),
            )
        };
        self.readers.read(read).await
    }

    async fn endpoint(&self, endpoint_id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let read = move |connection: &Connection| find_endpoint(connection, endpoint_id);
        self.readers.read(read).await
    }

    async fn set_endpoint_state(
        &self,
        endpoint_id: EndpointId,
        state: EndpointState,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        if state == EndpointState::Active {
            // In steps, so that a long queue holds up no one else, and before the state: as long as
            // the endpoint is not active, it doesn't matter what is due.
            while self
                .writer
                .call(move |batch| make_due(batch.connection, endpoint_id, now))
                .await?
                > 0
            {}
        }
        let reason = reason.map(str::to_owned);
        let changed = self
            .writer
            .call(move |batch| set_state(batch, endpoint_id, state, reason.as_deref(), now))
            .await?;
        if changed {
            self.endpoint(endpoint_id).await
        } else {
            Ok(None)
        }
    }

    async fn rotate_secret(
        &self,
        owner: SecretOwner,
        sign_secret: &Secret,
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sign_secret = sign_secret.clone();
        self.writer
            .call(move |batch| {
                let Some(signer) = find_signer(batch.connection, owner)? else {
                    return Ok(false);
                };
                expire_secrets(batch.connection, signer, previous_until)?;
                insert_secret(batch.connection, batch.vault, signer, &sign_secret, now)?;
                let mut signed = signed_by(batch.connection, signer)?;
                batch.news.changed.append(&mut signed);
                batch.memory.targets.forget();
                Ok(true)
            })
            .await
    }
}

const SELECT_ENDPOINT: &str = "
    SELECT p.endpoint_id, p.merchant_id, p.kind, p.url, p.state, p.state_reason, p.state_since,
        p.failing_since,
        (SELECT count(*) FROM queue q WHERE q.endpoint_id = p.endpoint_id),
        (SELECT e.created_at FROM delivery d JOIN event e ON e.event_id = d.event_id
            WHERE d.delivery_id =
                (SELECT min(q.delivery_id) FROM queue q WHERE q.endpoint_id = p.endpoint_id))
    FROM endpoint p WHERE p.deleted_at IS NULL";

fn find_endpoint(
    connection: &Connection,
    endpoint_id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let endpoint = connection
        .prepare_cached(&format!(
            "-- find_endpoint{SELECT_ENDPOINT} AND p.endpoint_id = ?1"
        ))?
        .query_row([endpoint_id], |row| Ok(read_endpoint(row)))
        .optional()?;
    endpoint.transpose()
}

fn read_endpoint(row: &Row<'_>) -> Result<Endpoint, StoreError> {
    let time = |index: usize| -> Result<Option<Timestamp>, StoreError> {
        Ok(row.get::<_, Option<Millis>>(index)?.map(Millis::timestamp))
    };
    Ok(Endpoint {
        endpoint_id: row.get(0)?,
        merchant_id: row.get(1)?,
        kind: row.get(2)?,
        url: row.get(3)?,
        state: row.get(4)?,
        state_reason: row.get(5)?,
        state_since: time(6)?,
        failing_since: time(7)?,
        pending: count(row, 8)?,
        oldest_pending: time(9)?,
    })
}

/// Makes some of what waits for a time due; returns how many. What is leased stays leased, and of an
/// active endpoint everything stays as it is.
fn make_due(
    connection: &Connection,
    endpoint_id: EndpointId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let changed = connection
        .prepare_cached(
            "-- make_due
            UPDATE queue SET due = ?2 WHERE delivery_id IN (
                SELECT delivery_id FROM queue
                WHERE endpoint_id = ?1 AND due > ?2 AND lease IS NULL LIMIT ?3
            ) AND EXISTS (SELECT 1 FROM endpoint WHERE endpoint_id = ?1 AND state <> 'active')",
        )?
        .execute((endpoint_id, Millis::from(now), RESUMED_AT_ONCE))?;
    Ok(changed)
}

fn set_state(
    batch: &mut Batch<'_>,
    endpoint_id: EndpointId,
    state: EndpointState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let before: Option<EndpointState> = batch
        .connection
        .prepare_cached(
            "-- set_state
            SELECT state FROM endpoint WHERE endpoint_id = ?1 AND deleted_at IS NULL",
        )?
        .query_row([endpoint_id], |row| row.get(0))
        .optional()?;
    let Some(before) = before else {
        return Ok(false);
    };
    if before == state {
        if state == EndpointState::Paused {
            replace_reason(batch.connection, endpoint_id, reason)?;
        }
        return Ok(true);
    }
    batch
        .connection
        .prepare_cached(
            "-- set_state
            UPDATE endpoint SET state = ?2, state_reason = ?3, state_since = ?4,
                failing_since = CASE WHEN ?2 = 'active' THEN NULL ELSE failing_since END
            WHERE endpoint_id = ?1",
        )?
        .execute((endpoint_id, state, reason, Millis::from(now)))?;
    batch.memory.targets.forget();
    batch.news.changed.push(endpoint_id);
    batch.news.wake |= state == EndpointState::Active;
    Ok(true)
}

fn replace_reason(
    connection: &Connection,
    endpoint_id: EndpointId,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "-- replace_reason
            UPDATE endpoint SET state_reason = ?2 WHERE endpoint_id = ?1",
        )?
        .execute((endpoint_id, reason))?;
    Ok(())
}

/// The endpoints whose deliveries are signed with a secret.
fn signed_by(connection: &Connection, signer: Signer) -> Result<Vec<EndpointId>, StoreError> {
    if let Some(webhook_id) = signer.webhook_id {
        return Ok(vec![webhook_id]);
    }
    let mut statement = connection.prepare_cached(
        "-- signed_by
        SELECT endpoint_id FROM endpoint WHERE merchant_id = ?1 AND kind = 'order_callback'",
    )?;
    let rows = statement.query_map([signer.merchant_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn find_signer(connection: &Connection, owner: SecretOwner) -> Result<Option<Signer>, StoreError> {
    let (sql, id, webhook_id) = match owner {
        SecretOwner::Webhook(webhook_id) => (
            "-- find_signer
            SELECT merchant_id FROM endpoint
            WHERE endpoint_id = ?1 AND kind = 'webhook' AND deleted_at IS NULL",
            webhook_id.0,
            Some(webhook_id),
        ),
        SecretOwner::Merchant(merchant_id) => (
            "-- find_signer
            SELECT merchant_id FROM merchant WHERE merchant_id = ?1",
            merchant_id.0,
            None,
        ),
    };
    let merchant_id: Option<MerchantId> = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(merchant_id.map(|merchant_id| Signer {
        merchant_id,
        webhook_id,
    }))
}
