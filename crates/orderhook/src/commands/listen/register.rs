//! The webhook that `listen` receives card events with.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use orderhook_client::Client;
use orderhook_types::{Patch, Secret, WebhookListItem, WebhookUrl};

use crate::exit::Failure;

/// The name of a webhook has no more characters than this (`A.webhook-create.request.1`).
const MAX_NAME: usize = 20;

/// What the webhook is to be.
#[derive(Debug)]
pub(super) struct Registration {
    /// Its name, which it is found by the next time.
    pub(super) name: String,
    /// Its address.
    pub(super) url: WebhookUrl,
    /// The types of events; every one of the catalogue if empty.
    pub(super) events: Vec<String>,
}

/// The webhook as it is.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) webhook_id: i64,
    pub(super) sign_secret: Secret,
}

/// `listen-` and the name of this machine, as far as it fits.
pub(super) fn default_name() -> String {
    let host = gethostname::gethostname();
    let host = host.to_string_lossy();
    let name = format!("listen-{}", host.split('.').next().unwrap_or_default());
    name.chars().take(MAX_NAME).collect()
}

impl Registration {
    /// Finds the webhook or makes it, and sees to its address and its subscriptions.
    pub(super) async fn take_up(&self, api: &Client) -> Result<Webhook, Failure> {
        let call = api.list_webhooks().webhook_name(self.name.as_str());
        let rows: Vec<WebhookListItem> = call.limit(100).stream().try_collect().await?;
        let webhook = match rows.first() {
            Some(row) => self.reuse(api, row).await?,
            None => self.create(api).await?,
        };
        let subscribed = rows
            .iter()
            .filter(|row| row.webhook_id == webhook.webhook_id)
            .filter_map(|row| row.event_type.as_ref().map(ToString::to_string))
            .collect();
        self.subscribe(api, webhook.webhook_id, &subscribed).await?;
        Ok(webhook)
    }

    async fn create(&self, api: &Client) -> Result<Webhook, Failure> {
        let created = api
            .create_webhook()
            .body_map(|body| {
                body.webhook_name(self.name.as_str())
                    .webhook_url(Some(self.url.clone()))
            })
            .send()
            .await?;
        let created = created.into_inner().data.into_iter().next();
        let created =
            created.ok_or_else(|| anyhow::anyhow!("the server answered without a webhook"))?;
        with_secret(created.webhook_id, created.sign_secret)
    }

    async fn reuse(&self, api: &Client, row: &WebhookListItem) -> Result<Webhook, Failure> {
        if row.webhook_url.as_deref() != Some(self.url.as_str()) {
            let url = Patch::Value(self.url.clone());
            api.update_webhook()
                .webhook_id(row.webhook_id)
                .body_map(|body| body.webhook_name(self.name.as_str()).webhook_url(url))
                .send()
                .await?;
        }
        with_secret(row.webhook_id, row.sign_secret.clone())
    }

    async fn subscribe(
        &self,
        api: &Client,
        webhook_id: i64,
        subscribed: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        let wanted: BTreeSet<String> = if self.events.is_empty() {
            let catalogue = api.list_events().limit(100).stream();
            catalogue
                .map_ok(|entry| entry.event_type.to_string())
                .try_collect()
                .await?
        } else {
            self.events.iter().cloned().collect()
        };
        for event_type in wanted.difference(subscribed) {
            api.subscribe_event()
                .webhook_id(webhook_id)
                .body_map(|body| body.event_type(event_type.as_str()))
                .send()
                .await?;
        }
        for event_type in subscribed.difference(&wanted) {
            api.unsubscribe_event()
                .webhook_id(webhook_id)
                .event_type(event_type.as_str())
                .send()
                .await?;
        }
        Ok(())
    }
}

fn with_secret(webhook_id: i64, sign_secret: Option<Secret>) -> Result<Webhook, Failure> {
    let sign_secret = sign_secret
        .ok_or_else(|| anyhow::anyhow!("the server answered without the webhook's secret"))?;
    Ok(Webhook {
        webhook_id,
        sign_secret,
    })
}
