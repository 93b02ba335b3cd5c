//! Every setting with its origin, for people to look at.

use serde::Serialize;
use serde_json::Value;

use super::keys::{KnownKeys, is_secret};
use super::{ConfigError, Loaded};
use crate::output::REDACTED;

/// A setting as `config show` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    /// The key, such as `delivery.jitter`.
    pub(crate) key: String,
    /// The value, or what stands in for a secret; null where there is none.
    pub(crate) value: Value,
    /// The file, variable or flag it stands in, `default` or `not set`.
    pub(crate) origin: String,
}

impl Loaded {
    /// Every setting, in the order of the keys. Secrets are shown if `reveal`.
    pub(crate) fn settings(&self, reveal: bool) -> Result<Vec<Setting>, ConfigError> {
        let known = KnownKeys::read()?;
        let settings = known.iter().map(|key| {
            let value = self
                .value(key)
                .and_then(|value| serde_json::to_value(value).ok())
                .unwrap_or_default();
            let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            Setting {
                key: key.to_owned(),
                value: match key {
                    _ if reveal || is_empty => value,
                    _ if is_secret(key) => Value::from(REDACTED),
                    // A part of it may be a secret.
                    "database" => Value::from(self.config.database.to_string()),
                    _ => value,
                },
                origin: self.origin(key),
            }
        });
        Ok(settings.collect())
    }
}
