//! What `listen` remembers between two runs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The listeners of this user, by the base URL of the merchant API.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    listeners: BTreeMap<String, Position>,
}

/// How far a listener is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The webhook that it listens with.
    pub(crate) webhook_id: i64,
    /// Whatever was created before this time and failed was asked for again.
    pub(crate) seen_until: Timestamp,
    /// Where orders' pushes go.
    pub(crate) callback_url: String,
}

impl State {
    /// The state in a file; empty where there is no file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).context(format!("{}", path.display())),
        };
        serde_json::from_slice(&text).context(format!("{}", path.display()))
    }

    /// The callback URL of the listener that was started last against `server`.
    pub(crate) fn callback_url(&self, server: &str) -> Option<String> {
        Some(self.listeners.get(server)?.callback_url.clone())
    }

    /// How far the listener against `server` is, if it is the one with this webhook.
    pub(super) fn position(&self, server: &str, webhook_id: i64) -> Option<&Position> {
        self.listeners
            .get(server)
            .filter(|position| position.webhook_id == webhook_id)
    }
}

/// Changes the position of the listener against `server`, in one step that can't be half done.
pub(super) fn save(path: &Path, server: &str, position: Position) -> anyhow::Result<()> {
    let mut state = State::read(path)?;
    state.listeners.insert(server.to_owned(), position);
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).context(format!("{}", directory.display()))?;
    let file = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer_pretty(&file, &state)?;
    file.as_file().sync_all()?;
    file.persist(path).context(format!("{}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_kept_apart_by_server_and_webhook() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/listen.json");
        let position = |webhook_id| Position {
            webhook_id,
            seen_until: Timestamp::UNIX_EPOCH,
            callback_url: format!("http://127.0.0.1:{webhook_id}/orders"),
        };
        save(&path, "http://a", position(1)).unwrap();
        save(&path, "http://b", position(2)).unwrap();
        save(&path, "http://a", position(3)).unwrap();

        let state = State::read(&path).unwrap();
        assert_eq!(state.position("http://a", 3), Some(&position(3)));
        assert_eq!(state.position("http://a", 1), None);
        assert_eq!(
            state.callback_url("http://b").unwrap(),
            "http://127.0.0.1:2/orders"
        );
        assert_eq!(state.callback_url("http://c"), None);
    }
}
