//! How a generated call reaches the server: its headers, its attempts, its deadline.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Request, Response};

use crate::clock::Clock;
use crate::retry::{Outcome, RetryPolicy, retry_after};
use crate::{Error, Operations, operator, response};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// No further attempt begins with less time than this before the deadline: it would end in a
/// timeout that hides the outcome before it.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(100);

/// A source of uniformly distributed numbers.
pub(crate) type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What the hooks of the generated client work with.
///
/// Public because the generated client's constructor names it; nobody else can make one.
#[derive(Clone)]
pub struct Transport {
    pub(crate) authorization: HeaderValue,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
}

macro_rules! hooks {
    ($($operations:ty),+) => {$(
        impl ClientHooks<Transport> for $operations {
            async fn pre<E>(
                &self,
                request: &mut Request,
                info: &OperationInfo,
            ) -> Result<(), Error<E>> {
                let prepared = self.inner.prepare(request, info);
                prepared.map_err(|reason| Error::InvalidRequest(reason.to_owned()))
            }

            async fn exec(&self, request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
                let repeatable = is_repeatable(&request, info);
                self.inner.send(&self.client, request, repeatable).await
            }

            async fn post<E>(
                &self,
                result: &reqwest::Result<Response>,
                _: &OperationInfo,
            ) -> Result<(), Error<E>> {
                match result {
                    Err(error) if response::is_too_large(error) => {
                        Err(Error::Custom(response::TOO_LARGE.to_owned()))
                    }
                    _ => Ok(()),
                }
            }
        }
    )+};
}

hooks!(Operations, operator::Operations);

impl Transport {
    /// Adds the headers, or says why the request can't be sent.
    fn prepare(&self, request: &mut Request, info: &OperationInfo) -> Result<(), &'static str> {
        // A URL resolves the segments `.` and `..`, and no path of the spec ends with an empty one:
        // what is left of them would be a call to another resource.
        if request.url().path().ends_with('/') {
            return Err("a parameter of the path is empty, `.` or `..`");
        }
        let headers = request.headers_mut();
        // progenitor sends the version of the spec, which no operation of the spec asks for.
        headers.remove(API_VERSION);
        headers.insert(AUTHORIZATION, self.authorization.clone());
        if let Some(user_agent) = &self.user_agent {
            headers.insert(USER_AGENT, user_agent.clone());
        }
        if takes_idempotency_key(info) && !headers.contains_key(IDEMPOTENCY_KEY) {
            headers.insert(IDEMPOTENCY_KEY, self.new_idempotency_key());
        }
        Ok(())
    }

    fn new_idempotency_key(&self) -> HeaderValue {
        let key = format!("{:016x}{:016x}", (self.random)(), (self.random)());
        HeaderValue::try_from(key).expect("hexadecimal digits are valid in a header")
    }

    /// Sends until an outcome is not worth another attempt, or there is no attempt or time left.
    async fn send(
        &self,
        http_client: &reqwest::Client,
        mut request: Request,
        repeatable: bool,
    ) -> reqwest::Result<Response> {
        let started = self.clock.instant();
        let left = || {
            let elapsed = self.clock.instant().duration_since(started);
            self.deadline.saturating_sub(elapsed)
        };
        let is_time_after = |wait: Duration| wait.saturating_add(SHORTEST_ATTEMPT) <= left();
        let mut attempts = 0;
        let mut after_uncertain = false;
        loop {
            *request.timeout_mut() = Some(self.attempt_timeout.min(left()));
            let next = request.try_clone();
            let result = attempt(http_client, request).await;
            attempts += 1;

            let outcome = Outcome::of(&result);
            if !outcome.is_worth_another(repeatable, after_uncertain)
                || !self.retry.allows_another(attempts)
            {
                return result;
            }
            // A body that streams can be sent only once.
            let Some(next) = next else { return result };
            let wait = self.wait(attempts, &result);
            if !is_time_after(wait) {
                return result;
            }
            self.clock.sleep(wait).await;
            // A timer can be late, by hours where the machine slept.
            if !is_time_after(Duration::ZERO) {
                return result;
            }
            after_uncertain |= outcome.is_uncertain();
            request = next;
        }
    }

    fn wait(&self, attempts: u32, result: &reqwest::Result<Response>) -> Duration {
        let asked = match result {
            Ok(response) => retry_after(response.headers(), self.clock.now()),
            Err(_) => None,
        };
        let backoff = self.retry.backoff(attempts, (self.random)());
        asked.unwrap_or_default().saturating_add(backoff)
    }
}

/// Whether the spec has an `Idempotency-Key` for the operation: it has one for whatever creates or
/// publishes, and by these words the names of such operations begin.
fn takes_idempotency_key(info: &OperationInfo) -> bool {
    ["create_", "publish_"]
        .iter()
        .any(|verb| info.operation_id.starts_with(verb))
}

/// Operations of which the spec says that the second of two calls changes nothing.
const IDEMPOTENT_POSTS: [&str; 4] = [
    "pause_endpoint",
    "resume_endpoint",
    "subscribe_event",
    "subscribe_merchant_webhook",
];

/// Whether the server may carry out the call twice without harm.
fn is_repeatable(request: &Request, info: &OperationInfo) -> bool {
    match *request.method() {
        Method::GET | Method::PUT | Method::DELETE => true,
        _ if IDEMPOTENT_POSTS.contains(&info.operation_id) => true,
        _ => request.headers().contains_key(IDEMPOTENCY_KEY),
    }
}

/// Sends once and reads the whole answer, so that one that breaks off counts as an attempt that
/// failed.
async fn attempt(http_client: &reqwest::Client, request: Request) -> reqwest::Result<Response> {
    response::buffer(http_client.execute(request).await?).await
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `authorization`, which is the token.
        f.debug_struct("Transport")
            .field("user_agent", &self.user_agent)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
