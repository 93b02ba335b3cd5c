//! How the server is doing.

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::status::{GetStatusError, StatusApi};
use orderhook_api::runtime::Call;
use orderhook_store::OperatorToken;
use orderhook_types::{EndpointCounts, Status, StatusResponse};

use super::OperatorApi;
use crate::server::refused::Refused;
use crate::server::webhook_rows::rfc3339;

impl StatusApi for OperatorApi {
    async fn get_status(
        &self,
        call: Call<OperatorToken>,
    ) -> Result<StatusResponse, GetStatusError> {
        let app = &self.0;
        let stats = app.store.stats(app.clock.now()).await;
        let stats = stats.map_err(Refused::from)?;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(call.ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: app.store.database().to_owned(),
            schema_version: app.store.schema_version().into(),
            pending: count(stats.pending),
            due: count(stats.due),
            oldest_due_time: stats.oldest_due.map(rfc3339),
            endpoints: EndpointCounts {
                active: count(stats.endpoints_active),
                paused: count(stats.endpoints_paused),
                disabled: count(stats.endpoints_disabled),
            },
        }))
    }
}
