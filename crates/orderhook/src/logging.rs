//! Where log lines go: stderr, as text or as JSON.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, Loaded, LogFormat, Problem};

/// Begins to write log lines; what was logged before is gone.
///
/// # Errors
/// `log.level` is neither a level nor a filter.
pub(crate) fn start(loaded: &Loaded) -> Result<(), ConfigError> {
    let log = &loaded.config.log;
    let filter = EnvFilter::builder()
        .parse(&log.level)
        .map_err(|error| Problem {
            origin: loaded.origin("log.level"),
            key: "log.level".to_owned(),
            rule: format!("must be a level or a filter: {error}"),
        })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    Ok(())
}
