//! A merchant's webhooks and what they are subscribed to.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::{Patch, Secret};
use tokio_postgres::Row;

use super::Postgres;
use super::cancelling::{CANCELLED_AT_ONCE, cancel_queued, mark_deleted};
use super::connection::Transaction;
use super::idempotency::Scope;
use super::merchants::read_operator;
use super::routes::change_routing;
use super::rows::{Conditions, page};
use super::secrets::{insert_secret, join_newest, read_newest};
use crate::handover::News;
use crate::millis::Millis;
use crate::vault::{Signer, Vault};
use crate::{
    EndpointId, Idempotency, MerchantId, Once, Operator, Page, PageRequest, StoreError,
    WebhookFilter, WebhookRecord, Webhooks,
};

#[async_trait]
impl Webhooks for Postgres {
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
        if !self.core.has_merchant(merchant_id).await? {
            return Ok(None);
        }
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
        let (vault, scope) = (&self.core.vault, Scope::Merchant(merchant_id));
        let webhook = self
            .core
            .once(scope, idempotency.as_ref(), now, async |transaction| {
                let webhook_id = insert_webhook(&transaction, vault, &created).await?;
                Ok(WebhookRecord {
                    webhook_id,
                    ..created.clone()
                })
            })
            .await?;
        Ok(Some(webhook))
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
        let vault = &self.core.vault;
        let (webhook, moved) = self
            .core
            .pool
            .transact(async |transaction| {
                if !lock(&transaction, merchant_id, webhook_id).await? {
                    return Ok((None, false));
                }
                sign_change(&transaction, webhook_id, Some(name), by, now).await?;
                let moved = match url {
                    Patch::Absent => false,
                    Patch::Null => set_url(&transaction, webhook_id, None).await?,
                    Patch::Value(url) => set_url(&transaction, webhook_id, Some(url)).await?,
                };
                let webhook = find_webhook(&transaction, vault, webhook_id).await?;
                Ok((webhook, moved))
            })
            .await?;
        if moved {
            self.core.tell(News {
                changed: vec![webhook_id],
                wake: true,
                ..News::default()
            });
        }
        Ok(webhook)
    }

    async fn webhooks(
        &self,
        merchant_id: MerchantId,
        filter: &WebhookFilter,
        request: PageRequest,
    ) -> Result<Page<WebhookRecord>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let mut conditions = Conditions::default();
                conditions.and_if("p.merchant_id = ?", Some(merchant_id));
                conditions.and_if("w.name = ?", filter.name.clone());
                conditions.and_if("p.url = ?", filter.url.clone());
                let webhooks = page(
                    &connection,
                    &select_webhook("-- webhooks"),
                    "p.endpoint_id",
                    conditions,
                    request,
                    |row| Ok((row.try_get(0)?, read_webhook(row, &self.core.vault)?)),
                )
                .await?;
                Ok(webhooks)
            })
            .await
    }

    async fn subscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError> {
        let subscribed = "-- subscribe
            INSERT INTO subscription (webhook_id, event_type) VALUES ($1, $2)
            ON CONFLICT DO NOTHING";
        let changed = self
            .change_subscription(subscribed, merchant_id, webhook_id, event_type, by, now)
            .await?;
        Ok(changed.map(|(webhook, _)| webhook))
    }

    async fn unsubscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError> {
        let unsubscribed = "-- unsubscribe
            DELETE FROM subscription WHERE webhook_id = $1 AND event_type = $2";
        let changed = self
            .change_subscription(unsubscribed, merchant_id, webhook_id, event_type, by, now)
            .await?;
        // What was not there could not be ended.
        Ok(changed.and_then(|(webhook, was_there)| was_there.then_some(webhook)))
    }

    async fn delete_webhook(
        &self,
        webhook_id: EndpointId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let pool = &self.core.pool;
        let deleted = pool
            .transact(async |transaction| mark_deleted(&transaction, webhook_id, now).await)
            .await?;
        if !deleted {
            return Ok(false);
        }
        self.core.tell(News {
            changed: vec![webhook_id],
            ..News::default()
        });
        // Nothing is claimed from here on. What is queued goes in steps, so that a long queue holds
        // up no one else; if the process ends meanwhile, `sweep` goes on with it.
        while pool
            .transact(async |transaction| {
                cancel_queued(&transaction, webhook_id, CANCELLED_AT_ONCE, now).await
            })
            .await?
            > 0
        {}
        Ok(true)
    }
}

