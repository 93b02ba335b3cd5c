//! Millions of deliveries through a store on PostgreSQL, with retention running: whether what is
//! deleted leaves room for what comes, or tables and indexes grow and everything gets slower.
//!
//! ```text
//! cargo xtask bench soak
//! ```
//!
//! It is the store alone: events are published, claimed and acknowledged without any HTTP. Its clock
//! is made up, a millisecond an event, so that events grow old while one watches. A line tells of
//! each window: the rate, and how large tables and indexes are.
#![expect(clippy::print_stdout, reason = "the result is for a person")]

mod randomness;
mod sizes;
mod work;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use orderhook_store::postgres::{Postgres, PostgresOptions};
use orderhook_store::{Key, Keyring};
use orderhook_test_postgres::{Binaries, Server};
use orderhook_types::Secret;

use randomness::Seeded;
use work::Work;

/// What PostgreSQL is set to: the durable defaults, and memory and log files of a small server.
const SETTINGS: &[(&str, &str)] = &[
    ("shared_buffers", "512MB"),
    ("max_wal_size", "4GB"),
    ("autovacuum_naptime", "10s"),
];

#[derive(Debug, Parser)]
struct Arguments {
    /// How many deliveries are made
    #[arg(long, default_value_t = 5_000_000)]
    deliveries: u64,
    /// How many events are kept
    #[arg(long, default_value_t = 500_000)]
    kept: u64,
    /// After how many deliveries there is a line
    #[arg(long, default_value_t = 250_000)]
    window: u64,
    /// Passed by `cargo bench`, and not by whoever only wants to know that the program starts
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.bench {
        true => soak(&arguments),
        false => Ok(()),
    }
}

#[tokio::main]
async fn soak(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::start(&Binaries::find()?, SETTINGS)?;
    let url = server.create_database("soak")?;
    let store = Postgres::open(PostgresOptions {
        url: Secret::from(url.as_str()),
        keyring: Keyring::new([Key::new(1, &[1; 32])])?,
        randomness: Arc::new(Seeded::default()),
        connections: 20.try_into()?,
        migrate: true,
    })
    .await?;
    let sizes = sizes::Sizes::connect(&url).await?;
    let work = Work::begin(Arc::new(store), arguments.kept).await?;
    println!("{}", sizes::HEADER);
    let mut rates = Vec::new();
    let mut done = 0;
    while done < arguments.deliveries {
        let begin = now();
        let swept = work.deliver(arguments.window).await?;
        let rate = arguments.window as f64 / (now() - begin).as_secs_f64();
        done += arguments.window;
        rates.push(rate);
        println!("{}", sizes.line(done, rate, swept).await?);
    }
    let first = *rates.first().context("a window at least")?;
    let last = *rates.last().context("a window at least")?;
    println!(
        "\nrate of the last window / of the first: {:.2}",
        last / first
    );
    println!("{}", sizes.bloat().await?);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "durations are what is measured")]
fn now() -> Instant {
    Instant::now()
}
