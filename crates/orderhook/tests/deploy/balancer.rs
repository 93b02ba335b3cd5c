//! The load balancer passes on to what the replicas listen on.

use std::io::ErrorKind;
use std::process::Command;

use crate::compose_file::{replicas, service, words};
use crate::starting::OF_COMPOSE;

const CADDYFILE: &str = include_str!("../../deploy/Caddyfile");

/// The block that begins with this line, without the ends of its nested ones.
fn site(address: &str) -> &'static str {
    let begin = format!("\n{address} {{\n");
    let (_, rest) = CADDYFILE.split_once(&begin).unwrap();
    rest.split_once("\n}\n").unwrap().0
}

/// What a directive of a site is given.
fn directive<'a>(site: &'a str, name: &str) -> &'a str {
    let mut lines = site.lines();
    let found = lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

/// The port of a listener of the replicas.
fn port(listener: &str) -> &'static str {
    let line = OF_COMPOSE.lines().find(|line| line.starts_with(listener));
    let (_, port) = line.unwrap().rsplit_once(':').unwrap();
    port.trim_matches('"')
}

#[test]
fn each_api_is_passed_on_to_every_replica() {
    #[track_caller]
    fn check(address: &str, listener: &str) {
        let upstreams = directive(site(address), "reverse_proxy").strip_suffix(" {");
        let expected = replicas()
            .into_iter()
            .map(|name| format!("{name}:{}", port(listener)));
        let expected: Vec<String> = expected.collect();
        assert_eq!(upstreams.unwrap(), expected.join(" "));
    }
    check("{$MERCHANT_API_HOST}", "merchant_listen");
    check("http://:8081", "operator_listen");
}

#[test]
fn replicas_are_asked_whether_they_are_ready_where_they_say_so() {
    let merchants = site("{$MERCHANT_API_HOST}");
    assert_eq!(directive(merchants, "health_port"), port("operator_listen"));
    for site in [merchants, site("http://:8081")] {
        assert_eq!(directive(site, "health_uri"), "/readyz");
    }
}

#[test]
fn its_variables_and_its_ports_are_those_of_compose() {
    let caddy = service("caddy");
    assert!(caddy["environment"]["MERCHANT_API_HOST"].is_string());
    let ports = words(&caddy["ports"]);
    assert!(ports.contains(&"127.0.0.1:8081:8081".to_owned()));
}

#[test]
fn what_it_answers_by_itself_is_the_documented_refusal() {
    let body = CADDYFILE.split('`').nth(1).unwrap();
    let refusal: orderhook_types::ErrorResponse = serde_json::from_str(body).unwrap();
    assert_eq!(refusal.code, 503);
    assert_eq!(
        CADDYFILE.matches(body).count(),
        CADDYFILE.matches("handle_errors").count()
    );
}

/// Where Caddy is installed, it has the last word.
#[test]
fn caddy_understands_it() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/Caddyfile");
    let mut caddy = Command::new("caddy");
    caddy.args(["validate", "--adapter", "caddyfile", "--config", file]);
    // It makes its folders at home.
    let home = tempfile::tempdir().unwrap();
    caddy
        .env("HOME", home.path())
        .env("MERCHANT_API_HOST", "orders.example.com");
    let ended = match caddy.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("left out: caddy is not installed, and was not asked");
            return;
        }
        ended => ended.expect("caddy can be started"),
    };
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}
