//! What the platform remembers, and how it looks on the wire.
//!
//! A record is not a wire type: it belongs to a merchant, holds times as times, and knows its
//! subscriptions once, while the list repeats a webhook for each of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhook_types::{
    EventCode, EventType, EventTypeEntry, OperatorIdNumber, OperatorIdText, Secret, Webhook,
    WebhookListItem, WebhookName, WebhookSubscription, WebhookUrl,
};

use super::{MerchantId, Operator};

/// A type of event that a webhook can be subscribed to.
pub(crate) struct CatalogueEntry {
    pub(crate) id: i64,
    pub(crate) event_type: EventType,
    pub(crate) code: EventCode,
    category: &'static str,
    description: &'static str,
}

/// Both types of event that the document names, in ascending order of their ids.
pub(crate) static CATALOGUE: [CatalogueEntry; 2] = [
    CatalogueEntry {
        id: 1,
        event_type: EventType::CardTransaction,
        code: EventCode::CardTransaction,
        category: "card",
        description: "Transaction",
    },
    CatalogueEntry {
        id: 2,
        event_type: EventType::CardLoad,
        code: EventCode::CardLoad,
        category: "card",
        description: "Reload",
    },
];

impl CatalogueEntry {
    pub(crate) fn find(event_type: &EventType) -> Option<&'static Self> {
        CATALOGUE
            .iter()
            .find(|entry| entry.event_type == *event_type)
    }

    pub(crate) fn to_wire(&self) -> EventTypeEntry {
        EventTypeEntry {
            event_id: Some(self.id),
            event_type: self.event_type.clone(),
            event_category: Some(self.category.to_owned()),
            event_code: Some(self.code.clone()),
            event_description: Some(self.description.to_owned()),
        }
    }
}

/// Who did something, and when.
#[derive(Clone)]
pub(crate) struct Act {
    pub(crate) by: Operator,
    pub(crate) at: Timestamp,
}

pub(crate) struct WebhookRecord {
    pub(crate) id: i64,
    pub(crate) merchant: MerchantId,
    pub(crate) name: WebhookName,
    pub(crate) url: Option<WebhookUrl>,
    pub(crate) sign_secret: Secret,
    pub(crate) created: Act,
    pub(crate) changed: Act,
    /// By the ids of the entries, which gives the rows of a webhook one order for all time.
    pub(crate) subscriptions: BTreeMap<i64, &'static CatalogueEntry>,
}

impl WebhookRecord {
    pub(crate) fn to_webhook(&self) -> Webhook {
        Webhook {
            webhook_id: self.id,
            webhook_name: self.name.to_string(),
            webhook_url: self.url.as_deref().cloned(),
            sign_secret: Some(self.sign_secret.clone()),
            creator_id: Some(self.created.by.id),
            creator_name: Some(self.created.by.name.clone()),
            create_time: Some(rfc3339(self.created.at)),
            operator_id: Some(OperatorIdText::from(self.changed.by.id)),
            operator_name: Some(self.changed.by.name.clone()),
            operate_time: Some(rfc3339(self.changed.at)),
        }
    }

    pub(crate) fn to_subscription(&self, entry: &CatalogueEntry) -> WebhookSubscription {
        let webhook = self.to_webhook();
        WebhookSubscription {
            webhook_id: webhook.webhook_id,
            webhook_name: webhook.webhook_name,
            webhook_url: webhook.webhook_url,
            sign_secret: webhook.sign_secret,
            creator_id: webhook.creator_id,
            creator_name: webhook.creator_name,
            create_time: webhook.create_time,
            operator_id: webhook.operator_id,
            operator_name: webhook.operator_name,
            operate_time: webhook.operate_time,
            event_type: entry.event_type.clone(),
            event_code: Some(entry.code.clone()),
            event_description: Some(entry.description.to_owned()),
        }
    }

    /// The rows of the webhook list: one for each subscription, or a single one without an event.
    pub(crate) fn to_list_items(&self, ascending: bool) -> Vec<WebhookListItem> {
        let entries = self.subscriptions.values().copied();
        let mut items: Vec<_> = entries
            .map(|entry| self.to_list_item(Some(entry)))
            .collect();
        if items.is_empty() {
            items.push(self.to_list_item(None));
        }
        if !ascending {
            items.reverse();
        }
        items
    }

    fn to_list_item(&self, entry: Option<&CatalogueEntry>) -> WebhookListItem {
        let webhook = self.to_webhook();
        WebhookListItem {
            webhook_id: webhook.webhook_id,
            webhook_name: webhook.webhook_name,
            webhook_url: webhook.webhook_url,
            sign_secret: webhook.sign_secret,
            creator_id: webhook.creator_id,
            creator_name: webhook.creator_name,
            create_time: webhook.create_time,
            // A number here and a text everywhere else, because the document has it so.
            operator_id: Some(OperatorIdNumber::from(self.changed.by.id)),
            operator_name: webhook.operator_name,
            operate_time: webhook.operate_time,
            event_type: entry.map(|entry| entry.event_type.clone()),
            event_code: entry.map(|entry| entry.code.clone()),
            event_description: entry.map(|entry| entry.description.to_owned()),
        }
    }
}

/// UTC with milliseconds, whatever the clock's precision.
fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}
