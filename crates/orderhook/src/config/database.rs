//! `database`: the path of a SQLite file, or the URL of a PostgreSQL database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use orderhook_types::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::output::REDACTED;

/// Where everything is kept. `Display`, `Debug` and `Serialize` show no password.
#[derive(Clone)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`
    Postgres(Secret),
}

const RULE: &str = "must be the path of a SQLite file, or a URL of the form \
                    postgres://USER@HOST:PORT/DATABASE";
const AMBIGUOUS: &str = "must have an `@`, `/` or `?` in its user or password as %40, %2F or %3F";

impl Database {
    /// Whether several processes can serve from it.
    pub(crate) fn can_be_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Whether a password stands in the URL.
    pub(crate) fn has_password(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(url) => Parts::of(url).has_password(),
        }
    }

    /// The same database with this password; `None` for a file, which has none.
    pub(crate) fn with_password(&self, password: &str) -> Option<Self> {
        let Self::Postgres(url) = self else {
            return None;
        };
        let url = url.reveal();
        let separator = if url.contains('?') { '&' } else { '?' };
        let encoded: String = password.bytes().map(|it| format!("%{it:02X}")).collect();
        let url = format!("{url}{separator}password={encoded}");
        Some(Self::Postgres(Secret::from(url)))
    }
}

impl FromStr for Database {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((scheme, rest)) = text.split_once("://") else {
            // What libpq takes beside a URL would be shown as a path, its password included.
            let is_key_and_value = text.contains("password=") || text.starts_with("host=");
            return if text.is_empty() || is_key_and_value {
                Err(RULE)
            } else {
                Ok(Self::Sqlite(PathBuf::from(text)))
            };
        };
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(RULE);
        }
        // Nobody could tell where the password ends.
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let marks = |text: &str| text.matches('@').count();
        if marks(authority) > 1 || marks(rest) != marks(authority) {
            return Err(AMBIGUOUS);
        }
        Ok(Self::Postgres(Secret::from(text)))
    }
}

/// A URL in the parts that are shown and those that are not.
struct Parts<'a> {
    scheme: &'a str,
    credentials: Option<&'a str>,
    location: &'a str,
    parameters: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(url: &'a Secret) -> Self {
        let url = url.reveal();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (address, parameters) = match rest.split_once('?') {
            Some((address, parameters)) => (address, Some(parameters)),
            None => (rest, None),
        };
        let (credentials, location) = match address.split_once('@') {
            Some((credentials, location)) => (Some(credentials), location),
            None => (None, address),
        };
        Self {
            scheme,
            credentials,
            location,
            parameters,
        }
    }

    fn has_password(&self) -> bool {
        let in_credentials = self.credentials.is_some_and(|it| it.contains(':'));
        let mut parameters = self.parameters.unwrap_or_default().split('&');
        in_credentials || parameters.any(is_secret)
    }
}

/// Whether a parameter is, or with a name in percent signs could be, a password.
fn is_secret(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    name.contains("password") || name.contains('%')
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = match self {
            Self::Sqlite(path) => return path.display().fmt(f),
            Self::Postgres(url) => Parts::of(url),
        };
        write!(f, "{}://", url.scheme)?;
        match url.credentials.map(|it| it.split_once(':').ok_or(it)) {
            Some(Ok((user, _))) => write!(f, "{user}:{REDACTED}@")?,
            Some(Err(user)) => write!(f, "{user}@")?,
            None => {}
        }
        f.write_str(url.location)?;
        let parameters = url.parameters.into_iter().flat_map(|it| it.split('&'));
        for (index, parameter) in parameters.enumerate() {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            let name = parameter.split('=').next().unwrap_or_default();
            if is_secret(parameter) {
                write!(f, "{name}={REDACTED}")?;
            } else {
                f.write_str(parameter)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Database {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(input)?);
        text.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Database {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let check = |text: &str, shown: &str| {
            let database: Database = text.parse().unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
            assert_eq!(serde_json::to_value(&database).unwrap(), shown);
        };
        check("orderhook.db", "orderhook.db");
        check("postgres://db/orderhook", "postgres://db/orderhook");
        check("postgres://ann@db:5433/o", "postgres://ann@db:5433/o");
        check("postgres://ann:pw@db/o", "postgres://ann:[redacted]@db/o");
        check(
            "postgresql://ann:p%40w@db",
            "postgresql://ann:[redacted]@db",
        );
        check("postgres://ann:a:b@db/o", "postgres://ann:[redacted]@db/o");
        check(
            "postgres://a,b:5433/o?sslmode=require&password=pw&user=ann",
            "postgres://a,b:5433/o?sslmode=require&password=[redacted]&user=ann",
        );
        check(
            "postgres://db/o?pass%77ord=pw",
            "postgres://db/o?pass%77ord=[redacted]",
        );
    }

    #[test]
    fn a_text_whose_password_could_be_mistaken_is_refused() {
        let check = |text: &str, rule: &str| {
            assert_eq!(text.parse::<Database>().unwrap_err(), rule, "{text}");
        };
        check("", RULE);
        check("POSTGRES://ann:pw@db/o", RULE);
        check("mysql://ann:pw@db/o", RULE);
        check("host=db user=ann password=pw", RULE);
        check("user=ann password=pw", RULE);
        check("postgres://ann:p@w@db/o", AMBIGUOUS);
        check("postgres://ann:p/w@db/o", AMBIGUOUS);
        check("postgres://ann:p?w@db/o", AMBIGUOUS);
        check("postgres://ann@db/o?password=p@w", AMBIGUOUS);
    }

    #[test]
    fn a_password_of_its_own_joins_the_url() {
        let check = |text: &str, expected: &str| {
            let database: Database = text.parse().unwrap();
            assert!(!database.has_password(), "{text}");
            let joined = database.with_password("p@w").unwrap();
            assert!(joined.has_password(), "{text}");
            assert!(matches!(joined, Database::Postgres(url) if url.reveal() == expected));
        };
        check(
            "postgres://ann@db/o",
            "postgres://ann@db/o?password=%70%40%77",
        );
        check(
            "postgres://ann@db/o?sslmode=require",
            "postgres://ann@db/o?sslmode=require&password=%70%40%77",
        );
        let file: Database = "orderhook.db".parse().unwrap();
        assert!(file.with_password("pw").is_none());
    }
}
