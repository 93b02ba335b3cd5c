//! What both APIs share: the store, the surroundings, and what merchants and operators both do.

use std::sync::Arc;

use orderhook_api::runtime::{Location, Operation, Rule};
use orderhook_delivery::{AddressPolicy, Clock};
use orderhook_store::{
    EndpointId, Idempotency, MerchantId, Once, Operator, Randomness, Store, WebhookRecord,
};
use orderhook_types::{CreateWebhookRequest, EventType, Secret, WebhookSubscription};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::catalogue::Catalogue;
use super::refused::{Missing, Refused, found};
use super::webhook_rows;
use crate::randomness;

/// The server behind its APIs.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) addresses: AddressPolicy,
    pub(crate) catalogue: Catalogue,
}

impl App {
    /// Refuses an address that must not be delivered to, before it is stored.
    pub(crate) fn check_address(&self, field: &'static str, url: &str) -> Result<(), Refused> {
        let checked = self.addresses.check_url(url);
        checked.map_err(|error| Refused::Address { field, error })?;
        Ok(())
    }

    /// A signing secret that nobody has seen.
    pub(crate) fn new_sign_secret(&self) -> Result<Secret, Refused> {
        randomness::new_sign_secret(&*self.randomness).map_err(Refused::Internal)
    }

    /// An access token that nobody has seen, beginning with `prefix`.
    pub(crate) fn new_token(&self, prefix: &str) -> Result<Secret, Refused> {
        randomness::new_token(prefix, &*self.randomness).map_err(Refused::Internal)
    }

    /// What makes the id of an event unique for all time.
    pub(crate) fn nonce(&self) -> Result<u64, Refused> {
        let mut bytes = [0; 8];
        let filled = self.randomness.fill(&mut bytes);
        filled.map_err(Refused::Internal)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Creates a webhook, for its merchant or for an operator who acts for it.
    pub(crate) async fn create_webhook(
        &self,
        merchant_id: MerchantId,
        body: &CreateWebhookRequest,
        by: &Operator,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<Once<WebhookRecord>>, Refused> {
        let url = body.webhook_url.as_deref();
        if let Some(url) = url {
            self.check_address("webhook_url", url)?;
        }
        let sign_secret = self.new_sign_secret()?;
        let created = self
            .store
            .create_webhook(
                merchant_id,
                &body.webhook_name,
                url.map(String::as_str),
                &sign_secret,
                by,
                idempotency,
                self.clock.now(),
            )
            .await?;
        Ok(created)
    }

    /// Subscribes a webhook to a type of event of the catalogue.
    pub(crate) async fn subscribe(
        &self,
        merchant_id: MerchantId,
        webhook_id: EndpointId,
        event_type: &EventType,
        by: &Operator,
    ) -> Result<WebhookSubscription, Refused> {
        let entry = found(self.catalogue.find(event_type.as_str()), Missing::EventType)?;
        let event_type = entry.event_type.as_str();
        let now = self.clock.now();
        let record = self
            .store
            .subscribe(merchant_id, webhook_id, event_type, by, now)
            .await?;
        let record = found(record, Missing::Webhook)?;
        Ok(webhook_rows::subscription(
            &record,
            event_type,
            &self.catalogue,
        ))
    }
}

/// The caller's key, bound to what the call asks for.
pub(crate) fn idempotency(
    operation: &'static Operation,
    key: Option<impl Into<String>>,
    request: &impl Serialize,
) -> Result<Option<Idempotency>, Refused> {
    let Some(key) = key else {
        return Ok(None);
    };
    let request = serde_json::to_vec(request);
    let request = request.map_err(|error| Refused::Internal(error.into()))?;
    Ok(Some(Idempotency {
        operation: operation.id,
        key: key.into(),
        request_sha256: Sha256::digest(request).into(),
    }))
}

/// A time that a parameter or member holds as text.
pub(crate) fn time(
    location: Location,
    field: &'static str,
    text: &str,
) -> Result<jiff::Timestamp, Refused> {
    text.parse().map_err(|_| Refused::Breaks {
        location,
        field,
        rule: Rule::Format,
        message: "must be a time of RFC 3339, such as 2026-11-01T09:30:00Z".to_owned(),
    })
}
