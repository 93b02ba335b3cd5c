//! Stopping: the first signal drains, the second or a deadline stops at once.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and Ctrl-C. From when this is made they end the process no more by themselves.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind, name| signal(kind).with_context(|| format!("cannot wait for {name}"));
        Ok(Self {
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
        })
    }

    /// Waits for the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for `drained`, but no longer than `deadline` or until the next signal.
///
/// What is cut off is not lost: leases lapse, and those deliveries are attempted again.
pub(crate) async fn within(
    drained: impl Future<Output = anyhow::Result<()>>,
    deadline: Duration,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    tokio::select! {
        result = tokio::time::timeout(deadline, drained) => match result {
            Ok(result) => result,
            Err(_) => bail!("not everything ended within {} s", deadline.as_secs()),
        },
        () = signals.next() => bail!("stopped by a second signal before everything ended"),
    }
}
