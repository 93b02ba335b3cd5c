//! Values that are written as one text each.

/// A list of them.
pub(super) mod list {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::config) fn deserialize<'de, T, D>(input: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Vec::<String>::deserialize(input)?
            .iter()
            .map(|text| text.parse().map_err(de::Error::custom))
            .collect()
    }

    pub(in crate::config) fn serialize<T: Display, S: Serializer>(
        items: &[T],
        output: S,
    ) -> Result<S::Ok, S::Error> {
        output.collect_seq(items.iter().map(ToString::to_string))
    }
}
