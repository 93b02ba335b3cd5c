//! `endpoints`: webhooks, and the origins of order callback URLs.

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::ListEndpoints;
use orderhook_types::PauseEndpointRequest;

use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum EndpointsCommand {
    /// List endpoints
    List(ListArgs),
    /// Show an endpoint, and how much waits for it
    Show(IdArgs),
    /// Make no attempts until it is resumed; what is published waits
    Pause(PauseArgs),
    /// Take attempts up again, also after the server has disabled it
    Resume(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those of this merchant
    #[arg(long, value_name = "ID")]
    merchant: Option<i64>,
    /// Only those in this state: active, paused or disabled
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The id of the webhook or other endpoint
    pub(crate) id: i64,
}

#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// The id of the webhook or other endpoint
    id: i64,
    /// Why, for whoever looks at it
    #[arg(long)]
    reason: Option<String>,
}

pub(crate) async fn run(command: EndpointsCommand, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let output = &context.output;
    match command {
        EndpointsCommand::List(args) => {
            let answer = collect(&args.paging, |page| {
                api.list_endpoints()
                    .with(args.merchant, ListEndpoints::merchant_id)
                    .with(args.state.as_deref(), ListEndpoints::state)
                    .with(page.cursor, ListEndpoints::cursor)
                    .limit(page.limit)
                    .ascending(page.ascending)
                    .send()
            })
            .await?;
            output.items(&answer, &answer.data.data)
        }
        EndpointsCommand::Show(args) => {
            let answer = api.get_endpoint().endpoint_id(args.id).send().await?;
            output.item(&*answer, &answer.data)
        }
        EndpointsCommand::Pause(args) => {
            let body = PauseEndpointRequest::builder();
            let body = match args.reason {
                Some(reason) => body.reason(Some(reason.parse().map_err(Failure::usage)?)),
                None => body,
            };
            let call = api.pause_endpoint().endpoint_id(args.id);
            let answer = call.body(body).send().await?;
            output.item(&*answer, &answer.data)
        }
        EndpointsCommand::Resume(args) => {
            let answer = api.resume_endpoint().endpoint_id(args.id).send().await?;
            output.item(&*answer, &answer.data)
        }
    }
}
