//! What `compose.yaml` promises: who is reached from where, what is bounded, what agrees with what.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use orderhook_test_postgres::{Binaries, Server, ping};
use serde_json::Value;
use url::Url;

use crate::compose_file::{compose, replicas, service, words};
use crate::starting::{OF_COMPOSE, container};

/// Connections that PostgreSQL keeps for its administrators, and that backups and people need.
const KEPT_CONNECTIONS: u64 = 3 + 10;

/// Each service by its name.
fn services() -> Vec<(String, Value)> {
    let services = compose()["services"].take();
    services.as_object().unwrap().clone().into_iter().collect()
}

/// The settings on PostgreSQL's command line.
fn postgres_settings() -> Vec<(String, String)> {
    let command = words(&service("postgres")["command"]);
    let (program, settings) = command.split_first().unwrap();
    assert_eq!(program, "postgres");
    let settings = settings.iter().map(|setting| {
        let (name, value) = setting.strip_prefix("--").unwrap().split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    settings.collect()
}

fn duration(text: &Value) -> Duration {
    humantime::parse_duration(text.as_str().unwrap()).unwrap()
}

#[test]
fn the_world_reaches_the_balancer_and_operators_this_machine_alone() {
    for (name, service) in services() {
        let ports = words(&service["ports"]);
        assert_eq!(name == "caddy", !ports.is_empty(), "{name}");
        for port in ports {
            let for_all = ["80:80", "443:443", "443:443/udp"].contains(&port.as_str());
            assert!(for_all || port.starts_with("127.0.0.1:"), "{port}");
        }
    }
}

#[test]
fn the_database_is_where_nothing_else_reaches_it() {
    assert_eq!(compose()["networks"]["database"]["internal"], true);
    for (name, service) in services() {
        let networks = words(&service["networks"]);
        match name.as_str() {
            "postgres" => assert_eq!(networks, ["database"]),
            "caddy" => assert_eq!(networks, ["outside"]),
            _ => assert_eq!(networks, ["database", "outside"], "{name}"),
        }
    }
}

#[test]
fn what_runs_on_is_restarted_and_bounded() {
    for (name, service) in services() {
        let restart = if name == "migrate" {
            "no"
        } else {
            "unless-stopped"
        };
        assert_eq!(service["restart"], restart, "{name}");
        for bound in ["cpus", "memory"] {
            let limit = &service["deploy"]["resources"]["limits"][bound];
            assert!(limit.is_string(), "{name} has no bound of {bound}");
        }
        let lines = &service["logging"]["options"];
        assert!(lines["max-size"].is_string(), "the log of {name} grows");
    }
}

#[test]
fn a_replica_has_more_time_to_stop_than_it_takes() {
    let machine = container(OF_COMPOSE, "pw");
    let (takes, _) = machine.setting("shutdown_timeout");
    for name in replicas() {
        let has = duration(&service(&name)["stop_grace_period"]);
        assert!(has >= duration(&takes) + Duration::from_secs(10), "{name}");
    }
}

#[test]
fn secrets_are_files_that_each_service_is_given() {
    let machine = container(OF_COMPOSE, "pw");
    let compose = compose();
    for (name, service) in services() {
        let mut files = Vec::new();
        if let Some(environment) = service["environment"].as_object() {
            let passwords = environment
                .iter()
                .filter(|(name, _)| name.contains("PASSWORD"));
            for (variable, file) in passwords {
                assert!(variable.ends_with("_FILE"), "{name} has {variable}");
                files.push(file.as_str().unwrap().to_owned());
            }
        }
        if service["image"] == "orderhook" {
            for key in ["database_password_file", "encryption_keys_file"] {
                let (file, _) = machine.setting(key);
                let root = machine.path("/").to_str().unwrap().to_owned();
                files.push(file.as_str().unwrap().replace(&root, "/"));
            }
        }
        let mut used = Vec::new();
        for file in files {
            let secret = file.strip_prefix("/run/secrets/").unwrap().to_owned();
            let source = compose["secrets"][&secret]["file"].as_str().unwrap();
            assert_eq!(source, format!("./secrets/{secret}"));
            used.push(secret);
        }
        assert_eq!(words(&service["secrets"]), used, "{name}");
    }
}

#[test]
fn the_replicas_leave_connections_to_others() {
    let machine = container(OF_COMPOSE, "pw");
    let (connections, _) = machine.setting("database_connections");
    // The one that listens, and the one that migrates.
    let each = connections.as_u64().unwrap() + 2;
    let settings = postgres_settings();
    let (_, most) = settings
        .iter()
        .find(|(name, _)| name == "max_connections")
        .unwrap();
    let all = each * u64::try_from(replicas().len()).unwrap();
    assert!(all + KEPT_CONNECTIONS <= most.parse().unwrap());
}

#[test]
fn every_file_that_is_mounted_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for (_, service) in services() {
        let volumes = words(&service["volumes"]);
        for file in volumes.iter().filter(|volume| volume.starts_with("./")) {
            let (file, target) = file.split_once(':').unwrap();
            assert!(folder.join(file).is_file(), "{file}");
            assert!(target.ends_with(":ro"), "{file} could be written to");
        }
        if let Some(file) = service["build"]["dockerfile"].as_str() {
            let context = folder.join(service["build"]["context"].as_str().unwrap());
            assert!(context.join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn postgres_starts_with_its_settings_and_its_health_check_sees_it() {
    let settings = postgres_settings();
    let settings = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let server = Server::for_test(&settings.collect::<Vec<_>>());
    ping(&server.url()).unwrap();

    let test = words(&service("postgres")["healthcheck"]["test"]);
    let [_, program, arguments @ ..] = &test[..] else {
        panic!("{test:?} is no command");
    };
    let is_healthy = |port: u16| {
        let folder = Binaries::find().unwrap().folder().to_owned();
        let mut command = Command::new(folder.join(program));
        command.args(arguments).env("PGPORT", port.to_string());
        command.status().unwrap().success()
    };
    let port = Url::parse(&server.url()).unwrap().port().unwrap();
    assert!(is_healthy(port));
    server.stop().unwrap();
    assert!(!is_healthy(port));
}
