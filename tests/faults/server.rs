//! The server under test: installed once, started as often as a test likes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::launch::{DATA, Installation, Server};
use crate::programs;
use crate::run::{files_in, materialise};
use crate::sink::Sink;

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
            ("LD_PRELOAD", programs::shim()),
            ("FAULTS_DIRECTORY", &data),
            ("FAULTS_LOG", &log),
            ("FAULTS_FULL", &full),
        ]);
    }

    fn start_with(&mut self, environment: &[(&str, &Path)]) {
        let server = self.installation.start(environment);
        let server = server.expect("the server starts");
        self.addresses.send_replace(Some(server.operator_api));
        self.running = Some(server);
    }

    /// SIGKILL; afterwards the process is gone.
    pub(crate) fn kill(&mut self) {
        drop(self.running.take().expect("it runs"));
    }

    /// How many attempts were under way when the server was killed: claimed, and their results not
    /// on the disk.
    pub(crate) fn attempts_under_way(&self) -> usize {
        // A copy, because opening a database after a crash changes it.
        let copy = materialise(&files_in(&self.data()));
        let database = Connection::open(copy.path().join("orderhook.db")).expect("it opens");
        let leased = "SELECT count(*) FROM queue WHERE lease IS NOT NULL";
        let leased: i64 = database
            .query_row(leased, [], |row| row.get(0))
            .expect("there is a queue");
        usize::try_from(leased).expect("a count")
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

        let webhooks = format!("/v1/merchants/{id}/webhooks");
        let webhook = json!({"webhook_name": "cards", "webhook_url": sink.url(path)});
        let webhook = &self.create(&webhooks, &webhook).await["data"][0];
        let secret = webhook["sign_secret"].as_str().expect("a secret");
        sink.verify(path, secret.parse().expect("a secret"));

        let subscriptions = format!("{webhooks}/{}/subscriptions", webhook["webhook_id"]);
        self.create(&subscriptions, &json!({"event_type": "card.load"}))
            .await;
        Merchant(id)
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

    async fn post(&mut self, path: &str, body: &Value) -> reqwest::Result<(StatusCode, Value)> {
        let address = self.addresses.borrow_and_update().expect("it was started");
        let request = self.http.post(format!("http://{address}{path}"));
        let request = request.header("authorization", &self.token);
        let answer = request.json(body).send().await?;
        Ok((answer.status(), answer.json().await?))
    }
}
