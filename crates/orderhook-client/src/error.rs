//! What a caller can ask an error.

use orderhook_types::{ErrorResponse, Fault};
use reqwest::StatusCode;

use crate::Error;

/// Questions to the error of a call, beside [`Error::status`] and [`Error::is_retryable`].
pub trait ErrorExt: sealed::Sealed {
    /// The envelope, where the server refused the call with a documented status and this body.
    ///
    /// `None` for any other answer, also one of an undocumented status that has the envelope: its
    /// body is still to be read, out of the response in [`Error::UnexpectedResponse`]. The status
    /// is known either way.
    fn envelope(&self) -> Option<&ErrorResponse>;

    /// Whether the answer has `status`, documented or not.
    fn has_status(&self, status: StatusCode) -> bool;

    /// The id under which the server's log has the call.
    fn trace_id(&self) -> Option<&str> {
        self.envelope()?.trace_id.as_deref()
    }

    /// Every fault that the server found in the request; empty where it named none.
    ///
    /// Empty also where the client refused the request before it was sent, for example with a
    /// `webhook_name` of 21 characters: that is [`Error::InvalidRequest`], whose text names the
    /// member, and no status or [`Fault`] comes with it.
    fn faults(&self) -> &[Fault] {
        self.envelope()
            .and_then(|envelope| envelope.data.as_ref())
            .map_or(&[], |data| &data.faults)
    }

    /// The first fault in the parameter, header or member named `field`, such as `webhook_name`.
    fn fault(&self, field: &str) -> Option<&Fault> {
        self.faults().iter().find(|fault| fault.field == field)
    }

    /// 400: the server found that the request breaks a rule, see [`faults`](Self::faults). No for
    /// what the client refused itself.
    fn is_bad_request(&self) -> bool {
        self.has_status(StatusCode::BAD_REQUEST)
    }

    /// 401: the access token is missing, unknown or revoked.
    fn is_unauthorized(&self) -> bool {
        self.has_status(StatusCode::UNAUTHORIZED)
    }

    /// 404: the caller has no such webhook, type of event or subscription.
    ///
    /// After `unsubscribe_event` it can also mean that an earlier attempt of the same call ended
    /// the subscription and its answer was lost. Either way there is none any more.
    fn is_not_found(&self) -> bool {
        self.has_status(StatusCode::NOT_FOUND)
    }

    /// 409: the idempotency key was used before with another body, or its first call still runs.
    fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// 429: more calls than the caller may make, also after the retries.
    fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS)
    }
}

impl ErrorExt for Error<ErrorResponse> {
    fn envelope(&self) -> Option<&ErrorResponse> {
        match self {
            Self::ErrorResponse(response) => Some(response),
            _ => None,
        }
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.status() == Some(status)
    }
}

mod sealed {
    /// Keeps [`ErrorExt`](super::ErrorExt) free to grow.
    pub trait Sealed {}

    impl Sealed for crate::Error<orderhook_types::ErrorResponse> {}
}
