//! Why a request is refused.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::http::StatusCode;

use crate::fault::MAX_FAULTS;
use crate::{Fault, Location, Operation, Rule};

/// The cause of a failure, for the log.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What is wrong: a message and faults for the caller, and a cause that only the log gets.
///
/// The error of an operation has one in each of its variants, which stand for the statuses.
#[derive(Debug)]
pub struct Problem {
    message: String,
    faults: Vec<Fault>,
    retry_after: Option<Duration>,
    source: Option<BoxError>,
    /// The status of a request that could not be read, documented or not.
    unreadable: Option<StatusCode>,
}

impl Problem {
    /// A problem that the caller is told of by `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            faults: Vec::new(),
            retry_after: None,
            source: None,
            unreadable: None,
        }
    }

    /// Adds a place in the request that is at fault.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds when the caller may try again; whole seconds are sent, rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds the cause, which goes to the log and never to the caller.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The places at fault.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How long the caller is to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// A problem with the status that it is answered with: one of 4xx or 5xx.
///
/// An error of one's own that converts into it can be returned by `?` from every operation.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
    has_body: bool,
}

impl Refusal {
    /// 400, with every fault that was found, of which the first 64 are told.
    pub fn bad_request(mut faults: Vec<Fault>) -> Self {
        let message = match faults.len() {
            1 => "the request breaks a rule".to_owned(),
            count @ 0..=MAX_FAULTS => format!("the request breaks {count} rules"),
            _ => format!("the request breaks more than {MAX_FAULTS} rules"),
        };
        faults.truncate(MAX_FAULTS);
        let problem = Problem {
            faults,
            ..Problem::new(message)
        };
        Self::with_status(StatusCode::BAD_REQUEST, problem)
    }

    /// 401, for a token that is missing, unknown or revoked; which of them is not said.
    pub fn unauthorized() -> Self {
        let fault = Fault::new(
            Location::Header,
            "Authorization",
            Rule::Credential,
            "must be a valid API access token",
        );
        let problem = Problem::new("the access token is missing or not known").with_fault(fault);
        Self::with_status(StatusCode::UNAUTHORIZED, problem)
    }

    /// 404.
    pub fn not_found(problem: Problem) -> Self {
        Self::with_status(StatusCode::NOT_FOUND, problem)
    }

    /// 405; the router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        let problem = Problem::new("the path does not have this method");
        Self::with_status(StatusCode::METHOD_NOT_ALLOWED, problem)
    }

    /// 409.
    pub fn conflict(problem: Problem) -> Self {
        Self::with_status(StatusCode::CONFLICT, problem)
    }

    /// 413, for a body of more than `limit` bytes.
    pub fn content_too_large(limit: usize) -> Self {
        let message = format!("must have at most {limit} bytes");
        let fault = Fault::new(Location::Body, "", Rule::Size, message);
        let problem = Problem::new("the body is too large").with_fault(fault);
        Self::with_status(StatusCode::PAYLOAD_TOO_LARGE, problem)
    }

    /// 415, for a body that is not said to be JSON in UTF-8.
    pub fn unsupported_media_type() -> Self {
        Self::unsupported_media_type_but(&["application/json"])
    }

    /// 415, for a body that has none of `media_types`.
    pub fn unsupported_media_type_but(media_types: &[&str]) -> Self {
        let fault = Fault::new(
            Location::Header,
            "Content-Type",
            Rule::MediaType,
            format!("must be {}", media_types.join(" or ")),
        );
        let problem = Problem::new("the body has an unsupported media type").with_fault(fault);
        Self::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem)
    }

    /// 429, until `wait` has passed.
    pub fn too_many_requests(wait: Duration) -> Self {
        let problem = Problem::new("too many calls").with_retry_after(wait);
        Self::with_status(StatusCode::TOO_MANY_REQUESTS, problem)
    }

    /// 500; the caller learns nothing of the cause but the trace id it is logged under.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        let problem = Problem::new("the server failed").with_source(source);
        Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, problem)
    }

    /// 500, from an implementation that has no such operation yet.
    pub fn not_implemented(operation: &Operation) -> Self {
        let problem = Problem::new(format!("{} is not implemented", operation.id));
        Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, problem)
    }

    /// 503: nothing was changed, and the call may be repeated after `wait`.
    pub fn service_unavailable(wait: Duration, source: impl Into<BoxError>) -> Self {
        let problem = Problem::new("the server can't answer just now")
            .with_retry_after(wait)
            .with_source(source);
        Self::with_status(StatusCode::SERVICE_UNAVAILABLE, problem)
    }

    /// For generated code, whose statuses are those of the document.
    pub fn new(status: u16, problem: Problem) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::with_status(problem.unreadable.unwrap_or(status), problem)
    }

    /// The same for a request that breaks a rule while the implementation reads it: the status stays
    /// on its way through the error of an operation that does not document it.
    pub(crate) fn of_reading(mut self) -> Self {
        self.problem.unreadable = Some(self.status);
        self
    }

    fn with_status(status: StatusCode, problem: Problem) -> Self {
        Self {
            status,
            problem,
            has_body: true,
        }
    }

    /// The same with a documented answer that has no body; the log still has the problem.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.has_body = false;
        self
    }

    /// The same if its status is one of the hundred that the document allows: 4 for `4XX`. If not,
    /// an internal error with this cause.
    #[must_use]
    pub fn in_range(self, class: u16) -> Self {
        if self.status() / 100 == class {
            return self;
        }
        Self::new(500, self.into_undocumented())
    }

    pub(crate) fn has_body(&self) -> bool {
        self.has_body
    }

    /// The status, as a number.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The refusal and its causes on one line, for the log.
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }

    /// What is wrong, without the status.
    pub fn into_problem(self) -> Problem {
        self.problem
    }

    /// The problem of an operation that failed in a way that the document does not know.
    pub fn into_undocumented(self) -> Problem {
        if self.problem.unreadable.is_some() {
            return self.problem;
        }
        let cause = Undocumented {
            status: self.status,
            problem: self.problem,
        };
        Problem::new("the server failed").with_source(cause)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.problem.message)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.problem.source.as_deref()?;
        Some(source)
    }
}

/// A refusal with a status that the document does not name for the operation.
#[derive(Debug)]
struct Undocumented {
    status: StatusCode,
    problem: Problem,
}

impl fmt::Display for Undocumented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, problem } = self;
        let status = status.as_u16();
        write!(
            f,
            "the operation has no status {status} for: {}",
            problem.message
        )
    }
}

impl Error for Undocumented {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.problem.source.as_deref()?;
        Some(source)
    }
}
