//! Power loss at any moment: what was acknowledged is there, and the database is whole.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::database::{integrity, whole_events};
use crate::disk::Files;
use crate::programs;
use crate::publishers::Publishers;
use crate::run::{Acknowledged, Reopened, Run, Verdict, files_in};
use crate::server::TestServer;
use crate::sink::Sink;

const RUNS: u64 = 4;
const STATES_A_RUN: usize = 250;
const EVENTS_A_RUN: usize = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_acknowledged_survives_power_loss() {
    let mut verdict = Verdict::default();
    for seed in 1..=RUNS {
        let run = recorded_server().await;
        verdict = verdict.and(run.lose_power(STATES_A_RUN, seed, reopen));
    }
    verdict.expect_no_loss();
}

#[test]
fn what_the_store_acknowledged_survives_power_loss() {
    lose_power_of_writer("full").expect_no_loss();
}

#[test]
fn the_harness_sees_what_weaker_settings_lose() {
    let verdict = lose_power_of_writer("normal");
    println!("{} of {} states", verdict.losses.len(), verdict.states);
    assert!(verdict.losses.len() > verdict.states / 10);
    // Weaker settings lose the end, and nothing else.
    assert_eq!(verdict.broken, [""; 0]);
}

impl Verdict {
    fn expect_no_loss(&self) {
        assert_eq!(self.states, STATES_A_RUN * RUNS as usize);
        // Otherwise there was nothing to lose.
        assert!(self.expected > self.states * EVENTS_A_RUN / 10);
        assert_eq!(self.losses, [""; 0]);
        assert_eq!(self.broken, [""; 0]);
    }
}

/// The server under publishing from many connections, until it is killed.
async fn recorded_server() -> Run {
    let sink = Sink::start().await;
    let mut server = TestServer::install(&sink);
    let begin = files_in(&server.data());
    server.start_on_shim();
    let mut operator = server.operator();
    let merchant = operator.create_merchant(&sink, "/cards").await;
    let publishers = Publishers::recorded(&operator, merchant, server.log());
    publishers.acknowledged(EVENTS_A_RUN).await;
    server.kill();
    let answered = publishers.stop().await;
    Run::read(begin, &server.log(), &server.data(), answered.acknowledged)
}

fn lose_power_of_writer(synchronous: &str) -> Verdict {
    let verdicts = (1..=RUNS).map(|seed| {
        let run = recorded_writer(synchronous);
        run.lose_power(STATES_A_RUN, seed, reopen)
    });
    verdicts.fold(Verdict::default(), Verdict::and)
}

/// The store alone, under as many calls at a time; it prints what it acknowledged.
fn recorded_writer(synchronous: &str) -> Run {
    let folder = tempfile::tempdir().expect("a directory");
    let directory = folder.path().join("data");
    fs::create_dir(&directory).expect("a directory");
    let log = folder.path().join("log");
    let mut process = Command::new(programs::writer())
        .arg(&directory)
        .args([synchronous, &EVENTS_A_RUN.to_string()])
        .env("LD_PRELOAD", programs::shim())
        .env("FAULTS_DIRECTORY", &directory)
        .env("FAULTS_LOG", &log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
    let lines = stdout.lines().take(EVENTS_A_RUN);
    let acknowledged = lines
        .map(|line| Acknowledged {
            number: line.expect("a line").parse().expect("a number"),
            log_length: fs::metadata(&log).expect("the log").len(),
        })
        .collect();
    process.kill().expect("it runs");
    process.wait().expect("it ends");
    Run::read(Files::new(), &log, &directory, acknowledged)
}

fn reopen(directory: &Path) -> Reopened {
    let database = Connection::open(directory.join("orderhook.db")).expect("it opens");
    Reopened {
        integrity: integrity(&database),
        events: whole_events(&database),
    }
}
