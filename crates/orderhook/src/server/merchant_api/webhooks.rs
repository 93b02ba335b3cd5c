//! Webhook list, create and update.

use orderhook_api::EnvelopedCall;
use orderhook_api::runtime::Call;
use orderhook_api::webhooks::{
    CreateWebhookError, CreateWebhookHeaders, ListWebhooksError, ListWebhooksQuery,
    UpdateWebhookError, UpdateWebhookPath, WebhooksApi,
};
use orderhook_store::{Caller, EndpointId, WebhookFilter};
use orderhook_types::{
    CreateWebhookRequest, Patch, UpdateWebhookRequest, WebhookListResponse, WebhookPage,
    WebhookResponse,
};

use super::MerchantApi;
use crate::server::app::idempotency;
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found, once};
use crate::server::webhook_rows;

impl WebhooksApi for MerchantApi {
    async fn list_webhooks(
        &self,
        call: Call<Caller>,
        query: ListWebhooksQuery,
    ) -> Result<WebhookListResponse, ListWebhooksError> {
        let app = &self.0;
        let filter = WebhookFilter {
            name: query.webhook_name.map(Into::into),
            url: query.webhook_url.map(Into::into),
        };
        // Webhooks are counted and not rows, so the rows of one never stand on two pages.
        let request = page_request(query.cursor, query.limit, query.ascending);
        let merchant_id = call.principal.merchant_id;
        let page = app.store.webhooks(merchant_id, &filter, request).await;
        let page = page.map_err(Refused::from)?;
        let (next_cursor, has_more) = next_page(&page);
        let webhooks = page.items.iter();
        Ok(call.ok(WebhookPage {
            data: webhooks
                .flat_map(|record| {
                    webhook_rows::list_items(record, &app.catalogue, request.ascending)
                })
                .collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn create_webhook(
        &self,
        call: Call<Caller>,
        headers: CreateWebhookHeaders,
        body: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateWebhookError> {
        let Caller {
            merchant_id,
            operator,
            ..
        } = &call.principal;
        let key = idempotency(call.operation(), headers.idempotency_key, &body)?;
        let created = self
            .0
            .create_webhook(*merchant_id, &body, operator, key)
            .await?;
        let record = once(found(created, Missing::Merchant)?)?;
        Ok(call.ok(vec![webhook_rows::webhook(&record)]))
    }

    async fn update_webhook(
        &self,
        call: Call<Caller>,
        path: UpdateWebhookPath,
        body: UpdateWebhookRequest,
    ) -> Result<WebhookResponse, UpdateWebhookError> {
        let app = &self.0;
        let url = match body.webhook_url {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(url) => {
                app.check_address("webhook_url", &url)?;
                Patch::Value(url.into())
            }
        };
        let caller = &call.principal;
        let updated = app
            .store
            .update_webhook(
                caller.merchant_id,
                EndpointId(path.webhook_id),
                &body.webhook_name,
                &url,
                &caller.operator,
                app.clock.now(),
            )
            .await
            .map_err(Refused::from)?;
        let record = found(updated, Missing::Webhook)?;
        Ok(call.ok(vec![webhook_rows::webhook(&record)]))
    }
}
