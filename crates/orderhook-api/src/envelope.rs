//! The documented envelope `{msg, code, trace_id, data}` around answers and refusals.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orderhook_runtime::{self as runtime, Call, Refusal, TraceId};
use orderhook_types::*;

/// What `Retry-After` says with a 429 or 503 for which the implementation named no time.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// An envelope around data of one kind.
pub trait Envelope {
    /// What the envelope holds.
    type Data;

    /// The envelope of an answer: `code` 200 and `msg` "ok".
    fn ok(trace_id: &TraceId, data: Self::Data) -> Self;
}

macro_rules! envelope {
    ($($name:ident($data:ty)),+ $(,)?) => {$(
        impl Envelope for $name {
            type Data = $data;

            fn ok(trace_id: &TraceId, data: $data) -> Self {
                Self {
                    msg: Some("ok".to_owned()),
                    code: 200,
                    trace_id: Some(trace_id.as_str().to_owned()),
                    data,
                }
            }
        }
    )+};
}

envelope! {
    WebhookListResponse(WebhookPage),
    WebhookResponse(Vec<Webhook>),
    EventListResponse(EventPage),
    SubscriptionResponse(Vec<WebhookSubscription>),
}

// Of the operator API.
envelope! {
    MerchantListResponse(MerchantPage),
    MerchantResponse(Merchant),
    TokenListResponse(TokenPage),
    TokenResponse(Token),
    IssuedTokenResponse(IssuedToken),
    RotatedSecretResponse(RotatedSecret),
    PublishedEventResponse(PublishedEvent),
    PublishedEventsResponse(PublishedEvents),
    DeletedWebhookResponse(DeletedWebhook),
    EndpointListResponse(EndpointPage),
    EndpointResponse(Endpoint),
    EventLogResponse(EventLogPage),
    EventDetailResponse(EventDetail),
    DeliveryListResponse(DeliveryPage),
    DeliveryResponse(Delivery),
    AttemptListResponse(AttemptPage),
    ReplayResponse(ReplaySummary),
    StatusResponse(Status),
}

/// A call whose answer stands in an envelope.
pub trait EnvelopedCall {
    /// The answer to this call, in its envelope.
    fn ok<E: Envelope>(&self, data: E::Data) -> E;
}

impl<P> EnvelopedCall for Call<P> {
    fn ok<E: Envelope>(&self, data: E::Data) -> E {
        E::ok(&self.trace_id, data)
    }
}

/// The refusal in the documented envelope, with every fault under `data.faults`.
pub fn refuse(trace_id: &TraceId, refusal: &Refusal) -> Response {
    let problem = refusal.problem();
    let faults: Vec<_> = problem.faults().iter().map(fault).collect();
    let body = ErrorResponse {
        msg: problem.message().to_owned(),
        code: refusal.status().into(),
        trace_id: Some(trace_id.as_str().to_owned()),
        data: (!faults.is_empty()).then_some(ErrorData { faults }),
    };
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110 asks for a challenge with every 401.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let asks_to_wait = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let wait = problem.retry_after();
    if let Some(wait) = wait.or(asks_to_wait.contains(&status).then_some(SHORTEST_WAIT)) {
        let seconds = HeaderValue::from(whole_seconds(wait));
        headers.insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn fault(fault: &runtime::Fault) -> Fault {
    Fault {
        location: fault.location.as_str().into(),
        field: fault.field.clone(),
        rule: fault.rule.as_str().into(),
        message: fault.message.clone(),
    }
}

/// Rounded up, so that nobody comes back too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
