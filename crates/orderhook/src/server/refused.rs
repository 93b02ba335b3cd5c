//! Why the server refuses a request that keeps every rule of the spec.

use std::time::Duration;

use orderhook_api::runtime::{BoxError, Fault, Location, Problem, Refusal, Rule};
use orderhook_delivery::AddressError;
use orderhook_store::{Once, StoreError};

/// What `Retry-After` says where a moment is likely to help.
const SHORTLY: Duration = Duration::from_secs(1);
/// What it says where somebody has to make room.
const WHEN_THERE_IS_SPACE: Duration = Duration::from_secs(10);

/// `?` turns it into the error of any operation, by way of [`Refusal`].
#[derive(Debug)]
pub(crate) enum Refused {
    /// Something is named that is not there, or is somebody else's.
    NotThere(Missing),
    /// A member breaks a rule that the spec's schemas can't say.
    Breaks {
        location: Location,
        field: &'static str,
        rule: Rule,
        message: String,
    },
    /// An address that must not be delivered to.
    Address {
        field: &'static str,
        error: AddressError,
    },
    /// The `Idempotency-Key` belongs to another request.
    KeyUsed,
    /// The store could not do it.
    Store(StoreError),
    /// The server could not do it.
    Internal(BoxError),
}

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Merchant,
    Token,
    Webhook,
    Endpoint,
    Event,
    Delivery,
    /// A type of event that the catalogue does not have, named in the body.
    EventType,
    Subscription,
}

impl Refused {
    /// A name that is none of `names`.
    pub(crate) fn none_of(
        location: Location,
        field: &'static str,
        names: impl Iterator<Item = &'static str>,
    ) -> Self {
        let names: Vec<_> = names.collect();
        Self::Breaks {
            location,
            field,
            rule: Rule::OneOf,
            message: format!("must be one of {}", names.join(", ")),
        }
    }
}

impl Missing {
    fn refusal(self) -> Refusal {
        let (what, location, field, rule) = match self {
            Self::Merchant => (
                "merchant",
                Location::Path,
                "merchant_id",
                "must be the id of a merchant",
            ),
            Self::Token => (
                "token",
                Location::Path,
                "token_id",
                "must be the id of one of the merchant's tokens",
            ),
            Self::Webhook => (
                "webhook",
                Location::Path,
                "webhook_id",
                "must be the id of one of your webhooks",
            ),
            Self::Endpoint => (
                "endpoint",
                Location::Path,
                "endpoint_id",
                "must be the id of an endpoint",
            ),
            Self::Event => (
                "event",
                Location::Path,
                "event_id",
                "must be the id of an event",
            ),
            Self::Delivery => (
                "delivery",
                Location::Path,
                "delivery_id",
                "must be the id of a delivery",
            ),
            Self::EventType => (
                "event type",
                Location::Body,
                "event_type",
                "must be in the catalogue of event types",
            ),
            Self::Subscription => (
                "subscription",
                Location::Path,
                "event_type",
                "must be an event type that the webhook is subscribed to",
            ),
        };
        let fault = Fault::new(location, field, Rule::Exists, rule);
        Refusal::not_found(Problem::new(format!("there is no such {what}")).with_fault(fault))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotThere(missing) => missing.refusal(),
            Refused::Breaks {
                location,
                field,
                rule,
                message,
            } => Self::bad_request(vec![Fault::new(location, field, rule, message)]),
            Refused::Address { field, error } => {
                let fault = Fault::new(Location::Body, field, Rule::Format, error.to_string());
                Self::bad_request(vec![fault])
            }
            Refused::KeyUsed => {
                let fault = Fault::new(
                    Location::Header,
                    "Idempotency-Key",
                    Rule::Unique,
                    "must not be used again with another body",
                );
                let message = "the idempotency key was used with another body";
                Self::conflict(Problem::new(message).with_fault(fault))
            }
            Refused::Store(error @ StoreError::Full(_)) => {
                Self::service_unavailable(WHEN_THERE_IS_SPACE, error)
            }
            Refused::Store(error) if error.is_temporary() => {
                Self::service_unavailable(SHORTLY, error)
            }
            Refused::Store(error) => Self::internal(error),
            Refused::Internal(cause) => Self::internal(cause),
        }
    }
}

/// The answer of a call that may have been made before under the same key.
pub(crate) fn once<T>(once: Once<T>) -> Result<T, Refused> {
    match once {
        Once::Done(answer) | Once::Repeated(answer) => Ok(answer),
        Once::KeyUsed => Err(Refused::KeyUsed),
    }
}

/// What the store found, or the refusal that says what is not there.
pub(crate) fn found<T>(found: Option<T>, missing: Missing) -> Result<T, Refused> {
    found.ok_or(Refused::NotThere(missing))
}
