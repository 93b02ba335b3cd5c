//! Every command of the deployment, started with exactly its arguments.

use orderhook_test_postgres::TestDatabase;
use url::Url;

use crate::compose_file::{replicas, service, words};
use crate::health;
use crate::machine::{ENCRYPTION_KEY, INSTALLED, Machine, get, is_ready};
use crate::unit_file::{DROP_IN, UNIT, service_setting, service_settings};

pub(crate) const OF_COMPOSE: &str = include_str!("../../deploy/orderhook.compose.toml");
pub(crate) const OF_UNIT: &str = include_str!("../../deploy/orderhook.service.toml");
const SETTINGS: &str = "/etc/orderhook/orderhook.toml";
const CREDENTIALS: &str = "/run/credentials/orderhook.service";

/// The address of a database in place of `expected`, and the password that stands in a file.
fn address_and_password(
    settings: &str,
    expected: &str,
    database: &TestDatabase,
) -> (String, String) {
    assert!(
        settings.contains(expected),
        "{expected} stands there no longer"
    );
    let mut url = Url::parse(database.url()).unwrap();
    let password = url.password().unwrap_or_default().to_owned();
    url.set_password(None).unwrap();
    (settings.replace(expected, url.as_str()), password)
}

/// The machine of a container: its settings, its secrets.
pub(crate) fn container(settings: &str, password: &str) -> Machine {
    Machine::new()
        .file(SETTINGS, settings)
        .file("/run/secrets/database-password", password)
        .file("/run/secrets/encryption-keys", ENCRYPTION_KEY)
}

/// The unit's settings, changed for PostgreSQL as they say themselves.
pub(crate) fn unit_on_postgres() -> String {
    OF_UNIT
        .replace("database = \"/var", "#database = \"/var")
        .replace("#database = \"postgres", "database = \"postgres")
        .replace("#database_password_file", "database_password_file")
}

/// A machine with systemd, where root has written the settings and the unit's credentials are copied.
pub(crate) fn with_systemd(settings: &str, unit: &str, secrets: &[(&str, &str)]) -> Machine {
    let mut machine = Machine::new().file(SETTINGS, settings);
    for (path, text) in secrets {
        machine = machine.file(path, text);
    }
    for credential in service_settings(unit, "LoadCredential") {
        let (name, path) = credential.split_once(':').unwrap();
        let secret = secrets.iter().find(|(secret, _)| *secret == path);
        let (_, text) = secret.unwrap_or_else(|| panic!("{path} was not written"));
        machine = machine.file(&format!("{CREDENTIALS}/{name}"), text);
    }
    for variable in service_settings(unit, "Environment") {
        let (name, value) = variable.split_once('=').unwrap();
        machine = machine.variable(name, &value.replace("%d", CREDENTIALS));
    }
    machine
}

/// What the unit starts, without the program itself.
fn exec_start() -> Vec<String> {
    let mut words = service_setting(UNIT, "ExecStart").split(' ');
    assert_eq!(words.next(), Some(INSTALLED));
    words.map(str::to_owned).collect()
}

fn arguments(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn compose_migrates_and_then_its_replicas_are_ready() {
    let database = TestDatabase::create();
    let expected = "postgres://orderhook@postgres:5432/orderhook?sslmode=disable";
    let (settings, password) = address_and_password(OF_COMPOSE, expected, &database);
    // As `head` and `base64` write it.
    let machine = container(&settings, &(password + "\n"));
    let migrated = machine.run(&words(&service("migrate")["command"]));
    assert!(migrated.contains("schema version"), "{migrated}");

    let replicas = replicas();
    assert_eq!(replicas.len(), 2);
    let servers = replicas.iter().map(|name| {
        let server = machine.serve(&words(&service(name)["command"]));
        (name, server)
    });
    let servers: Vec<_> = servers.collect();
    for (name, server) in &servers {
        assert!(health::check(name, server.operator), "{name}");
        assert!(!health::check(name, server.merchant), "{name}");
        assert!(get(server.operator, "/metrics").contains("orderhook_"));
    }
    // As by `docker compose exec orderhook-1 orderhook operator-token create ann`.
    let token = machine.run(&arguments("operator-token create ann"));
    assert!(token.starts_with("oho_"), "{token}");
    for (_, server) in servers {
        server.stop();
    }
}

#[test]
fn the_unit_starts_on_sqlite_with_keys_that_systemd_hands_over() {
    let keys = ("/etc/orderhook/encryption-keys", ENCRYPTION_KEY);
    let machine = with_systemd(OF_UNIT, UNIT, &[keys]);
    let server = machine.serve(&exec_start());
    assert!(is_ready(&server));
    assert!(machine.path("/var/lib/orderhook/orderhook.db").exists());
    let token = machine.run(&arguments(
        "--config /etc/orderhook/orderhook.toml operator-token create ann",
    ));
    assert!(token.starts_with("oho_"), "{token}");
    server.stop();
}

#[test]
fn the_unit_and_its_drop_in_start_on_postgres() {
    let database = TestDatabase::create();
    let expected = "postgres://orderhook@db.example.com/orderhook?sslmode=verify-full";
    let (settings, password) = address_and_password(&unit_on_postgres(), expected, &database);
    let secrets = [
        ("/etc/orderhook/encryption-keys", ENCRYPTION_KEY),
        ("/etc/orderhook/database-password", &password),
    ];
    let machine = with_systemd(&settings, &[UNIT, DROP_IN].concat(), &secrets);
    let server = machine.serve(&exec_start());
    assert!(is_ready(&server));
    assert!(!machine.path("/var/lib/orderhook/orderhook.db").exists());
    server.stop();
}
