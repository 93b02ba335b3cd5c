//! `operator-token`: the first token of all, which no API can hand out.
//!
//! Whoever can read and write the database is trusted already.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use orderhook_store::{OperatorToken, Store, TokenId};
use serde::Serialize;
use serde_json::json;

use super::store;
use crate::cli::DatabaseArgs;
use crate::clock;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Output, Tabular, note};
use crate::randomness::{OPERATOR_TOKEN, SystemRandomness, new_token, token_hash};
use crate::server::database::Opening;
use crate::time::wire;

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorTokenCommand {
    /// Create a token, and print it this once
    Create(CreateArgs),
    /// List tokens, without the tokens themselves
    List(ListArgs),
    /// Revoke a token
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Who will use it, for the server's log
    name: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The token's id
    id: i64,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl OperatorTokenCommand {
    pub(crate) fn database(&self) -> &DatabaseArgs {
        match self {
            Self::Create(args) => &args.database,
            Self::List(args) => &args.database,
            Self::Revoke(args) => &args.database,
        }
    }
}

/// A token as it is printed.
#[derive(Debug, Serialize)]
struct Row {
    token_id: i64,
    name: String,
    create_time: String,
    revoke_time: Option<String>,
}

impl From<OperatorToken> for Row {
    fn from(token: OperatorToken) -> Self {
        Self {
            token_id: token.token_id.0,
            name: token.name,
            create_time: wire(token.created_at),
            revoke_time: token.revoked_at.map(wire),
        }
    }
}

impl Tabular for Row {
    const HEADERS: &'static [&'static str] = &["ID", "NAME", "CREATED", "REVOKED"];

    fn cells(&self, _: &Output) -> Vec<String> {
        vec![
            self.token_id.to_string(),
            self.name.clone(),
            self.create_time.clone(),
            self.revoke_time.clone().unwrap_or_default(),
        ]
    }
}

pub(crate) async fn run(command: OperatorTokenCommand, context: &Context) -> Result<(), Failure> {
    let store = store::open(context, Opening::AsItIs).await?;
    let result = run_on(&*store, command, context.output, clock::now()).await;
    store.close().await;
    result
}

async fn run_on(
    store: &dyn Store,
    command: OperatorTokenCommand,
    output: Output,
    now: Timestamp,
) -> Result<(), Failure> {
    match command {
        OperatorTokenCommand::Create(args) => create(store, &args.name, output, now).await,
        OperatorTokenCommand::List(_) => {
            let tokens = store.operator_tokens().await.map_err(store::failed)?;
            let rows: Vec<Row> = tokens.into_iter().map(Row::from).collect();
            output.items(&rows, &rows)
        }
        OperatorTokenCommand::Revoke(args) => {
            let revoked = store.revoke_operator_token(TokenId(args.id), now).await;
            let token = revoked.map_err(store::failed)?;
            let token = token.ok_or_else(|| {
                Failure::not_found(format!("there is no operator token {}", args.id))
            })?;
            let row = Row::from(token);
            output.item(&row, &row)
        }
    }
}

async fn create(
    store: &dyn Store,
    name: &str,
    output: Output,
    now: Timestamp,
) -> Result<(), Failure> {
    let token = new_token(OPERATOR_TOKEN, &SystemRandomness).map_err(anyhow::Error::from_boxed)?;
    let created = store
        .create_operator_token(name, &token_hash(token.reveal()), now)
        .await
        .map_err(store::failed)?;
    // Shown whether or not --reveal was given: only its hash is kept.
    if output.json {
        return output.raw_json(&json!({
            "token_id": created.token_id.0,
            "name": created.name,
            "create_time": wire(created.created_at),
            "token": token.reveal(),
        }));
    }
    note(&format!(
        "operator token {} for {}; it is not shown again:",
        created.token_id, created.name
    ));
    output.text(token.reveal())
}
