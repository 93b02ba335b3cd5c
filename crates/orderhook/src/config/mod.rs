//! The settings: what they are. Where they come from is for [`load()`] to find.
//!
//! `orderhook.default.toml` beside the manifest is compiled in. It has every default and explains
//! every key, so it is the reference; a key that is not in it does not exist.

mod check;
mod database;
mod duration;
mod encryption_keys;
mod error;
mod keys;
mod load;
mod show;
mod text;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use orderhook_delivery::AllowedAddress;
use orderhook_types::{EventCode, EventType, Secret};
use serde::{Deserialize, Serialize};

pub(crate) use database::Database;
pub(crate) use duration::parse as parse_duration;
pub(crate) use encryption_keys::EncryptionKey;
pub(crate) use error::{ConfigError, Problem};
pub(crate) use load::{Flag, FlagValue, Loaded, Sources, load};

/// The reference of all settings, and their defaults.
pub(crate) const DEFAULTS: &str = include_str!("../../orderhook.default.toml");

/// Every setting; `orderhook.default.toml` says what each of them means.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// With the password of `database_password_file` in it, once [`load()`] has read that.
    pub(crate) database: Database,
    pub(crate) database_password_file: Option<PathBuf>,
    pub(crate) database_connections: NonZeroU32,
    pub(crate) role: Role,
    pub(crate) merchant_listen: SocketAddr,
    pub(crate) operator_listen: SocketAddr,
    pub(crate) behind_tls: bool,
    /// Those of `encryption_keys_file` too, once [`load()`] has read it.
    pub(crate) encryption_keys: Vec<EncryptionKey>,
    pub(crate) encryption_keys_file: Option<PathBuf>,
    #[serde(with = "duration")]
    pub(crate) shutdown_timeout: Duration,
    pub(crate) event_types: Vec<EventTypeSetting>,
    pub(crate) server: String,
    pub(crate) operator_server: String,
    pub(crate) token: Option<Secret>,
    pub(crate) operator_token: Option<Secret>,
    pub(crate) merchant: Option<i64>,
    pub(crate) secret: Option<Secret>,
    pub(crate) delivery: DeliverySettings,
    pub(crate) retention: RetentionSettings,
    pub(crate) log: LogSettings,
}

/// A type of event beside those of the documents.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTypeSetting {
    pub(crate) event_type: EventType,
    pub(crate) event_code: EventCode,
    pub(crate) category: String,
    pub(crate) description: String,
}

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Answer both APIs, and deliver
    Both,
    /// Answer both APIs, and leave delivery to other replicas
    Api,
    /// Deliver, and answer nothing but probes and metrics
    Delivery,
}

impl Role {
    /// Whether it answers the two APIs.
    pub(crate) fn serves_apis(self) -> bool {
        self != Self::Delivery
    }

    /// Whether it delivers, and deletes what was kept long enough.
    pub(crate) fn delivers(self) -> bool {
        self != Self::Api
    }

    /// As it is written in the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Api => "api",
            Self::Delivery => "delivery",
        }
    }
}

/// How pushes are delivered.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliverySettings {
    #[serde(with = "text::list")]
    pub(crate) allowed_addresses: Vec<AllowedAddress>,
    pub(crate) extra_root_certificates: Vec<PathBuf>,
    #[serde(with = "duration")]
    pub(crate) attempt_timeout: Duration,
    #[serde(with = "duration")]
    pub(crate) connect_timeout: Duration,
    #[serde(with = "duration::list")]
    pub(crate) schedule: Vec<Duration>,
    pub(crate) jitter: f64,
    #[serde(with = "duration")]
    pub(crate) retry_after_cap: Duration,
    pub(crate) concurrency_per_endpoint: u32,
    /// Attempts a second; 0 for no limit.
    pub(crate) rate_per_endpoint: u32,
    pub(crate) total_concurrency: u32,
    #[serde(with = "duration")]
    pub(crate) disable_after: Duration,
    #[serde(with = "duration")]
    pub(crate) lease: Duration,
}

/// How long rows are kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    #[serde(with = "duration")]
    pub(crate) events: Duration,
    #[serde(with = "duration")]
    pub(crate) idempotency_keys: Duration,
}

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// A level, or a filter as `tracing-subscriber` reads it.
    pub(crate) level: String,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For a person
    Text,
    /// A JSON object a line, for a collector
    Json,
}
