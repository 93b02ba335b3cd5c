//! What may be stored and connected to.

mod properties;

use std::net::SocketAddr;

use orderhook_delivery::{AddressError, AddressPolicy, AllowedAddress};

fn policy(allowed: &[&str]) -> AddressPolicy {
    AddressPolicy::new(allowed.iter().map(|text| text.parse().unwrap()))
}

/// `"ok"`, or the purpose that a refused address has, or the variant of another refusal.
fn summary<T>(result: Result<T, AddressError>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(AddressError::NotPublic { reserved, .. }) => reserved.purpose.to_owned(),
        Err(error) => {
            let debug = format!("{error:?}");
            let end = debug.find(|c: char| !c.is_alphanumeric());
            debug[..end.unwrap_or(debug.len())].to_owned()
        }
    }
}

#[test]
fn public_is_what_no_registry_reserves() {
    #[track_caller]
    fn check(address: &str, expected: &str) {
        let address = SocketAddr::new(address.parse().unwrap(), 443);
        let result = AddressPolicy::default().check_address(address);
        assert_eq!(summary(result), expected, "{address}");
    }
    check("0.0.0.0", "this network");
    check("0.255.255.255", "this network");
    check("1.0.0.0", "ok");
    check("8.8.8.8", "ok");
    check("9.255.255.255", "ok");
    check("10.0.0.0", "private use");
    check("10.255.255.255", "private use");
    check("11.0.0.0", "ok");
    check("100.63.255.255", "ok");
    check("100.64.0.0", "carrier-grade NAT");
    check("100.100.100.200", "carrier-grade NAT");
    check("100.127.255.255", "carrier-grade NAT");
    check("100.128.0.0", "ok");
    check("126.255.255.255", "ok");
    check("127.0.0.1", "loopback");
    check("127.255.255.255", "loopback");
    check("168.63.129.16", "the platform services of Azure");
    check("168.63.129.17", "ok");
    check("169.253.255.255", "ok");
    check("169.254.169.254", "link-local use");
    check("169.255.0.0", "ok");
    check("172.15.255.255", "ok");
    check("172.16.0.0", "private use");
    check("172.31.255.255", "private use");
    check("172.32.0.0", "ok");
    check("192.0.0.192", "IETF protocol assignments");
    check("192.0.1.0", "ok");
    check("192.0.2.1", "documentation");
    check("192.0.3.0", "ok");
    check("192.31.196.1", "AS112 name servers");
    check("192.52.193.1", "multicast tunnelling");
    check("192.88.99.1", "6to4 relays");
    check("192.167.255.255", "ok");
    check("192.168.0.1", "private use");
    check("192.169.0.0", "ok");
    check("192.175.48.1", "AS112 name servers");
    check("198.17.255.255", "ok");
    check("198.18.0.0", "benchmarking");
    check("198.19.255.255", "benchmarking");
    check("198.20.0.0", "ok");
    check("198.51.100.1", "documentation");
    check("203.0.113.1", "documentation");
    check("223.255.255.255", "ok");
    check("224.0.0.1", "multicast");
    check("239.255.255.255", "multicast");
    check("240.0.0.1", "future use");
    check("255.255.255.254", "future use");
    check("255.255.255.255", "broadcast");

    check("::", "no address at all");
    check("::1", "loopback");
    check("::2", "IPv4-compatible addresses");
    check("::8.8.8.8", "IPv4-compatible addresses");
    check("::ffff:8.8.8.8", "ok");
    check("::ffff:127.0.0.1", "loopback");
    check("::ffff:169.254.169.254", "link-local use");
    check("::ffff:0:8.8.8.8", "future use");
    check("64:ff9b::8.8.8.8", "ok");
    check("64:ff9b::10.0.0.1", "private use");
    check("64:ff9b:0:0:0:1:0808:0808", "future use");
    check("64:ff9b:1::8.8.8.8", "local NAT64");
    check("100::1", "discarding");
    check("100:0:0:1::1", "dummy addresses");
    check("1fff:ffff::1", "future use");
    check("2001::1", "Teredo");
    check("2001:0:808:808::1", "Teredo");
    check("2001:2::1", "benchmarking");
    check("2001:10::1", "IETF protocol assignments");
    check("2001:1ff:ffff::1", "IETF protocol assignments");
    check("2001:200::1", "ok");
    check("2001:db8::1", "documentation");
    check("2001:db9::1", "ok");
    check("2001:4860:4860::8888", "ok");
    check("2002:808:808::1", "ok");
    check("2002:7f00:1::", "loopback");
    check("2002:a9fe:a9fe::1", "link-local use");
    check("2606:4700::1111", "ok");
    check("2620:4f:8000::1", "AS112 name servers");
    check("3ffe:ffff::1", "ok");
    check("3fff::1", "documentation");
    check("4000::1", "future use");
    check("5f00::1", "segment routing");
    check("fc00::1", "unique local use");
    check("fd00:ec2::254", "unique local use");
    check("fe80::1", "link-local use");
    check("fec0::1", "site-local use");
    check("ff02::1", "multicast");
}

