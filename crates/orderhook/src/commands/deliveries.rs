//! `deliveries` and `attempts`: what became of an event at each endpoint.

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::{ListAttempts, ListDeliveries};

use super::SpanArgs;
use crate::clock;
use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List deliveries, newest first
    List(ListArgs),
    /// Show a delivery
    Show(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only deliveries of this merchant
    #[arg(long, value_name = "ID")]
    merchant: Option<i64>,
    /// Only deliveries to this webhook or other endpoint
    #[arg(long, value_name = "ID")]
    endpoint: Option<i64>,
    /// Only deliveries of this event
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Only deliveries in this state: pending, acknowledged, failed or cancelled
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    span: SpanArgs,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The delivery's id
    id: i64,
}

#[derive(Debug, Args)]
pub(crate) struct AttemptsArgs {
    /// The delivery's id
    delivery: i64,
    #[command(flatten)]
    paging: PagingArgs,
}

pub(crate) async fn run(command: DeliveriesCommand, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    match command {
        DeliveriesCommand::List(args) => {
            let now = clock::now();
            let since = args.span.since.map(|since| since.to_wire(now));
            let until = args.span.until.map(|until| until.to_wire(now));
            let answer = collect(&args.paging, |page| {
                api.list_deliveries()
                    .with(args.merchant, ListDeliveries::merchant_id)
                    .with(args.endpoint, ListDeliveries::endpoint_id)
                    .with(args.event.as_deref(), ListDeliveries::event_id)
                    .with(args.state.as_deref(), ListDeliveries::state)
                    .with(since.as_deref(), ListDeliveries::since)
                    .with(until.as_deref(), ListDeliveries::until)
                    .with(page.cursor, ListDeliveries::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            context.output.items(&answer, &answer.data.data)
        }
        DeliveriesCommand::Show(args) => {
            let answer = api.get_delivery().delivery_id(args.id).send().await?;
            context.output.item(&*answer, &answer.data)
        }
    }
}

pub(crate) async fn run_attempts(args: AttemptsArgs, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let answer = collect(&args.paging, |page| {
        api.list_attempts()
            .delivery_id(args.delivery)
            .with(page.cursor, ListAttempts::cursor)
            .limit(page.limit)
            .ascending(page.ascending)
            .send()
    })
    .await?;
    context.output.items(&answer, &answer.data.data)
}
