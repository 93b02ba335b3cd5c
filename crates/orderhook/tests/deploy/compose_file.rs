//! `compose.yaml` as a tree in which every anchor and merge is resolved.

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::{Map, Value};

const TEXT: &str = include_str!("../../deploy/compose.yaml");

/// The whole file.
pub(crate) fn compose() -> Value {
    let documents = Yaml::load_from_str(TEXT).unwrap();
    assert_eq!(documents.len(), 1);
    resolved(&documents[0])
}

/// A service of it.
pub(crate) fn service(name: &str) -> Value {
    let service = compose()["services"][name].take();
    assert!(service.is_object(), "there is no service {name}");
    service
}

/// The names of the services that run `serve`.
pub(crate) fn replicas() -> Vec<String> {
    let compose = compose();
    let services = compose["services"].as_object().unwrap().iter();
    services
        .filter(|(_, service)| words(&service["command"]).first() == Some(&"serve".to_owned()))
        .map(|(name, _)| name.clone())
        .collect()
}

/// A list of texts; none where there is no list.
pub(crate) fn words(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

fn resolved(node: &Yaml<'_>) -> Value {
    if let Some(mapping) = node.as_mapping() {
        let mut members = Map::new();
        for (key, value) in mapping {
            let (key, value) = (key.as_str().unwrap(), resolved(value));
            match (key, value) {
                // What stands beside a merge is stronger, before it and behind.
                ("<<", Value::Object(merged)) => {
                    for (key, value) in merged {
                        members.entry(key).or_insert(value);
                    }
                }
                (key, value) => {
                    members.insert(key.to_owned(), value);
                }
            }
        }
        return Value::Object(members);
    }
    if let Some(items) = node.as_sequence() {
        return items.iter().map(resolved).collect();
    }
    if let Some(text) = node.as_str() {
        return Value::from(text);
    }
    let number = node.as_integer().map(Value::from);
    let truth = node.as_bool().map(Value::from);
    let value = number.or(truth);
    value.unwrap_or_else(|| panic!("{node:?} is of a kind that nothing here needs"))
}
