//! What is wrong with the configuration.

use std::fmt;

/// One setting that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, variable or flag that the setting stands in.
    pub(crate) origin: String,
    /// The key, such as `delivery.jitter`; empty for a file as a whole.
    pub(crate) key: String,
    /// The rule it breaks. Never has the value, which may be a secret.
    pub(crate) rule: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.origin, self.rule)
        } else {
            write!(f, "{}: `{}` {}", self.origin, self.key, self.rule)
        }
    }
}

/// Everything that is wrong with the configuration, as far as it could be read.
#[derive(Debug, thiserror::Error)]
#[error("{}", Lines(.0))]
pub(crate) struct ConfigError(pub(crate) Vec<Problem>);

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [problem] => write!(f, "the configuration is wrong: {problem}"),
            problems => {
                f.write_str("the configuration is wrong:")?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}
