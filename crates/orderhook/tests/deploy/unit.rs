//! What the unit of systemd promises, and that its settings are taken.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use crate::machine::ENCRYPTION_KEY;
use crate::starting::{OF_UNIT, unit_on_postgres, with_systemd};
use crate::unit_file::{DROP_IN, UNIT, service_setting};

const KEYS: (&str, &str) = ("/etc/orderhook/encryption-keys", ENCRYPTION_KEY);

#[test]
fn the_server_has_more_time_to_stop_than_it_takes() {
    let machine = with_systemd(OF_UNIT, UNIT, &[KEYS]);
    let (takes, _) = machine.setting("shutdown_timeout");
    let takes = humantime::parse_duration(takes.as_str().unwrap()).unwrap();
    let has = humantime::parse_duration(service_setting(UNIT, "TimeoutStopSec")).unwrap();
    assert!(has >= takes + Duration::from_secs(10));
}

#[test]
fn keys_come_from_systemd_and_data_stay_in_the_folder_that_it_makes() {
    let machine = with_systemd(OF_UNIT, UNIT, &[KEYS]);
    let (_, origin) = machine.setting("encryption_keys_file");
    assert_eq!(
        origin,
        "environment variable ORDERHOOK_ENCRYPTION_KEYS_FILE"
    );
    let folder = format!("/var/lib/{}/", service_setting(UNIT, "StateDirectory"));
    let (database, _) = machine.setting("database");
    assert!(database.as_str().unwrap().contains(&folder), "{database}");
}

#[test]
fn the_password_of_postgres_comes_from_systemd() {
    let secrets = [KEYS, ("/etc/orderhook/database-password", "pw")];
    let machine = with_systemd(&unit_on_postgres(), &[UNIT, DROP_IN].concat(), &secrets);
    let (_, origin) = machine.setting("database_password_file");
    assert_eq!(
        origin,
        "environment variable ORDERHOOK_DATABASE_PASSWORD_FILE"
    );
}

/// Where systemd is installed, it has the last word: no mistake, no unknown setting, and the sandbox
/// that it calls good.
#[test]
fn systemd_understands_it() {
    let machine = with_systemd(OF_UNIT, UNIT, &[KEYS]);
    let folder = machine.path("/etc");
    let unit = folder.join("orderhook.service");
    fs::write(&unit, machine.here(UNIT)).unwrap();
    fs::create_dir(folder.join("orderhook.service.d")).unwrap();
    fs::write(
        folder.join("orderhook.service.d/postgres.conf"),
        machine.here(DROP_IN),
    )
    .unwrap();
    for arguments in [
        &["verify", "--man=no"][..],
        &["security", "--offline=true", "--threshold=20"],
    ] {
        let mut systemd = Command::new("systemd-analyze");
        let ended = match systemd.args(arguments).arg(&unit).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("left out: systemd-analyze is not installed, and was not asked");
                return;
            }
            ended => ended.expect("systemd-analyze can be started"),
        };
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.success() && said.is_empty(),
            "{arguments:?}: {said}"
        );
    }
}