impl Postgres {
    /// Adds or removes a subscription by a statement: the webhook as it is then, and whether anything
    /// has changed. `None` if the merchant has no such webhook.
    async fn change_subscription(
        &self,
        sql: &str,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<(WebhookRecord, bool)>, StoreError> {
        let vault = &self.core.vault;
        self.core
            .pool
            .transact(async |transaction| {
                if !lock(&transaction, merchant_id, webhook_id).await? {
                    return Ok(None);
                }
                let statement = transaction.prepare_cached(sql).await?;
                let changed = transaction
                    .execute(&statement, &[&webhook_id, &event_type])
                    .await?
                    > 0;
                if changed {
                    sign_change(&transaction, webhook_id, None, by, now).await?;
                    change_routing(&transaction).await?;
                }
                let webhook = find_webhook(&transaction, vault, webhook_id).await?;
                Ok(webhook.map(|webhook| (webhook, changed)))
            })
            .await
    }
}

/// The routes stay as they are: a new webhook is subscribed to nothing.
async fn insert_webhook(
    transaction: &Transaction,
    vault: &Vault,
    webhook: &WebhookRecord,
) -> Result<EndpointId, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- insert_webhook
            WITH added AS (
                INSERT INTO endpoint (merchant_id, kind, url) VALUES ($1, 'webhook', $2)
                RETURNING endpoint_id
            )
            INSERT INTO webhook (webhook_id, name, creator_id, creator_name, created_at,
                operator_id, operator_name, changed_at)
            SELECT endpoint_id, $3, $4, $5, $6, $4, $5, $6 FROM added
            RETURNING webhook_id",
        )
        .await?;
    let row = transaction
        .query_one(
            &statement,
            &[
                &webhook.merchant_id,
                &webhook.url,
                &webhook.name,
                &webhook.creator.id,
                &webhook.creator.name,
                &Millis::from(webhook.created_at),
            ],
        )
        .await?;
    let webhook_id = row.try_get(0)?;
    let signer = Signer {
        merchant_id: webhook.merchant_id,
        webhook_id: Some(webhook_id),
    };
    insert_secret(
        transaction,
        vault,
        signer,
        &webhook.sign_secret,
        webhook.created_at,
    )
    .await?;
    Ok(webhook_id)
}

/// Keeps a webhook from being changed or deleted by others until the transaction ends; `false` if the
/// merchant has none of this id.
async fn lock(
    transaction: &Transaction,
    merchant_id: MerchantId,
    webhook_id: EndpointId,
) -> Result<bool, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- lock
            SELECT 1 FROM endpoint
            WHERE endpoint_id = $2 AND merchant_id = $1 AND kind = 'webhook'
                AND deleted_at IS NULL
            FOR NO KEY UPDATE",
        )
        .await?;
    let row = transaction
        .query_opt(&statement, &[&merchant_id, &webhook_id])
        .await?;
    Ok(row.is_some())
}

/// Notes who changes a webhook, and gives it another name if there is one.
async fn sign_change(
    transaction: &Transaction,
    webhook_id: EndpointId,
    name: Option<&str>,
    by: &Operator,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- sign_change
            UPDATE webhook SET name = coalesce($2, name), operator_id = $3, operator_name = $4,
                changed_at = $5
            WHERE webhook_id = $1",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[&webhook_id, &name, &by.id, &by.name, &Millis::from(now)],
        )
        .await?;
    Ok(())
}

/// Whether the address was another one before.
async fn set_url(
    transaction: &Transaction,
    webhook_id: EndpointId,
    url: Option<&str>,
) -> Result<bool, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- set_url
            UPDATE endpoint SET url = $2 WHERE endpoint_id = $1 AND url IS DISTINCT FROM $2",
        )
        .await?;
    let changed = transaction
        .execute(&statement, &[&webhook_id, &url])
        .await?;
    if changed > 0 {
        change_routing(transaction).await?;
    }
    Ok(changed > 0)
}

/// A `SELECT` of the columns that [`read_webhook`] reads, under the name of a call.
fn select_webhook(name: &str) -> String {
    let newest = join_newest("s.webhook_id = p.endpoint_id");
    format!(
        "{name}
        SELECT p.endpoint_id, p.merchant_id, w.name, p.url, w.creator_id, w.creator_name,
            w.created_at, w.operator_id, w.operator_name, w.changed_at,
            ARRAY(SELECT u.event_type FROM subscription u WHERE u.webhook_id = p.endpoint_id),
            n.secret_id, n.sealed
        FROM endpoint p JOIN webhook w ON w.webhook_id = p.endpoint_id {newest}
        WHERE p.deleted_at IS NULL"
    )
}

async fn find_webhook(
    transaction: &Transaction,
    vault: &Vault,
    webhook_id: EndpointId,
) -> Result<Option<WebhookRecord>, StoreError> {
    let sql = format!(
        "{} AND p.endpoint_id = $1",
        select_webhook("-- find_webhook")
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let row = transaction.query_opt(&statement, &[&webhook_id]).await?;
    row.map(|row| read_webhook(&row, vault)).transpose()
}

fn read_webhook(row: &Row, vault: &Vault) -> Result<WebhookRecord, StoreError> {
    Ok(WebhookRecord {
        webhook_id: row.try_get(0)?,
        merchant_id: row.try_get(1)?,
        name: row.try_get(2)?,
        url: row.try_get(3)?,
        creator: read_operator(row, 4)?,
        created_at: row.try_get::<_, Millis>(6)?.timestamp(),
        operator: read_operator(row, 7)?,
        changed_at: row.try_get::<_, Millis>(9)?.timestamp(),
        event_types: row.try_get::<_, Vec<String>>(10)?.into_iter().collect(),
        sign_secret: read_newest(row, 11, vault)?,
    })
}
