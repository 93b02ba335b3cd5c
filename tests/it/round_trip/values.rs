//! Strategies that the spec writes: for a schema, JSON values that it allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use orderhook_client::types::IdempotencyKey;
use orderhook_codegen::Document;
use orderhook_codegen::document::pointer;
use orderhook_codegen::document::shape::{self, Kind};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The longest text where the spec has no limit.
const UNLIMITED: usize = 60;

/// A document, as the source of values.
#[derive(Clone, Copy)]
pub(super) struct Spec(pub(super) &'static Document);

impl Spec {
    /// Values of the component schema `name`, as its model.
    pub(super) fn model<T: DeserializeOwned + Debug + 'static>(
        self,
        name: &str,
    ) -> BoxedStrategy<T> {
        let at = pointer::join("/components/schemas", name);
        self.schema(&at).prop_map(typed).boxed()
    }

    /// The parameters in the path of an operation, as the trait's type for them.
    pub(super) fn path<T: DeserializeOwned + Debug + 'static>(
        self,
        operation: &str,
    ) -> BoxedStrategy<T> {
        let parameters = self.parameters(operation, "path");
        let parameters = parameters.prop_filter("a path has no such segment", |parameters| {
            let segments = parameters.as_object().expect("an object").values();
            let mut texts = segments.filter_map(Value::as_str);
            texts.all(|text| !["", ".", ".."].contains(&text))
        });
        parameters.prop_map(typed).boxed()
    }

    /// The parameters in its query.
    pub(super) fn query<T: DeserializeOwned + Debug + 'static>(
        self,
        operation: &str,
    ) -> BoxedStrategy<T> {
        self.parameters(operation, "query").prop_map(typed).boxed()
    }

    /// The parameters in its headers: keys that a header can hold, without control characters and
    /// with spaces inside only (RFC 9110, 5.5). There always is one, because the client makes its
    /// own where the caller gives none.
    pub(super) fn headers<T: DeserializeOwned + Debug + 'static>(
        self,
        operation: &str,
    ) -> BoxedStrategy<T> {
        let name = "Idempotency-Key";
        let parameters = self.parameters(operation, "header");
        let keys = (parameters, texts(1, 255)).prop_filter_map(
            "no header can hold it",
            move |(mut parameters, text)| {
                let text: String = text.chars().filter(|c| !c.is_ascii_control()).collect();
                let key: IdempotencyKey = text.trim_matches(' ').parse().ok()?;
                parameters[name] = json!(key);
                Some(typed(parameters))
            },
        );
        keys.boxed()
    }

    /// Its body.
    pub(super) fn body<T: DeserializeOwned + Debug + 'static>(
        self,
        operation: &str,
    ) -> BoxedStrategy<T> {
        self.content(&pointer::join(&self.operation(operation), "requestBody"))
    }

    /// What it answers with success.
    pub(super) fn answer<T: DeserializeOwned + Debug + 'static>(
        self,
        operation: &str,
    ) -> BoxedStrategy<T> {
        self.content(&format!("{}/responses/200", self.operation(operation)))
    }

    fn content<T: DeserializeOwned + Debug + 'static>(self, body: &str) -> BoxedStrategy<T> {
        let body = self.0.resolve(body).expect("the reference is whole");
        let at = format!("{}/content/application~1json/schema", body.pointer);
        self.schema(&at).prop_map(typed).boxed()
    }

    /// The ids of all operations.
    pub(super) fn operations(self) -> BTreeSet<String> {
        self.pointers().into_keys().collect()
    }

    /// The pointer to each operation by its id.
    fn pointers(self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let paths = self.0.get("/paths").expect("the document has paths");
        shape::walk(Kind::Paths, paths, "/paths", &mut |kind, at, value| {
            if kind == Kind::Operation {
                let id = value["operationId"].as_str().expect("an id");
                found.insert(id.to_owned(), at.to_owned());
            }
        });
        found
    }

    fn operation(self, id: &str) -> String {
        let pointers = self.pointers();
        let pointer = pointers.get(id);
        pointer
            .unwrap_or_else(|| panic!("there is no operation `{id}`"))
            .clone()
    }

    fn parameters(self, operation: &str, location: &str) -> BoxedStrategy<Value> {
        let at = self.operation(operation);
        let of_path = pointer::parent(&at).expect("an operation has a parent");
        let lists = [of_path, &at].map(|owner| pointer::join(owner, "parameters"));
        let parameters = lists.iter().flat_map(|list| {
            let count = self
                .0
                .get(list)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            (0..count).map(move |index| pointer::join(list, &index.to_string()))
        });
        let members = parameters.filter_map(|at| {
            let parameter = self.0.resolve(&at).expect("the reference is whole");
            let text = |member: &str| parameter.value.get(member).and_then(Value::as_str);
            let required = parameter.value.get("required") == Some(&Value::Bool(true));
            let name = text("name").expect("a parameter has a name").to_owned();
            let values = self.schema(&pointer::join(&parameter.pointer, "schema"));
            (text("in") == Some(location)).then(|| (name, presence(values, required)))
        });
        object(members.collect())
    }

    /// Values of the schema at `at`.
    ///
    /// # Panics
    /// If the schema uses a keyword that the spec does not use yet.
    fn schema(self, at: &str) -> BoxedStrategy<Value> {
        let node = self.0.resolve(at).expect("the reference is whole");
        let keyword = |name: &str| node.value.get(name);
        if keyword("nullable") == Some(&Value::Bool(true)) {
            let part = pointer::join(&pointer::join(&node.pointer, "allOf"), "0");
            return prop_oneof![1 => Just(Value::Null), 3 => self.schema(&part)].boxed();
        }
        match keyword("type").and_then(Value::as_str) {
            Some("object") if keyword("additionalProperties") == Some(&Value::Bool(true)) => {
                any_object()
            }
            Some("object") => object(self.properties(node.value, &node.pointer)),
            Some("array") => {
                let least = keyword("minItems").and_then(Value::as_u64).unwrap_or(0);
                let least = usize::try_from(least).expect("a short list");
                let items = self.schema(&pointer::join(&node.pointer, "items"));
                vec(items, least..least + 3).prop_map(Value::from).boxed()
            }
            Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
            Some("integer") => integer(node.value),
            Some("string") => text(node.value),
            other => panic!("{at}: no values of type {other:?}"),
        }
    }

    fn properties(self, schema: &Value, at: &str) -> Members {
        let required: Vec<Value> = schema.get("required").map_or_else(Vec::new, |required| {
            required.as_array().expect("a list of names").clone()
        });
        let properties = schema.get("properties").and_then(Value::as_object);
        let names = properties.into_iter().flat_map(Map::keys);
        names
            .map(|name| {
                let values = self.schema(&pointer::join(&pointer::join(at, "properties"), name));
                let required = required.contains(&json!(name));
                (name.clone(), presence(values, required))
            })
            .collect()
    }
}

