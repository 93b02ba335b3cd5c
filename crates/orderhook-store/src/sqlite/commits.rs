//! One batch after another, on the thread that writes.
//!
//! Group commit without a timer: the thread takes what is queued, runs it in one transaction,
//! commits once, and only then answers all of it and hands the new leases to the engine. While a
//! commit waits for the disk, the next batch gathers.
//!
//! A batch is first run without savepoints, which are dear. If one call of it fails, the batch is
//! rolled back and run again with a savepoint around each call, so that the one fails alone: that is
//! why calls can be run again. If the disk is full or broken, all of them fail and nothing is half
//! done.

use std::error::Error;
use std::fs::File;
use std::mem;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Memory};
use super::errors::share;
use super::writer::{Call, Message};
use crate::StoreError;
use crate::handover::{Engine, Handover, News};
use crate::vault::Vault;

/// What shares one commit at most, so that the first of it need not wait for long.
const BATCH_CALLS: usize = 512;
/// The same for calls that write many rows.
const BATCH_ROWS: usize = 8192;
/// The same for calls that write long bodies.
pub(super) const BATCH_BYTES: usize = 4 << 20;

pub(super) struct Thread {
    pub(super) inbox: mpsc::Receiver<Message>,
    pub(super) connection: Connection,
    pub(super) vault: Vault,
    pub(super) engine: Engine,
    pub(super) memory: Memory,
    /// Whether the last commit failed: a full disk is told once, not a thousand times a second.
    pub(super) failing: bool,
    /// Released after the connection is closed, which comes before it.
    pub(super) _lock: Option<File>,
}

/// Calls of one batch, and who wants to know of the end if it is the last.
#[derive(Default)]
struct Gathered {
    calls: Vec<Box<dyn Call>>,
    closing: Option<oneshot::Sender<()>>,
}

impl Gathered {
    /// Whether there was one more call to take.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Call(call) => {
                self.calls.push(call);
                true
            }
            Message::Close(done) => {
                self.closing = Some(done);
                false
            }
        }
    }
}

impl Thread {
    /// Commits one batch after another until nobody is left to call.
    pub(super) fn serve(mut self) {
        while let Some(message) = self.inbox.blocking_recv() {
            let mut gathered = Gathered::default();
            if gathered.take(message) {
                self.write(&mut gathered);
            }
            if let Some(done) = gathered.closing {
                drop(self);
                // Whoever closes may have stopped waiting.
                let _ = done.send(());
                return;
            }
        }
    }

    /// Commits one batch, answers it and tells the engine.
    fn write(&mut self, gathered: &mut Gathered) {
        let engine = self.engine.get();
        let mut handover = Handover::new(engine.clone());
        let together = self.run_together(gathered, &mut handover);
        let calls = mem::take(&mut gathered.calls);
        let done = match together {
            Ok(news) => {
                calls.into_iter().for_each(|call| call.answer(Ok(())));
                Ok(news)
            }
            Err(error) if error.is_temporary() => Err((error, calls)),
            Err(_) => self.run_apart(calls, Handover::new(engine.clone())),
        };
        self.note(done.as_ref().err().map(|(error, _)| error));
        match done {
            Ok(news) => {
                if let Some(engine) = engine {
                    news.tell(&*engine);
                }
            }
            Err((error, calls)) => {
                self.memory.targets.forget();
                for call in calls {
                    call.answer(Err(share(&error)));
                }
            }
        }
    }

    fn note(&mut self, error: Option<&StoreError>) {
        match error {
            Some(error) if !self.failing => {
                let error: &(dyn Error + 'static) = error;
                tracing::error!(error, "commits fail, and nothing of them is done");
            }
            None if self.failing => tracing::info!("commits work again"),
            _ => {}
        }
        self.failing = error.is_some();
    }

    /// Runs what was gathered, and what comes meanwhile, without savepoints.
    fn run_together(
        &mut self,
        gathered: &mut Gathered,
        handover: &mut Handover,
    ) -> Result<News, StoreError> {
        let transaction = begin(&self.connection, &mut self.memory)?;
        let mut batch = Batch::new(&transaction, &self.vault, &mut self.memory, handover);
        let mut next = 0;
        loop {
            while let Some(call) = gathered.calls.get_mut(next) {
                call.run(&mut batch)?;
                next += 1;
            }
            let full = batch.rows >= BATCH_ROWS || batch.bytes >= BATCH_BYTES;
            if next >= BATCH_CALLS || full {
                break;
            }
            let more = self.inbox.try_recv();
            if !more.is_ok_and(|message| gathered.take(message)) {
                break;
            }
        }
        let news = batch.news;
        transaction.commit()?;
        Ok(news)
    }

    /// Runs calls of which one has failed, each in a savepoint, and answers them.
    fn run_apart(
        &mut self,
        mut calls: Vec<Box<dyn Call>>,
        handover: Handover,
    ) -> Result<News, (StoreError, Vec<Box<dyn Call>>)> {
        self.memory.targets.forget();
        match self.commit_apart(&mut calls, handover) {
            Ok((outcomes, news)) => {
                for (call, outcome) in calls.into_iter().zip(outcomes) {
                    call.answer(outcome);
                }
                Ok(news)
            }
            Err(error) => Err((error, calls)),
        }
    }

    fn commit_apart(
        &mut self,
        calls: &mut [Box<dyn Call>],
        mut handover: Handover,
    ) -> Result<(Vec<Result<(), StoreError>>, News), StoreError> {
        let mut transaction = begin(&self.connection, &mut self.memory)?;
        let mut news = News::default();
        let mut outcomes = Vec::with_capacity(calls.len());
        for call in calls {
            let savepoint = transaction.savepoint()?;
            let mut batch = Batch::new(&savepoint, &self.vault, &mut self.memory, &mut handover);
            match call.run(&mut batch) {
                Ok(()) => {
                    news.append(batch.news);
                    savepoint.commit()?;
                    outcomes.push(Ok(()));
                }
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    self.memory.targets.forget();
                    savepoint.finish()?;
                    outcomes.push(Err(error));
                }
            }
        }
        transaction.commit()?;
        Ok((outcomes, news))
    }
}

/// A transaction that is rolled back unless it is committed.
fn begin<'a>(
    connection: &'a Connection,
    memory: &mut Memory,
) -> Result<Transaction<'a>, StoreError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    memory.refresh(connection)?;
    Ok(transaction)
}
