//! `token`: what lets a merchant's people and programs in.

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::ListTokens;
use orderhook_types::CreateTokenRequest;

use crate::context::Context;
use crate::exit::Failure;
use crate::output::note;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token, and print it this once
    Create(CreateArgs),
    /// List a merchant's tokens, without the tokens themselves
    List(ListArgs),
    /// Revoke a token
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The merchant's id
    merchant: i64,
    /// The id of the person or program who will use it, as answers of the API show it
    #[arg(long, value_name = "ID", default_value_t = 1)]
    operator_id: i64,
    /// The name of the person or program who will use it
    #[arg(long, value_name = "NAME")]
    operator_name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The merchant's id
    merchant: i64,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The merchant's id
    merchant: i64,
    /// The token's id
    id: i64,
}

pub(crate) async fn run(command: TokenCommand, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let output = &context.output;
    match command {
        TokenCommand::Create(args) => {
            let body = CreateTokenRequest::builder()
                .operator_id(args.operator_id)
                .operator_name(args.operator_name);
            let call = api.create_token().merchant_id(args.merchant);
            let answer = call.body(body).send().await?;
            // Shown whether or not --reveal was given: nobody can ask for it again.
            if output.json {
                let answer = serde_json::to_value(&*answer).map_err(anyhow::Error::new)?;
                return output.raw_json(&answer);
            }
            note(&format!(
                "token {} of merchant {}; it is not shown again:",
                answer.data.token_id, answer.data.merchant_id
            ));
            output.text(answer.data.token.reveal())
        }
        TokenCommand::List(args) => {
            let answer = collect(&args.paging, |page| {
                api.list_tokens()
                    .merchant_id(args.merchant)
                    .with(page.cursor, ListTokens::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            output.items(&answer, &answer.data.data)
        }
        TokenCommand::Revoke(args) => {
            let call = api.revoke_token().merchant_id(args.merchant);
            let answer = call.token_id(args.id).send().await?;
            output.item(&*answer, &answer.data)
        }
    }
}
