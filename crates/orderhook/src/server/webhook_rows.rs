//! A stored webhook as the answers of both APIs have it.

use jiff::Timestamp;
use orderhook_store::WebhookRecord;
use orderhook_types::{
    EventType, OperatorIdNumber, OperatorIdText, Webhook, WebhookListItem, WebhookSubscription,
};

use super::catalogue::{Catalogue, CatalogueEntry};

/// UTC with milliseconds, whatever the precision.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

pub(crate) fn webhook(record: &WebhookRecord) -> Webhook {
    Webhook {
        webhook_id: record.webhook_id.0,
        webhook_name: record.name.clone(),
        webhook_url: record.url.clone(),
        sign_secret: Some(record.sign_secret.clone()),
        creator_id: Some(record.creator.id),
        creator_name: Some(record.creator.name.clone()),
        create_time: Some(rfc3339(record.created_at)),
        operator_id: Some(OperatorIdText::from(record.operator.id)),
        operator_name: Some(record.operator.name.clone()),
        operate_time: Some(rfc3339(record.changed_at)),
    }
}

/// The webhook's row for one type of event.
pub(crate) fn subscription(
    record: &WebhookRecord,
    event_type: &str,
    catalogue: &Catalogue,
) -> WebhookSubscription {
    let webhook = webhook(record);
    let entry = catalogue.find(event_type);
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
        event_type: EventType::from(event_type),
        event_code: entry.map(|entry| entry.event_code.clone()),
        event_description: entry.map(|entry| entry.description.clone()),
    }
}

/// The rows of the webhook list: one for each subscription, or a single one without an event.
pub(crate) fn list_items(
    record: &WebhookRecord,
    catalogue: &Catalogue,
    ascending: bool,
) -> Vec<WebhookListItem> {
    if record.event_types.is_empty() {
        return vec![list_item(record, None, None)];
    }
    let subscribed = |entry: &&CatalogueEntry| {
        let event_type = entry.event_type.as_str();
        record.event_types.contains(event_type)
    };
    // By the ids of the catalogue, which gives the rows of a webhook one order for all time; a type
    // that the catalogue does not have any more comes last, and is still told of.
    let known = catalogue.entries().iter().filter(subscribed);
    let known = known.map(|entry| list_item(record, Some(entry.event_type.as_str()), Some(entry)));
    let unknown = record.event_types.iter();
    let unknown = unknown.filter(|event_type| catalogue.find(event_type).is_none());
    let unknown = unknown.map(|event_type| list_item(record, Some(event_type), None));
    let mut items: Vec<_> = known.chain(unknown).collect();
    if !ascending {
        items.reverse();
    }
    items
}

fn list_item(
    record: &WebhookRecord,
    event_type: Option<&str>,
    entry: Option<&CatalogueEntry>,
) -> WebhookListItem {
    let webhook = webhook(record);
    WebhookListItem {
        webhook_id: webhook.webhook_id,
        webhook_name: webhook.webhook_name,
        webhook_url: webhook.webhook_url,
        sign_secret: webhook.sign_secret,
        creator_id: webhook.creator_id,
        creator_name: webhook.creator_name,
        create_time: webhook.create_time,
        // A number here and a text everywhere else, because the document has it so.
        operator_id: Some(OperatorIdNumber::from(record.operator.id)),
        operator_name: webhook.operator_name,
        operate_time: webhook.operate_time,
        event_type: event_type.map(EventType::from),
        event_code: entry.map(|entry| entry.event_code.clone()),
        event_description: entry.map(|entry| entry.description.clone()),
    }
}
