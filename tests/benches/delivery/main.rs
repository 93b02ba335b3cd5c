//! Deliveries: our server beside `ceiling`, a throw-away engine that shows what the machine can do;
//! or on PostgreSQL, beside SQLite (`replicas`).
//!
//! ```text
//! cargo xtask bench delivery
//! cargo xtask bench delivery --store postgres
//! ```
//!
//! That builds the programs and calls this one, which is the load generator on one thread and the
//! receiver on another. Servers run one at a time, each on an empty database with durable settings.
//! Their rounds alternate, so that whatever else the machine does falls on both; ratios are taken
//! round by round, and what counts is their median.
#![expect(clippy::print_stdout, reason = "the result is for a person")]

mod backlog;
mod client;
mod contender;
mod figures;
#[path = "../../faults/launch.rs"]
mod launch;
mod limits;
mod load;
mod measure;
#[path = "../../faults/memory.rs"]
mod memory;
mod process;
mod replicas;
mod sink;

use std::iter;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;

use contender::Contender;
use figures::Figures;
use sink::Sink;

#[derive(Debug, Parser)]
struct Arguments {
    /// What the server is compared with
    #[arg(long)]
    ceiling: Option<PathBuf>,
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// On which database
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// Passed by `cargo bench`, and not by whoever only wants to know that the program starts
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Store {
    /// Beside `ceiling`
    Sqlite,
    /// One, two and three replicas, beside SQLite
    Postgres,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.bench {
        true => compare(&arguments),
        false => Ok(()),
    }
}

/// A contender and what was measured of it.
struct Entrant {
    contender: Contender,
    figures: Figures,
}

impl Entrant {
    fn new(contender: Contender) -> Self {
        Self {
            contender,
            figures: Figures::default(),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let sink = Sink::start()?;
    println!("limits of this machine:");
    println!(
        "  appends made durable   {:>8.0}/s",
        limits::syncs_a_second()?
    );
    for connections in [1, 16] {
        let rate = limits::posts_a_second(&sink, connections).await?;
        println!("  raw POSTs, c={connections:<2}        {rate:>8.0}/s");
    }

    if arguments.store == Store::Postgres {
        return replicas::compare(orderhook()?, &sink, arguments.rounds).await;
    }

    let theirs = arguments.ceiling.clone().map(Contender::Ceiling);
    let mut theirs = theirs.map(Entrant::new);
    let mut ours = Entrant::new(Contender::Orderhook(orderhook()?));
    let mut others = Vec::new();
    for round in 0..arguments.rounds {
        println!("round {} of {} …", round + 1, arguments.rounds);
        let before = (process::machine()?, own_cpu()?);
        let mut cpu = 0.0;
        // Whoever is second may find the machine warmer.
        let mut entrants: Vec<_> = iter::once(&mut ours).chain(&mut theirs).collect();
        if round % 2 == 1 {
            entrants.reverse();
        }
        for entrant in entrants {
            cpu += measure::run(&entrant.contender, &sink, &mut entrant.figures).await?;
        }
        cpu += measure::fairness(&ours.contender, &sink, &mut ours.figures).await?;
        let used = cpu + own_cpu()? - before.1;
        others.push(process::machine()?.others_since(before.0, used));
    }

    let theirs = theirs.map_or_else(Figures::default, |entrant| entrant.figures);
    println!("\n{}", figures::table(&ours.figures, &theirs));
    let others = figures::median(&others).context("no round")?;
    println!(
        "share of the machine that others used: {:.0} %",
        others * 100.0
    );
    Ok(())
}

/// The server that was built into the directory of this program.
fn orderhook() -> anyhow::Result<PathBuf> {
    let this_program = std::env::current_exe()?;
    let directory = this_program.ancestors().nth(2).context("a directory")?;
    Ok(directory.join("orderhook"))
}

fn own_cpu() -> anyhow::Result<f64> {
    process::cpu_seconds(std::process::id())
}

#[expect(clippy::disallowed_methods, reason = "durations are what is measured")]
fn now() -> Instant {
    Instant::now()
}
