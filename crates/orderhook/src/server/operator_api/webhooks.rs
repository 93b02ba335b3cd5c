//! Webhooks that the operator provides for a merchant.

use std::time::Duration;

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::webhooks::{
    CreateMerchantWebhookError, CreateMerchantWebhookHeaders, CreateMerchantWebhookPath,
    DeleteWebhookError, DeleteWebhookPath, RotateWebhookSecretError, RotateWebhookSecretPath,
    SubscribeMerchantWebhookError, SubscribeMerchantWebhookPath, WebhooksApi,
};
use orderhook_api::runtime::Call;
use orderhook_store::{EndpointId, MerchantId, OperatorToken, SecretOwner};
use orderhook_types::{
    CreateWebhookRequest, DeletedWebhook, DeletedWebhookResponse, RotateSecretRequest,
    RotatedSecret, RotatedSecretResponse, SubscribeEventRequest, SubscriptionResponse,
    WebhookResponse,
};

use super::{OperatorApi, acting};
use crate::server::app::idempotency;
use crate::server::refused::{Missing, Refused, found, once};
use crate::server::webhook_rows::{self, rfc3339};

/// For how long the secret before lives on if the caller does not say.
const DEFAULT_OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

impl WebhooksApi for OperatorApi {
    async fn create_merchant_webhook(
        &self,
        call: Call<OperatorToken>,
        path: CreateMerchantWebhookPath,
        headers: CreateMerchantWebhookHeaders,
        body: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateMerchantWebhookError> {
        let request = (path.merchant_id, &body);
        let key = idempotency(call.operation(), headers.idempotency_key, &request)?;
        let merchant_id = MerchantId(path.merchant_id);
        let by = acting(&call.principal);
        let created = self.0.create_webhook(merchant_id, &body, &by, key).await?;
        let record = once(found(created, Missing::Merchant)?)?;
        Ok(call.ok(vec![webhook_rows::webhook(&record)]))
    }

    async fn subscribe_merchant_webhook(
        &self,
        call: Call<OperatorToken>,
        path: SubscribeMerchantWebhookPath,
        body: SubscribeEventRequest,
    ) -> Result<SubscriptionResponse, SubscribeMerchantWebhookError> {
        let row = self
            .0
            .subscribe(
                MerchantId(path.merchant_id),
                EndpointId(path.webhook_id),
                &body.event_type,
                &acting(&call.principal),
            )
            .await?;
        Ok(call.ok(vec![row]))
    }

    async fn delete_webhook(
        &self,
        call: Call<OperatorToken>,
        path: DeleteWebhookPath,
    ) -> Result<DeletedWebhookResponse, DeleteWebhookError> {
        let app = &self.0;
        let webhook_id = EndpointId(path.webhook_id);
        let deleted = app.store.delete_webhook(webhook_id, app.clock.now()).await;
        let deleted = deleted.map_err(Refused::from)?;
        found(deleted.then_some(()), Missing::Webhook)?;
        Ok(call.ok(DeletedWebhook {
            webhook_id: path.webhook_id,
        }))
    }

    async fn rotate_webhook_secret(
        &self,
        call: Call<OperatorToken>,
        path: RotateWebhookSecretPath,
        body: RotateSecretRequest,
    ) -> Result<RotatedSecretResponse, RotateWebhookSecretError> {
        let owner = SecretOwner::Webhook(EndpointId(path.webhook_id));
        let rotated = self.rotate(owner, &body, Missing::Webhook).await?;
        Ok(call.ok(rotated))
    }
}

impl OperatorApi {
    pub(super) async fn rotate(
        &self,
        owner: SecretOwner,
        request: &RotateSecretRequest,
        missing: Missing,
    ) -> Result<RotatedSecret, Refused> {
        let app = &self.0;
        let now = app.clock.now();
        // Never negative: the generated handler has refused it.
        let overlap = request.overlap_seconds.map_or(DEFAULT_OVERLAP, |seconds| {
            Duration::from_secs(seconds.unsigned_abs())
        });
        let previous_until = now + overlap;
        let sign_secret = app.new_sign_secret()?;
        let rotated = app
            .store
            .rotate_secret(owner, &sign_secret, previous_until, now)
            .await?;
        found(rotated.then_some(()), missing)?;
        Ok(RotatedSecret {
            sign_secret,
            previous_expire_time: (previous_until > now).then(|| rfc3339(previous_until)),
        })
    }
}
