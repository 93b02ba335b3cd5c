//! CPU per request: the generated glue beside handlers of the same API that are written by hand.
//!
//! ```text
//! cargo bench -p orderhook-api --bench glue
//! ```
//!
//! Both servers give the same answers, refusals included (compared before anything is measured),
//! each from a process of its own on one thread. Their rounds alternate, so that whatever else the
//! machine does falls on both, and each round is compared with its neighbour: the ratio that
//! counts is the median of those. What is counted is the time that the kernel ran the server's
//! threads, so the work of the load generator is not in it.
#![expect(clippy::print_stdout, reason = "the result is for a person")]

mod by_hand;
mod generated;
mod load;
mod process;
mod sample;

use anyhow::{Context as _, ensure};

use load::Connections;
use process::{ServerProcess, Side};
use sample::SampleRequest;

// Short rounds and many of them: a burst of other work spoils a few pairs, not the median.
const REQUESTS_A_ROUND: usize = 2_400;
const ROUNDS: usize = 51;
/// What generated code may cost, in units of what code written by hand costs.
const TARGET: f64 = 1.05;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("serve") => {
            let side = arguments.next().context("serve which side?")?;
            process::serve(side.parse()?)
        }
        // `cargo bench` passes it; `cargo test --benches` does not, and only wants to know that
        // the program starts.
        Some("--bench") => compare(),
        _ => Ok(()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn compare() -> anyhow::Result<()> {
    let generated = ServerProcess::start(Side::Generated)?;
    let by_hand = ServerProcess::start(Side::ByHand)?;
    for request in sample::REFUSED.iter().chain(sample::ACCEPTED) {
        let answer = load::answer(generated.address, request).await?;
        ensure!(
            answer == load::answer(by_hand.address, request).await?,
            "the servers answer differently to {}: {answer}",
            request.name,
        );
    }

    println!("median of {ROUNDS} pairs of rounds of {REQUESTS_A_ROUND} requests");
    println!("CPU per request     generated    by hand  ratio  (least to most)  target");
    let mut is_slow = false;
    for request in sample::ACCEPTED {
        let mut generated = Contender::connect(&generated, request).await?;
        let mut by_hand = Contender::connect(&by_hand, request).await?;
        for round in 0..ROUNDS {
            // Whoever is second may find the machine warmer.
            let mut pair = [&mut generated, &mut by_hand];
            pair.rotate_left(round % 2);
            for contender in pair {
                contender.run_round().await?;
            }
        }
        let ratios = generated.rounds.iter().zip(&by_hand.rounds);
        let ratios = sorted(ratios.map(|(generated, by_hand)| generated / by_hand));
        let ratio = ratios[ROUNDS / 2];
        println!(
            "{:<18} {:>7.2} µs {:>7.2} µs  {ratio:.3}  ({:.3} to {:.3})  ≤ {TARGET}",
            request.name,
            generated.median(),
            by_hand.median(),
            ratios[0],
            ratios[ROUNDS - 1],
        );
        is_slow |= ratio > TARGET;
    }
    ensure!(!is_slow, "the generated glue costs more than it may");
    Ok(())
}

/// One of the servers, under one kind of request.
struct Contender<'a> {
    server: &'a ServerProcess,
    connections: Connections,
    /// CPU per request in microseconds, round by round.
    rounds: Vec<f64>,
}

impl<'a> Contender<'a> {
    async fn connect(server: &'a ServerProcess, request: &SampleRequest) -> anyhow::Result<Self> {
        let mut connections = Connections::open(server.address, request).await?;
        // Allocators, branch predictors and socket buffers reach their usual state.
        connections.run(REQUESTS_A_ROUND).await?;
        Ok(Self {
            server,
            connections,
            rounds: Vec::new(),
        })
    }

    async fn run_round(&mut self) -> anyhow::Result<()> {
        let before = self.server.cpu_time()?;
        self.connections.run(REQUESTS_A_ROUND).await?;
        let spent = self.server.cpu_time()? - before;
        let microseconds = spent.as_secs_f64() * 1e6;
        self.rounds.push(microseconds / REQUESTS_A_ROUND as f64);
        Ok(())
    }

    fn median(&self) -> f64 {
        sorted(self.rounds.iter().copied())[ROUNDS / 2]
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
