use serde_json::{Value, json};

use super::check as lint;
use crate::document::Document;
use crate::openapi31;

/// A document that breaks no rule and gives each of them something to look at.
const CLEAN: &str = include_str!("tests/clean.yaml");

/// Asserts that replacing `from` by `to` on line `edited` of [`CLEAN`] gives a finding of `rule`
/// on line `found`, and no other.
#[track_caller]
fn check(rule: &str, found: usize, edited: usize, from: &str, to: &str) {
    let found_rules: Vec<_> = findings(&edit(CLEAN, edited, from, to))
        .iter()
        .map(|finding| (finding.rule, finding.place.line))
        .collect();
    assert_eq!(found_rules, [(rule, found)], "{edited}: {from} -> {to}");
}

#[track_caller]
fn edit(text: &str, line: usize, from: &str, to: &str) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let edited = &mut lines[line - 1];
    assert_eq!(edited.matches(from).count(), 1, "`{from}` in `{edited}`");
    *edited = edited.replace(from, to);
    lines.join("\n")
}

#[track_caller]
fn findings(text: &str) -> Vec<super::Finding> {
    lint(&Document::parse("clean.yaml", text).expect("OpenAPI all the same"))
}

#[test]
fn a_clean_document_has_no_findings() {
    assert_eq!(findings(CLEAN), []);
}

#[test]
fn a_finding_is_one_line_that_names_place_and_rule() {
    let findings = findings(&edit(CLEAN, 12, "put_thing", "putThing"));

    assert_eq!(
        findings[0].to_string(),
        "clean.yaml:12:7: operation-id: `putThing` is not snake_case; write it like `list_webhooks`",
    );
}

#[test]
fn names() {
    check("operation-id", 11, 12, "operationId: put_thing", "");
    check("operation-id", 12, 12, "put_thing", "put__thing");
    check("operation-id", 12, 12, "put_thing", "Put");
    check("operation-id", 36, 36, "thing_moved", "put_thing");
    check("operation-tag", 11, 13, "tags: [things]", "");
    check("operation-tag", 37, 37, "[things]", "[others]");
    check("operation-tag", 37, 37, "[things]", "[things, things]");
    check("parameter-description", 9, 9, "Name of the thing", "''");
    check(
        "parameter-description",
        49,
        49,
        "description: Only try, ",
        "",
    );
    check("path-parameters", 9, 7, "/{name}", "");
    check("path-parameters", 9, 9, "required: true", "required: false");
    check("path-parameters", 11, 7, "{name}", "{name}/{part}");
    check("path-parameters", 11, 7, "{name}", "{name}/{name}");
    check("path-template", 7, 7, "{name}", "{name}.json");
    let same_path = findings(&edit(CLEAN, 25, "/open", "/things/{other}"));
    let same_path: Vec<_> = same_path.iter().map(|finding| finding.rule).collect();
    assert_eq!(same_path, ["path-template", "path-parameters"]);
}

#[test]
fn refusals() {
    check("error-envelope", 21, 21, "Refusal", "Thing");
    check("error-envelope", 23, 23, "content:", "x-content:");
    check("error-envelope", 51, 51, "Refusal", "Answer");
    check("input-needs-400", 19, 21, "'400'", "'422'");
    check("security-needs-401", 19, 22, "'401'", "'403'");
    check("body-needs-413", 19, 23, "'413'", "'409'");
    check("body-needs-415", 19, 24, "'415'", "'409'");
}

#[test]
fn security_of_an_operation_replaces_that_of_the_document() {
    check("security-needs-401", 30, 29, "[]", "[Token: []]");
    check("security-needs-401", 30, 29, "security: []", "");

    let open = edit(CLEAN, 13, "[things]", "[things]\n      security: []");
    assert_eq!(findings(&edit(&open, 23, "'401'", "'403'")), []);
}

#[test]
fn limits_of_the_client_generator() {
    check("single-success", 26, 31, "204", "302");
    check(
        "single-success",
        32,
        31,
        "say}",
        "say}\n        2XX: {description: b}",
    );
    let default = "say}\n        default: {$ref: '#/components/responses/Unsupported'}";
    check("single-success", 32, 31, "say}", default);
    let text =
        "a}\n          text/plain: {example: a, schema: {$ref: '#/components/schemas/Thing'}}";
    check("single-media-type", 19, 18, "a}", text);
}

