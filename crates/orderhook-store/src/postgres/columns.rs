//! How our types stand in columns.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::millis::Millis;
use crate::{
    AttemptOutcome, DeliveryId, DeliveryState, EndpointId, EndpointKind, EndpointState, EventId,
    EventKind, MerchantId, TokenId,
};

type Converted<T> = Result<T, Box<dyn Error + Sync + Send>>;

macro_rules! numbers {
    ($($name:ident),+) => {$(
        impl ToSql for $name {
            fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
                self.0.to_sql(ty, out)
            }

            accepts!(INT8);
            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Converted<Self> {
                i64::from_sql(ty, raw).map(Self)
            }

            accepts!(INT8);
        }
    )+};
}

numbers!(MerchantId, TokenId, EndpointId, EventId, DeliveryId, Millis);

/// Closed sets of names; the same names stand in the `CHECK` of the column.
macro_rules! names {
    ($($type:ident),+) => {$(
        impl ToSql for $type {
            fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
                self.as_str().to_sql(ty, out)
            }

            accepts!(TEXT);
            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $type {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Converted<Self> {
                let name = <&str>::from_sql(ty, raw)?;
                Self::from_name(name).ok_or_else(|| "a name that is not known".into())
            }

            accepts!(TEXT);
        }
    )+};
}

names!(
    AttemptOutcome,
    DeliveryState,
    EndpointKind,
    EndpointState,
    EventKind
);

/// A count, or a number that is never negative.
pub(super) fn unsigned(row: &Row, index: usize) -> Result<u64, tokio_postgres::Error> {
    row.try_get(index).map(i64::cast_unsigned)
}
