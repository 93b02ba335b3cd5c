//! The generator on every small change of a document: it takes it or says where it can't.

use std::panic::{AssertUnwindSafe, catch_unwind};

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::{Document, Error};
use serde_json::{Value, json};

use crate::corpus::documents;
use crate::{CLEAN, errors_of, generate};

const SPEC: &str = include_str!("../../../../spec/order-management.yaml");

/// What a value is replaced by; `None` removes it.
fn replacements() -> [Option<Value>; 5] {
    [
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!({"$ref": "#"})),
        Some(json!(["", {"a": {}}])),
    ]
}

#[test]
fn no_change_of_a_small_document_makes_the_generator_panic() {
    let (taken, refused) = check(CLEAN, usize::MAX, all_of_it);
    assert!(taken > 5 && refused > 5, "{taken} taken, {refused} refused");
}

#[test]
fn no_change_of_the_real_document_makes_the_generator_panic() {
    let (taken, refused) = check(SPEC, 60, all_of_it);
    assert!(taken > 5 && refused > 5, "{taken} taken, {refused} refused");
}

/// How many changes of each document of others are tried; as many as this variable says, if it is
/// set: with 300 they are some ten thousand documents.
const CHANGES: &str = "ORDERHOOK_CHANGES";

#[test]
fn no_change_of_the_documents_of_others_makes_the_generator_panic() {
    let most = std::env::var(CHANGES).map_or(20, |most| most.parse().unwrap());
    let (mut taken, mut refused) = (0, 0);
    for (_, text) in documents(40_000) {
        // Each generator alone: what one refuses may be where another panics.
        let (took, refuses) = check(&text, most, |document| {
            let document = document.clone().with_named_schemas()?;
            // Few of them have pushes.
            let [models, client, server, _] = errors_of(&document);
            let error = models.or(client).or(server);
            error.map_or(Ok(()), |error| Err(error.into()))
        });
        taken += took;
        refused += refuses;
    }
    assert!(
        taken > 50 && refused > 50,
        "{taken} taken, {refused} refused"
    );
}

fn all_of_it(document: &Document) -> Result<(), Box<dyn std::error::Error>> {
    generate(document, &ModelSettings::default())
}

/// Changes every value in every way, or in `most` of these ways from end to end; how many of the
/// changed documents are taken, and how many refused.
#[track_caller]
fn check(
    text: &str,
    most: usize,
    generate: impl Fn(&Document) -> Result<(), Box<dyn std::error::Error>>,
) -> (usize, usize) {
    let document = Document::parse("api.yaml", text).unwrap();
    let mut pointers = Vec::new();
    collect(document.root(), "", &mut pointers);
    let replacements = replacements();
    let changes = pointers
        .iter()
        .flat_map(|pointer| replacements.iter().map(move |value| (pointer, value)));
    let step = (pointers.len() * replacements.len() / most).max(1);
    let (mut taken, mut refused) = (0, 0);
    for (pointer, replacement) in changes.step_by(step) {
        let mut root = document.root().clone();
        change(&mut root, pointer, replacement.clone());
        let Ok(document) = Document::parse("changed.json", &root.to_string()) else {
            continue;
        };
        let run = || generate(&document);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => taken += 1,
            Ok(Err(error)) => {
                refused += 1;
                assert!(error.is::<Error>(), "{pointer} -> {replacement:?}: {error}");
            }
            Err(_) => panic!("{pointer} -> {replacement:?}: the generator panicked"),
        }
    }
    (taken, refused)
}

/// The pointer of every value below `value`.
fn collect(value: &Value, at: &str, pointers: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    for (token, child) in children {
        let pointer = format!("{at}/{token}");
        collect(child, &pointer, pointers);
        pointers.push(pointer);
    }
}

/// Replaces the value at `pointer`, or removes it.
fn change(root: &mut Value, pointer: &str, replacement: Option<Value>) {
    if let Some(replacement) = replacement {
        *root.pointer_mut(pointer).unwrap() = replacement;
        return;
    }
    let (parent, token) = pointer.rsplit_once('/').unwrap();
    match root.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.shift_remove(&token.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(token.parse().unwrap());
        }
        scalar => unreachable!("{scalar} has no parts"),
    }
}
