//! How a client comes to be.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect;
use url::Url;

use crate::clock::{Clock, SystemClock};
use crate::transport::{Random, Transport};
use crate::{Client, RetryPolicy};

const USER_AGENT: &str = concat!("orderhook-client/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// Configures a client: a [`Client`], which [`Client::builder`] starts, or an
/// [`operator::Client`](crate::operator::Client).
pub struct ClientBuilder<C = Client> {
    base: String,
    token: String,
    http_client: Option<reqwest::Client>,
    user_agent: Option<String>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    deadline: Duration,
    retry: RetryPolicy,
    clock: Arc<dyn Clock>,
    random: Random,
    client: PhantomData<fn() -> C>,
}

/// Why a client can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL is not an absolute URL.
    #[error("base URL is not an absolute URL")]
    BaseUrl(#[source] url::ParseError),
    /// The base URL has another scheme than `http` and `https`.
    #[error("base URL has the scheme `{0}`, not `http` or `https`")]
    BaseUrlScheme(String),
    /// The base URL holds a user name or a password; the token is what authenticates.
    #[error("base URL holds a user name or a password")]
    BaseUrlCredentials,
    /// The base URL has a query or a fragment, which no path can be appended to.
    #[error("base URL has a query or a fragment")]
    BaseUrlQuery,
    /// The token is empty, begins or ends with a space, or holds characters that no header can.
    /// The most frequent reason is the line break of the file that the token was read from.
    #[error("access token can't be sent: empty, blank at an end, or with a control character")]
    Token,
    /// The user agent holds characters that no header can.
    #[error("user agent has a control character")]
    UserAgent,
    /// The HTTP client can't be built, for example because the machine has no certificates.
    #[error("HTTP client can't be built")]
    HttpClient(#[source] reqwest::Error),
}

impl<C> ClientBuilder<C> {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            http_client: None,
            user_agent: None,
            connect_timeout: CONNECT_TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            deadline: DEADLINE,
            retry: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            // Jitter and idempotency keys have to differ, not to be secret, so what std seeds its
            // maps with will do and no crate for randomness is needed.
            random: Arc::new(|| RandomState::new().hash_one(())),
            client: PhantomData,
        }
    }

    /// Sends through `http_client`, for a proxy, certificates or a TLS of one's own.
    ///
    /// [`connect_timeout`](Self::connect_timeout) and the refusal of redirects are then for
    /// `http_client` to bring; everything else holds as without it.
    #[must_use]
    pub fn http_client(mut self, http_client: reqwest::Client) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// The `User-Agent` header. By default `orderhook-client/VERSION`, or what
    /// [`http_client`](Self::http_client) sends.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// How long a connection may take to be made, TLS included; by default 5 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the answer; by default
    /// 10 s.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take, all attempts and the waits between them included; by default
    /// 30 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often and how soon a call is tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The clock of retries and deadlines; by default [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The source of uniformly distributed numbers that jitter and idempotency keys are made of.
    ///
    /// Outside a test it must not repeat itself, or two calls get one idempotency key.
    #[must_use]
    pub fn random(mut self, random: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// What a client is made of: where the paths begin, what sends, and what the hooks work with.
    pub(crate) fn into_parts(self) -> Result<(String, reqwest::Client, Transport), BuildError> {
        let base = check_base(&self.base)?;
        let authorization = authorization(&self.token)?;
        let user_agent = match (&self.user_agent, &self.http_client) {
            (Some(user_agent), _) => Some(user_agent.as_str()),
            (None, None) => Some(USER_AGENT),
            (None, Some(_)) => None,
        };
        let user_agent = user_agent
            .map(HeaderValue::from_str)
            .transpose()
            .map_err(|_| BuildError::UserAgent)?;
        let http_client = match self.http_client {
            Some(http_client) => http_client,
            None => reqwest::Client::builder()
                .connect_timeout(self.connect_timeout)
                // A redirect would carry the token to wherever an answer points.
                .redirect(redirect::Policy::none())
                .build()
                .map_err(BuildError::HttpClient)?,
        };
        let transport = Transport {
            authorization,
            user_agent,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
            retry: self.retry,
            clock: self.clock,
            random: self.random,
        };
        Ok((base, http_client, transport))
    }
}

/// The text that the paths of the spec, which begin with a slash, are appended to.
fn check_base(base: &str) -> Result<String, BuildError> {
    let url = Url::parse(base).map_err(BuildError::BaseUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BuildError::BaseUrlScheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BuildError::BaseUrlCredentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BuildError::BaseUrlQuery);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn authorization(token: &str) -> Result<HeaderValue, BuildError> {
    if token.is_empty() || token.trim() != token {
        return Err(BuildError::Token);
    }
    let mut value = HeaderValue::from_str(token).map_err(|_| BuildError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL is not checked yet: it may still hold a password.
        f.debug_struct("ClientBuilder")
            .field("user_agent", &self.user_agent)
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_marked_so_that_http_libraries_do_not_log_it() {
        assert!(authorization("token").unwrap().is_sensitive());
    }
}
