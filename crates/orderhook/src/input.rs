//! What a command reads: from a file, or from stdin.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use crate::exit::Failure;

/// The bytes of a file, or of stdin for `-`.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("stdin can't be read")?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// The JSON of a file, or of stdin for `-`.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_slice(&bytes(path)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
