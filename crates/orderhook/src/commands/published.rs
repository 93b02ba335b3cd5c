//! `published`: the events, with what was published.

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::ListEvents;

use super::SpanArgs;
use crate::clock;
use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum PublishedCommand {
    /// List events, newest first
    List(ListArgs),
    /// Show an event with the body that is pushed
    Show(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only events of this merchant
    #[arg(long, value_name = "ID")]
    merchant: Option<i64>,
    /// Only events of this type
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// Only changes of this order
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    #[command(flatten)]
    span: SpanArgs,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The event's id, which its pushes carry as webhook-id
    id: String,
}

pub(crate) async fn run(command: PublishedCommand, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    match command {
        PublishedCommand::List(args) => {
            let now = clock::now();
            let since = args.span.since.map(|since| since.to_wire(now));
            let until = args.span.until.map(|until| until.to_wire(now));
            let answer = collect(&args.paging, |page| {
                api.list_events()
                    .with(args.merchant, ListEvents::merchant_id)
                    .with(args.event_type.as_deref(), ListEvents::event_type)
                    .with(args.order.as_deref(), ListEvents::order_id)
                    .with(since.as_deref(), ListEvents::since)
                    .with(until.as_deref(), ListEvents::until)
                    .with(page.cursor, ListEvents::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            context.output.items(&answer, &answer.data.data)
        }
        PublishedCommand::Show(args) => {
            let answer = api.get_event().event_id(args.id).send().await?;
            context.output.item(&*answer, &answer.data)
        }
    }
}
