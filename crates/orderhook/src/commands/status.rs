//! `status`: what runs, and how much waits.

use crate::context::Context;
use crate::exit::Failure;
use crate::output::record;

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let answer = context.operator_api()?.get_status().send().await?;
    if context.output.json {
        return context.output.json(&*answer);
    }
    let status = &answer.data;
    let endpoints = &status.endpoints;
    let headers = [
        "VERSION",
        "DATABASE",
        "PENDING",
        "DUE",
        "OLDEST DUE",
        "ENDPOINTS",
    ];
    let cells = vec![
        status.version.clone(),
        format!("{}, schema {}", status.database, status.schema_version),
        status.pending.to_string(),
        status.due.to_string(),
        status.oldest_due_time.clone().unwrap_or_default(),
        format!(
            "{} active, {} paused, {} disabled",
            endpoints.active, endpoints.paused, endpoints.disabled
        ),
    ];
    context.output.text(&record(&headers, cells))
}
