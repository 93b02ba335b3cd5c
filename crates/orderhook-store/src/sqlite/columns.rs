//! How our types stand in columns.

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::{
    AttemptOutcome, DeliveryId, DeliveryState, EndpointId, EndpointKind, EndpointState, EventId,
    EventKind, MerchantId, TokenId,
};

macro_rules! ids {
    ($($name:ident),+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }
    )+};
}

ids!(MerchantId, TokenId, EndpointId, EventId, DeliveryId);

/// A closed set of texts; the same texts stand in the `CHECK` of the column.
macro_rules! texts {
    ($($name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        impl $name {
            pub(super) const fn as_text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_text().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(FromSqlError::InvalidType),
                }
            }
        }
    )+};
}

texts! {
    EndpointKind {
        Webhook = "webhook",
        OrderCallback = "order_callback",
    }
    EndpointState {
        Active = "active",
        Paused = "paused",
        Disabled = "disabled",
    }
    EventKind {
        CardEvent = "card_event",
        OrderStatusChange = "order_status_change",
    }
    DeliveryState {
        Pending = "pending",
        Acknowledged = "acknowledged",
        Failed = "failed",
        Cancelled = "cancelled",
    }
    AttemptOutcome {
        Acknowledged = "acknowledged",
        NotAcknowledged = "not_acknowledged",
        Rejected = "rejected",
        Redirected = "redirected",
        Gone = "gone",
        TimedOut = "timed_out",
        ConnectionFailed = "connection_failed",
        TlsFailed = "tls_failed",
        AddressRefused = "address_refused",
        AnswerTooLarge = "answer_too_large",
        AnswerMalformed = "answer_malformed",
    }
}

/// A time, kept to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) i64);

impl Millis {
    /// The time; one that no calendar has is the last that a calendar has.
    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX)
    }
}

impl From<Timestamp> for Millis {
    fn from(time: Timestamp) -> Self {
        Self(time.as_millisecond())
    }
}

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

/// A `count(*)`.
pub(super) fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get(index).map(i64::cast_unsigned)
}
