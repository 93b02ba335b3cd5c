//! Printing a step, and keeping count of what did not hold.

use std::fmt::Display;
use std::process::ExitCode;

use serde::Serialize;

/// What was told so far.
pub(crate) struct Story {
    steps: usize,
    failures: Vec<String>,
}

impl Story {
    pub(crate) fn begin() -> Self {
        Self {
            steps: 0,
            failures: Vec::new(),
        }
    }

    pub(crate) fn chapter(&self, title: &str) {
        println!("\n{title}\n{}", "-".repeat(title.len()));
    }

    pub(crate) fn request(&mut self, line: impl Display) {
        self.steps += 1;
        println!("\n{:2}. → {line}", self.steps);
    }

    /// A line of a request.
    pub(crate) fn detail(&self, line: impl Display) {
        println!("      {line}");
    }

    pub(crate) fn answer(&self, line: impl Display) {
        println!("    ← {line}");
    }

    /// An answer's body, with what is secret in it left out.
    pub(crate) fn body(&self, body: &impl Serialize) -> anyhow::Result<()> {
        let mut body = serde_json::to_value(body)?;
        redact(&mut body);
        println!("      {body}");
        Ok(())
    }

    /// Says that something holds, and remembers if it does not.
    pub(crate) fn check(&mut self, holds: bool, what: impl Display) {
        if holds {
            println!("    ✓ {what}");
        } else {
            println!("    ✗ {what}");
            self.failures.push(format!("step {}: {what}", self.steps));
        }
    }

    pub(crate) fn end(self) -> ExitCode {
        if self.failures.is_empty() {
            println!("\nAll {} steps held.", self.steps);
            return ExitCode::SUCCESS;
        }
        println!("\nThis did not hold:");
        for failure in &self.failures {
            println!("  {failure}");
        }
        ExitCode::FAILURE
    }
}

fn redact(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "sign_secret" => *value = "whsec_…".into(),
                    "token" => *value = "ohm_…".into(),
                    _ => redact(value),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}
