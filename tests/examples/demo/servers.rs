//! Servers on free ports of this machine; they end with the process.

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::platform::{MerchantId, Operator, Platform};
use crate::system::System;

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