#[test]
fn a_stored_url_is_https_to_a_public_address() {
    #[track_caller]
    fn check(url: &str, expected: &str) {
        let result = AddressPolicy::default().check_url(url);
        assert_eq!(summary(result), expected, "{url}");
    }
    check("https://merchant.example/hooks", "ok");
    check("HTTPS://Merchant.Example:8443/hooks?a=b%20c&d=ü", "ok");
    check("https://bücher.example/", "ok");
    check("https://8.8.8.8/", "ok");
    check("https://[2606:4700::1111]:8443/", "ok");
    check("https://merchant.example./", "ok");
    check("https://local.example/", "ok");
    check("https://notlocalhost/", "ok");

    check("", "Scheme");
    check("merchant.example", "Scheme");
    check("/hooks", "Scheme");
    check("//merchant.example/", "Scheme");
    check("https:", "Scheme");
    check("https:merchant.example", "Scheme");
    check("https:///merchant.example", "Scheme");
    check("ftp://merchant.example/", "Scheme");
    check("file:///etc/passwd", "Scheme");
    check("gopher://127.0.0.1:6379/_", "Scheme");
    check("ws://merchant.example/", "Scheme");
    check("ﬁle://x", "Scheme");
    check("https://", "NotUrl");
    check("https://:443/", "NotUrl");
    check("https://?", "NotUrl");
    check("https://merchant.example:65536/", "NotUrl");
    check("https://merchant.example:-1/", "NotUrl");
    check("https://[::1", "NotUrl");
    check("https://[fe80::1%25eth0]/", "NotUrl");
    check("https://256.256.256.256/", "NotUrl");
    check("https://1.2.3.4.5/", "NotUrl");
    check("https://a b/", "Character");
    check(" https://merchant.example/", "Character");
    check("https://merchant.example/\r\nx: y", "Character");
    check("https://mer\tchant.example/", "Character");
    check("https://merchant.example\\@127.0.0.1/", "Character");
    check("https://merchant.example/\0", "Character");
    check("https://user@merchant.example/", "UserInfo");
    check("https://user:password@merchant.example/", "UserInfo");
    check("https://:password@merchant.example/", "UserInfo");
    check("https://merchant.example@127.0.0.1/", "UserInfo");
    check("https://merchant.example/#", "Fragment");
    check("https://merchant.example/#a@b", "Fragment");
    check("https://merchant.example:0/", "PortZero");
    check(
        &format!("https://a.example/{}", "x".repeat(65_535)),
        "NotSendable",
    );

    check("http://merchant.example/", "PlainHttp");
    check("http://8.8.8.8/", "PlainHttp");
    check("http://127.0.0.1/", "loopback");

    check("https://localhost/", "LocalName");
    check("https://LOCALHOST:9100/", "LocalName");
    check("https://localhost./", "LocalName");
    check("https://a.localhost/", "LocalName");
    check("https://printer.local/", "LocalName");
    check("https://metadata.google.internal/", "LocalName");
    check("https://internal/", "LocalName");
    check("https://nas.home.arpa/", "LocalName");
    check("https://localhost.localdomain/", "LocalName");

    check("https://127.0.0.1/", "loopback");
    check("https://127.1/", "loopback");
    check("https://2130706433/", "loopback");
    check("https://0x7f000001/", "loopback");
    check("https://0x7f.1/", "loopback");
    check("https://017700000001/", "loopback");
    check("https://0177.0.0.01/", "loopback");
    check("https://127.0.0.1./", "loopback");
    check("https://%31%32%37.0.0.1/", "loopback");
    check("https://１２７.０.０.１/", "loopback");
    check("https://127。0。0。1/", "loopback");
    check("https://0/", "this network");
    check("https://10.1/", "private use");
    check(
        "https://169.254.169.254/latest/meta-data/",
        "link-local use",
    );
    check("https://0xa9fea9fe/", "link-local use");
    check("https://[::1]/", "loopback");
    check("https://[::]/", "no address at all");
    check("https://[::ffff:127.0.0.1]/", "loopback");
    check("https://[0:0:0:0:0:ffff:7f00:1]/", "loopback");
    check("https://[::127.0.0.1]/", "IPv4-compatible addresses");
    check("https://[64:ff9b::a9fe:a9fe]/", "link-local use");
    check("https://[2002:7f00:1::]/", "loopback");
    check("https://[2001:0:53aa:64c:0:0:80ff:fffe]/", "Teredo");
    check("https://[fd00::1]/", "unique local use");
}

#[test]
fn a_url_comes_back_as_the_standard_spells_it() {
    #[track_caller]
    fn check(url: &str, expected: &str) {
        let url = policy(&["127.0.0.1:*"]).check_url(url).unwrap();
        assert_eq!(url.as_str(), expected);
    }
    check(
        "HTTPS://Bücher.Example:443",
        "https://xn--bcher-kva.example/",
    );
    check("https://a.example/ü?ü", "https://a.example/%C3%BC?%C3%BC");
    check("http://0x7f.1:9100/a/../b", "http://127.0.0.1:9100/b");
}

