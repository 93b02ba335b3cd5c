//! The real server, and who calls it.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::database::{Database, SERVE};
use crate::http::Api;
use crate::program::Program;
use crate::running::Running;

/// A server with a merchant and the tokens, and its log.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    running: Running,
    pub(crate) database: Database,
    pub(crate) merchant: Api,
    pub(crate) operator: Api,
    pub(crate) log: Arc<Log>,
}

/// What is left of a server that stopped, or what one can be started on.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) program: Program,
    pub(crate) database: Database,
}

/// `serve`, once it listens.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) running: Running,
    pub(crate) log: Arc<Log>,
    said: String,
}

/// A merchant of a test's own, and the APIs as the merchant and an operator call them.
#[derive(Debug)]
pub(crate) struct Merchant {
    pub(crate) id: i64,
    pub(crate) sign_secret: String,
    pub(crate) api: Api,
    pub(crate) operator: Api,
}

/// What the server has written to stderr.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    written: Condvar,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// One for all tests that need no server of their own; it ends when none of them runs.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap();
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let program = Program::new()
            .variable("ORDERHOOK_DELIVERY__SCHEDULE", "0s,0s,0s")
            .variable("ORDERHOOK_LOG__LEVEL", "warn");
        let server = Arc::new(Self::start(program));
        *shared = Arc::downgrade(&server);
        server
    }

    /// Starts one in the folder and with the variables of a program, or where one has stopped.
    pub(crate) fn start(on: impl Into<Stopped>) -> Self {
        let Stopped { program, database } = on.into();
        let serving = Serving::start(&program, SERVE);
        let merchant = serving.address("merchant API");
        let operator = serving.address("operator API");
        database.introduce(&program, merchant, operator);
        let token = |key: &str| setting(&program, key).unwrap();
        Self {
            merchant: Api {
                address: merchant,
                token: token("token"),
            },
            operator: Api {
                address: operator,
                token: token("operator_token"),
            },
            running: serving.running,
            log: serving.log,
            program,
            database,
        }
    }

    /// A merchant that no other test knows, with a token.
    pub(crate) fn new_merchant(&self) -> Merchant {
        let operator = self.operator.clone();
        let name = json!({"merchant_name": "Shop"});
        let created = operator.post("/v1/merchants", &name).data();
        let id = created["merchant_id"].as_i64().unwrap();
        let body = json!({"operator_id": 7, "operator_name": "Ada"});
        let tokens = format!("/v1/merchants/{id}/tokens");
        let token = operator.post(&tokens, &body).data();
        Merchant {
            id,
            sign_secret: text(&created["sign_secret"]),
            api: self.merchant.with_token(token["token"].as_str().unwrap()),
            operator,
        }
    }

    /// Ctrl-C; gives back where it ran.
    pub(crate) fn stop(self) -> Stopped {
        assert_eq!(self.running.interrupt(), 0);
        Stopped {
            program: self.program,
            database: self.database,
        }
    }
}

impl From<Program> for Stopped {
    fn from(program: Program) -> Self {
        let (program, database) = Database::prepare(program);
        Self { program, database }
    }
}

impl Serving {
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut running = Running::serve(program, arguments);
        let log = Arc::new(Log::default());
        let stderr = running.stderr.take().unwrap();
        let writer = Arc::clone(&log);
        thread::spawn(move || stderr.lines().for_each(|line| writer.push(line.unwrap())));
        let mut said = String::new();
        while !said.contains("operator API") && !said.contains("metrics") {
            said += &running.line();
        }
        Self { running, log, said }
    }

    /// The address that it has said for this.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let line = self.said.lines().find_map(|line| line.strip_prefix(name));
        let url = line.unwrap().trim().strip_prefix("http://").unwrap();
        url.split('/').next().unwrap().parse().unwrap()
    }
}

