//! Lists a page at a time, with only the conditions that were asked for.

use rusqlite::{Connection, Row, ToSql, params_from_iter};

use crate::{Page, PageRequest, StoreError};

/// Conditions of a `WHERE`, and their values. Leaving out what is not asked for lets SQLite choose
/// an index for the rest.
#[derive(Default)]
pub(super) struct Conditions {
    /// A column that is in the order of the ids and has an index for the conditions.
    walk: Option<&'static str>,
    sql: String,
    values: Vec<Box<dyn ToSql + Send>>,
}

impl Conditions {
    /// Adds one without a value.
    pub(super) fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Adds one, whose `?` is `value`, if there is a value.
    pub(super) fn and_if(&mut self, condition: &str, value: Option<impl ToSql + Send + 'static>) {
        if let Some(value) = value {
            self.and(condition);
            self.values.push(Box::new(value));
        }
    }

    /// Walks by a column instead of the ids, whose order must be the same.
    pub(super) fn walk_by(&mut self, column: &'static str) {
        self.walk = Some(column);
    }

    /// `AND …` for each condition.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        self.values.iter().map(|value| &**value as &dyn ToSql)
    }
}

/// The statement of [`page`], whose last parameter is how many rows it gives.
pub(super) fn page_sql(
    select: &str,
    id: &str,
    conditions: &mut Conditions,
    request: PageRequest,
) -> String {
    let (after, order) = if request.ascending {
        (">", "ASC")
    } else {
        ("<", "DESC")
    };
    conditions.and_if(&format!("{id} {after} ?"), request.cursor);
    let sql = conditions.sql();
    match conditions.walk {
        Some(walk) => format!("{select}{sql} ORDER BY {walk} {order}, {id} {order} LIMIT ?"),
        None => format!("{select}{sql} ORDER BY {id} {order} LIMIT ?"),
    }
}

/// A page of `SELECT … WHERE …`, cut by `id`. `select` ends where conditions can be added.
pub(super) fn page<T>(
    connection: &Connection,
    select: &str,
    id: &str,
    mut conditions: Conditions,
    request: PageRequest,
    read: impl Fn(&Row<'_>) -> Result<(i64, T), StoreError>,
) -> Result<Page<T>, StoreError> {
    let limit = request.limit.max(1);
    let sql = page_sql(select, id, &mut conditions, request);
    let mut statement = connection.prepare_cached(&sql)?;
    // One more than the page, to see whether there is a next one.
    let one_more: &dyn ToSql = &(i64::from(limit) + 1);
    let mut rows = statement.query(params_from_iter(conditions.values().chain([one_more])))?;
    let mut items = Vec::new();
    let mut last = None;
    while let Some(row) = rows.next()? {
        if items.len() == limit as usize {
            return Ok(Page {
                items,
                next_cursor: last,
            });
        }
        let (id, item) = read(row)?;
        items.push(item);
        last = Some(id);
    }
    Ok(Page {
        items,
        next_cursor: None,
    })
}
