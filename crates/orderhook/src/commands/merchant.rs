//! `merchant`: whom the server pushes for.

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::ListMerchants;
use orderhook_types::{CreateMerchantRequest, RotateSecretRequest};

use super::OverlapArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantCommand {
    /// Create a merchant, and the secret that its order pushes are signed with
    Create(CreateArgs),
    /// List merchants
    List(PagingArgs),
    /// Show a merchant
    Show(IdArgs),
    /// Replace the secret that a merchant's order pushes are signed with
    RotateSecret(RotateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The merchant's name, of up to 50 characters
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The merchant's id
    id: i64,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The merchant's id
    id: i64,
    #[command(flatten)]
    overlap: OverlapArgs,
}

pub(crate) async fn run(command: MerchantCommand, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let output = &context.output;
    match command {
        MerchantCommand::Create(args) => {
            let body = CreateMerchantRequest::builder().merchant_name(args.name);
            let answer = api.create_merchant().body(body).send().await?;
            output.item(&*answer, &answer.data)
        }
        MerchantCommand::List(paging) => {
            let answer = collect(&paging, |page| {
                api.list_merchants()
                    .with(page.cursor, ListMerchants::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            output.items(&answer, &answer.data.data)
        }
        MerchantCommand::Show(args) => {
            let answer = api.get_merchant().merchant_id(args.id).send().await?;
            output.item(&*answer, &answer.data)
        }
        MerchantCommand::RotateSecret(args) => {
            let body = RotateSecretRequest {
                overlap_seconds: args.overlap.seconds(),
            };
            let call = api.rotate_merchant_secret().merchant_id(args.id);
            let answer = call.body(body).send().await?;
            output.item(&*answer, &answer.data)
        }
    }
}
