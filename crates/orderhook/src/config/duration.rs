//! Durations as people write them: `15s`, `5m`, `30d`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Reads a duration such as `15s`; its error is the rule.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "must be a duration such as 15s, 5m or 30d")
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(input)?).map_err(de::Error::custom)
}

pub(super) fn serialize<S: Serializer>(duration: &Duration, output: S) -> Result<S::Ok, S::Error> {
    humantime::format_duration(*duration)
        .to_string()
        .serialize(output)
}

/// The same for a list of them.
pub(super) mod list {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Vec<Duration>, D::Error> {
        Vec::<String>::deserialize(input)?
            .iter()
            .map(|text| super::parse(text).map_err(de::Error::custom))
            .collect()
    }

    pub(in crate::config) fn serialize<S: Serializer>(
        durations: &[Duration],
        output: S,
    ) -> Result<S::Ok, S::Error> {
        output.collect_seq(
            durations
                .iter()
                .map(|duration| humantime::format_duration(*duration).to_string()),
        )
    }
}
