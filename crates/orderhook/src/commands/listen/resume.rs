//! What was missed while nobody listened.

use jiff::Timestamp;
use orderhook_client::operator::Client;
use orderhook_client::operator::builder::ListEndpoints;
use orderhook_types::{DeliveryState, EndpointKind, EndpointState, ReplayRequest, Secret};
use url::Url;

use super::state::Position;
use crate::exit::Failure;
use crate::output::note;
use crate::pages::{Optionally as _, PagingArgs, collect};
use crate::time::wire;

/// The secret that the order pushes of a webhook's merchant are signed with.
pub(super) async fn order_secret(operator: &Client, webhook_id: i64) -> Result<Secret, Failure> {
    let merchant_id = merchant_of(operator, webhook_id).await?;
    let merchant = operator
        .get_merchant()
        .merchant_id(merchant_id)
        .send()
        .await?;
    let secret = merchant.into_inner().data.sign_secret;
    Ok(secret
        .ok_or_else(|| anyhow::anyhow!("the server answered without the merchant's secret"))?)
}

/// Takes up the attempts at the webhook and at the origin of the callback URL, and has them deliver
/// what is pending, and what was created since `since` and failed.
pub(super) async fn ask(
    operator: &Client,
    position: &Position,
    since: Timestamp,
) -> Result<(), Failure> {
    let webhook_id = position.webhook_id;
    let merchant_id = merchant_of(operator, webhook_id).await?;
    let paging = PagingArgs {
        limit: i64::MAX,
        all: true,
        ascending: false,
    };
    let answer = collect(&paging, |page| {
        operator
            .list_endpoints()
            .merchant_id(merchant_id)
            .with(page.cursor, ListEndpoints::cursor)
            .limit(page.limit)
            .send()
    });
    let endpoints: orderhook_types::EndpointListResponse = answer.await?;
    let ours = endpoints.data.data.into_iter().filter(|endpoint| {
        endpoint.endpoint_id == webhook_id
            || endpoint.kind == EndpointKind::OrderCallback
                && same_origin(endpoint.url.as_deref(), &position.callback_url)
    });

    let mut asked_for = 0;
    for endpoint in ours {
        let id = endpoint.endpoint_id;
        if endpoint.state != EndpointState::Active {
            let why = endpoint.state_reason.unwrap_or_default();
            note(&format!(
                "endpoint {id} was {} ({why}); it is resumed",
                endpoint.state
            ));
            operator.resume_endpoint().endpoint_id(id).send().await?;
        }
        // What is pending may be due in hours only: it is asked for however old it is.
        asked_for += replay(operator, id, DeliveryState::Pending, Timestamp::UNIX_EPOCH).await?;
        asked_for += replay(operator, id, DeliveryState::Failed, since).await?;
    }
    if asked_for > 0 {
        note(&format!(
            "{asked_for} pushes were missed and are on their way"
        ));
    }
    Ok(())
}

async fn merchant_of(operator: &Client, webhook_id: i64) -> Result<i64, Failure> {
    let endpoint = operator
        .get_endpoint()
        .endpoint_id(webhook_id)
        .send()
        .await?;
    Ok(endpoint.data.merchant_id)
}

async fn replay(
    operator: &Client,
    endpoint_id: i64,
    state: DeliveryState,
    since: Timestamp,
) -> Result<i64, Failure> {
    let body = ReplayRequest {
        since: wire(since),
        until: None,
        merchant_id: None,
        endpoint_id: Some(endpoint_id),
        event_type: None,
        state: Some(state),
        dry_run: None,
    };
    let answer = operator.replay_deliveries().body(body).send().await?;
    Ok(answer.data.replayed)
}

fn same_origin(left: Option<&str>, right: &str) -> bool {
    let origin = |url: &str| Some(Url::parse(url).ok()?.origin());
    let left = left.and_then(origin);
    left.is_some() && left == origin(right)
}
