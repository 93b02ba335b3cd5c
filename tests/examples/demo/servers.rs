//! Servers on free ports of this machine; they end with the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use jiff::Timestamp;
use orderhook_api::runtime::BoxError;
use tokio::net::TcpListener;

use crate::platform::{Environment, MerchantId, Operator, Platform};

/// Starts the platform, which lets Ada in with `token`; gives its URL.
pub(crate) async fn platform(token: &str) -> anyhow::Result<String> {
    let ada = Operator {
        merchant: MerchantId(1),
        id: 7,
        name: "Ada".to_owned(),
    };
    let platform = Platform::new(System::default()).with_token(token, ada);
    start(orderhook_api::router(Arc::new(platform))).await
}

/// Starts a server with these routes; gives its URL.
pub(crate) async fn start(router: Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// The clock of this machine; secrets are real, trace ids are counted, so that they are easy to
/// follow.
#[derive(Default)]
struct System {
    requests: AtomicU64,
}

impl Environment for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn random_bytes(&self) -> Result<[u8; 32], BoxError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(bytes)
    }

    fn trace_id(&self) -> String {
        format!("demo-{}", self.requests.fetch_add(1, Ordering::Relaxed))
    }
}
