//! `publish`: what happened, as JSON out of a file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use orderhook_client::operator::builder::{
    PublishCardEvent, PublishCardEvents, PublishOrderStatusChange,
};
use orderhook_types::{Order, PublishCardEventRequest, PublishCardEventsRequest};
use serde_json::Value;

use crate::cli::MerchantArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::input;
use crate::pages::Optionally as _;

#[derive(Debug, Subcommand)]
pub(crate) enum PublishCommand {
    /// Publish a change of an order: {"orderId": …, "state": …, "orderCallBackUrl": …, …}
    Order(PublishArgs),
    /// Publish a card event: {"event_type": …, "data": {…}}, or an array of up to 100 of them
    Card(PublishArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The JSON; `-` for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    merchant: MerchantArgs,
    /// Makes it safe to repeat the command: the same key publishes the same thing once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl PublishCommand {
    pub(crate) fn merchant(&self) -> &MerchantArgs {
        let (Self::Order(args) | Self::Card(args)) = self;
        &args.merchant
    }
}

pub(crate) async fn run(command: PublishCommand, context: &Context) -> Result<(), Failure> {
    match command {
        PublishCommand::Order(args) => {
            let order = input::json(&args.file)?;
            publish_order(order, args.idempotency_key, context).await
        }
        PublishCommand::Card(args) => match input::json(&args.file)? {
            Value::Array(events) => {
                let body = Value::from_iter([("events", Value::Array(events))]);
                publish_batch(parse(body)?, args.idempotency_key, context).await
            }
            event => publish_card(parse(event)?, args.idempotency_key, context).await,
        },
    }
}

/// Publishes a change of an order.
pub(super) async fn publish_order(
    order: Order,
    idempotency_key: Option<String>,
    context: &Context,
) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let answer = api
        .publish_order_status_change()
        .merchant_id(context.merchant(&api).await?)
        .with(idempotency_key, PublishOrderStatusChange::idempotency_key)
        .body(order)
        .send()
        .await?;
    context.output.item(&*answer, &answer.data)
}

/// Publishes a card event.
pub(super) async fn publish_card(
    event: PublishCardEventRequest,
    idempotency_key: Option<String>,
    context: &Context,
) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let answer = api
        .publish_card_event()
        .merchant_id(context.merchant(&api).await?)
        .with(idempotency_key, PublishCardEvent::idempotency_key)
        .body(event)
        .send()
        .await?;
    context.output.item(&*answer, &answer.data)
}

async fn publish_batch(
    events: PublishCardEventsRequest,
    idempotency_key: Option<String>,
    context: &Context,
) -> Result<(), Failure> {
    let api = context.operator_api()?;
    let answer = api
        .publish_card_events()
        .merchant_id(context.merchant(&api).await?)
        .with(idempotency_key, PublishCardEvents::idempotency_key)
        .body(events)
        .send()
        .await?;
    context.output.items(&*answer, &answer.data.events)
}

/// `value` as the API takes it.
pub(super) fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value)
        .map_err(|error| Failure::usage(format!("this can't be published: {error}")))
}
