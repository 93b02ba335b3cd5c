//! PostgreSQL beside SQLite, one, two and three replicas on it, and one beside a backlog.
//!
//! ```text
//! cargo xtask bench delivery --store postgres
//! ```
//!
//! Everything is on this machine: the servers, the database, the load generator and the receiver. So
//! more replicas can't be faster here; what is asked of them is that a delivery does not cost more.

use std::path::PathBuf;
use std::sync::Arc;

use orderhook_test_postgres::{Binaries, Server as Postgres};

use crate::backlog::{self, Live};
use crate::contender::{Contender, EventType, Running};
use crate::figures::{median, shown};
use crate::measure::{deliver, deliver_by, percentile, steady_latencies};
use crate::sink::Sink;

/// Durable, as by default; with the memory of a small server, and no checkpoint in between.
const SETTINGS: &[(&str, &str)] = &[("shared_buffers", "512MB"), ("max_wal_size", "4GB")];
const MOST_REPLICAS: usize = 3;
const MESSAGES: usize = 20_000;
/// What the batch operation takes.
const BATCH: usize = 100;
/// Receivers of one event, so that each replica has some of them.
const FAN_OUT: usize = 12;
const FAN_OUT_MESSAGES: usize = 3_000;
const STEADY_RATE: u32 = 50;
const STEADY_SECONDS: u32 = 20;

/// What a prototype reached on this kind of machine, published one by one and by the hundred, and the
/// part of it that is asked for.
const PROTOTYPE: [(Figure, f64); 2] = [(Figure::One, 3500.0), (Figure::Hundred, 13_600.0)];
const PART_OF_PROTOTYPE: f64 = 0.7;
/// How much more a delivery may cost with several replicas than with one.
const COST_OF_REPLICAS: f64 = 1.15;
/// What live events keep of their rate beside a backlog, and how long they may take, in milliseconds.
const SHARE_BESIDE_BACKLOG: f64 = 0.8;
const P99_BESIDE_BACKLOG: f64 = 1000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    One,
    CpuOfOne,
    DatabaseCpuOfOne,
    Hundred,
    FanOut,
    CpuOfFanOut,
    DatabaseCpuOfFanOut,
    P50,
    P99,
}

const ROWS: [(Figure, &str); 9] = [
    (Figure::One, "deliveries/s, published one by one"),
    (Figure::CpuOfOne, "  CPU s/1000, servers"),
    (Figure::DatabaseCpuOfOne, "  CPU s/1000, database"),
    (Figure::Hundred, "deliveries/s, by the hundred"),
    (Figure::FanOut, "deliveries/s, 12 receivers an event"),
    (Figure::CpuOfFanOut, "  CPU s/1000, servers"),
    (Figure::DatabaseCpuOfFanOut, "  CPU s/1000, database"),
    (Figure::P50, "created to received at 50/s, p50 ms"),
    (Figure::P99, "created to received at 50/s, p99 ms"),
];

/// A contender, and what was measured of it round by round.
struct Column {
    title: String,
    contender: Contender,
    rounds: Vec<[f64; ROWS.len()]>,
}

impl Column {
    fn median(&self, figure: Figure) -> Option<f64> {
        let values: Vec<f64> = self
            .rounds
            .iter()
            .map(|round| round[figure as usize])
            .collect();
        median(&values)
    }
}

/// Measures so many rounds, and prints a table of their medians.
pub(crate) async fn compare(program: PathBuf, sink: &Sink, rounds: usize) -> anyhow::Result<()> {
    let postgres = Arc::new(Postgres::start(&Binaries::find()?, SETTINGS)?);
    let replicas = |count| Contender::Replicas {
        program: program.clone(),
        postgres: Arc::clone(&postgres),
        count,
    };
    let mut columns = vec![Column {
        title: "SQLite".to_owned(),
        contender: Contender::Orderhook(program.clone()),
        rounds: Vec::new(),
    }];
    columns.extend((1..=MOST_REPLICAS).map(|count| Column {
        title: format!("{count} on PG"),
        contender: replicas(count),
        rounds: Vec::new(),
    }));
    let mut beside_backlog = Vec::new();
    for round in 0..rounds {
        println!("round {} of {rounds} …", round + 1);
        for column in &mut columns {
            let measured = measure(&column.contender, sink).await?;
            column.rounds.push(measured);
        }
        // Whoever is last may find the machine warmer.
        columns.reverse();
        beside_backlog.push(backlog::measure(&replicas(1), sink).await?);
    }
    columns.sort_by_key(|column| match column.contender {
        Contender::Replicas { count, .. } => count,
        _ => 0,
    });
    print(&columns);
    print_backlog(&beside_backlog);
    Ok(())
}

