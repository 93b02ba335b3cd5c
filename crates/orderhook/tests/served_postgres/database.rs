//! PostgreSQL, set up as `serve --dev` does it on SQLite: the same address policy, a merchant, and the
//! tokens where commands find them.

use std::fs;
use std::net::SocketAddr;

use futures_util::TryStreamExt as _;
use orderhook_test_postgres::TestDatabase;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::http::Api;
use crate::program::Program;
use crate::server::{setting, text};

/// The arguments of `serve`.
pub(crate) const SERVE: &[&str] = &[];

const KEY_FILE: &str = ".orderhook-dev/encryption.key";
const SETTINGS: &str = ".orderhook-dev/client.toml";

/// Another than other tests have, for one of them to be wrong: 32 bytes of 9.
const KEY: &str = "1:CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// A database of a program's own.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    /// Dropped with this value; none in a server of a test's own.
    _created: Option<TestDatabase>,
}

impl Database {
    pub(crate) fn prepare(program: Program) -> (Program, Self) {
        let created = TestDatabase::create();
        let (program, database) = Self::at(created.url(), program);
        let created = Some(created);
        (
            program,
            Self {
                _created: created,
                ..database
            },
        )
    }

    /// Makes the schema and an operator's token in the database of this address.
    pub(crate) fn at(url: &str, program: Program) -> (Program, Self) {
        let program = program
            .file(KEY_FILE, KEY)
            .variable("ORDERHOOK_ENCRYPTION_KEYS_FILE", KEY_FILE)
            .variable("ORDERHOOK_DATABASE", url)
            .variable("ORDERHOOK_DELIVERY__ALLOWED_ADDRESSES", "127.0.0.0/8:*");
        program.run(&["migrate"]).ok();
        let token = program.run(&["operator-token", "create", "dev"]).ok();
        let settings = format!("operator_token = \"{}\"\n", token.trim());
        let database = Self {
            url: url.to_owned(),
            _created: None,
        };
        (program.file(SETTINGS, &settings), database)
    }

    /// Makes a merchant and its token, once, and says where the server listens this time.
    pub(crate) fn introduce(&self, program: &Program, merchant: SocketAddr, operator: SocketAddr) {
        let operator_token = setting(program, "operator_token").unwrap();
        let token = setting(program, "token")
            .unwrap_or_else(|| new_merchants_token(operator, &operator_token));
        let settings = format!(
            "server = \"http://{merchant}\"\n\
             operator_server = \"http://{operator}\"\n\
             token = \"{token}\"\n\
             operator_token = \"{operator_token}\"\n"
        );
        fs::write(program.folder().join(SETTINGS), settings).unwrap();
    }

    /// Lets the commands that open the database find it, as they do already.
    pub(crate) fn open_to_commands(program: Program) -> Program {
        program
    }

    /// All that is in it.
    pub(crate) fn bytes(&self, _: &Program) -> Vec<u8> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(read(&self.url))
    }
}

fn new_merchants_token(operator: SocketAddr, operator_token: &str) -> String {
    let operator = Api {
        address: operator,
        token: operator_token.to_owned(),
    };
    let name = json!({"merchant_name": "dev"});
    let merchant = operator.post("/v1/merchants", &name).data();
    let tokens = format!("/v1/merchants/{}/tokens", merchant["merchant_id"]);
    let body = json!({"operator_id": 1, "operator_name": "dev"});
    let token = operator.post(&tokens, &body).data();
    text(&token["token"])
}

/// Each table in the binary form, in which texts and bytes stand as they are.
async fn read(url: &str) -> Vec<u8> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'orderhook'";
    let mut bytes = Vec::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let table: &str = row.get(0);
        let copy = format!("COPY orderhook.{table} TO STDOUT BINARY");
        let rows = client.copy_out(copy.as_str()).await.unwrap();
        let chunks: Vec<bytes::Bytes> = rows.try_collect().await.unwrap();
        bytes.extend(chunks.concat());
    }
    drop(client);
    driver.await.unwrap().unwrap();
    bytes
}
