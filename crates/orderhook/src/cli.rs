//! The command line: what can be typed. What each command does stands with the command.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    copy, deliveries, endpoints, events, listen, manual, merchant, migrate, operator_token,
    publish, published, rekey, replay, serve, show_config, signature, token, trigger, webhooks,
};
use crate::config::{Flag, FlagValue, LogFormat, Sources};
use crate::paths;
use crate::server::dev;

/// Push order updates and card events to merchants: at least once, signed, observable
///
/// Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 not found, 4 refused,
/// 5 network, 6 not authorized.
#[derive(Debug, Parser)]
#[command(
    name = "orderhook",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The configuration file in place of ./orderhook.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON as the API answers it; errors too, on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show secrets, which are redacted otherwise
    #[arg(long, global = true)]
    pub(crate) reveal: bool,
    /// The base URL of the merchant API
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The base URL of the operator API
    #[arg(long, global = true, value_name = "URL")]
    operator_server: Option<String>,
    /// A file with the merchant's token, in place of ORDERHOOK_TOKEN
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the operator's token, in place of ORDERHOOK_OPERATOR_TOKEN
    #[arg(long, global = true, value_name = "FILE")]
    operator_token_file: Option<PathBuf>,
    /// How log lines are written
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged: a level, or a filter such as info,orderhook_delivery=debug
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: merchant API, operator API and delivery
    Serve(serve::ServeArgs),
    /// Bring the database to the schema of this version
    Migrate(migrate::MigrateArgs),
    /// Copy a whole database, such as a SQLite file, into another one, such as PostgreSQL, or back
    ///
    /// Nothing else may use the two databases meanwhile, and none is changed that has data of its own.
    /// If it is interrupted, the same command goes on where it was. At the end every row is read back
    /// and compared. Secrets are copied as they are, encrypted: no encryption key is needed here, and
    /// the server needs the same keys as before.
    Copy(copy::CopyArgs),
    /// Encrypt every secret of the database with the first encryption key
    ///
    /// A server that has both keys can run meanwhile. When this command is done, the other keys can
    /// be taken out of the configuration.
    Rekey(rekey::RekeyArgs),
    /// Tokens of the operator API, straight in the database
    #[command(subcommand)]
    OperatorToken(operator_token::OperatorTokenCommand),
    /// Merchants (operator API)
    #[command(subcommand)]
    Merchant(merchant::MerchantCommand),
    /// Merchants' tokens (operator API)
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Webhooks of a merchant (merchant API; pause, resume, delete and rotate-secret: operator API)
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Types of events, and webhooks' subscriptions to them (merchant API)
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Receivers of pushes, each with a queue of its own (operator API)
    #[command(subcommand)]
    Endpoints(endpoints::EndpointsCommand),
    /// Publish what happened, as JSON (operator API)
    #[command(subcommand)]
    Publish(publish::PublishCommand),
    /// Publish a ready-made example (operator API)
    ///
    /// For example: orderhook trigger order.completed --set fiatAmount=120.00
    Trigger(trigger::TriggerArgs),
    /// What was published (operator API)
    #[command(subcommand)]
    Published(published::PublishedCommand),
    /// What became of each event at each endpoint (operator API)
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// The attempts of a delivery (operator API)
    Attempts(deliveries::AttemptsArgs),
    /// Deliver once more (operator API)
    Replay(replay::ReplayArgs),
    /// How the server is doing (operator API)
    Status,
    /// Receive pushes on this machine, verify and show them
    ///
    /// Makes or takes up a webhook that is named after this machine, subscribes it, and asks for
    /// what it missed while it was away: pending deliveries at once, failed ones once more.
    /// Delivery is at least once: a message that comes again is shown as repeated.
    Listen(listen::ListenArgs),
    /// Sign a body as the server does
    Sign(signature::SignArgs),
    /// Verify the signature of a body
    Verify(signature::VerifyArgs),
    /// The configuration
    #[command(subcommand)]
    Config(show_config::ConfigCommand),
    /// Print the completions of a shell
    Completions(manual::CompletionsArgs),
    /// Print the manual page, or that of a command
    Man(manual::ManArgs),
}

impl Cli {
    /// Where to look for settings.
    pub(crate) fn sources(&self) -> Sources {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let mut flags = self.global.flags();
        flags.extend(self.command.flags());
        Sources {
            flags,
            environment: environment.collect(),
            must_exist: self.global.config.is_some(),
            project_file: self
                .global
                .config
                .clone()
                .unwrap_or_else(|| PathBuf::from("orderhook.toml")),
            user_file: paths::user_configuration(),
            dev_file: Path::new(dev::FOLDER).join(dev::CLIENT_SETTINGS),
        }
    }
}

impl GlobalArgs {
    fn flags(&self) -> Vec<Flag> {
        let log_format = self.log_format.map(|format| match format {
            LogFormat::Text => "text".to_owned(),
            LogFormat::Json => "json".to_owned(),
        });
        [
            text("server", "--server", self.server.clone()),
            text(
                "operator_server",
                "--operator-server",
                self.operator_server.clone(),
            ),
            text("log.format", "--log-format", log_format),
            text("log.level", "--log-level", self.log_level.clone()),
            file("token", "--token-file", self.token_file.clone()),
            file(
                "operator_token",
                "--operator-token-file",
                self.operator_token_file.clone(),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Command {
    /// The settings that the command's own flags give.
    fn flags(&self) -> Vec<Flag> {
        let flags = match self {
            Self::Serve(args) => args.flags(),
            Self::Migrate(args) => args.database.flags(),
            Self::Rekey(args) => args.database.flags(),
            Self::OperatorToken(command) => command.database().flags(),
            Self::Publish(command) => command.merchant().flags(),
            Self::Trigger(args) => args.merchant.flags(),
            Self::Sign(args) => args.secret.flags(),
            Self::Verify(args) => args.secret.flags(),
            _ => Vec::new(),
        };
        flags.into_iter().flatten().collect()
    }
}

/// The flag `--database`.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The SQLite file, or the URL of a PostgreSQL database; its password is better kept in a file
    #[arg(long, value_name = "FILE|URL")]
    database: Option<String>,
}

impl DatabaseArgs {
    pub(crate) fn flags(&self) -> Vec<Option<Flag>> {
        vec![text("database", "--database", self.database.clone())]
    }
}

/// The flag `--merchant`.
#[derive(Debug, Args)]
pub(crate) struct MerchantArgs {
    /// The merchant's id; by default the only merchant there is
    #[arg(long, value_name = "ID")]
    merchant: Option<i64>,
}

impl MerchantArgs {
    pub(crate) fn flags(&self) -> Vec<Option<Flag>> {
        let merchant = self.merchant.map(|id| id.to_string());
        vec![text("merchant", "--merchant", merchant)]
    }
}

/// The flag `--secret-file`.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// A file with the signing secret, in place of ORDERHOOK_SECRET
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl SecretArgs {
    pub(crate) fn flags(&self) -> Vec<Option<Flag>> {
        vec![file("secret", "--secret-file", self.secret_file.clone())]
    }
}

/// A setting that stands on the command line.
pub(crate) fn text(key: &'static str, name: &'static str, value: Option<String>) -> Option<Flag> {
    let value = FlagValue::Text(value?);
    Some(Flag { key, name, value })
}

fn file(key: &'static str, name: &'static str, path: Option<PathBuf>) -> Option<Flag> {
    let value = FlagValue::InFile(path?);
    Some(Flag { key, name, value })
}
