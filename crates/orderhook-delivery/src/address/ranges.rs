//! Which addresses are public: the special-purpose registries of IANA as tables.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Why an address is not public, and where that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// What the address is for.
    pub purpose: &'static str,
    /// The document that says so.
    pub document: &'static str,
}

struct Range<N> {
    net: N,
    reserved: Reserved,
}

const fn v4(address: [u8; 4], prefix: u8, purpose: &'static str, document: &'static str) -> V4 {
    let [a, b, c, d] = address;
    Range {
        net: Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix),
        reserved: Reserved { purpose, document },
    }
}

const fn v6(address: [u16; 8], prefix: u8, purpose: &'static str, document: &'static str) -> V6 {
    let [a, b, c, d, e, f, g, h] = address;
    Range {
        net: Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix),
        reserved: Reserved { purpose, document },
    }
}

type V4 = Range<Ipv4Net>;
type V6 = Range<Ipv6Net>;

/// The first row that contains an address names its purpose; an address in none is public.
///
/// Metadata services of clouds are in 169.254.0.0/16 (most), 100.64.0.0/10 (Alibaba),
/// 192.0.0.0/24 (Oracle) and fc00::/7 (AWS, Google); Azure's has a row of its own.
#[rustfmt::skip]
const IPV4: &[V4] = &[
    v4([0, 0, 0, 0], 8, "this network", "RFC 791"),
    v4([10, 0, 0, 0], 8, "private use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "carrier-grade NAT", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "loopback", "RFC 1122"),
    v4([168, 63, 129, 16], 32, "the platform services of Azure", "its documentation"),
    v4([169, 254, 0, 0], 16, "link-local use", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "private use", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "IETF protocol assignments", "RFC 6890"),
    v4([192, 0, 2, 0], 24, "documentation", "RFC 5737"),
    v4([192, 31, 196, 0], 24, "AS112 name servers", "RFC 7535"),
    v4([192, 52, 193, 0], 24, "multicast tunnelling", "RFC 7450"),
    v4([192, 88, 99, 0], 24, "6to4 relays", "RFC 7526"),
    v4([192, 168, 0, 0], 16, "private use", "RFC 1918"),
    v4([192, 175, 48, 0], 24, "AS112 name servers", "RFC 7534"),
    v4([198, 18, 0, 0], 15, "benchmarking", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "documentation", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "documentation", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4([255, 255, 255, 255], 32, "broadcast", "RFC 919"),
    v4([240, 0, 0, 0], 4, "future use", "RFC 1112"),
];

/// Asked after the forms that [`embedded_ipv4`] unwraps.
#[rustfmt::skip]
const IPV6: &[V6] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "no address at all", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4-compatible addresses", "RFC 4291"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "local NAT64", "RFC 8215"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discarding", "RFC 6666"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, "dummy addresses", "RFC 9780"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo", "RFC 4380"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking", "RFC 5180"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF protocol assignments", "RFC 2928"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation", "RFC 3849"),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "AS112 name servers", "RFC 7534"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation", "RFC 9637"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing", "RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique local use", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local use", "RFC 4291"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local use", "RFC 3879"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast", "RFC 4291"),
];

/// All that is given out to networks so far; what is outside has no row in [`IPV6`] to be missed.
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const UNASSIGNED: Reserved = Reserved {
    purpose: "future use",
    document: "RFC 4291",
};

/// `None` for a public address.
pub(super) fn reserved(address: IpAddr) -> Option<Reserved> {
    match address {
        IpAddr::V4(address) => reserved_v4(address),
        IpAddr::V6(address) => match embedded_ipv4(address) {
            Some(embedded) => reserved_v4(embedded),
            None => reserved_v6(address),
        },
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<Reserved> {
    let row = IPV4.iter().find(|row| row.net.contains(&address))?;
    Some(row.reserved)
}

fn reserved_v6(address: Ipv6Addr) -> Option<Reserved> {
    let row = IPV6.iter().find(|row| row.net.contains(&address));
    match row {
        Some(row) => Some(row.reserved),
        None if GLOBAL_UNICAST.contains(&address) => None,
        None => Some(UNASSIGNED),
    }
}

/// The IPv4 address that packets to this IPv6 address end up at: mapped (RFC 4291), NAT64
/// (RFC 6052) and 6to4 (RFC 3056).
///
/// Teredo and IPv4-compatible addresses are refused whatever they embed, so they are rows.
fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}
