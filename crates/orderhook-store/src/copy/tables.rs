//! The tables that are copied, and their columns.

use std::fmt::Write as _;

use Kind::{Bytes, Number, Small, Text};

/// In an order in which every row finds what it refers to. The columns of the primary key come first.
///
/// Not here is what belongs to running processes and not to the data: `replica`, `shard` and `routing`,
/// and `queue.lease`; and `delivery.failed`, which PostgreSQL makes from another column.
pub(crate) static TABLES: [Table; 12] = [
    Table {
        name: "merchant",
        key: 1,
        draws_ids: true,
        columns: &[
            column("merchant_id", Number),
            column("name", Text),
            column("created_at", Number),
        ],
    },
    Table {
        name: "token",
        key: 1,
        draws_ids: true,
        columns: &[
            column("token_id", Number),
            column("merchant_id", Number),
            column("sha256", Bytes),
            column("operator_id", Number),
            column("operator_name", Text),
            column("created_at", Number),
            column("revoked_at", Number),
        ],
    },
    Table {
        name: "operator_token",
        key: 1,
        draws_ids: true,
        columns: &[
            column("token_id", Number),
            column("name", Text),
            column("sha256", Bytes),
            column("created_at", Number),
            column("revoked_at", Number),
        ],
    },
    Table {
        name: "endpoint",
        key: 1,
        draws_ids: true,
        columns: &[
            column("endpoint_id", Number),
            column("merchant_id", Number),
            column("kind", Text),
            column("url", Text),
            column("state", Text),
            column("state_reason", Text),
            column("state_since", Number),
            column("failing_since", Number),
            column("deleted_at", Number),
        ],
    },
    Table {
        name: "webhook",
        key: 1,
        draws_ids: false,
        columns: &[
            column("webhook_id", Number),
            column("name", Text),
            column("creator_id", Number),
            column("creator_name", Text),
            column("created_at", Number),
            column("operator_id", Number),
            column("operator_name", Text),
            column("changed_at", Number),
        ],
    },
    Table {
        name: "subscription",
        key: 2,
        draws_ids: false,
        columns: &[column("webhook_id", Number), column("event_type", Text)],
    },
    Table {
        name: "signing_secret",
        key: 1,
        draws_ids: true,
        columns: &[
            column("secret_id", Number),
            column("merchant_id", Number),
            column("webhook_id", Number),
            column("sealed", Bytes),
            column("created_at", Number),
            column("expires_at", Number),
        ],
    },
    Table {
        name: "event",
        key: 1,
        draws_ids: true,
        columns: &[
            column("event_id", Number),
            column("nonce", Number),
            column("merchant_id", Number),
            column("kind", Text),
            column("event_type", Text),
            column("order_id", Text),
            column("body", Bytes),
            column("created_at", Number),
        ],
    },
    Table {
        name: "delivery",
        key: 1,
        draws_ids: true,
        columns: &[
            column("delivery_id", Number),
            column("event_id", Number),
            column("endpoint_id", Number),
            column("url", Text),
            column("state", Text),
            column("finished_at", Number),
        ],
    },
    Table {
        name: "queue",
        key: 1,
        draws_ids: false,
        columns: &[
            column("delivery_id", Number),
            column("endpoint_id", Number),
            column("order_key", Text),
            column("place", Number),
            Column {
                read_as: DUE_WITHOUT_LEASE,
                ..column("due", Number)
            },
            column("schedule_position", Small),
        ],
    },
    Table {
        name: "attempt",
        key: 2,
        draws_ids: false,
        columns: &[
            column("delivery_id", Number),
            column("attempt", Small),
            column("attempted_at", Number),
            column("duration_ms", Number),
            column("outcome", Text),
            column("status", Small),
            column("reason", Text),
            column("answer", Bytes),
        ],
    },
    Table {
        name: "idempotency_key",
        key: 1,
        draws_ids: true,
        columns: &[
            column("idempotency_key_id", Number),
            column("scope", Number),
            column("operation", Text),
            column("key", Text),
            column("request_sha256", Bytes),
            column("sealed", Bytes),
            column("created_at", Number),
        ],
    },
];

/// A lease of a process that is gone has ended, and its delivery is due since its event is there: what
/// `recover` does. No clock is asked, so that whoever reads the row twice reads the same.
const DUE_WITHOUT_LEASE: &str = "CASE WHEN lease IS NULL THEN due ELSE coalesce(
    (SELECT e.created_at FROM delivery d JOIN event e ON e.event_id = d.event_id
        WHERE d.delivery_id = queue.delivery_id), due) END";

/// A table, the same in every database.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// How many of the columns, from the first, are the primary key.
    key: usize,
    /// Whether the database draws the ids of new rows; they are in the first column.
    pub(crate) draws_ids: bool,
    pub(crate) columns: &'static [Column],
}

pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The expression that is copied in place of the column.
    read_as: &'static str,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64 bits.
    Number,
    /// 32 bits, in the databases that tell one from the other.
    Small,
    Text,
    Bytes,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        read_as: name,
    }
}

impl Table {
    /// The names of the columns, for a statement that writes them.
    pub(crate) fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// A statement that reads rows in the order of the key, all or those after a key that is given by
    /// `$1`, `$2`.
    ///
    /// `bytewise` is what the dialect writes behind a text so that it is compared byte by byte: both
    /// ends must have one order.
    pub(crate) fn select(&self, bytewise: &str, after_a_key: bool) -> String {
        let values: Vec<&str> = self.columns.iter().map(|column| column.read_as).collect();
        let key = self.ordered_key(bytewise);
        let mut sql = format!(
            "-- copy {}\nSELECT {} FROM {}",
            self.name,
            values.join(", "),
            self.name
        );
        if after_a_key {
            let given: Vec<String> = (1..=self.key).map(|index| format!("${index}")).collect();
            // Writing into a `String` can't fail.
            let _ = write!(sql, " WHERE ({}) > ({})", key.join(", "), given.join(", "));
        }
        sql + " ORDER BY " + &key.join(", ")
    }

    /// A statement that counts the rows.
    pub(crate) fn count(&self) -> String {
        format!(
            "-- copy {name}\nSELECT count(*) FROM {name}",
            name = self.name
        )
    }

    /// A statement that reads the greatest key.
    pub(crate) fn select_greatest_key(&self, bytewise: &str) -> String {
        let names: Vec<&str> = self.key_columns().map(|column| column.name).collect();
        format!(
            "-- copy {name}\nSELECT {names} FROM {name} ORDER BY {key} DESC LIMIT 1",
            name = self.name,
            names = names.join(", "),
            key = self.ordered_key(bytewise).join(" DESC, "),
        )
    }

    fn ordered_key(&self, bytewise: &str) -> Vec<String> {
        self.key_columns()
            .map(|column| match column.kind {
                Text => format!("{}{bytewise}", column.name),
                _ => column.name.to_owned(),
            })
            .collect()
    }

    fn key_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().take(self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_key_is_compared_in_the_order_it_is_read_in() {
        let table = TABLES
            .iter()
            .find(|table| table.name == "subscription")
            .expect("is copied");
        assert_eq!(
            table.select(" COLLATE \"C\"", true),
            "-- copy subscription\nSELECT webhook_id, event_type FROM subscription \
             WHERE (webhook_id, event_type COLLATE \"C\") > ($1, $2) \
             ORDER BY webhook_id, event_type COLLATE \"C\""
        );
        assert_eq!(
            table.select_greatest_key(""),
            "-- copy subscription\nSELECT webhook_id, event_type FROM subscription \
             ORDER BY webhook_id DESC, event_type DESC LIMIT 1"
        );
    }
}
