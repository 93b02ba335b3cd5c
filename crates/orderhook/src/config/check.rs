//! Rules that the type of a setting can't hold.

use std::net::SocketAddr;
use std::time::Duration;

use orderhook_delivery::Schedule;
use orderhook_types::EventType;
use url::Url;

use super::load::problem;
use super::{Config, ConfigError, Loaded, Problem, Role};

/// Collects the rules that are broken.
struct Checks<'a> {
    loaded: &'a Loaded,
    problems: Vec<Problem>,
}

impl Checks<'_> {
    fn require(&mut self, holds: bool, key: &str, rule: &str) {
        if !holds {
            let origin = self.loaded.origin(key);
            self.problems.push(problem(&origin, key, rule));
        }
    }

    fn require_encryption_keys(&mut self) {
        self.require(
            !self.loaded.config.encryption_keys.is_empty(),
            "encryption_keys",
            "must have a key; make one by `echo \"1:$(head -c 32 /dev/urandom | base64)\"`, and keep \
             it in a file for `encryption_keys_file` or in ORDERHOOK_ENCRYPTION_KEYS",
        );
    }

    fn result(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(self.problems))
        }
    }
}

/// The rules that hold for every command.
pub(super) fn rules(loaded: &Loaded) -> Result<(), ConfigError> {
    let config = &loaded.config;
    let mut checks = Checks {
        loaded,
        problems: Vec::new(),
    };
    checks.require(
        unique(config.encryption_keys.iter().map(|key| key.id)),
        "encryption_keys",
        "must not have an id twice",
    );
    checks.require(is_base_url(&config.server), "server", BASE_URL_RULE);
    checks.require(
        is_base_url(&config.operator_server),
        "operator_server",
        BASE_URL_RULE,
    );
    let documented = [EventType::CardTransaction, EventType::CardLoad];
    let added = config.event_types.iter().map(|it| it.event_type.clone());
    checks.require(
        unique(documented.into_iter().chain(added).map(|it| it.to_string())),
        "event_types",
        "must not have an event_type twice, or one of the documents",
    );
    checks.require(
        config.retention.events >= Duration::from_secs(60 * 60),
        "retention.events",
        "must be at least 1h",
    );
    checks.require(
        config.retention.idempotency_keys >= Duration::from_secs(60 * 60),
        "retention.idempotency_keys",
        "must be at least 1h",
    );
    delivery_rules(&mut checks, config);
    checks.result()
}

fn delivery_rules(checks: &mut Checks<'_>, config: &Config) {
    let delivery = &config.delivery;
    checks.require(
        (0.0..=1.0).contains(&delivery.jitter),
        "delivery.jitter",
        "must be from 0 to 1",
    );
    checks.require(
        (1..=Schedule::MAX_ATTEMPTS).contains(&delivery.schedule.len()),
        "delivery.schedule",
        "must have from 1 to 100 attempts",
    );
    checks.require(
        delivery.schedule.first().is_none_or(Duration::is_zero),
        "delivery.schedule",
        "must begin with 0s: the first attempt is made at once",
    );
    checks.require(
        delivery
            .schedule
            .iter()
            .all(|wait| *wait <= Schedule::MAX_DELAY),
        "delivery.schedule",
        "must have no wait of more than 30d",
    );
    checks.require(
        delivery.retry_after_cap <= Schedule::MAX_DELAY,
        "delivery.retry_after_cap",
        "must be at most 30d",
    );
    checks.require(
        delivery.disable_after >= Duration::from_secs(60),
        "delivery.disable_after",
        "must be at least 1m",
    );
    checks.require(
        delivery.attempt_timeout > Duration::ZERO,
        "delivery.attempt_timeout",
        "must be longer than 0s",
    );
    checks.require(
        delivery.connect_timeout > Duration::ZERO
            && delivery.connect_timeout <= delivery.attempt_timeout,
        "delivery.connect_timeout",
        "must be longer than 0s and no longer than `delivery.attempt_timeout`",
    );
    checks.require(
        delivery.lease >= delivery.attempt_timeout * 2,
        "delivery.lease",
        "must be at least twice `delivery.attempt_timeout`",
    );
    checks.require(
        delivery.concurrency_per_endpoint > 0,
        "delivery.concurrency_per_endpoint",
        "must be at least 1",
    );
    checks.require(
        delivery.total_concurrency >= delivery.concurrency_per_endpoint,
        "delivery.total_concurrency",
        "must be at least `delivery.concurrency_per_endpoint`",
    );
}

impl Loaded {
    /// The rules for a server beside those that always hold: what would be unsafe is refused.
    ///
    /// # Errors
    /// [`ConfigError`] says what to set.
    pub(crate) fn check_to_serve(&self, dev: bool) -> Result<(), ConfigError> {
        let config = &self.config;
        let mut checks = Checks {
            loaded: self,
            problems: Vec::new(),
        };
        checks.require(
            config.role == Role::Both || (config.database.can_be_shared() && !dev),
            "role",
            "must be \"both\" on SQLite, which one process serves from; replicas share a PostgreSQL",
        );
        let merchant = ("merchant_listen", config.merchant_listen);
        let operator = ("operator_listen", config.operator_listen);
        let merchant = config.role.serves_apis().then_some(merchant);
        for (key, address) in merchant.into_iter().chain([operator]) {
            if dev {
                checks.require(
                    is_loopback(address),
                    key,
                    "must be a loopback address with --dev, whose tokens and keys are for trying out",
                );
            } else {
                checks.require(
                    is_loopback(address) || config.behind_tls,
                    key,
                    "is open to the network without TLS; end TLS in front of it and set \
                     `behind_tls = true`, or listen on 127.0.0.1",
                );
            }
        }
        if !dev {
            checks.require_encryption_keys();
        }
        checks.result()
    }

    /// What everything that opens the database needs.
    ///
    /// # Errors
    /// [`ConfigError`] says what to set.
    pub(crate) fn check_encryption_keys(&self) -> Result<(), ConfigError> {
        let mut checks = Checks {
            loaded: self,
            problems: Vec::new(),
        };
        checks.require_encryption_keys();
        checks.result()
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

const BASE_URL_RULE: &str = "must be an http or https URL without a query or credentials";

fn is_base_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

fn unique<T: std::hash::Hash + Eq>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().all(|item| seen.insert(item))
}
