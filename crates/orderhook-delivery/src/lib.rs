//! Delivers events at least once: the queue's engine, the attempt, the schedule, the address policy
//! and the outgoing HTTP.
//!
//! A receiver gets each event once or more often, never less: whatever is not an acknowledgement
//! ([`judge`]) is sent again by the [`Schedule`], with the same `webhook-id`.
//!
//! What goes out goes through [`HttpTransport`], and connects only to what [`AddressPolicy`] allows.
//!
//! This crate knows no database: it uses the traits of `orderhook-store`. Clock and
//! randomness are arguments; [`SystemClock`] is the one place that reads a clock.
//!
//! Several processes can deliver from one database: each endpoint is one process's at a time, so its
//! limits hold however many there are. What a dead one leaves is taken over within
//! [`EngineSettings::hold`], and what it had leased within [`EngineSettings::lease`].
//!
//! [`EngineHandle`] is where to begin: it takes deliveries out of the queue, and what was just
//! published comes to it through its [`dispatch`](EngineHandle::dispatch).

mod address;
mod breaker;
mod clock;
mod connector;
mod engine;
mod outcome;
mod rate;
mod resolver;
mod retention;
mod retry_after;
mod schedule;
mod stream;
mod transport;

pub use address::{AddressError, AddressPolicy, AllowedAddress, InvalidAllowedAddress, Reserved};
pub use breaker::{BreakerSettings, BreakerState};
pub use clock::{Clock, SystemClock};
pub use connector::ConnectError;
pub use engine::{
    AttemptSeen, Drained, EngineHandle, EngineSettings, InvalidEngineSettings, Load, LostAttempt,
    Observer, Random, StartError,
};
pub use outcome::{Verdict, judge};
pub use rate::Rate;
pub use resolver::{Resolver, SystemResolver};
pub use retention::{RetentionSettings, retain, sweep};
pub use retry_after::retry_after;
pub use schedule::{InvalidSchedule, Schedule};
pub use transport::{
    Answer, HttpTransport, InvalidTransport, MAX_ANSWER, OutgoingRequest, SendError, Transport,
    TransportOptions,
};
