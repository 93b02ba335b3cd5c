//! What a caller holds.

use crate::Operations;

/// Writes the `Client` of a module around its generated operations.
macro_rules! client {
    ($(#[$documentation:meta])* $operations:ty) => {
        $(#[$documentation])*
        #[derive(Clone)]
        pub struct Client(std::sync::Arc<$operations>);

        impl Client {
            /// A client with the defaults of [`ClientBuilder`](crate::ClientBuilder).
            ///
            /// `base` is where the paths of the spec begin, such as `https://orders.example` or
            /// `https://gateway.example/orders`. The `token` is sent as it is
            /// (`A.headers.request.2` names no scheme); for a platform that wants one, pass
            /// `Bearer TOKEN`.
            ///
            /// # Errors
            /// [`BuildError`](crate::BuildError) where the base URL or the token can't be used.
            pub fn new(base: &str, token: &str) -> Result<Self, $crate::BuildError> {
                Self::builder(base, token).build()
            }

            /// A client to be configured; `base` and `token` are those of [`Client::new`].
            #[must_use]
            pub fn builder(base: &str, token: &str) -> $crate::ClientBuilder<Self> {
                $crate::ClientBuilder::new(base, token)
            }
        }

        impl $crate::ClientBuilder<Client> {
            /// The client.
            ///
            /// # Errors
            /// [`BuildError`](crate::BuildError) names what can't be used.
            pub fn build(self) -> Result<Client, $crate::BuildError> {
                let (base, http_client, transport) = self.into_parts()?;
                let operations = <$operations>::new_with_client(&base, http_client, transport);
                Ok(Client(std::sync::Arc::new(operations)))
            }
        }

        impl std::ops::Deref for Client {
            type Target = $operations;

            fn deref(&self) -> &$operations {
                &self.0
            }
        }

        impl std::fmt::Debug for Client {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("Client")
                    .field("base", &self.0.baseurl)
                    .field("transport", &self.0.inner)
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use client;

client! {
    /// A client of the Order Management API, with a base URL and an access token.
    ///
    /// The calls are the methods of [`Operations`]: `client.list_webhooks().limit(20).send().await`.
    /// A clone is cheap and shares the connections. `Debug` never shows the token.
    ///
    /// Dropping the future of a call ends the call; whether the server has carried it out is then as
    /// unknown as after a timeout.
    Operations
}
