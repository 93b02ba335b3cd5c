//! What lies in the file of a database, asked without the server.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, Row, Statement};

/// The number that an event was published with.
const NUMBER: &str = "CAST(event.body AS TEXT) ->> '$.data.number'";

/// SQLite's own check of the whole file: `ok`, or what is wrong.
pub(crate) fn integrity(database: &Connection) -> String {
    database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap_or_else(|error| error.to_string())
}

/// All events, whatever became of their deliveries.
pub(crate) fn events(database: &Connection) -> BTreeSet<i64> {
    let events = database.prepare(&format!("SELECT {NUMBER} FROM event"));
    rows(events.expect("there are events"), |row| row.get(0))
}

/// Events with a delivery that was finished or is still queued.
pub(crate) fn whole_events(database: &Connection) -> BTreeSet<i64> {
    let whole = database.prepare(&format!(
        "SELECT {NUMBER} FROM event JOIN delivery USING (event_id)
         LEFT JOIN queue USING (delivery_id)
         WHERE delivery.state <> 'pending' OR queue.delivery_id IS NOT NULL"
    ));
    // Before the first migration is on the disk there is nothing to ask.
    let numbers = whole.map(|whole| rows(whole, |row| row.get(0)));
    numbers.unwrap_or_default()
}

/// Events that are leased, each with the token of its lease.
pub(crate) fn leased_events(database: &Connection) -> HashMap<i64, i64> {
    let leased = database.prepare(&format!(
        "SELECT {NUMBER}, queue.lease FROM queue JOIN delivery USING (delivery_id)
         JOIN event USING (event_id)
         WHERE queue.lease IS NOT NULL"
    ));
    rows(leased.expect("there is a queue"), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

fn rows<T, C: FromIterator<T>>(
    mut statement: Statement<'_>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> C {
    let rows = statement.query_map([], read).expect("rows");
    rows.collect::<Result<_, _>>().expect("numbers")
}
