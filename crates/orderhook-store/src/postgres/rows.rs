//! Lists a page at a time, with only the conditions that were asked for.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::{Page, PageRequest, StoreError};

/// Conditions of a `WHERE`, and their values. Leaving out what is not asked for lets PostgreSQL
/// choose an index for the rest.
#[derive(Default)]
pub(super) struct Conditions {
    /// A column that has an index for the conditions.
    walk: Option<&'static str>,
    sql: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// Adds one without a value.
    pub(super) fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Adds one, whose `?` is `value`, if there is a value.
    pub(super) fn and_if(
        &mut self,
        condition: &str,
        value: Option<impl ToSql + Sync + Send + 'static>,
    ) {
        if let Some(value) = value {
            let number = self.add_value(value);
            self.and(&condition.replace('?', &number));
        }
    }

    /// Adds a value that stands in none of the conditions, and returns its placeholder.
    pub(super) fn add_value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// Walks by a column, and by the ids among what is the same there. If its order is not that of the
    /// ids, the conditions say where the page begins, and not its cursor.
    pub(super) fn walk_by(&mut self, column: &'static str) {
        self.walk = Some(column);
    }

    /// `AND …` for each condition.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// What stands for `$1`, `$2`, …
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        let values = self.values.iter();
        values
            .map(|value| &**value as &(dyn ToSql + Sync))
            .collect()
    }
}

/// The statement of [`page`], whose last value is how many rows it gives.
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
    // Where the id is an `INTEGER`, its index serves the comparison with a `BIGINT` as well.
    conditions.and_if(&format!("{id} {after} ?::bigint"), request.cursor);
    // One more than the page, to see whether there is a next one.
    let limit = conditions.add_value(i64::from(request.limit.max(1)) + 1);
    let sql = conditions.sql();
    match conditions.walk {
        Some(walk) => format!("{select}{sql} ORDER BY {walk} {order}, {id} {order} LIMIT {limit}"),
        None => format!("{select}{sql} ORDER BY {id} {order} LIMIT {limit}"),
    }
}

/// A page of `SELECT … WHERE …`, cut by `id`. `select` ends where conditions can be added.
pub(super) async fn page<T>(
    client: &ClientWrapper,
    select: &str,
    id: &str,
    mut conditions: Conditions,
    request: PageRequest,
    read: impl Fn(&Row) -> Result<(i64, T), StoreError>,
) -> Result<Page<T>, StoreError> {
    let sql = page_sql(select, id, &mut conditions, request);
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &conditions.values()).await?;
    let limit = request.limit.max(1) as usize;
    let shown = rows.iter().take(limit).map(read);
    let (ids, items): (Vec<i64>, Vec<T>) = shown.collect::<Result<_, _>>()?;
    let is_last = rows.len() <= limit;
    Ok(Page {
        items,
        next_cursor: ids.last().copied().filter(|_| !is_last),
    })
}
