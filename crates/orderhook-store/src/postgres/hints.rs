//! What other replicas are told: that there is something to look at.
//!
//! A hint only saves a wait. What it is about is in the database already, and a replica that misses it
//! sees it at its next look. Hints are gathered for a moment and sent by one `NOTIFY`, outside of any
//! transaction that writes: commits that notify wait for each other.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Pool;
use crate::handover::News;
use crate::{Dispatch, EndpointId, Shards, StoreError};

/// The channel of all replicas.
pub(super) const CHANNEL: &str = "orderhook";
/// How long hints are gathered after one was sent.
const GAP: Duration = Duration::from_millis(10);
/// A notification has at most 8000 bytes; where more endpoints are meant, a look at all is.
const MOST_ENDPOINTS: usize = 300;

/// What a notification says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hint {
    /// Who says so; a replica does not listen to itself.
    from: i64,
    /// [`Dispatch::endpoint_changed`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    changed: BTreeSet<EndpointId>,
    /// [`Dispatch::left_in_queue`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    left: BTreeSet<EndpointId>,
    /// [`Dispatch::wake`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    wake: bool,
}

impl Hint {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.left.is_empty() && !self.wake
    }

    /// The part of it that one notification can hold.
    fn split_off(&mut self) -> Self {
        if self.left.len() > MOST_ENDPOINTS {
            self.left.clear();
            self.wake = true;
        }
        let changed = match self.changed.iter().nth(MOST_ENDPOINTS).copied() {
            Some(first_of_the_rest) => {
                let rest = self.changed.split_off(&first_of_the_rest);
                mem::replace(&mut self.changed, rest)
            }
            None => mem::take(&mut self.changed),
        };
        Self {
            from: self.from,
            changed,
            left: mem::take(&mut self.left),
            wake: mem::take(&mut self.wake),
        }
    }

    /// Tells our engine what another replica has said.
    pub(super) fn tell(self, own: i64, dispatch: &dyn Dispatch) {
        if self.from != own {
            let news = News {
                claims: Vec::new(),
                changed: self.changed.into_iter().collect(),
                left: self.left.into_iter().collect(),
                wake: self.wake,
            };
            news.tell(dispatch);
        }
    }
}

/// What is to be said.
pub(super) struct Hints {
    pending: Arc<Pending>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Pending {
    hint: Mutex<Hint>,
    given: Notify,
}

impl Hints {
    pub(super) fn start(pool: Pool, replica_id: i64) -> Self {
        let pending = Arc::new(Pending {
            hint: Mutex::new(Hint {
                from: replica_id,
                ..Hint::default()
            }),
            given: Notify::new(),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(send(Arc::clone(&pending), pool, stop.clone()));
        tasks.close();
        Self {
            pending,
            stop,
            tasks,
        }
    }

    /// What others have to know of what a transaction changed; what was left in the queue for
    /// endpoints that we hold is our own to do.
    pub(super) fn give(&self, news: &News, held: Shards) {
        let left = news.left.iter().filter(|id| !held.contain(**id)).copied();
        let mut left = left.peekable();
        if news.changed.is_empty() && !news.wake && left.peek().is_none() {
            return;
        }
        {
            let hint = self.pending.hint.lock();
            let mut hint = hint.unwrap_or_else(PoisonError::into_inner);
            hint.changed.extend(&news.changed);
            hint.left.extend(left);
            hint.wake |= news.wake;
        }
        self.pending.given.notify_one();
    }

    /// Says what is left to say, and ends.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn send(pending: Arc<Pending>, pool: Pool, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = pending.given.notified() => {}
            () = stop.cancelled() => {}
        }
        while let Some(hint) = next(&pending) {
            if let Err(error) = notify(&pool, &hint).await {
                // The others will see it for themselves.
                tracing::debug!(%error, "a hint was not sent");
            }
        }
        if stop.is_cancelled() {
            return;
        }
        // What comes meanwhile goes into the next one. It ends early only to stop.
        let _ = tokio::time::timeout(GAP, stop.cancelled()).await;
    }
}

fn next(pending: &Pending) -> Option<Hint> {
    let mut hint = pending.hint.lock().unwrap_or_else(PoisonError::into_inner);
    (!hint.is_empty()).then(|| hint.split_off())
}

async fn notify(pool: &Pool, hint: &Hint) -> Result<(), StoreError> {
    let payload = serde_json::to_string(hint).map_err(|error| StoreError::Refused(error.into()))?;
    pool.run(async |connection| {
        let statement = connection
            .prepare_cached("SELECT pg_notify($1, $2)")
            .await?;
        connection
            .execute(&statement, &[&CHANNEL, &payload])
            .await?;
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(ids: impl IntoIterator<Item = i64>) -> BTreeSet<EndpointId> {
        ids.into_iter().map(EndpointId).collect()
    }

    #[test]
    fn a_notification_holds_what_fits_and_no_change_is_dropped() {
        let mut hint = Hint {
            from: i64::MIN,
            changed: endpoints((0..700).map(|id| i64::MAX - id)),
            left: endpoints(0..301),
            wake: false,
        };
        let mut changed = BTreeSet::new();
        let mut woken = false;
        while !hint.is_empty() {
            let part = hint.split_off();
            let text = serde_json::to_string(&part).expect("is JSON");
            assert!(text.len() < 8000, "{} bytes", text.len());
            assert_eq!(
                serde_json::from_str::<Hint>(&text).expect("is a hint"),
                part
            );
            assert_eq!(part.left, BTreeSet::new(), "are too many");
            woken |= part.wake;
            changed.extend(part.changed);
        }
        assert_eq!(changed.len(), 700);
        assert!(woken, "instead of the endpoints");
    }
}
