//! What is sent arrives: for every operation and push, arbitrary values that the spec allows go
//! over HTTP from one generated half to the other, and are equal there.
//!
//! Values are made from the spec's own schemas, so a new member takes part by itself. What can't
//! make the trip is asserted in [`limits`], with the reason.

mod limits;
mod operations;
mod pushes;
mod recording;
mod values;

use std::fmt::Debug;
use std::sync::LazyLock;

use orderhook_client::{Client, RetryPolicy};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::support::TestServer;
use recording::{RecordingApi, RecordingReceiver, TOKEN};

/// The one server of this test binary, and a client of it.
struct World {
    runtime: Runtime,
    api: &'static RecordingApi,
    receiver: &'static RecordingReceiver,
    server: TestServer,
    client: Client,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let api: &RecordingApi = Box::leak(Box::default());
    let receiver: &RecordingReceiver = Box::leak(Box::default());
    let router = recording::router(api).route(pushes::PATH, pushes::route(receiver));
    let server = runtime.block_on(TestServer::start(router));
    // A proxy of the environment must not stand between a test and its own process.
    let http = reqwest::Client::builder().no_proxy().build();
    // A 503 is part of the test, and must not be tried again.
    let client = Client::builder(server.base_url(), TOKEN)
        .http_client(http.expect("a client"))
        .retry(RetryPolicy::never())
        .build()
        .expect("a client");
    World {
        runtime,
        api,
        receiver,
        server,
        client,
    }
});

/// Runs `test` with values of `strategy`, the same in every run.
#[track_caller]
fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(strategy, test);
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
