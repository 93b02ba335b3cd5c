//! Stopping: the first signal drains, the second or a deadline stops at once.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM or Ctrl-C.
pub(crate) async fn wait_for_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Waits for `drained`, but no longer than `deadline` or until the next signal.
///
/// What is cut off is not lost: leases lapse, and those deliveries are attempted again.
pub(crate) async fn within(
    drained: impl Future<Output = anyhow::Result<()>>,
    deadline: Duration,
) -> anyhow::Result<()> {
    tokio::select! {
        result = tokio::time::timeout(deadline, drained) => match result {
            Ok(result) => result,
            Err(_) => bail!("not everything ended within {} s", deadline.as_secs()),
        },
        signal = wait_for_signal() => {
            signal?;
            bail!("stopped by a second signal before everything ended")
        }
    }
}
