//! `serve`: the settings are checked here, the server is in [`crate::server`].

use clap::Args;

use crate::cli::{DatabaseArgs, text};
use crate::config::{Flag, Role};
use crate::context::Context;
use crate::exit::Failure;
use crate::{logging, server};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Try it out: a fresh merchant with its tokens, printed once; loopback only
    ///
    /// Makes an encryption key, a merchant and the tokens, and lets pushes go to receivers on this
    /// machine. Never for production.
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Where merchants call
    #[arg(long, value_name = "ADDRESS:PORT")]
    merchant_listen: Option<String>,
    /// Where operators call
    #[arg(long, value_name = "ADDRESS:PORT")]
    operator_listen: Option<String>,
    /// What this process does
    #[arg(long, value_name = "ROLE")]
    role: Option<Role>,
}

impl ServeArgs {
    pub(crate) fn flags(&self) -> Vec<Option<Flag>> {
        let mut flags = self.database.flags();
        flags.push(text(
            "merchant_listen",
            "--merchant-listen",
            self.merchant_listen.clone(),
        ));
        flags.push(text(
            "operator_listen",
            "--operator-listen",
            self.operator_listen.clone(),
        ));
        let role = self.role.map(|role| role.as_str().to_owned());
        flags.push(text("role", "--role", role));
        flags
    }
}

pub(crate) async fn run(args: &ServeArgs, context: &Context) -> Result<(), Failure> {
    context.loaded.check_to_serve(args.dev)?;
    logging::start(&context.loaded)?;
    server::run(context.loaded.config.clone(), args.dev).await?;
    Ok(())
}
