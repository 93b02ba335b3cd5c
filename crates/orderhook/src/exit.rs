//! How the program ends: with which status, and with which words.

use std::fmt;
use std::io;
use std::process::ExitCode;

use orderhook_client::{BuildError, Error, ErrorExt as _};
use orderhook_types::{ErrorResponse, Fault};
use serde::Serialize;

use crate::config::ConfigError;

/// The statuses that the program can end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    /// Something failed on this machine or on the server.
    Failure = 1,
    /// The command line, the configuration or the input is wrong; nothing was sent.
    Usage = 2,
    /// There is nothing with this id.
    NotFound = 3,
    /// What was asked was refused, by the server or for the sake of a database.
    Refused = 4,
    /// The server could not be reached, or its answer did not arrive.
    Network = 5,
    /// The token is missing, unknown, revoked, or not good for this.
    Unauthorized = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The status to end with.
    pub(crate) exit: Exit,
    /// What went wrong; its chain of causes is printed too.
    pub(crate) error: anyhow::Error,
    /// Every fault that the server found in the request.
    pub(crate) faults: Vec<Fault>,
    /// The id under which the server's log has the call.
    pub(crate) trace_id: Option<String>,
}

impl Failure {
    /// The command line, or what it names, is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!("{message}"))
    }

    /// There is no such thing.
    pub(crate) fn not_found(message: impl fmt::Display) -> Self {
        Self::new(Exit::NotFound, anyhow::anyhow!("{message}"))
    }

    /// It would harm what is there.
    pub(crate) fn refused(error: anyhow::Error) -> Self {
        Self::new(Exit::Refused, error)
    }

    /// There is no token, or not a good one.
    pub(crate) fn unauthorized(message: impl fmt::Display) -> Self {
        Self::new(Exit::Unauthorized, anyhow::anyhow!("{message}"))
    }

    fn new(exit: Exit, error: anyhow::Error) -> Self {
        Self {
            exit,
            error,
            faults: Vec::new(),
            trace_id: None,
        }
    }

    /// Whether the reader of the output has gone, as `head` does; that is nobody's fault.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let cause = self.error.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The lines for a person, without the word `error`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{:#}", self.error)];
        lines.extend(self.faults.iter().map(|fault| {
            let place = format!("{} {}", fault.location, fault.field);
            format!("  {}: {} ({})", place.trim_end(), fault.message, fault.rule)
        }));
        lines.extend(self.trace_id.iter().map(|id| format!("  trace id: {id}")));
        lines
    }

    /// What `--json` prints.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "error": {
                "kind": self.exit,
                "message": format!("{:#}", self.error),
                "faults": self.faults,
                "trace_id": self.trace_id,
            }
        })
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Failure, error.into())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Usage, error.into())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::new(Exit::Usage, error.into())
    }
}

impl From<Error<ErrorResponse>> for Failure {
    fn from(error: Error<ErrorResponse>) -> Self {
        let status = error.status().map(|status| status.as_u16());
        let exit = match (&error, status) {
            (Error::InvalidRequest(_), _) => Exit::Usage,
            (_, Some(401 | 403)) => Exit::Unauthorized,
            (_, Some(404)) => Exit::NotFound,
            (Error::ErrorResponse(_) | Error::UnexpectedResponse(_), Some(400..=499)) => {
                Exit::Refused
            }
            (
                Error::CommunicationError(_)
                | Error::InvalidUpgrade(_)
                | Error::ResponseBodyError(_),
                _,
            ) => Exit::Network,
            _ => Exit::Failure,
        };
        let faults = error.faults().to_vec();
        let trace_id = error.trace_id().map(str::to_owned);
        let error = match error {
            Error::InvalidRequest(rule) => anyhow::anyhow!("nothing was sent: {rule}"),
            Error::ErrorResponse(answer) => {
                anyhow::anyhow!("the server answered {}: {}", answer.code, answer.msg)
            }
            Error::UnexpectedResponse(answer) => anyhow::anyhow!(
                "the answer is not of the API but {} from {}; is the address right?",
                answer.status(),
                answer.url()
            ),
            Error::CommunicationError(cause) | Error::ResponseBodyError(cause) => {
                anyhow::Error::new(cause).context("no answer from the server")
            }
            other => anyhow::Error::new(other),
        };
        Self {
            exit,
            error,
            faults,
            trace_id,
        }
    }
}
