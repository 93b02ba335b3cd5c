//! `ID:KEY`, what secrets are encrypted with in the database.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// A key and its id. `Debug` and `Serialize` show the id only.
#[derive(Clone)]
pub(crate) struct EncryptionKey {
    /// What rows name it by.
    pub(crate) id: u32,
    /// The key itself.
    pub(crate) bytes: Zeroizing<[u8; 32]>,
}

impl FromStr for EncryptionKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "must be ID:KEY, a number and BASE64 of 32 bytes";
        let (id, key) = text.trim().split_once(':').ok_or(RULE)?;
        let id = id.parse().map_err(|_| RULE)?;
        let decoded = Zeroizing::new(STANDARD.decode(key).map_err(|_| RULE)?);
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map_err(|_| RULE)?;
        Ok(Self {
            id,
            bytes: Zeroizing::new(bytes),
        })
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for EncryptionKey {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(input)?);
        text.parse().map_err(de::Error::custom)
    }
}

impl Serialize for EncryptionKey {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(&format_args!("{}:…", self.id))
    }
}

/// The keys of a file, one a line; empty lines and lines that begin with `#` don't count.
pub(super) fn parse_file(text: &str) -> Result<Vec<EncryptionKey>, (usize, &'static str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(index, line)| line.parse().map_err(|rule| (index + 1, rule)))
        .collect()
}
