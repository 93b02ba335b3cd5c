//! How large the tables are that everything is written to.

use anyhow::Context as _;
use tokio_postgres::{Client, NoTls};

const TABLES: [&str; 4] = ["event", "delivery", "attempt", "queue"];

/// Above the lines.
pub(crate) const HEADER: &str = "deliveries      rate/s     swept | MiB: event  indexes  delivery  indexes  attempt  indexes   queue  indexes";

pub(crate) struct Sizes(Client);

impl Sizes {
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // What goes wrong with it is seen by the client.
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// A line about a window.
    pub(crate) async fn line(&self, done: u64, rate: f64, swept: u64) -> anyhow::Result<String> {
        let mut line = format!("{done:>10} {rate:>11.0} {swept:>9} |     ");
        for table in TABLES {
            let (heap, indexes) = self.mebibytes(table).await?;
            line += &format!(" {heap:>7.1} {indexes:>8.1} ");
        }
        Ok(line)
    }

    async fn mebibytes(&self, table: &str) -> anyhow::Result<(f64, f64)> {
        let table = format!("orderhook.{table}");
        let row = self
            .0
            .query_one(
                "SELECT pg_table_size($1::text::regclass), pg_indexes_size($1::text::regclass)",
                &[&table],
            )
            .await?;
        let mebibytes = |bytes: i64| bytes as f64 / f64::from(1 << 20);
        Ok((mebibytes(row.try_get(0)?), mebibytes(row.try_get(1)?)))
    }

    /// What of the tables is dead, as PostgreSQL counts it.
    pub(crate) async fn bloat(&self) -> anyhow::Result<String> {
        let rows = self
            .0
            .query(
                "SELECT relname::text, n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd,
                    autovacuum_count
                FROM pg_stat_user_tables WHERE schemaname = 'orderhook'
                    AND relname IN ('event', 'delivery', 'attempt', 'queue') ORDER BY relname",
                &[],
            )
            .await?;
        let mut text =
            "table       live rows   dead rows     updates  of them HOT  autovacuums".to_owned();
        for row in rows {
            let name: String = row.try_get(0).context("a name")?;
            let numbers: Result<Vec<i64>, _> = (1..6).map(|at| row.try_get(at)).collect();
            let [live, dead, updates, hot, vacuums] = numbers?[..] else {
                continue;
            };
            text += &format!(
                "\n{name:<10} {live:>10} {dead:>11} {updates:>11} {hot:>12} {vacuums:>12}"
            );
        }
        Ok(text)
    }
}
