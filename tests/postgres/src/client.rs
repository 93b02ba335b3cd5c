//! The few statements that are sent to a server from here.
//!
//! The functions block, and may be called within an asynchronous runtime: each uses a thread and
//! a runtime of its own.

use std::io;
use std::thread;
use std::time::Duration;

use tokio_postgres::NoTls;

/// For each call; making a database takes a fraction of a second on a machine that is not busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// A statement could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The address is none, or no server takes us in there.
    #[error("can't connect to the PostgreSQL server")]
    Connect(#[source] tokio_postgres::Error),
    /// The server refused.
    #[error("the PostgreSQL server refused `{statement}`")]
    Refused {
        /// What it was asked to do.
        statement: String,
        /// Why it did not.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The server did not answer within a minute.
    #[error("the PostgreSQL server did not answer within {} s", DEADLINE.as_secs())]
    TimedOut,
    /// No runtime could be made to speak to the server.
    #[error("no runtime can be started")]
    Runtime(#[source] io::Error),
}

/// Connects, and has the server answer once.
///
/// # Errors
///
/// If there is no server, or it takes us not in.
pub fn ping(url: &str) -> Result<(), DatabaseError> {
    execute(url, "SELECT 1")
}

/// Makes a database beside the one at `url`, and returns the address of the new one.
///
/// # Errors
///
/// If the server can't be reached, the user may not create databases, or there is one of this
/// name.
pub fn create_database(url: &str, name: &str) -> Result<String, DatabaseError> {
    execute(url, &format!("CREATE DATABASE {}", quoted(name)))?;
    Ok(sibling(url, name))
}

/// Removes a database beside the one at `url`, ending whatever is connected to it.
///
/// # Errors
///
/// If the server can't be reached, or does not let us.
pub fn drop_database(url: &str, name: &str) -> Result<(), DatabaseError> {
    execute(
        url,
        &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)),
    )
}

fn execute(url: &str, statement: &str) -> Result<(), DatabaseError> {
    thread::scope(|scope| {
        let done = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(DatabaseError::Runtime)?;
            runtime.block_on(async {
                tokio::time::timeout(DEADLINE, execute_here(url, statement))
                    .await
                    .unwrap_or(Err(DatabaseError::TimedOut))
            })
        });
        done.join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

async fn execute_here(url: &str, statement: &str) -> Result<(), DatabaseError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .map_err(DatabaseError::Connect)?;
    // It ends when the client is dropped, or with this runtime.
    tokio::spawn(connection);
    client
        .batch_execute(statement)
        .await
        .map_err(|source| DatabaseError::Refused {
            statement: statement.to_owned(),
            source,
        })
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The address of another database of the same server: only the path of the URL differs.
fn sibling(url: &str, name: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority = base.find("://").map_or(0, |at| at + "://".len());
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    format!("{}/{name}{query}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_names_the_database() {
        check("postgres://a:b@c:1/d", "postgres://a:b@c:1/new");
        check("postgres://c", "postgres://c/new");
        check("postgres://c/", "postgres://c/new");
        check(
            "postgresql://c/d?sslmode=disable",
            "postgresql://c/new?sslmode=disable",
        );
        check("postgres:///d?host=/run", "postgres:///new?host=/run");
    }

    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(sibling(url, "new"), expected);
    }

    #[test]
    fn a_name_is_quoted() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
