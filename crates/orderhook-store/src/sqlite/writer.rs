//! The one thread that writes, as its callers see it.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Memory};
use super::commits::Thread;
use super::errors::{closed, panicked};
use crate::StoreError;
use crate::handover::Engine;
use crate::vault::Vault;

/// What may wait; a publish beyond it is refused at once.
const QUEUE_CALLS: usize = 4096;

/// A call that waits for its commit.
pub(super) trait Call: Send {
    /// Does it, and keeps what came of it; may be called again after a rollback.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError>;

    /// Tells the caller, after the commit or instead of it.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Waiting<F, T> {
    work: F,
    value: Option<T>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Call for Waiting<F, T>
where
    F: FnMut(&mut Batch<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        self.value = None;
        let work = AssertUnwindSafe(|| (self.work)(batch));
        let value = catch_unwind(work).unwrap_or_else(|_| Err(panicked()))?;
        self.value = Some(value);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, caller, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or_else(closed));
        // A caller who is gone doesn't want to know.
        let _ = caller.send(answer);
    }
}

pub(super) enum Message {
    Call(Box<dyn Call>),
    Close(oneshot::Sender<()>),
}

/// The callers' end.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the thread; it ends when the last `Writer` is dropped or by [`close`](Self::close).
    pub(super) fn start(
        connection: Connection,
        vault: Vault,
        engine: Engine,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let (queue, inbox) = mpsc::channel(QUEUE_CALLS);
        let memory = Memory::new(&vault)?;
        let thread = Thread {
            inbox,
            connection,
            vault,
            engine,
            memory,
            failing: false,
            _lock: lock,
        };
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || thread.serve())
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { queue })
    }

    /// Does `work` in a transaction that it may share with others, and returns when that is durable.
    ///
    /// `work` may be run more than once, each time on a database as if never before.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (call, answer) = waiting(work);
        self.queue.send(call).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// As [`call`](Self::call), but refuses at once where it would have to wait in line.
    pub(super) async fn try_call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (call, answer) = waiting(work);
        self.queue.try_send(call).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }

    /// Waits until all that was called before is durable, and the connection closed.
    pub(super) async fn close(&self) {
        let (done, is_done) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // An error means that the thread ended by another close.
            let _ = is_done.await;
        }
    }
}

