//! What each generator refuses, and where it says so.

use orderhook_codegen::{Document, Error};

use crate::{CLEAN, errors, generate};

/// Generators that refuse a document: models, client, server, pushes.
const ALL: &str = "mcsp";

/// Asserts that the clean document with `to` in place of `from` is refused by `generators`, each
/// named by its first letter, with exactly this error, and taken by the others.
#[track_caller]
fn check(generators: &str, from: &str, to: &str, expected: &str) {
    assert_eq!(CLEAN.matches(from).count(), 1, "`{from}` must be unique");
    let errors = errors(&CLEAN.replace(from, to));
    for (generator, error) in ALL.chars().zip(errors) {
        let expected = generators
            .contains(generator)
            .then(|| format!("api.yaml:{expected}"));
        let error = error.as_ref().map(Error::to_string);
        assert_eq!(error, expected, "{generator}: {from} -> {to}");
    }
}

#[test]
fn the_clean_document_is_taken() {
    assert!(errors(CLEAN).iter().all(Option::is_none));
    let document = Document::parse("api.yaml", CLEAN).unwrap();
    generate(&document, &Default::default()).unwrap();
}

#[test]
fn schemas() {
    check(
        ALL,
        "length: {type: number}",
        "length: {type: numeric}",
        "79:56: X",
    );
    check(
        ALL,
        "title: {type: string, default: none}",
        "title: {type: string, default: 7}",
        "X",
    );
    check(ALL, "default: none}", "pattern: '('}", "X");
    check(
        "s",
        "name: {type: string, maxLength: 5}\n",
        "name: {type: string, pattern: '^a'}\n",
        "X",
    );
    check(
        "s",
        "note: {type: string, nullable: true}",
        "note: {oneOf: [{type: string}, {type: number}]}",
        "X",
    );
}

#[test]
fn references() {
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: 'things.yaml#/Thing'}",
        "X",
    );
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/schemas/Nothing'}",
        "X",
    );
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/responses/Broken'}",
        "X",
    );
    check(
        ALL,
        "- $ref: '#/components/parameters/Dry'",
        "- $ref: '#/components/parameters/Wet'",
        "X",
    );
    check(
        ALL,
        "properties: {code: {type: integer}}",
        "allOf: [{$ref: '#/components/schemas/Refusal'}]",
        "X",
    );
    check(
        ALL,
        "properties: {code: {type: integer}}",
        "properties: {code: {type: integer}}\n    Loop: {$ref: '#/components/schemas/Loop'}",
        "X",
    );
}

#[test]
fn a_recursive_schema_is_taken() {
    check(
        "",
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/schemas/Answer'}",
        "",
    );
    check(
        "",
        "note: {type: string, nullable: true}",
        "note: {nullable: true, allOf: [{$ref: '#/components/schemas/Thing'}]}",
        "",
    );
}

#[test]
fn open_enums() {
    check("m", "[New, Old]", "[New]", "X");
    check("m", "[Just made, Long made]", "[Just made]", "X");
    check("m", "[New, Old]", "[New, 2nd]", "X");
    check("m", "[New, Old]", "[New, self]", "X");
    check("m", "[new, old]", "[new, 7]", "X");
    check("m", "[new, old]", "new", "X");
}

#[test]
fn operations() {
    check("s", "operationId: open", "x-id: open", "X");
    check(
        "s",
        "tags: [things]\n      security",
        "tags: []\n      security",
        "X",
    );
    check(
        "s",
        "responses:\n        '200': {description: done, content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}",
        "responses:",
        "X",
    );
    check("s", "'400':", "'201':", "X");
    check("s", "'400':", "'301':", "X");
    check("s", "'400':", "default:", "X");
    check(
        "s",
        "'400': {description: bad, content: {application/json: {schema: {$ref: '#/components/schemas/Refusal'}}}}",
        "'400': {description: bad, content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}",
        "X",
    );
    check(
        "s",
        "'400': {description: bad, content: {application/json: {",
        "'400': {description: bad, content: {text/plain: {",
        "X",
    );
    check(
        "s",
        "'200': {description: done, content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}",
        "'204': {description: done}",
        "X",
    );
    check(
        "s",
        "'500': {$ref: '#/components/responses/Broken'}\n\n",
        "\n\n",
        "X",
    );
}

#[test]
fn inputs() {
    check(
        "s",
        "required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        "content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        "X",
    );
    check("s", "in: query", "in: cookie", "X");
    check(
        "s",
        "{type: boolean}",
        "{type: array, items: {type: string}}",
        "X",
    );
    check(
        "s",
        "{type: boolean}",
        "{$ref: '#/components/schemas/Thing'}",
        "X",
    );
    check(
        "s",
        "{type: boolean}",
        "{allOf: [{$ref: '#/components/schemas/Thing'}]}",
        "X",
    );
    check(
        "s",
        "description: Only try, schema: {type: boolean}",
        "description: Only try, content: {application/json: {}}",
        "X",
    );
}

#[test]
fn pushes() {
    check(
        "p",
        "schema: {$ref: '#/components/schemas/Other'}",
        "schema: {$ref: '#/components/schemas/Moved'}",
        "X",
    );
    check("p", "enum: [moved]", "enum: [moved, left]", "X");
    check(
        "p",
        "properties: {type: {type: string}}",
        "properties: {kind: {type: string, enum: [other]}}",
        "X",
    );
    check("p", "operationId: other", "x-id: other", "X");
    check(
        "p",
        "      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Moved'}\n",
        "",
        "X",
    );
    check(
        "p",
        "required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Other'}",
        "content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Other'}",
        "X",
    );
}
