//! PostgreSQL: any number of processes on one database.
//!
//! What publishers and the engine write comes in batches of many calls, each batch one statement
//! (`lanes`); everything else is a transaction of its own. All of a process's connections come from
//! one pool, and no call waits for longer than its deadline (`connection`). A commit is durable when
//! it returns: `synchronous_commit` is on, whatever the server's default.
//!
//! Replicas share the endpoints out among themselves (`shards`), and hint to each other by `NOTIFY`
//! what another would otherwise see at its next look (`hints`). Each row that is attempted has a
//! lease all the same, so that nothing but time is needed to take over from a process that is gone.
//!
//! Statements are planned for tables of the size that they have (`counting`).
//!
//! A file of SQL for each trait, under the trait's name; what several of them need is beside them.

mod access;
mod address;
mod cancelling;
mod claims;
mod columns;
mod connection;
mod copying;
mod counting;
mod endpoints;
mod errors;
mod finish_rows;
mod finishing;
mod hints;
mod history;
mod idempotency;
mod ids;
mod lanes;
mod listener;
mod merchants;
mod plan;
#[cfg(test)]
mod plans;
mod publish_rows;
mod publishing;
mod queue;
mod replays;
mod routes;
mod rows;
mod schema;
mod secrets;
mod shards;
mod upkeep;
mod webhooks;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use orderhook_types::Secret;

use crate::callers::Callers;
use crate::handover::{Engine, News};
use crate::vault::Vault;
use crate::{Dispatch, Keyring, Randomness, StoreError};
use connection::Pool;
pub(crate) use copying::CopyingDatabase;
use counting::Counting;
use finishing::Finishing;
use hints::Hints;
use ids::Ids;
use lanes::Lane;
use listener::Listener;
use publishing::Publish;
use routes::Routes;
use shards::Holding;

/// What a database is opened with.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`, with the parameters of libpq that a client of
    /// ours knows: `sslmode`, `sslrootcert` and what a connection may be tuned by.
    pub url: Secret,
    /// The keys of the secrets in it.
    pub keyring: Keyring,
    /// Where nonces and this process's own id come from.
    pub randomness: Arc<dyn Randomness>,
    /// The most connections; at least 8 are made of less.
    pub connections: NonZeroU32,
    /// Whether an older schema, or an empty database, is brought up to date; else it is refused.
    pub migrate: bool,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("connections", &self.connections)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

/// A store in a PostgreSQL database; other processes may have it open too.
///
/// Without [`dispatch_to`](Self::dispatch_to), as in a command or a replica that only serves the APIs,
/// new deliveries are left to the replicas that deliver.
pub struct Postgres {
    core: Arc<Core>,
    publishing: Lane<Publish>,
    finishing: Lane<Finishing>,
    listener: Listener,
    counting: Counting,
}

/// What calls and tasks share.
struct Core {
    pool: Pool,
    vault: Vault,
    callers: Callers,
    engine: Engine,
    holding: Holding,
    routes: Routes,
    ids: Ids,
    hints: Hints,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens a database, and makes or migrates its schema where `options` says so: one process does,
    /// and the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it can't be reached, [`StoreError::Foreign`] if the schema
    /// `orderhook` is another program's, [`StoreError::SchemaTooNew`] and
    /// [`StoreError::SchemaTooOld`], [`StoreError::Sealed`] if the keyring lacks the key of a secret,
    /// and [`StoreError::Refused`] for an address that makes no sense.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let vault = Vault::new(options.keyring, options.randomness);
        let address = address::parse(&options.url)?;
        let pool = Pool::new(&address, options.connections);
        schema::prepare(&address, options.migrate).await?;
        secrets::check_keys(&pool, &vault).await?;
        let replica_id = i64::from_be_bytes(vault.random_bytes()?);
        let core = Arc::new(Core {
            hints: Hints::start(pool.clone(), replica_id),
            pool,
            vault,
            callers: Callers::default(),
            engine: Engine::default(),
            holding: Holding::new(replica_id),
            routes: Routes::default(),
            ids: Ids::default(),
        });
        Ok(Self {
            publishing: Lane::start(Publish(Arc::clone(&core))),
            finishing: Lane::start(Finishing(Arc::clone(&core))),
            listener: Listener::new(address, replica_id),
            counting: Counting::start(core.pool.clone()),
            core,
        })
    }

    /// Names the engine that new deliveries are handed over to, until [`close`](crate::Upkeep::close).
    ///
    /// It comes after [`open`](Self::open), because an engine is built on an open store.
    pub fn dispatch_to(&self, dispatch: Arc<dyn Dispatch>) {
        self.core.engine.set(Some(Arc::clone(&dispatch)));
        self.listener.listen_for(dispatch);
    }
}

impl Core {
    /// Tells our engine and the other replicas what a transaction has changed that is durable now.
    fn tell(&self, news: News) {
        self.hints.give(&news, self.holding.shards());
        if let Some(engine) = self.engine.get() {
            news.tell(&*engine);
        }
    }
}
