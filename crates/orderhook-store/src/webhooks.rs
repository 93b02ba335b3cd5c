//! A merchant's webhooks and what they are subscribed to.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::{Patch, Secret};
use serde::{Deserialize, Serialize};

use crate::{EndpointId, Idempotency, MerchantId, Once, Operator, Page, PageRequest, StoreError};

/// A webhook; its id is that of the endpoint that it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRecord {
    /// `webhook_id`.
    pub webhook_id: EndpointId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// `webhook_name`.
    pub name: String,
    /// `webhook_url`; nothing is queued for a webhook without it.
    pub url: Option<String>,
    /// `sign_secret`: the newest one.
    pub sign_secret: Secret,
    /// Who created it.
    pub creator: Operator,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub operator: Operator,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// The types of event that it is subscribed to.
    pub event_types: BTreeSet<String>,
}

/// Which webhooks a list has; exact and literal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// Only those of this name.
    pub name: Option<String>,
    /// Only those with this address.
    pub url: Option<String>,
}

/// Used by the six operations of the merchant API and by their likes of the operator API.
///
/// Every call is scoped by the merchant: another's webhook is like one that never existed.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Creates a webhook. `None` if there is no such merchant.
    #[expect(clippy::too_many_arguments, reason = "each is a member of the new row")]
    async fn create_webhook(
        &self,
        merchant_id: MerchantId,
        name: &str,
        url: Option<&str>,
        sign_secret: &Secret,
        by: &Operator,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<WebhookRecord>>, StoreError>;

    /// Renames a webhook, and changes its address where `url` says so.
    ///
    /// What was queued goes to the new address; without an address it waits.
    async fn update_webhook(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        name: &str,
        url: &Patch<String>,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError>;

    /// A merchant's webhooks, each once.
    async fn webhooks(
        &self,
        merchant_id: MerchantId,
        filter: &WebhookFilter,
        page: PageRequest,
    ) -> Result<Page<WebhookRecord>, StoreError>;

    /// Subscribes a webhook to a type of event, or leaves it subscribed.
    async fn subscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError>;

    /// Ends a subscription; `None` if there is no such webhook or subscription.
    ///
    /// What was queued already is still delivered.
    async fn unsubscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &str,
        by: &Operator,
        now: Timestamp,
    ) -> Result<Option<WebhookRecord>, StoreError>;

    /// Deletes any merchant's webhook, for the operator; `false` if there is none.
    ///
    /// What was queued for it is cancelled; what happened before stays in the history.
    async fn delete_webhook(
        &self,
        webhook_id: EndpointId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
