//! The receiver's side of a push, from headers and bytes to the answer.

use std::any::Any;
use std::error::Error;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use orderhook_types::Acknowledgement;

use crate::acknowledge;
use crate::delivery::{Delivery, acknowledgement};
use crate::generated::pushes::{Push, PushReceiver};
use crate::replay::{Claim, InMemoryReplayStore, ReplayStore};
use crate::verify::{Verified, Verifier, VerifyError};

/// Verifies, recognises, parses and acknowledges pushes around a [`PushReceiver`].
///
/// Pushes are delivered at least once. The replay store keeps the methods of the receiver from
/// being called again for a message that they handled, except where the process or the store
/// failed in between: an effect that must happen once belongs into one transaction with the
/// message's id.
#[derive(Debug)]
pub struct Receiver<R, S = InMemoryReplayStore> {
    receiver: R,
    verifier: Verifier,
    store: S,
}

/// The answer to a push, and how it came about.
#[derive(Debug)]
pub struct Answer<E> {
    /// The status to answer with.
    pub status: StatusCode,
    /// The body to answer with.
    pub body: Acknowledgement,
    /// What happened, for the receiver's log.
    pub outcome: Outcome<E>,
    /// Why the replay store could not record what the handler did, for the receiver's log.
    ///
    /// The answer stands all the same. A push that was handled may be handled again if it comes
    /// again; one that was not handled can't be until its claim lapses.
    pub store_error: Option<Box<dyn Error + Send + Sync>>,
}

/// What happened to a push.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<E> {
    /// The receiver handled it.
    Handled,
    /// It was handled before, and is acknowledged again.
    Duplicate,
    /// Another call is handling it; the platform is to ask again.
    InProgress,
    /// It does not come from the platform, or too late.
    NotVerified(VerifyError),
    /// Its body is not that of a push.
    NotReadable(serde_json::Error),
    /// The receiver answered with a code that is no acknowledgement; the push comes again.
    Refused,
    /// The receiver failed; the push comes again.
    Failed(E),
    /// The receiver panicked, with this message; the push comes again.
    Panicked(String),
    /// The replay store failed; nothing was handled, and the push comes again.
    StoreFailed(Box<dyn Error + Send + Sync>),
}

impl<R: PushReceiver> Receiver<R> {
    /// A receiver that remembers in memory what it handled.
    pub fn new(receiver: R, verifier: Verifier) -> Self {
        Self {
            receiver,
            verifier,
            store: InMemoryReplayStore::new(),
        }
    }
}

impl<R: PushReceiver, S: ReplayStore> Receiver<R, S> {
    /// Remembers in `store` what was handled; several processes need one that they share.
    pub fn replay_store<T: ReplayStore>(self, store: T) -> Receiver<R, T> {
        Receiver {
            receiver: self.receiver,
            verifier: self.verifier,
            store,
        }
    }

    /// Answers one request; `body` is its exact bytes and `now` the receiver's time, taken when
    /// the body was complete.
    ///
    /// If the future is dropped while a method of the [`PushReceiver`] runs, the claim of the
    /// message stands until its lease lapses.
    pub async fn receive(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Answer<R::Error> {
        let verified = match self.verifier.verify(headers, body, now) {
            Ok(verified) => verified,
            Err(error) => return Answer::refuse(Outcome::NotVerified(error), now),
        };
        let push = match Push::parse(verified.body()) {
            Ok(push) => push,
            Err(error) => return Answer::refuse(Outcome::NotReadable(error), now),
        };
        match self.store.claim(verified.message_id(), now).await {
            Ok(Claim::New) => self.handle(&verified, push, now).await,
            Ok(Claim::Done) => Answer::acknowledge(Outcome::Duplicate, now),
            Ok(Claim::InProgress) => Answer::refuse(Outcome::InProgress, now),
            Err(error) => Answer::refuse(Outcome::StoreFailed(error.into()), now),
        }
    }

    async fn handle(
        &self,
        verified: &Verified<'_>,
        push: Push,
        now: SystemTime,
    ) -> Answer<R::Error> {
        let id = verified.message_id();
        let delivery = Delivery::new(id.clone(), verified.timestamp(), now);
        let handled = catch_panic(self.receiver.receive(delivery, push)).await;
        let (answer, is_done) = match handled {
            Ok(Ok(body)) if body.code == acknowledge::SUCCESS => (Answer::handled(body), true),
            Ok(Ok(body)) => (Answer::refused(body), false),
            Ok(Err(error)) => (Answer::refuse(Outcome::Failed(error), now), false),
            Err(message) => (Answer::refuse(Outcome::Panicked(message), now), false),
        };
        // A store that fails here costs a second call at most: the claim lapses by itself, and
        // what was handled may be acknowledged all the same.
        let stored = match is_done {
            true => self.store.complete(id, now).await,
            false => self.store.release(id).await,
        };
        Answer {
            store_error: stored.err().map(Into::into),
            ..answer
        }
    }
}

/// Waits for `future`; a panic on the way becomes its message.
///
/// `futures_util` has this too, for five more crates.
async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // After a panic the future is not polled again, so nobody sees what it left half done.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    })
    .await
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "of an unknown kind".to_owned())
}

impl<E> Answer<E> {
    fn new(status: StatusCode, body: Acknowledgement, outcome: Outcome<E>) -> Self {
        Self {
            status,
            body,
            outcome,
            store_error: None,
        }
    }

    fn handled(body: Acknowledgement) -> Self {
        Self::new(StatusCode::OK, body, Outcome::Handled)
    }

    /// Any 2xx acknowledges a card event, whatever its code, so the status has to refuse as well.
    fn refused(body: Acknowledgement) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, body, Outcome::Refused)
    }

    fn acknowledge(outcome: Outcome<E>, now: SystemTime) -> Self {
        let body = acknowledgement(acknowledge::SUCCESS, "success", now);
        Self::new(StatusCode::OK, body, outcome)
    }

    fn refuse(outcome: Outcome<E>, now: SystemTime) -> Self {
        use acknowledge::{AUTHORIZATION_FAILED, PARAMETER_INVALID, SYSTEM_ERROR};
        let (status, code, msg) = match &outcome {
            Outcome::NotVerified(_) => {
                let msg = "the signature could not be verified";
                (StatusCode::UNAUTHORIZED, AUTHORIZATION_FAILED, msg)
            }
            Outcome::NotReadable(_) => {
                let msg = "the body is not that of a push";
                (StatusCode::BAD_REQUEST, PARAMETER_INVALID, msg)
            }
            Outcome::InProgress => {
                let msg = "the push is being handled";
                (StatusCode::SERVICE_UNAVAILABLE, SYSTEM_ERROR, msg)
            }
            _ => {
                let msg = "the push could not be handled";
                (StatusCode::INTERNAL_SERVER_ERROR, SYSTEM_ERROR, msg)
            }
        };
        Self::new(status, acknowledgement(code, msg, now), outcome)
    }
}
