//! What a caller holds.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::{BuildError, ClientBuilder, Operations};

/// A client of the Order Management API, with a base URL and an access token.
///
/// The calls are the methods of [`Operations`]: `client.list_webhooks().limit(20).send().await`.
/// A clone is cheap and shares the connections. `Debug` never shows the token.
///
/// Dropping the future of a call ends the call; whether the server has carried it out is then as
/// unknown as after a timeout.
#[derive(Clone)]
pub struct Client(Arc<Operations>);

impl Client {
    /// A client with the defaults of [`ClientBuilder`].
    ///
    /// `base` is where the paths of the spec begin, such as `https://orders.example` or
    /// `https://gateway.example/orders`. The `token` is sent as it is (`A.headers.request.2` names
    /// no scheme); for a platform that wants one, pass `Bearer TOKEN`.
    ///
    /// # Errors
    /// [`BuildError`] where the base URL or the token can't be used.
    pub fn new(base: &str, token: &str) -> Result<Self, BuildError> {
        Self::builder(base, token).build()
    }

    /// A client to be configured; `base` and `token` are those of [`Client::new`].
    #[must_use]
    pub fn builder(base: &str, token: &str) -> ClientBuilder {
        ClientBuilder::new(base, token)
    }

    pub(crate) fn from_operations(operations: Operations) -> Self {
        Self(Arc::new(operations))
    }
}

impl Deref for Client {
    type Target = Operations;

    fn deref(&self) -> &Operations {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.0.baseurl)
            .field("transport", &self.0.inner)
            .finish_non_exhaustive()
    }
}
