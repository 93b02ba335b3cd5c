//! The database that the configuration names, whichever it is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use orderhook_delivery::Clock;
use orderhook_store::postgres::{Postgres, PostgresOptions};
use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{Dispatch, Key, Keyring, Store, StoreError};

use crate::config::{Config, Database};
use crate::randomness::SystemRandomness;

/// For how long a server that starts waits for a PostgreSQL that can't be reached: machines and
/// containers that start together do so in any order.
const START_PATIENCE: Duration = Duration::from_mins(1);
const START_PAUSE: Duration = Duration::from_secs(2);

/// An open database.
pub(crate) enum OpenDatabase {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// To serve from it: its schema is brought up to date, and a SQLite file is ours alone.
    ToServe,
    /// To bring its schema up to date, also beside a server.
    ToMigrate,
    /// For a command, also beside a server.
    AsItIs,
}

impl OpenDatabase {
    /// What everything but the engine's start is done through.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Names the engine that new deliveries are handed over to.
    pub(crate) fn dispatch_to(&self, dispatch: Arc<dyn Dispatch>) {
        match self {
            Self::Sqlite(store) => store.dispatch_to(dispatch),
            Self::Postgres(store) => store.dispatch_to(dispatch),
        }
    }
}

/// Opens the database that the configuration names.
///
/// # Errors
/// What is wrong with the keys, or the [`StoreError`].
pub(crate) async fn open(config: &Config, opening: Opening) -> anyhow::Result<OpenDatabase> {
    let keys = config.encryption_keys.iter();
    let keyring = Keyring::new(keys.map(|key| Key::new(key.id, &key.bytes)))?;
    let opened = try_to_open(config, keyring, opening).await;
    opened.with_context(|| format!("cannot open the database {}", config.database))
}

async fn try_to_open(
    config: &Config,
    keyring: Keyring,
    opening: Opening,
) -> Result<OpenDatabase, StoreError> {
    let randomness = Arc::new(SystemRandomness);
    let migrate = opening != Opening::AsItIs;
    Ok(match &config.database {
        Database::Sqlite(path) => {
            let options = SqliteOptions {
                path: path.clone(),
                keyring,
                randomness,
                synchronous: Synchronous::Full,
                migrate,
                exclusive: opening == Opening::ToServe,
            };
            OpenDatabase::Sqlite(Arc::new(Sqlite::open(options).await?))
        }
        Database::Postgres(url) => {
            let options = PostgresOptions {
                url: url.clone(),
                keyring,
                randomness,
                connections: config.database_connections,
                migrate,
            };
            OpenDatabase::Postgres(Arc::new(Postgres::open(options).await?))
        }
    })
}

/// The same to serve from it, and waits a while for a PostgreSQL that can't be reached yet.
///
/// # Errors
/// Those of [`open`], of the last try.
pub(crate) async fn open_to_serve(
    config: &Config,
    clock: &dyn Clock,
) -> anyhow::Result<OpenDatabase> {
    let begun = clock.now();
    loop {
        let error = match open(config, Opening::ToServe).await {
            Ok(database) => return Ok(database),
            Err(error) => error,
        };
        let again = clock.now() + START_PAUSE;
        if !can_appear(config, &error) || again > begun + START_PATIENCE {
            return Err(error);
        }
        tracing::warn!(error = format!("{error:#}"), "trying again shortly");
        clock.sleep_until(again).await;
    }
}

/// Whether it is only a matter of time. A file that can't be opened now can't be opened later.
fn can_appear(config: &Config, error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<StoreError>();
    config.database.can_be_shared() && matches!(error, Some(StoreError::Unavailable(_)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use jiff::Timestamp;

    use super::*;
    use crate::config::{Sources, load};

    /// Whoever waits finds the time passed.
    struct Passing(Mutex<Timestamp>);

    impl Clock for Passing {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }

        fn sleep_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
            *self.0.lock().unwrap() = time;
            std::future::ready(()).boxed()
        }
    }

    /// For how long it is tried to open this database, which can't be.
    async fn patience(database: &str) -> Duration {
        let mut config = load(&Sources::default()).unwrap().config;
        let key = format!("1:{}=", "B".repeat(42) + "A");
        config.encryption_keys = vec![key.parse().unwrap()];
        config.database = database.parse().unwrap();
        let clock = Passing(Mutex::new(Timestamp::UNIX_EPOCH));
        let Err(error) = open_to_serve(&config, &clock).await else {
            panic!("{database} can be opened");
        };
        assert!(format!("{error:#}").contains(database), "{error:#}");
        clock
            .now()
            .duration_since(Timestamp::UNIX_EPOCH)
            .unsigned_abs()
    }

    #[tokio::test]
    async fn it_waits_a_minute_for_what_can_appear() {
        let nobody_listens = "postgres://ann@127.0.0.1:1/orderhook";
        assert_eq!(patience(nobody_listens).await, START_PATIENCE);
        assert_eq!(patience("nowhere/orderhook.db").await, Duration::ZERO);
        let not_an_address = "postgres://ann@127.0.0.1/orderhook?nonsense=1";
        assert_eq!(patience(not_an_address).await, Duration::ZERO);
    }
}
