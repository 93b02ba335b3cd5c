//! What a user observes of the models: their JSON Schema, what they read, what they print.

mod examples;
mod reading;
mod sample;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::spec::documents;

/// A type of `orderhook-types`, by what a test can ask of any of them.
struct Model {
    /// The name of the type, and of its component schema.
    name: &'static str,
    json_schema: fn(&mut SchemaGenerator) -> Schema,
    read: fn(&Value) -> serde_json::Result<Reading>,
    equal: fn(&Value, &Value) -> serde_json::Result<bool>,
}

/// What a model made of a JSON value.
#[derive(Debug)]
struct Reading {
    printed: Value,
    debug: String,
}

impl Model {
    const fn of<T: JsonSchema + DeserializeOwned + Serialize + Debug + PartialEq>(
        name: &'static str,
    ) -> Self {
        Self {
            name,
            json_schema: |generator| generator.subschema_for::<T>(),
            read: |json| {
                let model: T = serde_json::from_value(json.clone())?;
                Ok(Reading {
                    printed: serde_json::to_value(&model)?,
                    debug: format!("{model:?} {model:#?}"),
                })
            },
            equal: |left, right| {
                let left: T = serde_json::from_value(left.clone())?;
                Ok(left == serde_json::from_value(right.clone())?)
            },
        }
    }

    /// # Panics
    /// If `MODELS` lacks the name.
    fn named(name: &str) -> &'static Self {
        MODELS
            .iter()
            .find(|model| model.name == name)
            .unwrap_or_else(|| panic!("add `{name}` to `models!`"))
    }
}

macro_rules! models {
    ($($name:ident)+) => {
        const MODELS: &[Model] = &[$(Model::of::<orderhook_types::$name>(stringify!($name))),+];
    };
}

models! {
    Acknowledgement
    AcknowledgementData
    Attempt
    AttemptListResponse
    AttemptOutcome
    AttemptPage
    CardEventData
    CardEventPush
    CreateMerchantRequest
    CreateTokenRequest
    CreateWebhookRequest
    DecimalText
    DeletedWebhook
    DeletedWebhookResponse
    Delivery
    DeliveryListResponse
    DeliveryPage
    DeliveryResponse
    DeliveryState
    Endpoint
    EndpointCounts
    EndpointKind
    EndpointListResponse
    EndpointPage
    EndpointResponse
    EndpointState
    ErrorData
    ErrorResponse
    Event
    EventBody
    EventCode
    EventDetail
    EventDetailResponse
    EventKind
    EventListResponse
    EventLogPage
    EventLogResponse
    EventPage
    EventType
    EventTypeEntry
    Fault
    FaultLocation
    FaultRule
    IdempotencyKey
    IssuedToken
    IssuedTokenResponse
    Merchant
    MerchantListResponse
    MerchantName
    MerchantPage
    MerchantResponse
    OperatorIdNumber
    OperatorIdText
    OperatorName
    Order
    OrderState
    OrderStatusPush
    OrderStatusPushType
    PauseEndpointRequest
    PauseReason
    PublishCardEventRequest
    PublishCardEventsRequest
    PublishedEvent
    PublishedEventResponse
    PublishedEvents
    PublishedEventsResponse
    ReplayRequest
    ReplayResponse
    ReplaySummary
    RotateSecretRequest
    RotatedSecret
    RotatedSecretResponse
    Secret
    Status
    StatusResponse
    SubscribeEventRequest
    SubscriptionResponse
    Token
    TokenListResponse
    TokenPage
    TokenResponse
    UpdateWebhookRequest
    Webhook
    WebhookListItem
    WebhookListResponse
    WebhookName
    WebhookPage
    WebhookResponse
    WebhookSubscription
    WebhookUrl
}

#[test]
fn every_component_schema_has_a_model_and_every_model_a_snapshot() {
    let schemas: BTreeSet<&str> = documents()
        .iter()
        .filter_map(|document| document.get("/components/schemas")?.as_object())
        .flat_map(|schemas| schemas.keys().map(String::as_str))
        .collect();
    let models: BTreeSet<&str> = MODELS.iter().map(|model| model.name).collect();
    assert_eq!(models, schemas);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/models/snapshots");
    let snapshots: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the snapshots are there")
        .map(|entry| entry.expect("the folder is read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "snap")
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let snapshots: BTreeSet<&str> = snapshots.iter().map(String::as_str).collect();
    assert_eq!(
        snapshots, models,
        "delete the snapshots of models that are gone"
    );
}

/// One file a model, which refers to the others: a change shows in the model that changed only.
#[test]
fn the_json_schema_of_every_model() {
    let mut generator = SchemaGenerator::default();
    for model in MODELS {
        (model.json_schema)(&mut generator);
    }
    let definitions = generator.take_definitions(true);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for model in MODELS {
            insta::assert_json_snapshot!(model.name, definitions[model.name]);
        }
    });
}
