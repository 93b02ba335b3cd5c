//! The keys that exist, which is to say: those of `orderhook.default.toml`.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};

use super::load::{DEFAULT, Layer};
use super::{ConfigError, DEFAULTS};

/// Every key with its default, or for a key without one with an example.
pub(super) struct KnownKeys(BTreeMap<String, Value>);

/// Keys whose values are never shown.
const SECRETS: [&str; 4] = ["encryption_keys", "operator_token", "secret", "token"];

impl KnownKeys {
    /// The keys of the reference, those of its examples included.
    pub(super) fn read() -> Result<Self, ConfigError> {
        let uncommented: String = DEFAULTS
            .lines()
            .map(|line| without_mark(line).to_owned() + "\n")
            .collect();
        let document = Layer::of_text(DEFAULT.to_owned(), &uncommented)?.settings;
        let mut keys = BTreeMap::new();
        leaves(&document, "", &mut |key, value| {
            keys.insert(key, value.clone());
        });
        Ok(Self(keys))
    }

    /// A value of the kind that `key` has.
    pub(super) fn example(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The known key that is most like an unknown one.
    pub(super) fn nearest(&self, unknown: &str) -> Option<&str> {
        self.iter().max_by(|left, right| {
            let likeness = |key| strsim::jaro_winkler(key, unknown);
            likeness(left).total_cmp(&likeness(right))
        })
    }
}

pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key)
}

/// Calls `visit` for each key below `dict`, and for each table where the reference has none.
pub(super) fn leaves(dict: &Dict, prefix: &str, visit: &mut dyn FnMut(String, &Value)) {
    for (name, value) in dict {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value.as_dict() {
            Some(dict) if !dict.is_empty() => leaves(dict, &key, visit),
            _ => visit(key, value),
        }
    }
}

/// `#key = value` without its mark; prose has a space behind it.
fn without_mark(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_lowercase()) => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::toml;
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_reference_has_every_setting_and_no_other() {
        let uncommented: String = DEFAULTS
            .lines()
            .map(|line| without_mark(line).to_owned() + "\n")
            .collect();
        let all: Config = figment::Figment::from(toml(&uncommented.replace('…', "")))
            .extract()
            .unwrap();
        let of_the_type = serde_json::to_value(&all).unwrap();
        for key in KnownKeys::read().unwrap().iter() {
            let pointer = format!("/{}", key.replace('.', "/"));
            assert!(of_the_type.pointer(&pointer).is_some(), "{key}");
        }
        let count = |value: &serde_json::Value| value.as_object().unwrap().len();
        let tables = ["delivery", "retention", "log"];
        let settings = count(&of_the_type) - tables.len()
            + tables
                .iter()
                .map(|table| count(&of_the_type[table]))
                .sum::<usize>();
        assert_eq!(KnownKeys::read().unwrap().iter().count(), settings);
    }

    #[test]
    fn every_key_of_the_reference_is_explained() {
        let lines: Vec<&str> = DEFAULTS.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if without_mark(line).contains(" = ") && without_mark(line) != *line
                || line.starts_with(|first: char| first.is_ascii_lowercase())
            {
                assert!(lines[index - 1].starts_with("# "), "{line}");
            }
        }
    }
}
