//! Group commit without a timer: a worker takes what is waiting, does it by one statement, which is one
//! transaction and one write to the disk, and only then answers all of it. While it waits for the
//! database, the next batch gathers; a second worker would only make batches smaller, and each costs.
//!
//! If a batch fails, all of it is undone; then each call is tried alone, so that the one that can't
//! be done fails alone. Whoever stops waiting before the call is taken has not been served.

use std::error::Error as _;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::connection::{DEADLINE, within};
use super::errors::closed;
use crate::{BoxError, StoreError};

/// What may wait; a publish beyond it is refused at once.
const QUEUE_CALLS: usize = 4096;
/// What shares one statement at most.
const BATCH_CALLS: usize = 512;
/// The same in weights.
const BATCH_WEIGHT: usize = 4 << 20;

/// What a lane does.
pub(super) trait Work: Send + Sync + 'static {
    type Call: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// About how many bytes a call writes.
    fn weight(call: &Self::Call) -> usize;

    /// Does all of them or, if it fails, none; an answer for each.
    fn run(
        &self,
        calls: &[&Self::Call],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

struct Waiting<W: Work> {
    call: W::Call,
    caller: oneshot::Sender<Result<W::Answer, StoreError>>,
}

/// The callers' end.
pub(super) struct Lane<W: Work> {
    /// `None` once it is closed.
    queue: Mutex<Option<mpsc::Sender<Waiting<W>>>>,
    worker: TaskTracker,
}

impl<W: Work> Lane<W> {
    pub(super) fn start(work: W) -> Self {
        let (queue, inbox) = mpsc::channel(QUEUE_CALLS);
        let worker = TaskTracker::new();
        worker.spawn(serve(work, inbox));
        worker.close();
        Self {
            queue: Mutex::new(Some(queue)),
            worker,
        }
    }

    /// Does a call in a transaction that it may share with others, and returns when that is durable.
    pub(super) async fn call(&self, call: W::Call) -> Result<W::Answer, StoreError> {
        within(DEADLINE, async {
            let (waiting, answer) = waiting(call);
            let queue = self.queue()?;
            queue.send(waiting).await.map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        })
        .await
    }

    /// As [`call`](Self::call), but refuses at once where it would have to wait in line.
    pub(super) async fn try_call(&self, call: W::Call) -> Result<W::Answer, StoreError> {
        let (waiting, answer) = waiting(call);
        self.queue()?
            .try_send(waiting)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => closed(),
            })?;
        within(DEADLINE, async { answer.await.map_err(|_| closed())? }).await
    }

    /// Waits until all that was called before is done.
    pub(super) async fn close(&self) {
        let queue = self.lock().take();
        drop(queue);
        self.worker.wait().await;
    }

    fn queue(&self) -> Result<mpsc::Sender<Waiting<W>>, StoreError> {
        self.lock().clone().ok_or_else(closed)
    }

    fn lock(&self) -> MutexGuard<'_, Option<mpsc::Sender<Waiting<W>>>> {
        let queue = self.queue.lock();
        queue.unwrap_or_else(PoisonError::into_inner)
    }
}

fn waiting<W: Work>(
    call: W::Call,
) -> (Waiting<W>, oneshot::Receiver<Result<W::Answer, StoreError>>) {
    let (caller, answer) = oneshot::channel();
    (Waiting { call, caller }, answer)
}

/// Does one batch after another until nobody is left to call.
async fn serve<W: Work>(work: W, mut inbox: mpsc::Receiver<Waiting<W>>) {
    while let Some(batch) = gather(&mut inbox).await {
        let done = run(&work, &batch).await;
        let alone = batch.len() > 1 && matches!(&done, Err(error) if !error.is_temporary());
        match done {
            Ok(answers) => {
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    // A caller who is gone doesn't want to know.
                    let _ = waiting.caller.send(Ok(answer));
                }
            }
            Err(_) if alone => run_apart(&work, batch).await,
            Err(error) => {
                for waiting in batch {
                    let _ = waiting.caller.send(Err(share(&error)));
                }
            }
        }
    }
}

/// What waits, as much as goes into one batch; `None` when nobody is left to call.
async fn gather<W: Work>(inbox: &mut mpsc::Receiver<Waiting<W>>) -> Option<Vec<Waiting<W>>> {
    let first = inbox.recv().await?;
    let mut weight = W::weight(&first.call);
    let mut batch = vec![first];
    while batch.len() < BATCH_CALLS
        && weight < BATCH_WEIGHT
        && let Ok(more) = inbox.try_recv()
    {
        weight += W::weight(&more.call);
        batch.push(more);
    }
    batch.retain(|waiting| !waiting.caller.is_closed());
    Some(batch)
}

async fn run<W: Work>(work: &W, batch: &[Waiting<W>]) -> Result<Vec<W::Answer>, StoreError> {
    let calls: Vec<&W::Call> = batch.iter().map(|waiting| &waiting.call).collect();
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    within(DEADLINE, work.run(&calls)).await
}

async fn run_apart<W: Work>(work: &W, batch: Vec<Waiting<W>>) {
    for waiting in batch {
        let answer = within(DEADLINE, work.run(&[&waiting.call])).await;
        let answer = answer.and_then(|mut answers| answers.pop().ok_or_else(closed));
        let _ = waiting.caller.send(answer);
    }
}

/// The error of a batch, as each of its callers is told.
fn share(error: &StoreError) -> StoreError {
    let cause: BoxError = match error.source() {
        Some(cause) => describe(cause).into(),
        None => error.to_string().into(),
    };
    match error {
        StoreError::Full(_) => StoreError::Full(cause),
        StoreError::Refused(_) => StoreError::Refused(cause),
        _ => StoreError::Unavailable(cause),
    }
}

/// An error with its causes: what the database said stands in the last of them.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
