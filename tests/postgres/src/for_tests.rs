//! What a test calls: it gets a database or panics, and is never skipped.

use std::env;
use std::fmt;
use std::sync::OnceLock;

use crate::binaries::Binaries;
use crate::client::{create_database, drop_database};
use crate::server::{SHARED, Server};

/// The address of a database on the server that the tests of this process share.
///
/// `DATABASE_URL` if that is set; otherwise a server of our own, started by the first call and
/// gone when the process ends. Its tests are not alone there: a test that needs a database of its
/// own takes a [`TestDatabase`], one that restarts the server takes [`Server::for_test`].
///
/// # Panics
///
/// If there is no server and none can be started; the message says what to do.
pub fn database_url() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    match env::var("DATABASE_URL") {
        Ok(url) => url,
        // A static is never dropped; the end of the process ends the server.
        Err(_) => SERVER.get_or_init(|| Server::for_test(SHARED)).url(),
    }
}

impl Server {
    /// A server that only this test uses, to be restarted or frozen; `settings` as in
    /// [`Server::start`]. It does not regard `DATABASE_URL`.
    ///
    /// # Panics
    ///
    /// If none can be started; the message says what to do.
    #[must_use]
    pub fn for_test(settings: &[(&str, &str)]) -> Self {
        let binaries = Binaries::find().unwrap_or_else(|error| {
            panic!(
                "this test needs PostgreSQL: {error}; `cargo xtask test` does so by itself where \
                 it may, and most tests are content with DATABASE_URL"
            )
        });
        Self::start(&binaries, settings).unwrap_or_else(|error| {
            panic!(
                "this test needs PostgreSQL: {:#}",
                anyhow::Error::from(error)
            )
        })
    }
}

/// An empty database of one's own on the server of [`database_url`], dropped with this value.
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// If there is no server, or its user may not create a database; the message says what to do.
    #[must_use]
    pub fn create() -> Self {
        let server = database_url();
        let number = getrandom::u64().expect("the machine has randomness");
        let name = format!("orderhook_test_{number:016x}");
        let url = create_database(&server, &name).unwrap_or_else(|error| {
            panic!(
                "this test has no database; if DATABASE_URL is set, its user needs the right \
                 CREATEDB: {:#}",
                anyhow::Error::from(error)
            )
        });
        Self { server, name, url }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A database that is left behind disturbs no other test: no two have the same name.
        let _ = drop_database(&self.server, &self.name);
    }
}
