//! Where a user's files are, by the XDG base directory specification.

use std::path::PathBuf;

/// The user's configuration file; `None` without a home directory.
pub(crate) fn user_configuration() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", ".config")?.join("orderhook/config.toml"))
}

/// What `listen` remembers between two runs; `None` without a home directory.
pub(crate) fn listen_state() -> Option<PathBuf> {
    Some(base("XDG_STATE_HOME", ".local/state")?.join("orderhook/listen.json"))
}

fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    // The specification ignores paths that are not absolute.
    let given = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    given.or_else(|| Some(std::env::home_dir()?.join(below_home)))
}
