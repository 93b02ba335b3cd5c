//! What the program prints: data on stdout, everything else on stderr.

mod table;
mod tabular;

use std::io::{self, IsTerminal as _, Write as _};

use orderhook_types::Secret;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;
pub(crate) use table::{clean, list, record};
pub(crate) use tabular::Tabular;

/// What stands in for a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Members of answers that hold secrets.
const SECRET_MEMBERS: [&str; 3] = ["sign_secret", "privateSecret", "token"];

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// JSON for programs rather than text for people.
    pub(crate) json: bool,
    /// Whether secrets are shown.
    pub(crate) reveal: bool,
    /// Whether stdout is a terminal that wants colours.
    pub(crate) colours: bool,
}

impl Output {
    /// As the flags say, and with colours where a person sees them.
    pub(crate) fn new(json: bool, reveal: bool) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json,
            reveal,
            colours: !no_color && io::stdout().is_terminal(),
        }
    }

    /// Prints `items` as a table, or with `--json` the `answer` that they came in.
    pub(crate) fn items<T: Tabular>(
        &self,
        answer: &impl Serialize,
        items: &[T],
    ) -> Result<(), Failure> {
        if self.json {
            return self.json(answer);
        }
        let rows = items.iter().map(|item| item.cells(self)).collect();
        self.text(&list(T::HEADERS, rows))
    }

    /// Prints one thing, a line a member, or with `--json` the `answer` that it came in.
    pub(crate) fn item<T: Tabular>(
        &self,
        answer: &impl Serialize,
        item: &T,
    ) -> Result<(), Failure> {
        if self.json {
            return self.json(answer);
        }
        self.text(&record(T::HEADERS, item.cells(self)))
    }

    /// Prints `text`, or with `--json` the `answer` that it tells of.
    pub(crate) fn sentence(&self, answer: &impl Serialize, text: &str) -> Result<(), Failure> {
        if self.json {
            return self.json(answer);
        }
        self.text(&clean(text))
    }

    /// Prints a value as JSON, on lines of its own; secrets are redacted unless asked for.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut value = serde_json::to_value(value).map_err(anyhow::Error::new)?;
        if !self.reveal {
            redact(&mut value);
        }
        self.raw_json(&value)
    }

    /// Prints a value as JSON as it is, for what is shown this once.
    pub(crate) fn raw_json(&self, value: &Value) -> Result<(), Failure> {
        self.text(&format!("{value:#}"))
    }

    /// Prints a value as JSON on a single line; secrets are redacted unless asked for.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut value = serde_json::to_value(value).map_err(anyhow::Error::new)?;
        if !self.reveal {
            redact(&mut value);
        }
        self.text(&value.to_string())
    }

    /// Prints a line, and flushes it, so that a reader sees it at once.
    #[expect(clippy::unused_self, reason = "printing goes through one value")]
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.trim_end_matches('\n').as_bytes())?;
        stdout.write_all(b"\n")?;
        stdout.flush()?;
        Ok(())
    }

    /// Prints bytes as they are.
    #[expect(clippy::unused_self, reason = "printing goes through one value")]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }

    /// A secret, or what stands in for it.
    pub(crate) fn secret(&self, secret: Option<&Secret>) -> String {
        match secret {
            Some(secret) if self.reveal => secret.reveal().to_owned(),
            Some(_) => REDACTED.to_owned(),
            None => String::new(),
        }
    }
}

/// Tells the person at the terminal something that is not data.
pub(crate) fn note(text: &str) {
    // Whoever closed stderr does not want to read it.
    let _ = writeln!(io::stderr().lock(), "{}", clean(text));
}

/// Replaces secrets, wherever they stand.
fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SECRET_MEMBERS.contains(&name.as_str()) && member.is_string() {
                    *member = Value::from(REDACTED);
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_at_any_depth() {
        let mut value = serde_json::json!({"data": [{"sign_secret": "whsec_x", "token": "t"}]});
        redact(&mut value);
        let expected = serde_json::json!({"data": [{"sign_secret": REDACTED, "token": REDACTED}]});
        assert_eq!(value, expected);
    }
}
