//! Replicas of the real server on one database, and a receiver for what they deliver.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::block_in_place;

use crate::client::Client;
use crate::launch::{Installation, Server};
use crate::programs;
use crate::rows::Rows;
use crate::sink::Sink;

/// How long replicas take at most to deal out the shards anew when one more is there, or one less
/// that has said so.
pub(crate) const DEALT_WITHIN: Duration = Duration::from_secs(30);

/// How long a replica that says nothing keeps its shards: the engine's default.
pub(crate) const HOLD: Duration = Duration::from_secs(15);
/// That of [`SHORT_LEASE`].
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// For faults that leave leases behind, which nobody can deliver before they end.
pub(crate) const SHORT_LEASE: Settings = &[
    ("ORDERHOOK_DELIVERY__CONNECT_TIMEOUT", "2s"),
    ("ORDERHOOK_DELIVERY__ATTEMPT_TIMEOUT", "5s"),
    ("ORDERHOOK_DELIVERY__LEASE", "10s"),
    // What the faults are there to cause would have some thousand lines.
    (
        "ORDERHOOK_LOG__LEVEL",
        "error,orderhook::server::request_log=off",
    ),
];

/// The settings of a test, as variables of the environment.
pub(crate) type Settings = &'static [(&'static str, &'static str)];

/// An installation that any number of replicas are started from.
pub(crate) struct Cluster {
    installation: Installation,
    settings: Settings,
    pub(crate) rows: Rows,
    pub(crate) client: Client,
    /// Who can be called.
    addresses: watch::Sender<Vec<SocketAddr>>,
    _directory: TempDir,
}

/// A process.
pub(crate) struct Replica {
    server: Server,
}

impl Replica {
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.operator_api
    }
}

/// Merchants of which each has a webhook for `card.load`: an endpoint.
pub(crate) struct Merchants(pub(crate) Vec<i64>);

impl Cluster {
    /// Prepares an empty database; its replicas may then push to `receiver`.
    pub(crate) fn install(database: &str, receiver: SocketAddr, settings: Settings) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let program = programs::server();
        let installation =
            Installation::with_database(program, directory.path(), database, receiver);
        let installation = installation.expect("the replicas are set up");
        Self {
            client: Client::new(&installation.operator_token),
            installation,
            settings,
            rows: Rows::of(database),
            addresses: watch::Sender::default(),
            _directory: directory,
        }
    }

    /// Starts a replica, which is called from then on.
    pub(crate) fn start(&self) -> Replica {
        self.start_with(&[])
    }

    /// Starts a replica with settings of its own, which is called from then on.
    pub(crate) fn start_with(&self, settings: &[(&str, &str)]) -> Replica {
        let replica = self.serve(&[], settings);
        self.call(&replica);
        replica
    }

    /// Starts a replica that only answers the APIs, and is called from then on.
    pub(crate) fn start_answering(&self) -> Replica {
        let replica = self.serve(&["--role", "api"], &[]);
        self.call(&replica);
        replica
    }

    /// Starts a replica that only delivers.
    pub(crate) fn start_delivering(&self) -> Replica {
        self.serve(&["--role", "delivery"], &[])
    }

    fn serve(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Replica {
        let settings = self.settings.iter().chain(settings);
        let environment: Vec<_> = settings
            .map(|(key, text)| (*key, OsStr::new(text)))
            .collect();
        let server = block_in_place(|| self.installation.serve(arguments, &environment));
        Replica {
            server: server.expect("the replica starts"),
        }
    }

    fn call(&self, replica: &Replica) {
        let address = replica.address();
        self.addresses.send_modify(|all| all.push(address));
    }

    fn call_no_more(&self, address: SocketAddr) {
        self.addresses
            .send_modify(|all| all.retain(|it| *it != address));
    }

    /// Starts replicas one after the other until there are so many, and waits until the shards are
    /// dealt out to them; returns each with its id.
    pub(crate) async fn start_replicas(&self, count: i64) -> Vec<(Replica, i64)> {
        let mut replicas = Vec::new();
        let mut known = BTreeSet::new();
        for started in 1..=count {
            let replica = self.start();
            let all = self.rows.dealt_to(started, DEALT_WITHIN).await;
            let mut new = all.difference(&known);
            let id = *new.next().expect("it takes its share");
            known = all;
            replicas.push((replica, id));
        }
        replicas
    }

    /// SIGKILL.
    pub(crate) fn kill(&self, replica: Replica) {
        let address = replica.address();
        drop(replica);
        self.call_no_more(address);
    }

    /// SIGTERM; returns once the process has ended.
    pub(crate) fn terminate(&self, mut replica: Replica) -> ExitStatus {
        let sent = Command::new("kill")
            .args(["-TERM", &replica.server.process.id().to_string()])
            .status();
        assert!(sent.expect("a signal").success());
        let ended = block_in_place(|| replica.server.process.wait());
        self.call_no_more(replica.address());
        ended.expect("it ends")
    }

    pub(crate) fn addresses(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.addresses.subscribe()
    }

    /// Makes merchants with a webhook each: the paths of a sink that verifies what comes.
    pub(crate) async fn create_merchants(&self, count: usize, sink: &Sink) -> Merchants {
        let mut merchants = Vec::new();
        for index in 0..count {
            let path = format!("/cards/{index}");
            let (merchant, secret) = self.create_merchant(&sink.url(&path)).await;
            sink.verify(&path, secret.parse().expect("a secret"));
            merchants.push(merchant);
        }
        Merchants(merchants)
    }

    /// Makes a merchant with a webhook; returns its id, and what is signed with.
    pub(crate) async fn create_merchant(&self, webhook_url: &str) -> (i64, String) {
        let replica = self.addresses.borrow()[0];
        let name = json!({"merchant_name": "On-chain Shop"});
        let merchant = self.client.create(replica, "/v1/merchants", &name).await;
        let id = merchant["merchant_id"].as_i64().expect("an id");

        let webhooks = format!("/v1/merchants/{id}/webhooks");
        let webhook = json!({"webhook_name": "cards", "webhook_url": webhook_url});
        let webhook = &self.client.create(replica, &webhooks, &webhook).await[0];
        let subscriptions = format!("{webhooks}/{}/subscriptions", webhook["webhook_id"]);
        let to_loads = json!({"event_type": "card.load"});
        self.client.create(replica, &subscriptions, &to_loads).await;
        let secret = webhook["sign_secret"].as_str().expect("a secret");
        (id, secret.to_owned())
    }
}
