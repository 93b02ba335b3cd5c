//! The way back: every part of the spec has a row or a decision behind it.

use std::collections::BTreeSet;

use orderhook_codegen::document::{
    Document, pointer,
    shape::{self, Kind},
};
use serde_json::Value;

use super::carrier::{Carrier, Kinds};
use super::decisions::{self, Decision};
use super::rows::Row;
use super::{Finding, Rule};

/// Every part of the spec that neither a row nor a decision asks for, and every decision that
/// asks for nothing.
pub(super) fn check(document: &Document, rows: &[Row], decisions: &[Decision]) -> Vec<Finding> {
    let carried = carried_by_rows(document, rows);
    let mut without_row = parts(document);
    without_row.retain(|part| !carried.contains(part));

    let mut findings = decisions::check(decisions, &without_row);
    without_row.retain(|part| !decisions.iter().any(|decision| decision.carries(part)));
    findings.extend(without_row.into_iter().map(|part| {
        Finding {
            place: document.place(&part).to_string(),
            rule: Rule::Uncarried,
            message:
                "no row and no decision asks for this; add it to `pointers` in spec/rows.csv, \
                  or a decision to spec/README.md"
                    .to_owned(),
            about: part,
        }
    }));
    findings
}

/// The pointers of all that needs a reason to stand in the spec.
///
/// These are the objects a caller can tell apart, and whatever members they have that are
/// neither prose nor objects themselves. A keyword nobody thought of is therefore a part.
fn parts(document: &Document) -> Vec<String> {
    let mut parts = Vec::new();
    shape::walk(
        Kind::OpenApi,
        document.root(),
        "",
        &mut |kind, at, value| {
            if is_part(kind, at) {
                parts.push(at.to_owned());
            }
            if shape::reference(value).is_some() {
                return;
            }
            for (name, member) in value.as_object().into_iter().flatten() {
                let member_at = pointer::join(at, name);
                if holds_parts(kind, name) || is_prose(name) || belongs_to_its_object(kind, name) {
                    continue;
                }
                match (kind, name.as_str(), member) {
                    (Kind::Schema, "required", Value::Array(names)) => parts.extend(
                        (0..names.len()).map(|index| pointer::join(&member_at, &index.to_string())),
                    ),
                    _ => parts.push(member_at),
                }
            }
        },
    );
    parts
}

fn is_part(kind: Kind, at: &str) -> bool {
    match kind {
        Kind::Schema => {
            let holder = pointer::parent(at).unwrap_or_default();
            holder == "/components/schemas" || pointer::last(holder) == "properties"
        }
        Kind::OpenApi
        | Kind::Components
        | Kind::Paths
        | Kind::RequestBody
        | Kind::Responses
        | Kind::Example => false,
        _ => true,
    }
}

/// Members whose objects are looked at one by one.
fn holds_parts(kind: Kind, name: &str) -> bool {
    match kind {
        // Other ways to combine schemas say something of their own.
        Kind::Schema => matches!(name, "properties" | "items" | "allOf"),
        _ => shape::member(kind, name).is_some(),
    }
}

fn is_prose(name: &str) -> bool {
    matches!(
        name,
        "title" | "summary" | "description" | "example" | "x-enum-descriptions"
    )
}

/// Members without which the object would not be what it is: who asks for it asks for them.
fn belongs_to_its_object(kind: Kind, name: &str) -> bool {
    matches!(
        (kind, name),
        (Kind::OpenApi, "openapi")
            | (Kind::Parameter, "name" | "in")
            | (Kind::RequestBody, "required")
            | (Kind::Schema, "type")
            | (Kind::SecurityScheme, "type" | "name" | "in")
    )
}

/// What the rows ask for, and no more than they say: a bound is carried by a row with a length,
/// a list of values by a row that lists values, being required by a row that says so.
fn carried_by_rows(document: &Document, rows: &[Row]) -> BTreeSet<String> {
    let kinds = Kinds::of(document);
    let mut carried = BTreeSet::new();
    for row in rows {
        // A pointer that leads nowhere is a finding of its own.
        let carriers = row
            .pointers()
            .filter_map(|at| Carrier::at(document, &kinds, at).ok());
        for carrier in carriers {
            if let Some((keyword, _)) = row.bound() {
                carried.extend(carrier.all(keyword).into_iter().map(|(at, _)| at));
            }
            if !row.values().is_empty() {
                carried.extend(
                    carrier
                        .all("x-extensible-enum")
                        .into_iter()
                        .map(|(at, _)| at),
                );
            }
            if row.required() == Some(true) {
                carried.extend(carrier.required_at);
            }
            carried.extend(carrier.layers.into_iter().map(|layer| layer.pointer));
            carried.extend(carrier.owner);
            carried.extend([carrier.pointer, carrier.target]);
        }
    }
    carried
}
