//! What the models make of a platform that changes: every schema of answers and pushes, every
//! member.

use std::collections::BTreeSet;

use orderhook_codegen::Document;
use orderhook_codegen::document::pointer;
use orderhook_codegen::document::shape::{self, Kind};
use orderhook_types::{OrderState, OrderStatusPush};
use serde_json::{Value, json};

use super::sample::{SECRET, sample};
use super::{MODELS, Model};
use crate::support::spec::{ORDER_MANAGEMENT, documents};

/// A text that no list of the spec has, and longer than any length in it.
fn tomorrows_text() -> String {
    "TOMORROW ".repeat(100)
}

/// A model that reads what others write, with all of its members set.
struct Received {
    model: &'static Model,
    document: &'static Document,
    schema: Value,
    sample: Value,
}

impl Received {
    /// The models of every answer and every push, with the models that they hold.
    fn all() -> Vec<Self> {
        documents().into_iter().flat_map(Self::of).collect()
    }

    fn of(document: &'static Document) -> impl Iterator<Item = Self> {
        let mut found = BTreeSet::new();
        shape::walk(
            Kind::OpenApi,
            document.root(),
            "",
            &mut |kind, at, object| {
                let is_received = at.contains("/responses/") || at.starts_with("/x-webhooks/");
                if kind == Kind::MediaType && is_received {
                    collect(document, &object["schema"], &mut found);
                }
            },
        );
        found.into_iter().map(move |at| Self {
            model: Model::named(&pointer::last(&at)),
            document,
            schema: document.get(&at).expect("the reference is whole").clone(),
            sample: sample(document, &at),
        })
    }

    /// The sample with another value for one member.
    fn with(&self, member: &str, value: Value) -> Value {
        let mut sample = self.sample.clone();
        sample[member] = value;
        sample
    }

    fn without(&self, member: &str) -> Value {
        let mut sample = self.sample.clone();
        sample.as_object_mut().expect("an object").remove(member);
        sample
    }

    /// # Panics
    /// If the model refuses `json`.
    fn printed(&self, json: &Value) -> Value {
        let reading = (self.model.read)(json);
        let reading =
            reading.unwrap_or_else(|error| panic!("{}: {error}: {json}", self.model.name));
        reading.printed
    }

    fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten()
    }

    fn requires(&self, member: &str) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.is_some_and(|list| list.iter().any(|name| name == member))
    }
}

/// Adds the schema that `schema` refers to, and all that it holds.
fn collect(document: &Document, schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(reference) = shape::reference(schema) {
        let at = reference.trim_start_matches('#');
        if found.insert(at.to_owned()) {
            collect(
                document,
                document.get(at).expect("the reference is whole"),
                found,
            );
        }
        return;
    }
    for part in schema
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::values)
    {
        collect(document, part, found);
    }
}

#[test]
fn a_sample_with_every_member_comes_back_as_it_is() {
    for received in Received::all() {
        assert_eq!(received.printed(&received.sample), received.sample);
    }
}

#[test]
fn null_in_an_optional_member_equals_its_absence() {
    let mut optional = 0;
    for received in Received::all() {
        for (member, _) in received.properties() {
            if received.requires(member) {
                continue;
            }
            let (null, absent) = (received.with(member, Value::Null), received.without(member));
            let name = received.model.name;
            let equal = (received.model.equal)(&null, &absent);
            assert!(equal.is_ok_and(|equal| equal), "{name}.{member}");
            assert_eq!(received.printed(&null), absent, "{name}.{member}");
            optional += 1;
        }
    }
    assert!(
        optional > 50,
        "{optional} optional members are not all of them"
    );
}

#[test]
fn a_member_that_the_spec_lacks_is_ignored() {
    let models = Received::all();
    // Those that take any member keep it instead.
    let closed = models
        .iter()
        .filter(|received| received.properties().next().is_some());
    for received in closed {
        for extra in [
            json!(null),
            json!(1),
            json!("text"),
            json!([{}]),
            json!({"a": {}}),
        ] {
            let extended = received.with("added_tomorrow", extra);
            assert_eq!(received.printed(&extended), received.sample);
        }
    }
}

#[test]
fn an_unknown_value_of_an_open_list_is_kept_and_printed_back() {
    let mut seen = BTreeSet::new();
    for received in Received::all() {
        for (member, schema) in received.properties() {
            let Some(reference) = shape::reference(schema) else {
                continue;
            };
            let list = received
                .document
                .get(&format!("{}/x-extensible-enum", &reference[1..]));
            if list.is_some() {
                let extended = received.with(member, json!(tomorrows_text()));
                assert_eq!(received.printed(&extended), extended);
                seen.insert(pointer::last(reference));
            }
        }
    }
    let lists = [
        "AttemptOutcome",
        "DeliveryState",
        "EndpointKind",
        "EndpointState",
        "EventCode",
        "EventKind",
        "EventType",
        "FaultLocation",
        "FaultRule",
        "OrderState",
    ];
    assert_eq!(seen, lists.map(str::to_owned).into());
}

#[test]
fn the_receiver_of_an_unknown_state_can_ask_for_its_text() {
    let mut push = sample(&ORDER_MANAGEMENT, "/components/schemas/OrderStatusPush");
    push["data"]["state"] = json!("REFUNDED");

    let push: OrderStatusPush = serde_json::from_value(push).expect("the push is read");

    let OrderState::Unknown(text) = push.data.state else {
        panic!("REFUNDED is known by now");
    };
    assert_eq!(text, "REFUNDED");
}

#[test]
fn debug_shows_no_secret_of_any_model() {
    let mut with_secret = BTreeSet::new();
    for model in MODELS {
        let at = format!("/components/schemas/{}", model.name);
        let mut documents = documents().into_iter();
        let document = documents.find(|document| document.get(&at).is_some());
        let sample = sample(document.expect("a document has the schema"), &at);
        let reading = (model.read)(&sample).expect("the sample is read");
        if sample.to_string().contains(SECRET) {
            assert!(
                reading.printed.to_string().contains(SECRET),
                "{}",
                model.name
            );
            assert!(!reading.debug.contains(SECRET), "{}", reading.debug);
            with_secret.insert(model.name);
        }
    }
    for model in [
        "IssuedToken",
        "Merchant",
        "Order",
        "OrderStatusPush",
        "RotatedSecretResponse",
        "Secret",
        "Webhook",
        "WebhookListResponse",
    ] {
        assert!(with_secret.contains(model), "{model} has a secret");
    }
}
