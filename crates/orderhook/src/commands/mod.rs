//! The commands, a file each: what they take, and what they do.

pub(crate) mod copy;
pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod listen;
pub(crate) mod manual;
pub(crate) mod merchant;
pub(crate) mod migrate;
pub(crate) mod operator_token;
pub(crate) mod publish;
pub(crate) mod published;
pub(crate) mod rekey;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod show_config;
pub(crate) mod signature;
pub(crate) mod status;
mod store;
pub(crate) mod token;
pub(crate) mod trigger;
pub(crate) mod webhooks;

use std::time::Duration;

use clap::Args;

use crate::cli::Command;
use crate::config::parse_duration;
use crate::context::Context;
use crate::exit::Failure;
use crate::time::Instant;

/// Runs a command to its end.
pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(&args, context).await,
        Command::Migrate(_) => migrate::run(context).await,
        Command::Copy(args) => copy::run(args, context).await,
        Command::Rekey(_) => rekey::run(context).await,
        Command::OperatorToken(command) => operator_token::run(command, context).await,
        Command::Merchant(command) => merchant::run(command, context).await,
        Command::Token(command) => token::run(command, context).await,
        Command::Webhooks(command) => webhooks::run(command, context).await,
        Command::Events(command) => events::run(command, context).await,
        Command::Endpoints(command) => endpoints::run(command, context).await,
        Command::Publish(command) => publish::run(command, context).await,
        Command::Trigger(args) => trigger::run(args, context).await,
        Command::Published(command) => published::run(command, context).await,
        Command::Deliveries(command) => deliveries::run(command, context).await,
        Command::Attempts(args) => deliveries::run_attempts(args, context).await,
        Command::Replay(args) => replay::run(args, context).await,
        Command::Status => status::run(context).await,
        Command::Listen(args) => listen::run(args, context).await,
        Command::Sign(args) => signature::sign(&args, context),
        Command::Verify(args) => signature::verify(&args, context),
        Command::Config(command) => show_config::run(&command, context),
        Command::Completions(args) => manual::completions(&args, context.output),
        Command::Man(args) => manual::man(&args, context.output),
    }
}

/// The span of time that a list is about.
#[derive(Debug, Args)]
pub(crate) struct SpanArgs {
    /// Only what was created since: a time such as 2026-11-01T09:30:00Z, or how long ago, such as 1h
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Instant>,
    /// Only what was created before: a time, or how long ago
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Instant>,
}

/// How a secret is replaced.
#[derive(Debug, Args)]
pub(crate) struct OverlapArgs {
    /// For how long the secret before stays good; a day if not given
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    overlap: Option<Duration>,
}

impl OverlapArgs {
    fn seconds(&self) -> Option<i64> {
        self.overlap
            .map(|overlap| i64::try_from(overlap.as_secs()).unwrap_or(i64::MAX))
    }
}
