//! `replay`: deliver once more, one delivery or all that a filter selects.

use clap::Args;
use orderhook_types::{DeliveryState, ReplayRequest};

use crate::clock;
use crate::context::Context;
use crate::exit::Failure;
use crate::time::Instant;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The delivery's id
    #[arg(required_unless_present_any = ["failed", "state"])]
    delivery: Option<i64>,
    /// Every delivery that failed, since --since
    #[arg(long, conflicts_with_all = ["delivery", "state"], requires = "since")]
    failed: bool,
    /// Every delivery in this state, since --since: pending, acknowledged, failed or cancelled
    #[arg(long, conflicts_with = "delivery", requires = "since")]
    state: Option<String>,
    /// Only deliveries created since: a time such as 2026-11-01T09:30:00Z, or how long ago, such as 1h
    #[arg(long, value_name = "TIME", conflicts_with = "delivery")]
    since: Option<Instant>,
    /// Only deliveries created before: a time, or how long ago
    #[arg(long, value_name = "TIME", conflicts_with = "delivery")]
    until: Option<Instant>,
    /// Only deliveries of this merchant
    #[arg(long, value_name = "ID", conflicts_with = "delivery")]
    merchant: Option<i64>,
    /// Only deliveries to this webhook or other endpoint
    #[arg(long, value_name = "ID", conflicts_with = "delivery")]
    endpoint: Option<i64>,
    /// Only deliveries of this type of event
    #[arg(long, value_name = "TYPE", conflicts_with = "delivery")]
    event_type: Option<String>,
    /// Count them, and replay none
    #[arg(long, conflicts_with = "delivery")]
    dry_run: bool,
}

pub(crate) async fn run(args: ReplayArgs, context: &Context) -> Result<(), Failure> {
    let api = context.operator_api()?;
    if let Some(delivery) = args.delivery {
        let answer = api.replay_delivery().delivery_id(delivery).send().await?;
        return context.output.item(&*answer, &answer.data);
    }
    let answer = api.replay_deliveries().body(request(args)?).send().await?;
    let summary = &answer.data;
    let text = if summary.dry_run {
        format!("{} deliveries would be replayed", summary.matched)
    } else {
        format!(
            "{} of {} deliveries are replayed",
            summary.replayed, summary.matched
        )
    };
    context.output.sentence(&*answer, &text)
}

fn request(args: ReplayArgs) -> Result<ReplayRequest, Failure> {
    let now = clock::now();
    let since = args.since;
    let since = since.ok_or_else(|| Failure::usage("say since when, by --since"))?;
    let state = args.state.map(DeliveryState::from);
    Ok(ReplayRequest {
        since: since.to_wire(now),
        until: args.until.map(|until| until.to_wire(now)),
        merchant_id: args.merchant,
        endpoint_id: args.endpoint,
        event_type: args
            .event_type
            .map(|text| text.parse())
            .transpose()
            .map_err(Failure::usage)?,
        state: Some(state.unwrap_or(DeliveryState::Failed)),
        dry_run: Some(args.dry_run),
    })
}
