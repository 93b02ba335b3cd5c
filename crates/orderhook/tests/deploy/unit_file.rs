//! The unit of systemd, and its drop-in for PostgreSQL.

/// The unit.
pub(crate) const UNIT: &str = include_str!("../../deploy/orderhook.service");
/// What is added to it where the database is a PostgreSQL.
pub(crate) const DROP_IN: &str = include_str!("../../deploy/orderhook.service.d/postgres.conf");

/// The values of a setting of `[Service]`, in their order.
pub(crate) fn service_settings<'a>(unit: &'a str, setting: &str) -> Vec<&'a str> {
    let mut section = "";
    let mut values = Vec::new();
    for line in unit.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once('=') {
            _ if line.starts_with('[') => section = line,
            Some((key, value)) if section == "[Service]" && key == setting => values.push(value),
            Some(_) => {}
            None => assert_eq!(line, "", "is no setting"),
        }
    }
    values
}

/// The one value of a setting of `[Service]`.
pub(crate) fn service_setting<'a>(unit: &'a str, setting: &str) -> &'a str {
    match service_settings(unit, setting)[..] {
        [value] => value,
        ref values => panic!("{setting} stands there {} times", values.len()),
    }
}
