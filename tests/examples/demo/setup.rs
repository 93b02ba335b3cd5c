//! The platform's side: the server as a process, and an operator who calls it.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use orderhook_client::{Client, operator};
use orderhook_types::Secret;
use tempfile::TempDir;

use crate::launch::{Installation, Server};
use crate::story::Story;

/// Three attempts, a second apart: the demo has no three days.
const SCHEDULE: &str = "0s,1s,1s";

/// A running server and its operator.
pub(crate) struct Platform {
    pub(crate) operator: operator::Client,
    operator_token: String,
    server: Server,
    directory: TempDir,
}

/// A merchant of the platform.
pub(crate) struct Merchant {
    pub(crate) id: i64,
    /// The base URL of the merchant API.
    pub(crate) api: String,
    pub(crate) sign_secret: Secret,
    token: Secret,
}

impl Platform {
    /// Installs the server in an empty directory and starts it; it may push to `receiver`.
    pub(crate) async fn start(
        story: &mut Story,
        program: &Path,
        receiver: SocketAddr,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        story.request("orderhook migrate; orderhook operator-token create; orderhook serve");
        let installation = Installation::new(program, directory.path(), receiver)?;
        let schedule = ("ORDERHOOK_DELIVERY__SCHEDULE", OsStr::new(SCHEDULE));
        let server = installation.start(&[schedule])?;
        story.answer(format!("merchant API http://{}", server.merchant_api));
        story.answer(format!("operator API http://{}", server.operator_api));
        let address = format!("http://{}", server.operator_api);
        let builder = operator::Client::builder(&address, &installation.operator_token);
        let operator = builder.http_client(plain_http()?).build()?;
        let status = operator.get_status().send().await?;
        story.body(&*status)?;
        story.check(
            status.data.database == "sqlite" && status.data.pending == 0,
            "the server runs on a fresh SQLite file",
        );
        Ok(Self {
            operator,
            operator_token: installation.operator_token,
            server,
            directory,
        })
    }

    pub(crate) async fn make_merchant(&self, story: &mut Story) -> anyhow::Result<Merchant> {
        story.request("POST /v1/merchants, and a token for Ada who works there");
        let create = self.operator.create_merchant();
        let create = create.body_map(|body| body.merchant_name("Bottom Warehouse"));
        let created = create.send().await?;
        story.answer(created.status());
        story.body(&*created)?;
        let merchant = &created.data;
        let create = self.operator.create_token();
        let create = create
            .merchant_id(merchant.merchant_id)
            .body_map(|body| body.operator_id(7).operator_name("Ada"));
        let issued = create.send().await?;
        story.answer(issued.status());
        story.body(&*issued)?;
        story.check(
            issued.data.merchant_id == merchant.merchant_id,
            "the token is good for this merchant and no other",
        );
        let secret = merchant.sign_secret.clone();
        Ok(Merchant {
            id: merchant.merchant_id,
            api: format!("http://{}", self.server.merchant_api),
            sign_secret: secret.context("a signing secret")?,
            token: issued.data.token.clone(),
        })
    }

    /// Goes on until Ctrl-C.
    pub(crate) async fn keep(self, merchant: &Merchant) -> anyhow::Result<()> {
        println!("\nThe server goes on until Ctrl-C.");
        println!("  merchant API    {}", merchant.api);
        println!("  operator API    http://{}", self.server.operator_api);
        println!("  merchant        {}", merchant.id);
        println!("  merchant token  {}", merchant.token.reveal());
        println!("  operator token  {}", self.operator_token);
        println!("  files           {}", self.directory.path().display());
        tokio::signal::ctrl_c().await?;
        Ok(())
    }
}

impl Merchant {
    /// The merchant's client, as Ada uses it.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        client(&self.api, self.token.reveal())
    }
}

/// A client of the merchant API for the owner of `token`.
pub(crate) fn client(api: &str, token: &str) -> anyhow::Result<Client> {
    let builder = Client::builder(api, token).http_client(plain_http()?);
    Ok(builder.build()?)
}

/// A proxy of the environment must not stand between two ports of this machine.
pub(crate) fn plain_http() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}
