//! The same for any text.

use std::net::{IpAddr, SocketAddr};

use orderhook_delivery::{AddressPolicy, AllowedAddress};
use proptest::prelude::*;
use url::Host;

use super::policy;

/// Texts that are nearly URLs, so that more than the first check is reached.
fn url_like() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<u32>().prop_map(|address| address.to_string()),
        any::<u32>().prop_map(|address| format!("{address:#x}")),
        any::<u32>().prop_map(|address| format!("0{address:o}")),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        any::<std::net::Ipv4Addr>().prop_map(|address| format!("[::ffff:{address}]")),
        any::<std::net::Ipv4Addr>().prop_map(|address| format!("[64:ff9b::{address}]")),
        "(0x|0)?[0-9a-f]{1,4}(\\.(0x|0)?[0-9a-f]{1,3}){0,4}\\.?",
        "[a-z]{1,8}\\.(localhost|internal|local|example)\\.?",
        "\\PC{0,12}",
    ];
    let port = prop_oneof![
        Just(String::new()),
        any::<u16>().prop_map(|port| format!(":{port}"))
    ];
    ("(?i)https?://", host, port, "(/\\PC{0,8})?")
        .prop_map(|(scheme, host, port, path)| format!("{scheme}{host}{port}{path}"))
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_refused(text in "\\PC*|[\\x00-\\x7f]{0,40}") {
        let _ = AddressPolicy::default().check_url(&text);
        let _ = text.parse::<AllowedAddress>();
    }

    #[test]
    fn what_is_accepted_names_nothing_that_is_refused(text in url_like()) {
        let policy = policy(&["10.1.0.0/16:*"]);
        if let Ok(url) = policy.check_url(&text) {
            let port = url.port_or_known_default().unwrap();
            let literal = match url.host().unwrap() {
                Host::Ipv4(address) => Some(IpAddr::V4(address)),
                Host::Ipv6(address) => Some(IpAddr::V6(address)),
                Host::Domain(name) => {
                    prop_assert!(!name.trim_end_matches('.').ends_with("localhost"));
                    name.trim_end_matches('.').parse().ok()
                }
            };
            if let Some(address) = literal {
                prop_assert_eq!(policy.check_address(SocketAddr::new(address, port)), Ok(()));
            }
            prop_assert_eq!(policy.check_url(url.as_str()), Ok(url.clone()));
            let uri: http::Uri = url.as_str().parse().unwrap();
            prop_assert_eq!(uri.host(), url.host_str());
        }
    }

    #[test]
    fn what_a_refusal_says_to_add_opens_the_address(address: IpAddr, port in 1_u16..) {
        let allowed: AllowedAddress = SocketAddr::new(address, port).to_string().parse().unwrap();
        prop_assert_eq!(allowed.to_string().parse(), Ok(allowed));
        prop_assert!(allowed.contains(SocketAddr::new(address, port)));
    }
}
