//! Where the addresses of names come from.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of `host`, the best one first, each with `port`.
    ///
    /// # Errors
    ///
    /// When there is no such name, or nobody could say.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// How many names are looked up at a time.
const MAX_LOOKUPS: usize = 64;

/// Asks the operating system, for 64 names at a time; the others wait within their connect timeout.
///
/// A look-up holds a thread that nothing can stop, also long after its attempt timed out. Receivers
/// whose name servers never answer could take all threads that tokio has for such calls, and with
/// them those that read the database.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }
}

impl SystemResolver {
    /// Runs `lookup` on a thread of its own when it is its turn. Whether anyone still waits for it
    /// or not, it counts until it returns.
    async fn in_turn<T: Send + 'static>(
        &self,
        lookup: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let permit = Arc::clone(&self.lookups).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        spawn_blocking(move || {
            let result = lookup();
            drop(permit);
            result
        })
        .await?
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let host = host.to_owned();
        let lookup = move || Ok((host.as_str(), port).to_socket_addrs()?.collect());
        self.in_turn(lookup).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn look_ups_that_nobody_waits_for_count_until_they_return() {
        let resolver = SystemResolver::default();
        let mut servers = Vec::new();
        for _ in 0..MAX_LOOKUPS {
            let (answer, answered) = mpsc::channel::<()>();
            let lookup = resolver.in_turn(move || answered.recv().map_err(io::Error::other));
            assert!(lookup.now_or_never().is_none(), "the attempt timed out");
            servers.push(answer);
        }
        let mut next = Box::pin(resolver.in_turn(|| Ok(7)));
        assert!((&mut next).now_or_never().is_none());
        assert_eq!(resolver.lookups.available_permits(), 0);
        servers.pop().expect("one").send(()).expect("is waited for");
        assert_eq!(next.await.expect("is looked up"), 7);
    }
}
