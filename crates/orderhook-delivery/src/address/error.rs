//! Why an address is refused, for a person.

use std::net::SocketAddr;

use super::ranges::Reserved;

/// Why a URL is not stored or an address not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text has a space, a control character or a backslash, which readers of URLs take
    /// differently.
    #[error("address has a space, a control character or a backslash")]
    Character,
    /// The text does not begin with `https://` or `http://` and a host.
    #[error("address does not begin with `https://` and a host")]
    Scheme,
    /// The text is no URL.
    #[error("address is not a URL")]
    NotUrl(#[from] url::ParseError),
    /// A user name or a password in the URL; it would be logged and shown.
    #[error("address has a user name or password, and must have none")]
    UserInfo,
    /// A part behind `#`, which no request carries.
    #[error("address has a part behind `#`, which is never sent")]
    Fragment,
    /// Port 0, which nobody can listen on.
    #[error("address has port 0, which cannot be connected to")]
    PortZero,
    /// A URL that no HTTP request can carry, such as one of more than 65,534 characters.
    #[error("address is too long, or has characters that must be percent-encoded")]
    NotSendable,
    /// Plain http, to what the configuration does not open.
    #[error(
        "plain http is refused: use https, or add the receiver's IP address and port to the \
         allowed addresses of the configuration"
    )]
    PlainHttp,
    /// A name that only private networks resolve.
    #[error(
        "the name `{name}` is not public: use a public one, or the IP address of the receiver and \
         add it with its port to the allowed addresses of the configuration"
    )]
    LocalName {
        /// The name.
        name: String,
    },
    /// An address that is not public, and that the configuration does not open.
    #[error(
        "the address {} is not public: it is for {} ({}); to deliver there, add `{address}` to the \
         allowed addresses of the configuration",
        .address.ip(), .reserved.purpose, .reserved.document
    )]
    NotPublic {
        /// The address.
        address: SocketAddr,
        /// What it is for.
        reserved: Reserved,
    },
}
