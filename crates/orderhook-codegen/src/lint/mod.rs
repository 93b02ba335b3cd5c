//! What a document must keep beyond OpenAPI 3.0, so that good code can be generated from it.
//!
//! Each rule is a function of its own, listed in `RULES`; to add one, write the function in
//! the file of its subject, list it here, and give it a line in `tests.rs`.
//! Operations under `x-webhooks` and in callbacks are held to the same rules, but for those
//! about refusals: what a receiver answers on error is not for the sender's document to say.

mod limits;
mod naming;
mod refusals;
mod schemas;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::api::Api;
use crate::document::{Document, Place};

/// A place in a document that breaks a rule.
///
/// Displays as `file:line:column: rule-name: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// Name of the rule.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.rule, self.message)
    }
}

/// A rule calls the reporter with the pointer at fault and a message for each breach.
type Rule = fn(&Api<'_>, &mut dyn FnMut(&str, String));

/// Every rule by its name.
const RULES: &[(&str, Rule)] = &[
    ("operation-id", naming::operation_id),
    ("operation-tag", naming::operation_tag),
    ("parameter-description", naming::parameter_description),
    ("path-parameters", naming::path_parameters),
    ("path-template", naming::path_template),
    ("error-envelope", refusals::error_envelope),
    ("input-needs-400", refusals::input_needs_400),
    ("security-needs-401", refusals::security_needs_401),
    ("body-needs-413", refusals::body_needs_413),
    ("body-needs-415", refusals::body_needs_415),
    ("single-success", limits::single_success),
    ("single-media-type", limits::single_media_type),
    ("body-example", schemas::body_example),
    ("no-inline-schema", schemas::no_inline_schema),
    ("schema-keyword", schemas::schema_keyword),
    ("reference", schemas::reference),
    ("unused-component", schemas::unused_component),
    ("response-length", schemas::response_length),
];

/// Applies every rule to `document`; the findings stand in the order of its lines.
pub fn check(document: &Document) -> Vec<Finding> {
    let api = Api::new(document);
    let mut findings = Vec::new();
    for (rule, apply) in RULES {
        apply(&api, &mut |pointer, message| {
            findings.push(Finding {
                place: document.place(pointer),
                rule,
                message,
            });
        });
    }
    // What was taken over is judged where it was written, together with its other uses.
    findings.retain(|finding| finding.place.file == document.file());
    findings.sort();
    // A shared component is met once for each operation that uses it.
    findings.dedup();
    findings
}
