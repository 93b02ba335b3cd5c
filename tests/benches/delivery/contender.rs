//! What is measured: our server, and the throw-away engine that shows what the machine can do.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use orderhook_test_postgres::Server as Postgres;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Connection, Numbered, payload, request};
use crate::launch::{Installation, Server};
use crate::process::cpu_seconds;

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
#[derive(Clone)]
pub(crate) enum Contender {
    Orderhook(PathBuf),
    /// So many processes on one PostgreSQL.
    Replicas {
        program: PathBuf,
        postgres: Arc<Postgres>,
        count: usize,
    },
    Ceiling(PathBuf),
}

/// A contender that runs on an empty database, until it is dropped.
pub(crate) struct Running {
    processes: Vec<Process>,
    addresses: Vec<SocketAddr>,
    authorization: String,
    paths: Paths,
    database: Option<Database>,
    _directory: TempDir,
}

/// A database that is not part of the process.
struct Database {
    server: Arc<Postgres>,
    url: String,
}

enum Process {
    Orderhook(Server),
    Ceiling(Child),
}

impl Process {
    fn id(&self) -> u32 {
        match self {
            Self::Orderhook(server) => server.process.id(),
            Self::Ceiling(child) => child.id(),
        }
    }
}

/// How endpoints are made and events published.
enum Paths {
    Orderhook { merchant: i64 },
    Ceiling,
}

impl Contender {
    pub(crate) async fn start(&self, receiver: SocketAddr) -> anyhow::Result<Running> {
        match self {
            Self::Orderhook(program) => {
                let directory = tempfile::tempdir()?;
                let installation = Installation::new(program, directory.path(), receiver)?;
                start_orderhook(&installation, 1, None, directory).await
            }
            Self::Replicas {
                program,
                postgres,
                count,
            } => {
                let directory = tempfile::tempdir()?;
                let name = format!("bench_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
                let url = postgres.create_database(&name)?;
                let path = directory.path();
                let installation = Installation::with_database(program, path, &url, receiver)?;
                let server = Arc::clone(postgres);
                let database = Database { server, url };
                start_orderhook(&installation, *count, Some(database), directory).await
            }
            Self::Ceiling(program) => start_ceiling(program).await,
        }
    }
}

/// So that each has a name of its own.
static DATABASES: AtomicUsize = AtomicUsize::new(0);

async fn start_orderhook(
    installation: &Installation,
    replicas: usize,
    database: Option<Database>,
    directory: TempDir,
) -> anyhow::Result<Running> {
    let servers: Vec<Server> = (0..replicas)
        .map(|_| installation.start(&[]))
        .collect::<Result<_, _>>()?;
    let mut running = Running {
        addresses: servers.iter().map(|server| server.operator_api).collect(),
        processes: servers.into_iter().map(Process::Orderhook).collect(),
        authorization: installation.operator_token.clone(),
        paths: Paths::Orderhook { merchant: 0 },
        database,
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
        processes: vec![Process::Ceiling(process)],
        addresses: vec![address],
        authorization: "Bearer t".to_owned(),
        paths: Paths::Ceiling,
        database: None,
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
    /// Where events are published: anywhere of these.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Of the first process, which is the only one where there are no replicas.
    pub(crate) fn process_id(&self) -> u32 {
        self.processes[0].id()
    }

    /// CPU seconds of all its processes, but for the database's.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let processes = self.processes.iter();
        processes.map(|process| cpu_seconds(process.id())).sum()
    }

    /// CPU seconds of the database, where it is not part of the process.
    pub(crate) fn database_cpu_seconds(&self) -> anyhow::Result<f64> {
        match &self.database {
            Some(database) => Ok(database.server.cpu_seconds()?),
            None => Ok(0.0),
        }
    }

    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
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
            self.address(),
            &self.authorization,
            &body,
        ))
    }

    /// The request that publishes so many events at once.
    pub(crate) fn publish_batch(
        &self,
        event_type: EventType,
        count: usize,
    ) -> anyhow::Result<Numbered> {
        let Paths::Orderhook { merchant } = self.paths else {
            bail!("no batches are published to others");
        };
        let (event_type, payload) = (event_type.as_str(), payload());
        let event = format!("{{\"event_type\":\"{event_type}\",\"data\":{payload}}}");
        let events = vec![event; count].join(",");
        Numbered::new(request(
            "POST",
            &format!("/v1/merchants/{merchant}/card-event-batches"),
            self.address(),
            &self.authorization,
            &format!("{{\"events\":[{events}]}}"),
        ))
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = body.to_string();
        let request = request("POST", path, self.address(), &self.authorization, &body);
        let mut connection = Connection::open(self.address()).await?;
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
