//! Rules about refusals: each that can happen is documented, and all look the same.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{Api, Operation, media_types};
use crate::document::{pointer, shape};

/// The content of every error response is a `$ref` to one schema, the same in all operations:
/// a caller reads every refusal in one way, and the client generator knows one error type.
pub(super) fn error_envelope(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let mut schemas = Vec::new();
    for response in api.served().flat_map(Operation::responses) {
        if !response.is_error() {
            continue;
        }
        let content = media_types(&response.node);
        if content.is_empty() {
            let message = "the error response has no content; give it the error envelope";
            report(&response.node.pointer, message.into());
        }
        for media_type in content {
            let at = pointer::join(&media_type.pointer, "schema");
            let schema = media_type.value.get("schema");
            schemas.push((at, schema.and_then(shape::reference)));
        }
    }

    // The envelope is what most of them refer to, so that one stray response is one finding.
    let mut uses = BTreeMap::<&str, usize>::new();
    for reference in schemas.iter().filter_map(|(_, reference)| *reference) {
        *uses.entry(reference).or_default() += 1;
    }
    let envelope = uses.into_iter().max_by_key(|(_, count)| *count);
    let envelope = envelope.map(|(reference, _)| reference);
    for (at, reference) in &schemas {
        if reference.is_none() || *reference != envelope {
            let envelope = envelope.unwrap_or("#/components/schemas/...");
            let message = format!("not the error envelope; write `$ref: '{envelope}'`");
            report(at, message);
        }
    }
}

/// An operation with a parameter or a body documents 400: whatever has a type can fail to be
/// of that type.
pub(super) fn input_needs_400(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served() {
        if has_body(operation) || !operation.parameters().is_empty() {
            require(operation, "400", "it takes input", report);
        }
    }
}

/// An operation with security, its own or the document's, documents 401.
pub(super) fn security_needs_401(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served() {
        let own = operation.value.get("security");
        let security = own.or_else(|| api.document.root().get("security"));
        // `security: []` says that there is none; an empty requirement that anyone may call.
        let guarded = security.and_then(Value::as_array).is_some_and(|choices| {
            choices.iter().any(|choice| {
                choice
                    .as_object()
                    .is_some_and(|schemes| !schemes.is_empty())
            })
        });
        if guarded {
            require(operation, "401", "it asks for credentials", report);
        }
    }
}

/// An operation with a body documents 413, because every server limits the size of bodies.
pub(super) fn body_needs_413(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served().filter(|operation| has_body(operation)) {
        require(operation, "413", "it takes a body", report);
    }
}

/// An operation with a body documents 415, the answer to a media type it does not read.
pub(super) fn body_needs_415(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served().filter(|operation| has_body(operation)) {
        require(operation, "415", "it takes a body", report);
    }
}

fn has_body(operation: &Operation<'_>) -> bool {
    operation.value.get("requestBody").is_some()
}

fn require(
    operation: &Operation<'_>,
    status: &str,
    why: &str,
    report: &mut dyn FnMut(&str, String),
) {
    if !operation.documents(status) {
        let at = pointer::join(&operation.pointer, "responses");
        report(&at, format!("no response {status}, though {why}; add one"));
    }
}