async fn measure(contender: &Contender, sink: &Sink) -> anyhow::Result<[f64; ROWS.len()]> {
    let mut figures = [f64::NAN; ROWS.len()];
    let mut set = |figure: Figure, value: f64| figures[figure as usize] = value;

    let running = contender.start(sink.address).await?;
    running
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let one = deliver_counting(&running, sink, MESSAGES, 1).await?;
    set(Figure::One, one.rate);
    set(Figure::CpuOfOne, one.cpu);
    set(Figure::DatabaseCpuOfOne, one.database_cpu);
    let batches = running.publish_batch(EventType::Load, BATCH)?;
    let (_, rate) = deliver_by(&running, sink, &batches, MESSAGES, 1).await?;
    set(Figure::Hundred, rate);
    drop(running);

    let running = contender.start(sink.address).await?;
    for endpoint in 0..FAN_OUT {
        let url = sink.url(endpoint);
        running.create_endpoint(&url, EventType::Load).await?;
    }
    let fan_out = deliver_counting(&running, sink, FAN_OUT_MESSAGES, FAN_OUT).await?;
    set(Figure::FanOut, fan_out.rate);
    set(Figure::CpuOfFanOut, fan_out.cpu);
    set(Figure::DatabaseCpuOfFanOut, fan_out.database_cpu);
    drop(running);

    let running = contender.start(sink.address).await?;
    running
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let latencies = steady_latencies(&running, sink, STEADY_RATE, STEADY_SECONDS).await?;
    set(Figure::P50, percentile(&latencies, 50));
    set(Figure::P99, percentile(&latencies, 99));
    Ok(figures)
}

/// Deliveries a second, and what a thousand of them cost in CPU seconds.
struct Delivered {
    rate: f64,
    cpu: f64,
    database_cpu: f64,
}

async fn deliver_counting(
    running: &Running,
    sink: &Sink,
    messages: usize,
    endpoints: usize,
) -> anyhow::Result<Delivered> {
    let before = (running.cpu_seconds()?, running.database_cpu_seconds()?);
    let (receipts, rate) = deliver(running, sink, messages, endpoints).await?;
    let thousands = receipts.len() as f64 / 1e3;
    Ok(Delivered {
        rate,
        cpu: (running.cpu_seconds()? - before.0) / thousands,
        database_cpu: (running.database_cpu_seconds()? - before.1) / thousands,
    })
}

fn print(columns: &[Column]) {
    let titles: Vec<_> = columns
        .iter()
        .map(|column| format!("{:>9}", column.title))
        .collect();
    println!("\n{:<38} {}", "medians", titles.join(" "));
    for (figure, title) in ROWS {
        let values = columns.iter().map(|column| column.median(figure));
        let values: Vec<_> = values.map(|value| format!("{:>9}", shown(value))).collect();
        println!("{title:<38} {}", values.join(" "));
    }
    println!();
    let one = &columns[1];
    for (figure, prototype) in PROTOTYPE {
        let (rate, least) = (one.median(figure), prototype * PART_OF_PROTOTYPE);
        let (_, title) = ROWS[figure as usize];
        judge(title, rate, &format!(">= {least:.0}"), |rate| rate >= least);
    }
    let cost = |column: &Column| {
        let servers = column.median(Figure::CpuOfFanOut)?;
        Some(servers + column.median(Figure::DatabaseCpuOfFanOut)?)
    };
    for several in &columns[2..] {
        let ratio = cost(several)
            .zip(cost(one))
            .map(|(several, one)| several / one);
        let title = format!("cost of a delivery, {} / 1", several.title);
        let rule = format!("<= {COST_OF_REPLICAS}");
        judge(&title, ratio, &rule, |ratio| ratio <= COST_OF_REPLICAS);
    }
}

fn print_backlog(rounds: &[Live]) {
    let of = |figure: fn(&Live) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
    judge(
        "live rate beside a backlog of 1,000,000",
        of(|live| live.share),
        &format!(">= {SHARE_BESIDE_BACKLOG}"),
        |share| share >= SHARE_BESIDE_BACKLOG,
    );
    judge(
        "  p99 ms",
        of(|live| live.p99),
        &format!("< {P99_BESIDE_BACKLOG}"),
        |p99| p99 < P99_BESIDE_BACKLOG,
    );
}

/// Prints a figure, what is asked of it, and whether it is met.
fn judge(title: &str, value: Option<f64>, rule: &str, is_met: impl Fn(f64) -> bool) {
    let verdict = match value.map(is_met) {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "not measured",
    };
    println!("{title:<39} {:>9}  {rule:<9} {verdict}", shown(value));
}
