//! A server of the Order Management API that forgets everything when it stops.
//!
//! ```text
//! cargo run -p orderhook-api --example in_memory [-- ADDRESS]
//! ```
//!
//! `ADDRESS` is 127.0.0.1:8080 by default; with port 0 the system chooses one. The address and an
//! access token, made anew at each start, are printed on stdout; the log goes to stderr.

mod platform;
mod system;

use std::future::Future;
use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use platform::{Environment, MerchantId, Operator, Platform};
use system::System;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address)
        .await
        .with_context(|| format!("{address} can't be listened on"))?;

    let environment = System::default();
    let token = new_token(&environment)?;
    let ada = Operator {
        merchant: MerchantId(1),
        id: 7,
        name: "Ada".to_owned(),
    };
    let platform = Platform::new(environment).with_token(&token, ada);

    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}\ntoken {token}")?;
    let interrupted = async {
        // Without a way to hear of ctrl-c there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    run(listener, platform, interrupted).await
}

/// Serves until `shutdown` is over, and then until the requests that came before it are answered.
async fn run(
    listener: TcpListener,
    platform: Platform,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let router = orderhook_api::router(Arc::new(platform));
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
        .context("the server stopped")
}

fn new_token(environment: &impl Environment) -> anyhow::Result<String> {
    let bytes = environment.random_bytes();
    let bytes = bytes.map_err(anyhow::Error::from_boxed)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
