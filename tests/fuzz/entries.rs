//! What becomes of an input that anybody may send: one function for each fuzz target, used by the
//! target and by the test that replays its corpus. A function that panics has found something.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use orderhook_api::runtime::{Operation, Refusal, TraceId};
use orderhook_api::{NotImplemented, Server, refuse};
use orderhook_delivery::{AddressPolicy, Schedule};
use orderhook_webhook::{
    MessageId, Signer, SigningSecret, Verifier, WEBHOOK_ID, WEBHOOK_TIMESTAMP,
};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// 2021-02-25T15:02:10Z in Unix seconds, when the example of Standard Webhooks was signed.
const NOW: u64 = 1_614_265_330;
/// The secret of that example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How many seconds a signature is good for, before and after it was made.
const TOLERANCE: u64 = 5 * 60;

/// Sends `body` to every operation that has one.
///
/// It arrives there, or is refused for a fault of the body; what arrives is JSON.
pub fn json_body(body: &[u8]) {
    let is_json = serde_json::from_slice::<Value>(body).is_ok();
    for route in ROUTES.iter().filter(|route| route.has_body) {
        let mut request = Request::new(Body::from(body.to_vec()));
        *request.method_mut() = route.method.clone();
        *request.uri_mut() = route.path.parse().expect("the path of an operation");
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let arrived = route.call(request, "body");
        assert!(is_json || !arrived, "{} takes what is no JSON", route.path);
    }
}

/// Sends `query` to every operation that lists or shows something.
///
/// It arrives there, or is refused for a fault of the query.
pub fn query(query: &[u8]) {
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        let target = [route.path.as_bytes(), b"?", query].concat();
        let Ok(target) = Uri::try_from(target) else {
            // No request can carry it.
            return;
        };
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = target;
        route.call(request, "query");
    }
}

/// Verifies a push: lines of headers, an empty line, a body.
///
/// What is verified is so for its very body only; and whatever the other headers are, the right
/// signature is accepted, and only in time.
pub fn signature_headers(push: &[u8]) {
    let secret: SigningSecret = SECRET.parse().expect("a secret");
    let verifier = Verifier::new([secret.clone()]).expect("a secret");
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    let (mut headers, body) = parse_push(push);

    if let Ok(verified) = verifier.verify(&headers, body, now) {
        assert_eq!(verified.body(), body);
        let longer = [body, b" "].concat();
        assert!(verifier.verify(&headers, &longer, now).is_err());
    }

    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let message_id = text(WEBHOOK_ID).and_then(|id| MessageId::new(id).ok());
    let timestamp = text(WEBHOOK_TIMESTAMP).and_then(|digits| digits.parse().ok());
    if let (Some(message_id), Some(timestamp)) = (message_id, timestamp) {
        let signer = Signer::new([secret]).expect("a secret");
        signer
            .sign(&message_id, timestamp, body)
            .insert_into(&mut headers);
        let verified = verifier.verify(&headers, body, now);
        let is_in_time = timestamp.abs_diff(NOW) <= TOLERANCE;
        assert_eq!(verified.is_ok(), is_in_time, "{verified:?}");
    }
}

/// Checks the address of a receiver, with nothing opened and with a port of this machine opened.
///
/// What is accepted is accepted again as it is spelled then, is the same to whoever sends to it,
/// and is no address that is refused when it is connected to.
pub fn receiver_url(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        // It would come in JSON.
        return;
    };
    let closed = AddressPolicy::default();
    let open = AddressPolicy::new(["127.0.0.1:9100".parse().expect("an address")]);
    if let Ok(url) = closed.check_url(text) {
        assert_eq!(url.scheme(), "https");
        assert_eq!(open.check_url(text).as_ref(), Ok(&url));
    }
    for policy in [closed, open] {
        let Ok(url) = policy.check_url(text) else {
            continue;
        };
        assert_eq!(policy.check_url(url.as_str()).as_ref(), Ok(&url));
        let sent_to: Uri = url.as_str().parse().expect("a URL that can be sent to");
        assert_eq!(sent_to.host(), url.host_str());

        let host = url.host_str().expect("a host");
        let port = url.port_or_known_default().expect("a port");
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            let address = SocketAddr::new(address, port);
            assert_eq!(policy.check_address(address), Ok(()));
        }
    }
}

/// Reads a `Retry-After`: what it asks for lies ahead, and within a day when it is honoured.
pub fn retry_after(value: &[u8]) {
    let now = Timestamp::from_second(NOW.cast_signed()).expect("a time");
    let Some(wait) = orderhook_delivery::retry_after(value, now) else {
        return;
    };
    assert!(wait > Duration::ZERO);
    let next = Schedule::default().next(1, Some(wait), 0);
    assert!(next.is_some_and(|next| next <= Duration::from_secs(24 * 60 * 60)));
}

/// The headers that HTTP would let through, and the body.
fn parse_push(push: &[u8]) -> (HeaderMap, &[u8]) {
    let end = push.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&push[..end], &push[end + 2..]),
        None => (push, &[][..]),
    };
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            // A server has a limit too.
            let _ = headers.try_append(name, value);
        }
    }
    (headers, body)
}

/// An operation of one of the two APIs, and the router that has it.
struct Route {
    router: Router,
    method: Method,
    /// With a 1 for each parameter.
    path: String,
    has_body: bool,
}

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let server = || Arc::new(NotImplemented(Anybody));
    let merchants = orderhook_api::router(server());
    let operators = orderhook_api::operator::router(server());
    let mut routes = routes(&merchants, orderhook_api::OPENAPI_3_1);
    routes.extend(self::routes(
        &operators,
        orderhook_api::operator::OPENAPI_3_1,
    ));
    routes
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime")
});

fn routes(router: &Router, document: &str) -> Vec<Route> {
    let document: Value = serde_json::from_str(document).expect("a document");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let segments = path.split('/').map(|segment| match segment {
            parameter if parameter.starts_with('{') => "1",
            fixed => fixed,
        });
        let path = segments.collect::<Vec<_>>().join("/");
        for (method, operation) in item.as_object().expect("operations") {
            if operation["operationId"].is_string() {
                routes.push(Route {
                    router: router.clone(),
                    method: method.to_uppercase().parse().expect("a method"),
                    path: path.clone(),
                    has_body: operation["requestBody"].is_object(),
                });
            }
        }
    }
    routes
}

impl Route {
    /// Whether a request arrives at the operation; else it has faults in `location` only.
    fn call(&self, request: Request, location: &str) -> bool {
        let (status, body) = RUNTIME.block_on(async {
            let answer = self.router.clone().oneshot(request).await;
            let answer = answer.unwrap_or_else(|never| match never {});
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("an answer");
            (status, body.to_bytes())
        });
        let body: Value = serde_json::from_slice(&body).expect("the envelope");
        assert_eq!(body["code"], status, "{body}");
        assert_eq!(body["trace_id"], TRACE_ID, "{body}");
        let message = body["msg"].as_str().expect("a message");
        if message.ends_with("is not implemented") {
            return true;
        }
        assert!(matches!(status, 400 | 413), "{body}");
        let faults = body["data"]["faults"].as_array().expect("faults");
        assert!(!faults.is_empty(), "{body}");
        assert!(
            faults.iter().all(|fault| fault["location"] == location),
            "{body}"
        );
        false
    }
}

const TRACE_ID: &str = "fuzz";

/// Knows everybody.
struct Anybody;

impl Server for Anybody {
    type Principal = ();

    async fn authenticate(&self, _: &Parts, _: &'static Operation) -> Result<(), Refusal> {
        Ok(())
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        TraceId::new(TRACE_ID)
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }
}
