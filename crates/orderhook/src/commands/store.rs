//! The database, for commands that work on it beside a server or without one.

use orderhook_store::StoreError;
use orderhook_store::sqlite::Sqlite;

use crate::context::Context;
use crate::exit::Failure;
use crate::server::open_database;

/// Opens the database of the configuration; brings its schema up to date if `migrate`.
pub(super) async fn open(context: &Context, migrate: bool) -> Result<Sqlite, Failure> {
    context.loaded.check_encryption_keys()?;
    // A server may run meanwhile.
    let exclusive = false;
    Ok(open_database(&context.loaded.config, migrate, exclusive).await?)
}

pub(super) fn failed(error: StoreError) -> Failure {
    anyhow::Error::new(error).into()
}