/// A setting of those that commands find in the folder of the server.
pub(crate) fn setting(program: &Program, key: &str) -> Option<String> {
    let path = program.folder().join(".orderhook-dev/client.toml");
    let settings = std::fs::read_to_string(path).unwrap();
    let begin = format!("{key} = \"");
    let value = settings.lines().find_map(|line| line.strip_prefix(&begin));
    value.map(|value| value.trim_end_matches('"').to_owned())
}

impl Merchant {
    /// A path of the operator API about this merchant.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/merchants/{}/{rest}", self.id)
    }

    pub(crate) fn webhook(&self, body: &Value) -> Value {
        self.api.post("/v1/webhooks", body).data()[0].take()
    }

    /// A webhook with this address and a subscription to `card.load`; its id and secret.
    pub(crate) fn subscribed(&self, url: &str) -> (i64, String) {
        let webhook = self.webhook(&json!({"webhook_name": "shop", "webhook_url": url}));
        let id = webhook["webhook_id"].as_i64().unwrap();
        self.subscribe(id);
        (id, text(&webhook["sign_secret"]))
    }

    pub(crate) fn subscribe(&self, webhook_id: i64) {
        let target = format!("/v1/webhooks/{webhook_id}/subscriptions");
        let body = json!({"event_type": "card.load"});
        self.api.post(&target, &body).data();
    }

    /// Publishes a card event; its id and the number of deliveries.
    pub(crate) fn publish_card(&self, data: &Value) -> (String, i64) {
        let body = json!({"event_type": "card.load", "data": data});
        let published = self.operator.post(&self.path("card-events"), &body).data();
        let deliveries = published["deliveries"].as_i64().unwrap();
        (text(&published["event_id"]), deliveries)
    }

    /// Publishes a change of an order; the event's id.
    pub(crate) fn publish_order(&self, order: &Value) -> String {
        let target = self.path("order-status-changes");
        text(&self.operator.post(&target, order).data()["event_id"])
    }

    /// The deliveries of this merchant, newest first, that `filter` selects.
    pub(crate) fn deliveries(&self, filter: &str) -> Vec<Value> {
        let target = format!("/v1/deliveries?merchant_id={}&limit=100{filter}", self.id);
        self.operator.get(&target).data()["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Waits until this merchant has `count` deliveries in `state`: an attempt is written a moment
    /// after its answer.
    #[track_caller]
    pub(crate) fn wait_for(&self, state: &str, count: usize) -> Vec<Value> {
        let filter = format!("&state={state}");
        eventually(|| Some(self.deliveries(&filter)).filter(|found| found.len() == count))
    }
}

/// What `look` sees at last; every look is a round trip.
#[track_caller]
pub(crate) fn eventually<T>(look: impl FnMut() -> Option<T>) -> T {
    std::iter::repeat_with(look)
        .take(20_000)
        .flatten()
        .next()
        .expect("it never came about")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An order with every member that is required.
pub(crate) fn order(id: &str, state: &str, url: &str) -> Value {
    json!({
        "merchantOrderId": "M-1", "orderId": id, "userId": "88001", "fiatCurrency": "EUR",
        "cryptoCurrency": "USDT", "fiatAmount": "120.00", "cryptoAmount": "129.87",
        "orderFee": "1.20", "price": "0.924", "payWayCode": "CARD", "state": state,
        "createTime": "2026-11-01T09:30:00.000Z", "updateTime": "2026-11-01T09:31:00.000Z",
        "network": "TRON", "address": "TXYZ", "actualReceivedAmount": "0",
        "orderCallBackUrl": url,
    })
}

impl Log {
    fn push(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.written.notify_all();
    }

    /// Every line so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line that contains `text`.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let lines = self.lines.lock().unwrap();
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let patience = Duration::from_secs(30);
        let waited = self.written.wait_timeout_while(lines, patience, missing);
        assert!(!waited.unwrap().1.timed_out(), "no line has {text}");
    }
}