fn waiting<T: Send + 'static>(
    work: impl FnMut(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
) -> (Message, oneshot::Receiver<Result<T, StoreError>>) {
    let (caller, answer) = oneshot::channel();
    let call = Waiting {
        work,
        value: None,
        caller,
    };
    (Message::Call(Box::new(call)), answer)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::commits::BATCH_BYTES;
    use super::*;
    use crate::{BoxError, Key, Keyring, Randomness};

    struct Zeros;

    impl Randomness for Zeros {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
            bytes.fill(0);
            Ok(())
        }
    }

    /// A writer on a database in memory with the table `kept`.
    fn start() -> Writer {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch("CREATE TABLE kept (text TEXT NOT NULL UNIQUE)")
            .expect("is valid");
        let keyring = Keyring::new([Key::new(1, &[0; 32])]).expect("one key");
        let vault = Vault::new(keyring, Arc::new(Zeros));
        Writer::start(connection, vault, Engine::default(), None).expect("starts")
    }

    type Work = fn(&mut Batch<'_>) -> Result<(), StoreError>;

    fn keep(batch: &Batch<'_>, text: &str) -> Result<(), StoreError> {
        batch
            .connection
            .execute("INSERT INTO kept VALUES (?1)", [text])?;
        Ok(())
    }

    async fn kept(writer: &Writer) -> Vec<String> {
        let read = |batch: &mut Batch<'_>| {
            let mut statement = batch
                .connection
                .prepare("SELECT text FROM kept ORDER BY 1")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        writer.call(read).await.expect("reads")
    }

    /// Calls that are all waiting when the thread begins, so that they share a batch.
    async fn together(writer: &Writer, calls: Vec<Work>) -> Vec<Result<(), StoreError>> {
        let (begin, may_begin) = std::sync::mpsc::channel::<()>();
        let (message, begun) = waiting(move |_| {
            // Fails when the sender is gone, which is as good.
            let _ = may_begin.recv();
            Ok(())
        });
        writer.queue.send(message).await.expect("runs");
        let mut answers = Vec::new();
        for call in calls {
            let (message, answer) = waiting(call);
            writer.queue.send(message).await.expect("runs");
            answers.push(answer);
        }
        drop(begin);
        // It shares the batch, and so its fate.
        let _ = begun.await.expect("is answered");
        let mut outcomes = Vec::new();
        for answer in answers {
            outcomes.push(answer.await.expect("is answered"));
        }
        outcomes
    }

    #[tokio::test]
    async fn a_call_that_fails_spoils_no_other() {
        let writer = start();
        let outcomes = together(
            &writer,
            vec![
                |batch| keep(batch, "first"),
                |batch| keep(batch, "undone").and_then(|()| keep(batch, "first")),
                |batch| keep(batch, "last"),
            ],
        )
        .await;
        assert!(matches!(
            outcomes[..],
            [Ok(()), Err(StoreError::Refused(_)), Ok(())]
        ));
        assert_eq!(kept(&writer).await, ["first", "last"]);
    }

    #[tokio::test]
    async fn a_call_that_panics_spoils_no_other() {
        let writer = start();
        let outcomes = together(
            &writer,
            vec![
                |batch| keep(batch, "first"),
                |batch| keep(batch, "undone").map(|()| panic!("as tests do")),
                |batch| keep(batch, "last"),
            ],
        )
        .await;
        assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_ok());
        assert_eq!(kept(&writer).await, ["first", "last"]);
    }

    #[tokio::test]
    async fn a_full_disk_undoes_all_and_space_helps() {
        fn limit(batch: &mut Batch<'_>, pages: u32) -> Result<(), StoreError> {
            batch
                .connection
                .pragma_update(None, "max_page_count", pages)?;
            Ok(())
        }
        let writer = start();
        writer.call(|batch| limit(batch, 4)).await.expect("limits");
        let outcomes = together(
            &writer,
            vec![
                |batch| keep(batch, "small"),
                |batch| keep(batch, &"large".repeat(10_000)),
                |batch| keep(batch, "of the next batch"),
            ],
        )
        .await;
        assert!(matches!(
            outcomes[..],
            [Err(StoreError::Full(_)), Err(StoreError::Full(_)), Ok(())]
        ));
        writer
            .call(|batch| limit(batch, 1000))
            .await
            .expect("lifts");
        writer
            .call(|batch| keep(batch, "now"))
            .await
            .expect("keeps");
        assert_eq!(kept(&writer).await, ["now", "of the next batch"]);
    }

    #[tokio::test]
    async fn a_batch_ends_where_its_bodies_are_long() {
        let writer = start();
        let outcomes = together(
            &writer,
            vec![
                |batch| {
                    batch.bytes += BATCH_BYTES;
                    keep(batch, "long")
                },
                |_| Err(closed()),
            ],
        )
        .await;
        assert!(outcomes[0].is_ok(), "is in a batch of its own");
        assert!(outcomes[1].is_err());
        assert_eq!(kept(&writer).await, ["long"]);
    }

    #[tokio::test]
    async fn a_publish_that_finds_no_room_is_refused_at_once() {
        let writer = start();
        let (begin, may_begin) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let mut started = Some(started);
        let (message, _answer) = waiting(move |_| {
            if let Some(started) = started.take() {
                let _ = started.send(());
            }
            let _ = may_begin.recv();
            Ok(())
        });
        writer.queue.send(message).await.expect("runs");
        has_started.await.expect("starts");
        for _ in 0..QUEUE_CALLS {
            let (message, _answer) = waiting(|_| Ok(()));
            writer.queue.send(message).await.expect("there is room");
        }
        let refused = writer.try_call(|_| Ok(())).await;
        assert!(matches!(refused, Err(StoreError::Overloaded)));
        drop(begin);
        writer.call(|_| Ok(())).await.expect("goes on");
    }
}
