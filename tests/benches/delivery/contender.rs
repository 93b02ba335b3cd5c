//! What is measured: our server, and the throw-away engine that shows what the machine can do.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Connection, Numbered, payload, request};
use crate::launch::{Installation, Server};

/// The two types of event of the documents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EventType {
    Load,
    Transaction,
}

impl EventType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Load => "card.load",
            Self::Transaction => "card.transaction",
        }
    }
}

/// A program that can be started.
#[derive(Debug, Clone)]
pub(crate) enum Contender {
    Orderhook(PathBuf),
    Ceiling(PathBuf),
}

/// A contender that runs on an empty database, until it is dropped.
pub(crate) struct Running {
    process: Process,
    address: SocketAddr,
    authorization: String,
    paths: Paths,
    _directory: TempDir,
}

enum Process {
    Orderhook(Server),
    Ceiling(Child),
}

/// How endpoints are made and events published.
enum Paths {
    Orderhook { merchant: i64 },
    Ceiling,
}

impl Contender {
    pub(crate) async fn start(&self, receiver: SocketAddr) -> anyhow::Result<Running> {
        match self {
            Self::Orderhook(program) => start_orderhook(program, receiver).await,
            Self::Ceiling(program) => start_ceiling(program).await,
        }
    }
}

async fn start_orderhook(program: &Path, receiver: SocketAddr) -> anyhow::Result<Running> {
    let directory = tempfile::tempdir()?;
    let installation = Installation::new(program, directory.path(), receiver)?;
    let server = installation.start(&[])?;
    let mut running = Running {
        address: server.operator_api,
        process: Process::Orderhook(server),
        authorization: installation.operator_token,
        paths: Paths::Orderhook { merchant: 0 },
        _directory: directory,
    };
    let merchant = json!({"merchant_name": "bench"});
    let created = running.post("/v1/merchants", &merchant).await?;
    let merchant = id(&created, "/data/merchant_id")?;
    running.paths = Paths::Orderhook { merchant };
    Ok(running)
}

async fn start_ceiling(program: &Path) -> anyhow::Result<Running> {
    let directory = tempfile::tempdir()?;
    // It takes no port 0; between this line and its own bind the port is free.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let process = Command::new(program)
        .arg(directory.path().join("ceiling.db"))
        .args([&address.port().to_string(), "FULL"])
        .stderr(Stdio::null())
        .spawn()?;
    let running = Running {
        process: Process::Ceiling(process),
        address,
        authorization: "Bearer t".to_owned(),
        paths: Paths::Ceiling,
        _directory: directory,
    };
    // It says nothing once it listens.
    let mut attempts = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        attempts.tick().await;
        if Connection::open(address).await.is_ok() {
            return Ok(running);
        }
    }
    bail!("{} does not listen", program.display())
}

impl Running {
    /// Where events are published.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process_id(&self) -> u32 {
        match &self.process {
            Process::Orderhook(server) => server.process.id(),
            Process::Ceiling(child) => child.id(),
        }
    }

    /// Makes an endpoint that gets events of one type.
    pub(crate) async fn create_endpoint(
        &self,
        url: &str,
        event_type: EventType,
    ) -> anyhow::Result<()> {
        let event_type = event_type.as_str();
        match self.paths {
            Paths::Orderhook { merchant } => {
                let webhooks = format!("/v1/merchants/{merchant}/webhooks");
                let webhook = json!({"webhook_name": "bench", "webhook_url": url});
                let created = self.post(&webhooks, &webhook).await?;
                let webhook = id(&created, "/data/0/webhook_id")?;
                let subscriptions = format!("{webhooks}/{webhook}/subscriptions");
                self.post(&subscriptions, &json!({"event_type": event_type}))
                    .await?;
            }
            Paths::Ceiling => {
                self.post("/e/1", &json!({"url": url, "eventType": event_type}))
                    .await?;
            }
        }
        Ok(())
    }

    /// The request that publishes an event.
    pub(crate) fn publish(&self, event_type: EventType) -> anyhow::Result<Numbered> {
        let (event_type, payload) = (event_type.as_str(), payload());
        let (path, body) = match self.paths {
            Paths::Orderhook { merchant } => (
                format!("/v1/merchants/{merchant}/card-events"),
                format!("{{\"event_type\":\"{event_type}\",\"data\":{payload}}}"),
            ),
            Paths::Ceiling => (
                "/m/1".to_owned(),
                format!("{{\"eventType\":\"{event_type}\",\"payload\":{payload}}}"),
            ),
        };
        Numbered::new(request(
            "POST",
            &path,
            self.address,
            &self.authorization,
            &body,
        ))
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = body.to_string();
        let request = request("POST", path, self.address, &self.authorization, &body);
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.send(&request).await?;
        Ok(serde_json::from_slice(answer)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Self::Ceiling(child) = self {
            // Where it can't be killed it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn id(answer: &Value, pointer: &str) -> anyhow::Result<i64> {
    let id = answer.pointer(pointer).and_then(Value::as_i64);
    id.with_context(|| format!("no {pointer} in {answer}"))
}
