//! A merchant's webhooks and what they are subscribed to.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::{Patch, Secret};
use rusqlite::{Connection, Row};

use super::Sqlite;
use super::access::merchant_exists;
use super::batch::Batch;
use super::cancelling::{CANCELLED_AT_ONCE, cancel_queued, mark_deleted};
use super::idempotency::{Scope, once};
use super::rows::{Conditions, page};
use super::secrets::{insert_secret, newest_secret};
use crate::millis::Millis;
use crate::vault::{Signer, Vault};
use crate::{
    EndpointId, Idempotency, MerchantId, Once, Operator, Page, PageRequest, StoreError,
    WebhookFilter, WebhookRecord, Webhooks,
};

#[async_trait]
impl Webhooks for Sqlite {
    async fn create_webhook(
        &self,
        merchant_id: MerchantId,
        name: &str,
        url: Option<&str>,
        sign_secret: &Secret,
        by: &Operator,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<WebhookRecord>>, StoreError> {
        let now = Millis::from(now).timestamp();
        let created = WebhookRecord {
            webhook_id: EndpointId(0),
            merchant_id,
            name: name.to_owned(),
            url: url.map(str::to_owned),
            sign_secret: sign_secret.clone(),
            creator: by.clone(),
            created_at: now,
            operator: by.clone(),
            changed_at: now,
            event_types: BTreeSet::new(),
        };
        self.writer
            .call(move |batch| {
                if !merchant_exists(batch.connection, merchant_id)? {
                    return Ok(None);
                }
                let scope = Scope::Merchant(merchant_id);
                let webhook = once(batch, scope, idempotency.as_ref(), now, |batch| {
                    let webhook_id = insert_webhook(batch.connection, batch.vault, &created)?;
                    Ok(WebhookRecord {
                        webhook_id,
                        ..created.clone()
                    })
                })?;
                Ok(Some(webhook))
            })
            .await
    }

    async fn update_webhook(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        name: &str,
        url: &Patch<String>,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError> {
        let (name, url, by) = (name.to_owned(), url.clone(), by.clone());
        self.writer
            .call(move |batch| {
                if !sign_change(batch.connection, merchant_id, webhook_id, &by, now)? {
                    return Ok(None);
                }
                batch
                    .connection
                    .prepare_cached(
                        "-- update_webhook
                        UPDATE webhook SET name = ?2 WHERE webhook_id = ?1",
                    )?
                    .execute((webhook_id, &name))?;
                match &url {
                    Patch::Absent => {}
                    Patch::Null => set_url(batch, webhook_id, None)?,
                    Patch::Value(url) => set_url(batch, webhook_id, Some(url))?,
                }
                find_webhook(batch.connection, batch.vault, merchant_id, webhook_id)
            })
            .await
    }

    async fn webhooks(
        &self,
        merchant_id: MerchantId,
        filter: &WebhookFilter,
        request: PageRequest,
    ) -> Result<Page<WebhookRecord>, StoreError> {
        let (vault, filter) = (self.vault.clone(), filter.clone());
        let read = move |connection: &Connection| {
            let mut conditions = Conditions::default();
            conditions.and_if("p.merchant_id = ?", Some(merchant_id));
            conditions.and_if("w.name = ?", filter.name);
            conditions.and_if("p.url = ?", filter.url);
            page(
                connection,
                &format!("-- webhooks{SELECT_WEBHOOK}"),
                "p.endpoint_id",
                conditions,
                request,
                |row| Ok((row.get(0)?, read_webhook(connection, &vault, row)?)),
            )
        };
        self.readers.read(read).await
    }

    async fn subscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError> {
        let (event_type, by) = (event_type.to_owned(), by.clone());
        self.writer
            .call(move |batch| {
                let connection = batch.connection;
                if !exists(connection, merchant_id, webhook_id)? {
                    return Ok(None);
                }
                let inserted = connection
                    .prepare_cached(
                        "-- subscribe
                        INSERT INTO subscription (webhook_id, event_type) VALUES (?1, ?2)
                        ON CONFLICT DO NOTHING",
                    )?
                    .execute((webhook_id, &event_type))?;
                if inserted > 0 {
                    sign_change(connection, merchant_id, webhook_id, &by, now)?;
                    batch.memory.targets.forget();
                }
                find_webhook(connection, batch.vault, merchant_id, webhook_id)
            })
            .await
    }

    async fn unsubscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError> {
        let (event_type, by) = (event_type.to_owned(), by.clone());
        self.writer
            .call(move |batch| {
                let connection = batch.connection;
                if !exists(connection, merchant_id, webhook_id)? {
                    return Ok(None);
                }
                let deleted = connection
                    .prepare_cached(
                        "-- unsubscribe
                        DELETE FROM subscription WHERE webhook_id = ?1 AND event_type = ?2",
                    )?
                    .execute((webhook_id, &event_type))?;
                if deleted == 0 {
                    return Ok(None);
                }
                sign_change(connection, merchant_id, webhook_id, &by, now)?;
                batch.memory.targets.forget();
                find_webhook(connection, batch.vault, merchant_id, webhook_id)
            })
            .await
    }

    async fn delete_webhook(
        &self,
        webhook_id: EndpointId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let deleted = self
            .writer
            .call(move |batch| mark_deleted(batch, webhook_id, now))
            .await?;
        if !deleted {
            return Ok(false);
        }
        // Nothing is claimed from here on. What is queued goes in steps, so that a long queue holds
        // up no one else; if the process ends meanwhile, `sweep` goes on with it.
        while self
            .writer
            .call(move |batch| cancel_queued(batch, webhook_id, CANCELLED_AT_ONCE, now))
            .await?
            > 0
        {}
        Ok(true)
    }
}

const SELECT_WEBHOOK: &str = "
    SELECT p.endpoint_id, p.merchant_id, w.name, p.url, w.creator_id, w.creator_name, w.created_at,
        w.operator_id, w.operator_name, w.changed_at
    FROM endpoint p JOIN webhook w ON w.webhook_id = p.endpoint_id
    WHERE p.deleted_at IS NULL";

fn exists(
    connection: &Connection,
    merchant_id: MerchantId,
    webhook_id: EndpointId,
) -> Result<bool, StoreError> {
    let exists = connection
        .prepare_cached(
            "-- exists
            SELECT 1 FROM endpoint
            WHERE endpoint_id = ?2 AND merchant_id = ?1 AND kind = 'webhook' AND deleted_at IS NULL",
        )?
        .exists((merchant_id, webhook_id))?;
    Ok(exists)
}

fn insert_webhook(
    connection: &Connection,
    vault: &Vault,
    webhook: &WebhookRecord,
) -> Result<EndpointId, StoreError> {
    let webhook_id = connection
        .prepare_cached(
            "-- insert_webhook
            INSERT INTO endpoint (merchant_id, kind, url) VALUES (?1, 'webhook', ?2)",
        )?
        .insert((webhook.merchant_id, &webhook.url))?;
    let webhook_id = EndpointId(webhook_id);
    connection
        .prepare_cached(
            "-- insert_webhook
            INSERT INTO webhook (webhook_id, name, creator_id, creator_name, created_at,
                operator_id, operator_name, changed_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?3, ?4, ?5)",
        )?
        .execute((
            webhook_id,
            &webhook.name,
            webhook.creator.id,
            &webhook.creator.name,
            Millis::from(webhook.created_at),
        ))?;
    let signer = Signer {
        merchant_id: webhook.merchant_id,
        webhook_id: Some(webhook_id),
    };
    insert_secret(
        connection,
        vault,
        signer,
        &webhook.sign_secret,
        webhook.created_at,
    )?;
    Ok(webhook_id)
}

/// Notes who changes a webhook; `false` if the merchant has no such webhook.
fn sign_change(
    connection: &Connection,
    merchant_id: MerchantId,
    webhook_id: EndpointId,
    by: &Operator,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !exists(connection, merchant_id, webhook_id)? {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "-- sign_change
            UPDATE webhook SET operator_id = ?2, operator_name = ?3, changed_at = ?4
            WHERE webhook_id = ?1",
        )?
        .execute((webhook_id, by.id, &by.name, Millis::from(now)))?;
    Ok(true)
}

fn set_url(
    batch: &mut Batch<'_>,
    webhook_id: EndpointId,
    url: Option<&str>,
) -> Result<(), StoreError> {
    let changed = batch
        .connection
        .prepare_cached(
            "-- set_url
            UPDATE endpoint SET url = ?2 WHERE endpoint_id = ?1 AND url IS NOT ?2",
        )?
        .execute((webhook_id, url))?;
    if changed > 0 {
        batch.memory.targets.forget();
        batch.news.changed.push(webhook_id);
        batch.news.wake = true;
    }
    Ok(())
}

fn find_webhook(
    connection: &Connection,
    vault: &Vault,
    merchant_id: MerchantId,
    webhook_id: EndpointId,
) -> Result<Option<WebhookRecord>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "-- find_webhook{SELECT_WEBHOOK} AND p.merchant_id = ?1 AND p.endpoint_id = ?2"
    ))?;
    let mut rows = statement.query((merchant_id, webhook_id))?;
    let row = rows.next()?;
    row.map(|row| read_webhook(connection, vault, row))
        .transpose()
}

fn read_webhook(
    connection: &Connection,
    vault: &Vault,
    row: &Row<'_>,
) -> Result<WebhookRecord, StoreError> {
    let (webhook_id, merchant_id) = (row.get(0)?, row.get(1)?);
    let signer = Signer {
        merchant_id,
        webhook_id: Some(webhook_id),
    };
    Ok(WebhookRecord {
        webhook_id,
        merchant_id,
        name: row.get(2)?,
        url: row.get(3)?,
        sign_secret: newest_secret(connection, vault, signer)?,
        creator: Operator {
            id: row.get(4)?,
            name: row.get(5)?,
        },
        created_at: row.get::<_, Millis>(6)?.timestamp(),
        operator: Operator {
            id: row.get(7)?,
            name: row.get(8)?,
        },
        changed_at: row.get::<_, Millis>(9)?.timestamp(),
        event_types: event_types(connection, webhook_id)?,
    })
}

fn event_types(
    connection: &Connection,
    webhook_id: EndpointId,
) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "-- event_types
        SELECT event_type FROM subscription WHERE webhook_id = ?1",
    )?;
    let rows = statement.query_map([webhook_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
