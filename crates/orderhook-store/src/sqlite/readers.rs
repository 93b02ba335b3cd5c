//! Threads that only read, each with a connection of its own.
//!
//! They are not the runtime's threads for blocking work, which may all be waiting for name servers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::open_reader;
use super::errors::{closed, panicked};
use super::schema;
use crate::StoreError;

/// More would only wait for the same processor, and each keeps pages of its own.
const READERS: usize = 4;
/// Reads that wait for a thread; beyond that, callers wait for a place in line.
const WAITING_READS: usize = 64;

type Read = Box<dyn FnOnce(&Connection) + Send>;

enum Message {
    Read(Read),
    Close,
}

/// The callers' end.
pub(super) struct Readers {
    line: mpsc::Sender<Message>,
    /// Fails when the last thread has ended.
    running: watch::Receiver<()>,
}

impl Readers {
    /// Opens all connections, so that a lack of file descriptors shows now, and starts the threads;
    /// they end when the `Readers` are dropped or by [`close`](Self::close).
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (line, inbox) = mpsc::channel(WAITING_READS);
        let inbox = Arc::new(Mutex::new(inbox));
        let (ended, running) = watch::channel(());
        for _ in 0..READERS {
            let connection = open_reader(path)?;
            // The log is opened with the first page that is read.
            schema::check_readable(&connection)?;
            let (inbox, ended) = (Arc::clone(&inbox), ended.clone());
            thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || {
                    serve(&connection, &inbox);
                    drop(connection);
                    drop(ended);
                })
                .map_err(|error| StoreError::Unavailable(error.into()))?;
        }
        Ok(Self { line, running })
    }

    /// Runs `work` on one state of the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let read = move |connection: &Connection| {
            if caller.is_closed() {
                return;
            }
            let work = AssertUnwindSafe(|| in_one_state(connection, work));
            let value = catch_unwind(work).unwrap_or_else(|_| Err(panicked()));
            // A caller who is gone doesn't want to know.
            let _ = caller.send(value);
        };
        let message = Message::Read(Box::new(read));
        self.line.send(message).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Refuses what comes later, and waits until all that came before is read and the connections
    /// are closed.
    pub(super) async fn close(&self) {
        // An error means that another close came before.
        let _ = self.line.send(Message::Close).await;
        let mut running = self.running.clone();
        while running.changed().await.is_ok() {}
    }
}

fn serve(connection: &Connection, inbox: &Mutex<mpsc::Receiver<Message>>) {
    loop {
        let message = {
            let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
            let message = inbox.blocking_recv();
            if matches!(message, Some(Message::Close)) {
                inbox.close();
            }
            message
        };
        match message {
            Some(Message::Read(read)) => read(connection),
            Some(Message::Close) => {}
            None => return,
        }
    }
}

fn in_one_state<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Rolled back when it is dropped, which changes nothing: it was only read.
    let transaction = connection.unchecked_transaction()?;
    work(&transaction)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::sqlite::connection::open_writer;

    fn start(folder: &TempDir) -> Readers {
        let path = folder.path().join("a.db");
        drop(open_writer(&path).expect("opens"));
        Readers::start(&path).expect("starts")
    }

    #[tokio::test]
    async fn a_read_that_panics_takes_no_thread_away() {
        let folder = TempDir::new().expect("a folder");
        let readers = start(&folder);
        for _ in 0..=READERS {
            let spoilt = readers.read::<()>(|_| panic!("as tests do")).await;
            assert!(matches!(spoilt, Err(StoreError::Refused(_))));
        }
        readers.read(schema::check_readable).await.expect("reads");
    }

    /// The runtime has one thread for blocking work, and that one is busy all the time.
    #[test]
    fn reads_need_no_thread_of_the_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .expect("a runtime");
        let (end, may_end) = std::sync::mpsc::channel::<()>();
        let busy = runtime.spawn_blocking(move || may_end.recv());
        let folder = TempDir::new().expect("a folder");
        let readers = start(&folder);
        runtime
            .block_on(readers.read(schema::check_readable))
            .expect("reads");
        drop(end);
        let ended = runtime.block_on(busy).expect("no panic");
        assert!(ended.is_err(), "the sender was dropped");
    }

    #[tokio::test]
    async fn closing_waits_for_what_is_read_and_refuses_the_rest() {
        let folder = TempDir::new().expect("a folder");
        let readers = start(&folder);
        let (begun, has_begun) = oneshot::channel();
        let (end, may_end) = std::sync::mpsc::channel::<()>();
        let read = readers.read(move |_| {
            let _ = begun.send(());
            let _ = may_end.recv();
            Ok(())
        });
        let closed = async {
            has_begun.await.expect("begins");
            drop(end);
            readers.close().await;
            readers.close().await;
        };
        let (read, ()) = tokio::join!(read, closed);
        read.expect("is read to its end");
        let refused = readers.read(|_| Ok(())).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    }
}
