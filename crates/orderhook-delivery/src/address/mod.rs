//! Where deliveries may go: https only, and public addresses only, unless the configuration opens
//! an exact address.
//!
//! A receiver's address is a stranger's text. Without this guard it could name the machine itself,
//! its neighbours or the metadata service of a cloud (server-side request forgery). So the policy
//! is asked twice: about a URL before it is stored, which gives a person an early and plain answer,
//! and about the very address of each new connection, which is the guard: a name can resolve to
//! another address by then.

mod allowed;
mod error;
mod ranges;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;
use url::{Host, Url};

pub use allowed::{AllowedAddress, InvalidAllowedAddress};
pub use error::AddressError;
pub use ranges::Reserved;

/// Domains whose names only private networks resolve: RFC 6761 (localhost), RFC 6762 (local),
/// RFC 8375 (home.arpa), ICANN's resolution 2024.07.29.06 (internal), and the habit of resolvers
/// (localdomain).
const PRIVATE_DOMAINS: &[&str] = &["localhost", "local", "home.arpa", "internal", "localdomain"];

/// Which addresses may be delivered to.
///
/// The default opens nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    allowed: Vec<AllowedAddress>,
}

impl AddressPolicy {
    /// Public addresses by https, and `allowed` by https or plain http.
    pub fn new(allowed: impl IntoIterator<Item = AllowedAddress>) -> Self {
        Self {
            allowed: allowed.into_iter().collect(),
        }
    }

    /// Whether a URL may be stored; returns it as the URL standard spells it.
    ///
    /// An IP address counts in every spelling that the URL standard knows, such as `127.1`,
    /// `0x7f000001` and `017700000001`. A name is not resolved here: what it resolves to is checked
    /// with each connection.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what is wrong, and what to set if that is what is wanted.
    pub fn check_url(&self, text: &str) -> Result<Url, AddressError> {
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(AddressError::Character);
        }
        if !begins_with_scheme(text) {
            return Err(AddressError::Scheme);
        }
        let url = Url::parse(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(AddressError::Fragment);
        }
        let port = match url.port_or_known_default() {
            Some(0) | None => return Err(AddressError::PortZero),
            Some(port) => port,
        };
        self.check_host(&url, port)?;
        if Uri::try_from(url.as_str()).is_err() {
            return Err(AddressError::NotSendable);
        }
        Ok(url)
    }

    fn check_host(&self, url: &Url, port: u16) -> Result<(), AddressError> {
        let plain = url.scheme() == "http";
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) if self.opens_localhost(name, port) => return Ok(()),
            Some(Host::Domain(name)) if is_private_name(name) => {
                return Err(AddressError::LocalName {
                    name: name.to_owned(),
                });
            }
            Some(Host::Domain(_)) if plain => return Err(AddressError::PlainHttp),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(AddressError::NotUrl(url::ParseError::EmptyHost)),
        };
        self.check_connection(SocketAddr::new(literal, port), plain)
    }

    /// Whether this very address may be connected to.
    ///
    /// # Errors
    ///
    /// [`AddressError::NotPublic`].
    pub fn check_address(&self, address: SocketAddr) -> Result<(), AddressError> {
        match ranges::reserved(address.ip()) {
            Some(reserved) if !self.opens(address) => {
                Err(AddressError::NotPublic { address, reserved })
            }
            _ => Ok(()),
        }
    }

    /// As [`check_address`](Self::check_address); plain http needs an address that is opened.
    pub(crate) fn check_connection(
        &self,
        address: SocketAddr,
        plain: bool,
    ) -> Result<(), AddressError> {
        self.check_address(address)?;
        if plain && !self.opens(address) {
            return Err(AddressError::PlainHttp);
        }
        Ok(())
    }

    fn opens(&self, address: SocketAddr) -> bool {
        self.allowed.iter().any(|allowed| allowed.contains(address))
    }

    /// `localhost` is the one name that stands for known addresses (RFC 6761), so opening one of
    /// them opens it.
    fn opens_localhost(&self, name: &str, port: u16) -> bool {
        without_root(name) == "localhost"
            && [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ]
            .into_iter()
            .any(|address| self.opens(SocketAddr::new(address, port)))
    }
}

/// `Url::parse` also takes `https:host` and `https:///host`, which hardly anybody means.
fn begins_with_scheme(text: &str) -> bool {
    ["https://", "http://"].into_iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && !text[scheme.len()..].starts_with('/')
    })
}

/// `name` is in lower case, because `Url` spells it so.
fn is_private_name(name: &str) -> bool {
    let name = without_root(name);
    PRIVATE_DOMAINS.iter().any(|domain| {
        name.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// `localhost.` is `localhost`.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