#[test]
fn the_configuration_opens_exact_addresses() {
    #[track_caller]
    fn check(allowed: &str, url: &str, expected: &str) {
        let result = policy(&[allowed]).check_url(url);
        assert_eq!(summary(result), expected, "{allowed} and {url}");
    }
    check("127.0.0.1:9100", "http://127.0.0.1:9100/", "ok");
    check("127.0.0.1:9100", "https://127.0.0.1:9100/", "ok");
    check("127.0.0.1:9100", "https://127.1:9100/", "ok");
    check("127.0.0.1:9100", "https://[::ffff:127.0.0.1]:9100/", "ok");
    check("127.0.0.1:9100", "http://127.0.0.1:9101/", "loopback");
    check("127.0.0.1:9100", "http://127.0.0.2:9100/", "loopback");
    check("127.0.0.1:9100", "http://[::1]:9100/", "loopback");
    check("127.0.0.1:9100", "http://localhost:9100/", "ok");
    check("127.0.0.1:9100", "http://localhost:9101/", "LocalName");
    check("127.0.0.1:9100", "http://a.localhost:9100/", "LocalName");
    check("127.0.0.1:9100", "http://merchant.example/", "PlainHttp");
    check("127.0.0.1:*", "http://127.0.0.1/", "ok");
    check("127.0.0.1:*", "http://127.0.0.1:1/", "ok");
    check("[::1]:*", "http://[::1]:9100/", "ok");
    check("[::1]:*", "http://localhost:9100/", "ok");
    check("[::1]:*", "http://127.0.0.1:9100/", "loopback");
    check("10.0.0.0/8:443", "https://10.1.2.3/", "ok");
    check("10.0.0.0/8:443", "http://10.1.2.3/", "private use");
    check("10.0.0.0/8:443", "http://10.1.2.3:443/", "ok");
    check("10.0.0.0/8:443", "https://11.1.2.3/", "ok");
    check("10.0.0.0/8:443", "https://192.168.0.1/", "private use");
    check("[fd00::/8]:443", "https://[fd12::1]/", "ok");
    check("8.8.8.8:80", "http://8.8.8.8/", "ok");
    check("8.8.8.8:80", "http://8.8.4.4/", "PlainHttp");
}

#[test]
fn an_opened_address_is_an_address_and_a_port() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<AllowedAddress>() {
            Ok(allowed) => allowed.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }
    check("127.0.0.1:9100", "127.0.0.1:9100");
    check("127.0.0.1:*", "127.0.0.1:*");
    check("10.0.0.0/8:443", "10.0.0.0/8:443");
    check("0.0.0.0/0:*", "0.0.0.0/0:*");
    check("[::1]:*", "[::1]:*");
    check("[0:0::1]:1", "[::1]:1");
    check("[::ffff:127.0.0.1]:1", "127.0.0.1:1");
    check("[fd00::/8]:443", "[fd00::/8]:443");

    let port = "the port is missing or no number from 1 to 65535; write `:*` for every port";
    let address =
        "it is no IP address or network; a host name cannot be opened, only what it resolves to";
    let brackets = "IPv6 needs brackets, as in `[::1]:443`, and IPv4 has none";
    let bits =
        "the network has bits behind its prefix; write its first address, as in `10.0.0.0/8`";
    for (text, problem) in [
        ("", port),
        ("127.0.0.1", port),
        ("127.0.0.1:", port),
        ("127.0.0.1:0", port),
        ("127.0.0.1:65536", port),
        ("127.0.0.1:http", port),
        ("[::1]", port),
        (":443", address),
        ("localhost:9100", address),
        ("merchant.example:443", address),
        ("*:443", address),
        ("127.1:443", address),
        ("10.0.0.0/33:443", address),
        ("https://127.0.0.1:443", address),
        ("::1:443", brackets),
        ("[127.0.0.1]:443", brackets),
        ("10.0.0.1/8:443", bits),
        ("[fd00::1/8]:443", bits),
    ] {
        check(text, &format!("`{text}` cannot be opened: {problem}"));
    }
}

#[test]
fn a_refusal_says_what_to_set() {
    #[track_caller]
    fn check(url: &str, expected: &str) {
        let error = AddressPolicy::default().check_url(url).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    check(
        "http://127.1:9100/",
        "the address 127.0.0.1 is not public: it is for loopback (RFC 1122); \
         to deliver there, add `127.0.0.1:9100` to the allowed addresses of the configuration",
    );
    check(
        "https://[::1]/",
        "the address ::1 is not public: it is for loopback (RFC 4291); \
         to deliver there, add `[::1]:443` to the allowed addresses of the configuration",
    );
    check(
        "http://merchant.example/",
        "plain http is refused: use https, or add the receiver's IP address and port to the \
         allowed addresses of the configuration",
    );
    check(
        "https://Printer.local/",
        "the name `printer.local` is not public: use a public one, or the IP address of the \
         receiver and add it with its port to the allowed addresses of the configuration",
    );
}
