//! `events`: the catalogue of event types, and the webhooks' subscriptions to them.

use clap::{Args, Subcommand};
use orderhook_client::builder::ListEvents;

use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List the types of events that a webhook can be subscribed to
    ListTypes(ListTypesArgs),
    /// Subscribe a webhook to a type of event
    Subscribe(SubscriptionArgs),
    /// End a webhook's subscription to a type of event
    Unsubscribe(SubscriptionArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListTypesArgs {
    /// Only this type, such as card.load
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// Only the type with this code, such as 165802
    #[arg(long, value_name = "CODE")]
    event_code: Option<String>,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SubscriptionArgs {
    /// The webhook's id
    webhook: i64,
    /// The type of event, such as card.load
    event_type: String,
}

pub(crate) async fn run(command: EventsCommand, context: &Context) -> Result<(), Failure> {
    let api = context.merchant_api()?;
    let output = &context.output;
    match command {
        EventsCommand::ListTypes(args) => {
            let answer = collect(&args.paging, |page| {
                api.list_events()
                    .with(args.event_type.clone(), ListEvents::event_type)
                    .with(args.event_code.clone(), ListEvents::event_code)
                    .with(page.cursor, ListEvents::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            output.items(&answer, &answer.data.data)
        }
        EventsCommand::Subscribe(args) => {
            let answer = api
                .subscribe_event()
                .webhook_id(args.webhook)
                .body_map(|body| body.event_type(args.event_type))
                .send()
                .await?;
            output.items(&*answer, &answer.data)
        }
        EventsCommand::Unsubscribe(args) => {
            let call = api.unsubscribe_event().webhook_id(args.webhook);
            let answer = call.event_type(args.event_type).send().await?;
            output.items(&*answer, &answer.data)
        }
    }
}
