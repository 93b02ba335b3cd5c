//! The server under test: installed once, started as often as a test likes.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::launch::{DATA, Installation, Server};
use crate::memory::kib;
use crate::programs;
use crate::run::{files_in, materialise};
use crate::sink::Sink;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The real server with a database of its own.
pub(crate) struct TestServer {
    installation: Installation,
    directory: TempDir,
    running: Option<Server>,
    addresses: watch::Sender<Option<SocketAddr>>,
}

impl TestServer {
    /// Installs the server, which may then push to `sink`.
    pub(crate) fn install(sink: &Sink) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let installation = Installation::new(programs::server(), directory.path(), sink.address);
        Self {
            installation: installation.expect("the server is set up"),
            directory,
            running: None,
            addresses: watch::Sender::new(None),
        }
    }

    /// Where the database lies.
    pub(crate) fn data(&self) -> PathBuf {
        self.installation.directory.join(DATA)
    }

    /// What the library in `shim/` records.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// While there is a file of this name, the disk is full.
    pub(crate) fn full_flag(&self) -> PathBuf {
        self.directory.path().join("full")
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts it on a disk that is recorded and can be full.
    pub(crate) fn start_on_shim(&mut self) {
        let (data, log, full) = (self.data(), self.log(), self.full_flag());
        self.start_with(&[
            ("LD_PRELOAD", programs::shim().as_os_str()),
            ("FAULTS_DIRECTORY", data.as_os_str()),
            ("FAULTS_LOG", log.as_os_str()),
            ("FAULTS_FULL", full.as_os_str()),
        ]);
    }

    /// Starts it with settings from the environment, which come before those of its file.
    pub(crate) fn start_configured(&mut self, settings: &[(&str, &str)]) {
        let settings = settings.iter();
        let environment: Vec<_> = settings
            .map(|(key, text)| (*key, OsStr::new(text)))
            .collect();
        self.start_with(&environment);
    }

    fn start_with(&mut self, environment: &[(&str, &OsStr)]) {
        let server = self.installation.start(environment);
        let server = server.expect("the server starts");
        self.addresses.send_replace(Some(server.operator_api));
        self.running = Some(server);
    }

    /// SIGKILL; afterwards the process is gone.
    pub(crate) fn kill(&mut self) {
        drop(self.running.take().expect("it runs"));
    }

    /// Asks the database of a server that has ended.
    pub(crate) fn ask_database<T>(&self, ask: impl FnOnce(&Connection) -> T) -> T {
        // A copy, because opening a database after a crash changes it.
        let copy = materialise(&files_in(&self.data()));
        let database = Connection::open(copy.path().join("orderhook.db")).expect("it opens");
        ask(&database)
    }

    /// The most memory that the running process has had in its life.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let running = self.running.as_ref().expect("it runs");
        kib(running.process.id(), "status", "VmHWM:").expect("a peak")
    }

    /// SIGTERM; the process may go on for a while.
    pub(crate) fn terminate(&self) {
        let running = self.running.as_ref().expect("it runs");
        let sent = Command::new("kill")
            .args(["-TERM", &running.process.id().to_string()])
            .status();
        assert!(sent.expect("a signal").success());
    }

    /// Waits until the process has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it runs");
        running.process.wait().expect("it ends")
    }

    /// Somebody who runs the server.
    pub(crate) fn operator(&self) -> Operator {
        Operator {
            // A proxy of the environment must not stand between a test and the server.
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            token: self.installation.operator_token.clone(),
            addresses: self.addresses.subscribe(),
        }
    }
}

/// Calls the operator API of the server, wherever it listens after the last start.
#[derive(Clone)]
pub(crate) struct Operator {
    http: reqwest::Client,
    token: String,
    pub(crate) addresses: watch::Receiver<Option<SocketAddr>>,
}

/// A merchant with a webhook that gets every `card.load`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merchant(i64);

impl Operator {
    /// Makes a merchant whose webhook is `path` of `sink`, which then verifies what comes.
    pub(crate) async fn create_merchant(&mut self, sink: &Sink, path: &str) -> Merchant {
        let merchant = json!({"merchant_name": "On-chain Shop"});
        let merchant = self.create("/v1/merchants", &merchant).await;
        let id = merchant["data"]["merchant_id"].as_i64().expect("an id");

        let secret = self.create_webhook(Merchant(id), &sink.url(path)).await;
        sink.verify(path, secret.parse().expect("a secret"));
        Merchant(id)
    }

    /// Makes a webhook that gets every `card.load`; returns what it is signed with.
    pub(crate) async fn create_webhook(&mut self, merchant: Merchant, url: &str) -> String {
        let webhooks = format!("/v1/merchants/{}/webhooks", merchant.0);
        let webhook = json!({"webhook_name": "cards", "webhook_url": url});
        let webhook = &self.create(&webhooks, &webhook).await["data"][0];
        let subscriptions = format!("{webhooks}/{}/subscriptions", webhook["webhook_id"]);
        self.create(&subscriptions, &json!({"event_type": "card.load"}))
            .await;
        webhook["sign_secret"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }

    async fn create(&mut self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body).await.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Publishes a `card.load` whose data has this number.
    pub(crate) async fn publish(
        &mut self,
        merchant: Merchant,
        number: i64,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let path = format!("/v1/merchants/{}/card-events", merchant.0);
        let data = json!({"number": number, "note": "x".repeat(500)});
        let event = json!({"event_type": "card.load", "data": data});
        self.post(&path, &event).await
    }

    /// Publishes a change of an order; returns the event's id.
    pub(crate) async fn publish_order(&mut self, merchant: Merchant, order: &Value) -> String {
        let path = format!("/v1/merchants/{}/order-status-changes", merchant.0);
        let answer = self.create(&path, order).await;
        answer["data"]["event_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    /// Waits until no delivery is pending, which must be so within `patience`.
    pub(crate) async fn nothing_pending(&mut self, patience: Duration) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let finished = async {
            while self.get("/v1/status").await["data"]["pending"] != 0 {
                looks.tick().await;
            }
        };
        let in_time = tokio::time::timeout(patience, finished).await;
        in_time.expect("each delivery is finished");
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        let address = self.addresses.borrow_and_update().expect("it was started");
        let request = self.http.get(format!("http://{address}{path}"));
        let answer = request.header("authorization", &self.token).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.expect("JSON")
    }

    async fn post(&mut self, path: &str, body: &Value) -> reqwest::Result<(StatusCode, Value)> {
        let address = self.addresses.borrow_and_update().expect("it was started");
        let request = self.http.post(format!("http://{address}{path}"));
        let request = request.header("authorization", &self.token);
        let answer = request.json(body).send().await?;
        Ok((answer.status(), answer.json().await?))
    }
}
