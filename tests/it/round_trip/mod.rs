//! What is sent arrives: for every operation and push, arbitrary values that the spec allows go
//! over HTTP from one generated half to the other, and are equal there.
//!
//! Values are made from the spec's own schemas, so a new member takes part by itself. What can't
//! make the trip is asserted in [`limits`], with the reason.

mod check;
mod limits;
mod operations;
mod pushes;
mod recording;
mod refusals;
mod values;

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use orderhook_client::{Client, RetryPolicy, operator};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::support::TestServer;
use crate::support::spec::{OPERATOR, ORDER_MANAGEMENT};
use recording::{
    OperatorRecorder, Recorder, RecordingApi, RecordingOperatorApi, RecordingReceiver, TOKEN,
};
use values::Spec;

/// Both ends of a document.
struct Side<C, A: 'static> {
    spec: Spec,
    client: C,
    api: &'static A,
}

/// The one server of this test binary, and a client of each of its APIs.
struct World {
    runtime: Runtime,
    receiver: &'static RecordingReceiver,
    server: TestServer,
    order_management: Side<Client, RecordingApi>,
    operator: Side<operator::Client, RecordingOperatorApi>,
}

/// Where the operator API begins.
const OPERATOR_PATH: &str = "/operator";

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let api: &RecordingApi = Box::leak(Box::default());
    let operator_api: &RecordingOperatorApi = Box::leak(Box::default());
    let receiver: &RecordingReceiver = Box::leak(Box::default());
    let operator_router = orderhook_api::operator::router(Arc::new(OperatorRecorder(operator_api)));
    let router = orderhook_api::router(Arc::new(Recorder(api)))
        .route(pushes::PATH, pushes::route(receiver))
        .nest(OPERATOR_PATH, operator_router);
    let server = runtime.block_on(TestServer::start(router));
    // A proxy of the environment must not stand between a test and its own process.
    let http = reqwest::Client::builder().no_proxy().build();
    let http = http.expect("a client");
    // A 503 is part of the test, and must not be tried again.
    let client = Client::builder(server.base_url(), TOKEN)
        .http_client(http.clone())
        .retry(RetryPolicy::never())
        .build()
        .expect("a client");
    let operator_base = format!("{}{OPERATOR_PATH}", server.base_url());
    let operator_client = operator::Client::builder(&operator_base, TOKEN)
        .http_client(http)
        .retry(RetryPolicy::never())
        .build()
        .expect("a client");
    World {
        runtime,
        receiver,
        server,
        order_management: Side {
            spec: Spec(&ORDER_MANAGEMENT),
            client,
            api,
        },
        operator: Side {
            spec: Spec(&OPERATOR),
            client: operator_client,
            api: operator_api,
        },
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
