//! `migrate`: the schema of this version.

use clap::Args;
use serde_json::json;

use super::store;
use crate::cli::DatabaseArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::server::database::Opening;

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let config = &context.loaded.config;
    let store = store::open(context, Opening::ToMigrate).await?;
    let version = store.schema_version();
    store.close().await;
    let answer = json!({"database": config.database, "schema_version": version});
    let text = format!("{} has schema version {version}", config.database);
    context.output.sentence(&answer, &text)
}
