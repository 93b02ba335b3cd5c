//! The database, for commands that work on it beside a server or without one.

use std::sync::Arc;

use orderhook_store::{Store, StoreError};

use crate::context::Context;
use crate::exit::Failure;
use crate::server::database::{self, Opening};

/// Opens the database of the configuration.
pub(super) async fn open(context: &Context, opening: Opening) -> Result<Arc<dyn Store>, Failure> {
    context.loaded.check_encryption_keys()?;
    let opened = database::open(&context.loaded.config, opening).await?;
    Ok(opened.store())
}

pub(super) fn failed(error: StoreError) -> Failure {
    anyhow::Error::new(error).into()
}