#[test]
fn schemas_and_examples() {
    check("body-example", 16, 18, "example: {name: a}", "");
    check(
        "body-example",
        40,
        42,
        "example: {moved: true}",
        "examples: {}",
    );
    check("body-example", 51, 51, "example: {code: 415}, ", "");

    check("no-inline-schema", 9, 9, "string", "string, enum: [a]");
    check("no-inline-schema", 9, 9, "string", "string, maxLength: 5");
    check(
        "no-inline-schema",
        9,
        9,
        "string",
        "array, items: {type: string}",
    );
    check(
        "schema-keyword",
        67,
        67,
        "{type: string}",
        "{type: string, description: a title, for a person}",
    );
    check(
        "no-inline-schema",
        41,
        41,
        "{$ref: '#/components/schemas/Moved'}",
        "{allOf: [{$ref: '#/components/schemas/Moved'}]}",
    );
    check(
        "no-inline-schema",
        57,
        57,
        "State'}",
        "State'}, {type: string}",
    );
    check("no-inline-schema", 57, 57, "allOf:", "maxLength: 5, allOf:");
    check(
        "no-inline-schema",
        58,
        58,
        "{type: string}",
        "{type: string, enum: [a]}",
    );
    check(
        "no-inline-schema",
        58,
        58,
        "array, items: {type: string}",
        "object, properties: {a: {type: string}}",
    );
    check(
        "no-inline-schema",
        58,
        58,
        "{type: array, items: {type: string}}",
        "{oneOf: [{type: string}]}",
    );

    check(
        "reference",
        58,
        58,
        "{type: string}",
        "{$ref: '#/components/schemas/Part'}",
    );
    check("reference", 58, 58, "{type: string}", "{$ref: parts.yaml}");
    check(
        "unused-component",
        60,
        57,
        "allOf: [{$ref: '#/components/schemas/State'}]",
        "type: string",
    );
    check(
        "unused-component",
        49,
        10,
        "- $ref: '#/components/parameters/Dry'",
        "",
    );
    check("response-length", 67, 67, "string", "string, maxLength: 5");
}

#[test]
fn no_change_of_a_node_makes_load_lint_or_derivation_panic() {
    let clean = Document::parse("clean.yaml", CLEAN).expect("valid");
    let replacements = [
        None,
        Some(Value::Null),
        Some(json!("")),
        Some(json!([])),
        Some(json!({"$ref": "#"})),
        Some(json!(["", {"a": {}}])),
    ];
    let mut loaded = 0;
    for pointer in pointers(clean.root()) {
        for replacement in &replacements {
            let mut root = clean.root().clone();
            change(&mut root, &pointer, replacement.clone());
            if let Ok(document) = Document::parse("changed.json", &root.to_string()) {
                loaded += 1;
                lint(&document);
                openapi31::derive(&document);
            }
        }
    }
    assert!(
        loaded > 100,
        "only {loaded} changed documents were still loaded"
    );
}

#[test]
fn no_cut_of_the_text_makes_load_or_lint_panic() {
    for end in (0..CLEAN.len()).step_by(5) {
        if let Ok(document) = Document::parse("cut.yaml", &CLEAN[..end]) {
            lint(&document);
        }
    }
}

/// The pointer of every value below the root.
fn pointers(value: &Value) -> Vec<Vec<String>> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.clone(), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    let below = |(token, child): (String, &Value)| {
        let mut found = vec![vec![token.clone()]];
        found.extend(pointers(child).into_iter().map(|mut path| {
            path.insert(0, token.clone());
            path
        }));
        found
    };
    children.into_iter().flat_map(below).collect()
}

/// Replaces the value at `path`, or removes it.
fn change(root: &mut Value, path: &[String], replacement: Option<Value>) {
    let [token, rest @ ..] = path else {
        *root = replacement.unwrap_or_default();
        return;
    };
    match (root, replacement) {
        (Value::Object(members), None) if rest.is_empty() => {
            members.shift_remove(token);
        }
        (Value::Array(items), None) if rest.is_empty() => {
            items.remove(token.parse().expect("an index"));
        }
        (Value::Object(members), replacement) => change(&mut members[token], rest, replacement),
        (Value::Array(items), replacement) => {
            let index: usize = token.parse().expect("an index");
            change(&mut items[index], rest, replacement);
        }
        _ => unreachable!("the path exists"),
    }
}
