//! `webhooks`: where a merchant wants card events to go.

use clap::{Args, Subcommand};
use orderhook_client::builder::ListWebhooks;
use orderhook_types::{Patch, RotateSecretRequest, WebhookUrl};

use super::OverlapArgs;
use super::endpoints::{self, EndpointsCommand, IdArgs, PauseArgs};
use crate::context::Context;
use crate::exit::Failure;
use crate::pages::{Optionally as _, PagingArgs, collect};

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List webhooks, a line for each with each of its subscriptions
    List(ListArgs),
    /// Create a webhook
    Create(CreateArgs),
    /// Change a webhook
    Update(UpdateArgs),
    /// Make no attempts until it is resumed; what is published waits (operator API)
    Pause(PauseArgs),
    /// Take attempts up again, also after the server has disabled it (operator API)
    Resume(IdArgs),
    /// Delete a webhook, and cancel what waits for it (operator API)
    Delete(IdArgs),
    /// Replace the secret that its pushes are signed with (operator API)
    RotateSecret(RotateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only webhooks of exactly this name
    #[arg(long)]
    name: Option<String>,
    /// Only webhooks with exactly this address
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name, of up to 20 characters
    name: String,
    /// Where its events go; without it nothing is queued for it
    #[arg(long)]
    url: Option<WebhookUrl>,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The webhook's id
    id: i64,
    /// Its name from now on
    #[arg(long)]
    name: String,
    /// Its address from now on; as it was if not given
    #[arg(long)]
    url: Option<WebhookUrl>,
    /// Take its address away
    #[arg(long, conflicts_with = "url")]
    no_url: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The webhook's id
    id: i64,
    #[command(flatten)]
    overlap: OverlapArgs,
}

pub(crate) async fn run(command: WebhooksCommand, context: &Context) -> Result<(), Failure> {
    match command {
        WebhooksCommand::List(args) => list(args, context).await,
        WebhooksCommand::Create(args) => create(args, context).await,
        WebhooksCommand::Update(args) => update(args, context).await,
        // A webhook's endpoint has the webhook's id.
        WebhooksCommand::Pause(args) => {
            endpoints::run(EndpointsCommand::Pause(args), context).await
        }
        WebhooksCommand::Resume(args) => {
            endpoints::run(EndpointsCommand::Resume(args), context).await
        }
        WebhooksCommand::Delete(args) => delete(&args, context).await,
        WebhooksCommand::RotateSecret(args) => rotate_secret(&args, context).await,
    }
}

async fn list(args: ListArgs, context: &Context) -> Result<(), Failure> {
    let api = context.merchant_api()?;
    let answer = collect(&args.paging, |page| {
        api.list_webhooks()
            .with(args.name.as_deref(), ListWebhooks::webhook_name)
            .with(args.url.as_deref(), ListWebhooks::webhook_url)
            .with(page.cursor, ListWebhooks::cursor)
            .limit(page.limit)
            .ascending(page.ascending)
            .send()
    })
    .await?;
    context.output.items(&answer, &answer.data.data)
}

async fn create(args: CreateArgs, context: &Context) -> Result<(), Failure> {
    let api = context.merchant_api()?;
    let answer = api
        .create_webhook()
        .body_map(|body| body.webhook_name(args.name).webhook_url(args.url))
        .send()
        .await?;
    context.output.items(&*answer, &answer.data)
}

async fn update(args: UpdateArgs, context: &Context) -> Result<(), Failure> {
    let api = context.merchant_api()?;
    let url = match args.url {
        Some(url) => Patch::Value(url),
        None if args.no_url => Patch::Null,
        None => Patch::Absent,
    };
    let answer = api
        .update_webhook()
        .webhook_id(args.id)
        .body_map(|body| body.webhook_name(args.name).webhook_url(url))
        .send()
        .await?;
    context.output.items(&*answer, &answer.data)
}

async fn delete(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let answer = api.delete_webhook().webhook_id(args.id).send().await?;
    let text = format!("webhook {} is deleted", answer.data.webhook_id);
    context.output.sentence(&*answer, &text)
}

async fn rotate_secret(args: &RotateArgs, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let body = RotateSecretRequest {
        overlap_seconds: args.overlap.seconds(),
    };
    let call = api.rotate_webhook_secret().webhook_id(args.id);
    let answer = call.body(body).send().await?;
    context.output.item(&*answer, &answer.data)
}
