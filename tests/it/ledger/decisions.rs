//! The decisions of `spec/README.md`.

use std::str::Split;

use super::{Finding, Rule};

/// A row of a table of decisions.
#[derive(Debug)]
pub(super) struct Decision {
    /// Such as `D12`.
    pub(super) id: String,
    /// Line of `spec/README.md`, counted from 1.
    line: usize,
    globs: Vec<String>,
}

impl Decision {
    /// # Panics
    /// If a row does not have five cells, none of them empty.
    pub(super) fn read_all(readme: &str) -> Vec<Self> {
        readme
            .lines()
            .zip(1..)
            .filter(|(line, _)| line.starts_with("| D"))
            .map(|(text, line)| {
                let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
                let [id, words, choice, why, carries] = cells[..] else {
                    panic!("spec/README.md:{line}: a decision has five cells");
                };
                assert!(
                    ![words, choice, why].contains(&""),
                    "spec/README.md:{line}: a cell is empty"
                );
                let globs: Vec<String> = carries
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect();
                assert!(
                    (carries == "-") == globs.is_empty(),
                    "spec/README.md:{line}: write the pointers between back-quotes, or `-`"
                );
                Self {
                    id: id.to_owned(),
                    line,
                    globs,
                }
            })
            .collect()
    }

    pub(super) fn carries(&self, at: &str) -> bool {
        self.globs.iter().any(|glob| matches(glob, at))
    }
}

/// Every id that stands twice, and every pointer that stands for none of `parts`: those parts
/// of the spec that no row asks for.
pub(super) fn check(decisions: &[Decision], parts: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, decision) in decisions.iter().enumerate() {
        let mut report = |rule, message| {
            findings.push(Finding {
                place: format!("spec/README.md:{}", decision.line),
                rule,
                about: decision.id.clone(),
                message,
            });
        };
        if decisions[..index]
            .iter()
            .any(|earlier| earlier.id == decision.id)
        {
            report(
                Rule::Complete,
                "the id stands twice; take a free one".to_owned(),
            );
        }
        for glob in &decision.globs {
            if !parts.iter().any(|part| matches(glob, part)) {
                let message = format!(
                    "`{glob}` stands for no part of the spec that is there without a row; correct it or take it out"
                );
                report(Rule::Dead, message);
            }
        }
    }
    findings
}

/// Whether `glob` stands for the pointer `at`: `*` is one segment, `**` any number of them.
fn matches(glob: &str, at: &str) -> bool {
    fn rest(mut glob: Split<'_, char>, mut at: Split<'_, char>) -> bool {
        match glob.next() {
            None => at.next().is_none(),
            Some("**") => loop {
                if rest(glob.clone(), at.clone()) {
                    return true;
                }
                if at.next().is_none() {
                    return false;
                }
            },
            Some(segment) => {
                at.next()
                    .is_some_and(|found| segment == "*" || segment == found)
                    && rest(glob, at)
            }
        }
    }
    rest(glob.split('/'), at.split('/'))
}

#[test]
fn a_star_is_one_segment_and_two_are_any_number() {
    #[track_caller]
    fn check(glob: &str, at: &str, expected: bool) {
        assert_eq!(matches(glob, at), expected, "{glob} {at}");
    }
    check("/a/b", "/a/b", true);
    check("/a/b", "/a/b/c", false);
    check("/a/*", "/a/b", true);
    check("/a/*", "/a", false);
    check("/a/*", "/a/b/c", false);
    check("/*/c", "/a/b/c", false);
    check("/a/**", "/a", true);
    check("/a/**", "/a/b/c", true);
    check("/a/**", "/ab", false);
    check("/**/c", "/a/b/c", true);
    check("/**/c", "/a/b", false);
}