/// Any text of `min` to `max` characters, with many of those that break an encoding; but for U+0000,
/// which no text of a request may have.
pub(super) fn texts(min: usize, max: usize) -> BoxedStrategy<String> {
    let delicate: Vec<char> = "/%+& .\\\"?#=;:,'{}[]|^`~@$!*()<>\u{1}\t\n\r\u{7f}\u{80}\u{feff}\
                               \u{2028}\u{fffd}éß\u{301}漢😀\u{10ffff}0aZ"
        .chars()
        .collect();
    let any = any::<char>().prop_map(|character| match character {
        '\0' => '\u{1}',
        other => other,
    });
    let character = prop_oneof![any, select(delicate)];
    let length = prop_oneof![1 => Just(min), 1 => Just(max), 6 => min..=max];
    length
        .prop_flat_map(move |length| vec(character.clone(), length))
        .prop_map(String::from_iter)
        .boxed()
}

fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a value of the schema is one of its model")
}

type Members = Vec<(String, BoxedStrategy<Option<Value>>)>;

fn presence(values: BoxedStrategy<Value>, required: bool) -> BoxedStrategy<Option<Value>> {
    match required {
        true => values.prop_map(Some).boxed(),
        false => proptest::option::of(values).boxed(),
    }
}

fn object(members: Members) -> BoxedStrategy<Value> {
    let (names, values): (Vec<String>, Vec<_>) = members.into_iter().unzip();
    values
        .prop_map(move |values| {
            let members = names.iter().cloned().zip(values);
            let present = members.filter_map(|(name, value)| Some((name, value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

fn integer(schema: &Value) -> BoxedStrategy<Value> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    let min = bound("minimum").unwrap_or(i64::MIN);
    let max = bound("maximum").unwrap_or(i64::MAX);
    prop_oneof![1 => Just(min), 1 => Just(max), 4 => min..=max]
        .prop_map(Value::from)
        .boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let length = |name: &str| bound(name).and_then(|length| usize::try_from(length).ok());
    let known = |name: &str| schema.get(name).and_then(Value::as_array).cloned();
    if let Some(texts) = known("enum") {
        return select(texts).boxed();
    }
    let min = length("minLength").unwrap_or(0);
    let max = length("maxLength").unwrap_or(UNLIMITED);
    let any = match schema.get("format").and_then(Value::as_str) {
        Some("uri") => addresses(max),
        Some("decimal") => "-?[0-9]{1,30}(\\.[0-9]{1,18})?".boxed(),
        _ => texts(min, max),
    };
    let any = any.prop_map(Value::from);
    match known("x-extensible-enum") {
        Some(texts) => prop_oneof![select(texts), any].boxed(),
        None => any.boxed(),
    }
}

/// Absolute URIs, up to `max` characters long.
fn addresses(max: usize) -> BoxedStrategy<String> {
    let start = "https?://[a-z0-9]{1,9}(\\.[a-z0-9]{1,9}){0,2}(:[1-9][0-9]{0,3})?/";
    let rest = "[a-zA-Z0-9/%+&=?;:@!$'(),*._~-]{0,100}";
    (start, rest)
        .prop_map(move |(start, rest)| (start + &rest).chars().take(max).collect())
        .boxed()
}

fn any_object() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        texts(0, 20).prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(texts(0, 8), inner, 0..4).prop_map(Value::from_iter),
        ]
    });
    btree_map(texts(0, 12), value, 0..5)
        .prop_map(Value::from_iter)
        .boxed()
}
