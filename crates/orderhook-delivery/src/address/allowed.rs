//! The addresses that a configuration opens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::str::FromStr;

use ipnet::IpNet;

/// An address, or a network of them, that may be connected to although it is not public, and by
/// plain http too.
///
/// Written as the address, a colon, and the port or `*` for every port: `127.0.0.1:9100`,
/// `127.0.0.1:*`, `10.0.0.0/8:443`, `[::1]:*`, `[fd00::/8]:443`. A host name is no address: what it
/// resolves to is not ours to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AllowedAddress {
    net: IpNet,
    /// `None` stands for every port.
    port: Option<NonZeroU16>,
}

impl AllowedAddress {
    /// Whether this opens `address`, whose IPv4-mapped form counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: SocketAddr) -> bool {
        self.net.contains(&address.ip().to_canonical())
            && self.port.is_none_or(|port| port.get() == address.port())
    }
}

impl FromStr for AllowedAddress {
    type Err = InvalidAllowedAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAllowedAddress> {
        let invalid = |problem| InvalidAllowedAddress {
            text: text.to_owned(),
            problem,
        };
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| invalid(Problem::Port))?;
        let port = match port {
            "*" => None,
            port => Some(port.parse().map_err(|_| invalid(Problem::Port))?),
        };
        let bracketed = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let net = parse_net(bracketed.unwrap_or(host)).ok_or_else(|| invalid(Problem::Address))?;
        if bracketed.is_some() != net.addr().is_ipv6() {
            return Err(invalid(Problem::Brackets));
        }
        if net.addr() != net.network() {
            return Err(invalid(Problem::HostBits));
        }
        Ok(Self {
            net: canonical(net),
            port,
        })
    }
}

fn parse_net(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => text.parse().ok(),
    }
}

/// An IPv4-mapped address as the IPv4 address that it is.
fn canonical(net: IpNet) -> IpNet {
    if net.prefix_len() == net.max_prefix_len() {
        IpNet::from(net.addr().to_canonical())
    } else {
        net
    }
}

impl fmt::Display for AllowedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, prefix) = (self.net.addr(), self.net.prefix_len());
        let single = prefix == self.net.max_prefix_len();
        match (address, single) {
            (IpAddr::V4(_), true) => write!(f, "{address}")?,
            (IpAddr::V4(_), false) => write!(f, "{address}/{prefix}")?,
            (IpAddr::V6(_), true) => write!(f, "[{address}]")?,
            (IpAddr::V6(_), false) => write!(f, "[{address}/{prefix}]")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => f.write_str(":*"),
        }
    }
}

/// Why a text is no [`AllowedAddress`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be opened: {problem}")]
pub struct InvalidAllowedAddress {
    text: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the port is missing or no number from 1 to 65535; write `:*` for every port")]
    Port,
    #[error(
        "it is no IP address or network; a host name cannot be opened, only what it resolves to"
    )]
    Address,
    #[error("IPv6 needs brackets, as in `[::1]:443`, and IPv4 has none")]
    Brackets,
    #[error("the network has bits behind its prefix; write its first address, as in `10.0.0.0/8`")]
    HostBits,
}
