//! `rekey`: every secret under the first encryption key.

use clap::Args;
use serde_json::json;

use super::store;
use crate::cli::DatabaseArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::server::database::Opening;

#[derive(Debug, Args)]
pub(crate) struct RekeyArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let store = store::open(context, Opening::AsItIs).await?;
    let result = store.rekey().await;
    store.close().await;
    let count = result.map_err(store::failed)?;
    let text = format!("{count} secrets were encrypted anew; the rest had the first key already");
    context.output.sentence(&json!({"rekeyed": count}), &text)
}
