//! Listens to what other replicas say (`hints`), on a connection of its own.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::address::Address;
use super::connection::{DEADLINE, within};
use super::hints::{CHANNEL, Hint};
use crate::{Dispatch, StoreError};

/// How long it waits before it connects again.
const PAUSE: Duration = Duration::from_secs(1);
/// Notifications that wait to be told; while the engine takes none, the connection waits too.
const BUFFERED: usize = 256;

pub(super) struct Listener {
    address: Address,
    replica_id: i64,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Listener {
    pub(super) fn new(address: Address, replica_id: i64) -> Self {
        Self {
            address,
            replica_id,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Tells an engine what others say, until it is closed.
    pub(super) fn listen_for(&self, dispatch: Arc<dyn Dispatch>) {
        let listening = listen(
            self.address.clone(),
            self.replica_id,
            dispatch,
            self.tasks.clone(),
        );
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(listening).await });
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn listen(address: Address, own: i64, dispatch: Arc<dyn Dispatch>, tasks: TaskTracker) {
    loop {
        if let Err(error) = listen_once(&address, own, &*dispatch, &tasks).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "other replicas are not heard; the queue is looked at all the same"
            );
        }
        // Nothing ends the pause early but the end of the task.
        let _ = tokio::time::timeout(PAUSE, std::future::pending::<()>()).await;
    }
}

/// Listens until the connection breaks.
async fn listen_once(
    address: &Address,
    own: i64,
    dispatch: &dyn Dispatch,
    tasks: &TaskTracker,
) -> Result<(), StoreError> {
    // On the heap: making a connection takes a large future.
    let connecting = Box::pin(async { Ok(address.config.connect(address.tls.clone()).await?) });
    let (client, mut connection) = within(DEADLINE, connecting).await?;
    let (said, mut heard) = mpsc::channel(BUFFERED);
    // It ends when the client is dropped or the connection breaks.
    tasks.spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message
                && said.send(notification).await.is_err()
            {
                return;
            }
        }
    });
    let listen = format!("LISTEN {CHANNEL}");
    within(DEADLINE, async { Ok(client.batch_execute(&listen).await?) }).await?;
    // What was said before is not repeated.
    dispatch.wake();
    while let Some(notification) = heard.recv().await {
        match serde_json::from_str::<Hint>(notification.payload()) {
            Ok(hint) => hint.tell(own, dispatch),
            // A newer version may say more; the queue is the truth.
            Err(_) => dispatch.wake(),
        }
    }
    Err(super::errors::closed())
}
