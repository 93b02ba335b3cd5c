//! Rules about names: they become the names of traits, methods and arguments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Api, Operation};
use crate::document::pointer;

/// Every operation has an `operationId` in `snake_case`, its own: it becomes the method's name
/// in the server trait and in the client.
pub(super) fn operation_id(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let mut seen = BTreeMap::new();
    for operation in api.operations() {
        let at = pointer::join(&operation.pointer, "operationId");
        let Some(id) = operation.value.get("operationId").and_then(Value::as_str) else {
            report(
                &at,
                "the operation has no `operationId`; give it one in snake_case".into(),
            );
            continue;
        };
        if !is_snake_case(id) {
            report(
                &at,
                format!("`{id}` is not snake_case; write it like `list_webhooks`"),
            );
        }
        if let Some(first) = seen.insert(id, &operation.pointer) {
            report(
                &at,
                format!("`{id}` is the operation at {first} already; rename one"),
            );
        }
    }
}

fn is_snake_case(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.starts_with(|first: char| first.is_ascii_lowercase()) && id.split('_').all(word)
}

/// Every operation has one tag, declared under `tags`: a tag becomes a trait, and a method can
/// be in one trait only.
pub(super) fn operation_tag(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let declared = &api.document.openapi().tags;
    for operation in api.operations() {
        let at = pointer::join(&operation.pointer, "tags");
        let tags = operation.value.get("tags").and_then(Value::as_array);
        match tags.map_or(&[][..], Vec::as_slice) {
            [Value::String(tag)] if declared.iter().any(|known| known.name == *tag) => {}
            [tag] => report(
                &at,
                format!("tag {tag} is not declared; add it to `tags` at the top"),
            ),
            tags => report(
                &at,
                format!("the operation has {} tags; give it exactly one", tags.len()),
            ),
        }
    }
}

/// Every parameter has a description: it becomes the doc comment of the argument.
pub(super) fn parameter_description(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for parameter in api.operations().iter().flat_map(Operation::parameters) {
        let description = parameter.value.get("description").and_then(Value::as_str);
        if description.is_none_or(|text| text.trim().is_empty()) {
            let message = "the parameter has no `description`; say what it does";
            report(&parameter.pointer, message.into());
        }
    }
}

/// The names in a path template and the path parameters of its operations are the same, and
/// each template has a name once: what is missing on one side could never be filled in.
pub(super) fn path_parameters(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served() {
        let template = operation.path.as_deref().unwrap_or_default();
        let mut in_template = BTreeSet::new();
        for name in template_names(template) {
            if !in_template.insert(name) {
                let message = format!("`{{{name}}}` stands twice in `{template}`; rename one");
                report(&operation.pointer, message);
            }
        }
        for parameter in operation.parameters() {
            if parameter.value.get("in").and_then(Value::as_str) != Some("path") {
                continue;
            }
            let name = parameter.value.get("name").and_then(Value::as_str);
            let name = name.unwrap_or_default();
            if !in_template.remove(name) {
                let message =
                    format!("`{template}` has no `{{{name}}}`; add it or drop the parameter");
                report(&parameter.pointer, message);
            }
            if parameter.value.get("required") != Some(&Value::Bool(true)) {
                let message =
                    format!("path parameter `{name}` is not required; add `required: true`");
                report(&parameter.pointer, message);
            }
        }
        for name in in_template {
            let message = format!("no path parameter `{name}` for `{template}`; declare it");
            report(&operation.pointer, message);
        }
    }
}

/// A parameter fills its whole segment, and no two templates differ by names alone: a router could
/// not tell which of them a request means.
pub(super) fn path_template(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let paths = api.document.get("/paths").and_then(Value::as_object);
    let mut taken = BTreeMap::new();
    for template in paths.into_iter().flat_map(serde_json::Map::keys) {
        let at = pointer::join("/paths", template);
        let segments: Vec<_> = template.split('/').map(blank).collect();
        if segments.contains(&None) {
            let message =
                format!("a parameter of `{template}` shares its segment; give it one of its own");
            report(&at, message);
        }
        if let Some(first) = taken.insert(segments, template) {
            let message =
                format!("`{first}` is the same path; put the operations into one of the two");
            report(&at, message);
        }
    }
}

/// The segment, or `{}` for a parameter; `None` for a mixture.
fn blank(segment: &str) -> Option<&str> {
    let inner = segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    match inner {
        Some(name) if !name.contains(['{', '}']) => Some("{}"),
        None if !segment.contains(['{', '}']) => Some(segment),
        _ => None,
    }
}

fn template_names(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
