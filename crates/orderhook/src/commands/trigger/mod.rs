//! `trigger`: ready-made examples of everything that can be published.

mod change;
mod examples;

use clap::Args;

use super::listen::state::State;
use super::publish::{parse, publish_card, publish_order};
use crate::cli::MerchantArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::{clock, output, paths};
use change::Change;
use examples::{EXAMPLES, Example, Fresh, Kind};

#[derive(Debug, Args)]
pub(crate) struct TriggerArgs {
    /// The example, such as card.load or order.completed
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Change a member, such as fiatAmount=120.00 or data.card_id=C-7
    #[arg(long = "set", value_name = "PATH=VALUE")]
    changes: Vec<Change>,
    /// Where an order's pushes go; by default to the `listen` that runs on this machine
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    #[command(flatten)]
    pub(crate) merchant: MerchantArgs,
    /// Print the JSON for `publish`, and publish nothing
    #[arg(long)]
    print: bool,
    /// List the examples
    #[arg(long)]
    list: bool,
}

pub(crate) async fn run(args: TriggerArgs, context: &Context) -> Result<(), Failure> {
    let name = match args.name {
        Some(name) if !args.list => name,
        _ => return list(context),
    };
    let example = Example::find(&name).ok_or_else(|| {
        Failure::usage(format!(
            "there is no example `{name}`; `orderhook trigger --list` has them all"
        ))
    })?;
    let callback_url = args.callback_url.or_else(|| running_listener(context));
    let fresh = Fresh {
        now: clock::now(),
        number: getrandom::u64().map_err(anyhow::Error::new)? >> 4,
        callback_url: callback_url.as_deref(),
    };
    let mut body = example.body(&fresh)?;
    for change in &args.changes {
        change.apply(&mut body)?;
    }
    if args.print {
        return context.output.raw_json(&body);
    }
    match example.kind {
        Kind::Card => publish_card(parse(body)?, None, context).await,
        Kind::Order(_) if body.get("orderCallBackUrl").is_none() => Err(Failure::usage(
            "say where the push goes by --callback-url, or run `orderhook listen`",
        )),
        Kind::Order(_) => publish_order(parse(body)?, None, context).await,
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    if context.output.json {
        let examples = EXAMPLES.iter().map(
            |example| serde_json::json!({"name": example.name, "description": example.description}),
        );
        return context.output.raw_json(&examples.collect());
    }
    let rows = EXAMPLES
        .iter()
        .map(|example| vec![example.name.to_owned(), example.description.to_owned()]);
    context
        .output
        .text(&output::list(&["NAME", "DESCRIPTION"], rows.collect()))
}

/// The callback URL of the `listen` that was started last with this server.
fn running_listener(context: &Context) -> Option<String> {
    let state = State::read(&paths::listen_state()?).ok()?;
    state.callback_url(&context.loaded.config.server)
}
