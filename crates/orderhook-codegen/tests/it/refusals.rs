//! What each generator refuses, and where it says so.

use orderhook_codegen::{Document, Error};

use crate::{CLEAN, errors, generate};

/// Generators that refuse a document: models, client, server, pushes.
const ALL: &str = "mcsp";

/// Asserts that the clean document with `to` in place of `from` is refused by `generators`, each
/// named by its first letter, with exactly this error.
#[track_caller]
pub(crate) fn check(generators: &str, from: &str, to: &str, expected: &str) {
    assert_eq!(CLEAN.matches(from).count(), 1, "`{from}` must be unique");
    let errors = errors(&CLEAN.replace(from, to));
    for (generator, error) in ALL.chars().zip(errors) {
        if generators.contains(generator) {
            let error = error.as_ref().map(Error::to_string);
            assert_eq!(
                error,
                Some(format!("api.yaml:{expected}")),
                "{generator}: {from} -> {to}"
            );
        }
    }
}

/// Asserts that every generator takes the document after the same edit.
#[track_caller]
pub(crate) fn check_taken(from: &str, to: &str) {
    assert_eq!(CLEAN.matches(from).count(), 1, "`{from}` must be unique");
    let errors = errors(&CLEAN.replace(from, to));
    assert!(errors.iter().all(Option::is_none), "{errors:?}");
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
        "80:66: /components/schemas/Moved/properties/length/type: the type `numeric` is not one of OpenAPI 3.0; write another",
    );
    check(
        ALL,
        "title: {type: string, default: none}",
        "title: {type: string, default: 7}",
        "85:5: /components/schemas/Answer: no Rust type fits: The default value could not be rendered for this type; write the schema another way",
    );
    check(
        ALL,
        "default: none}",
        "pattern: '('}",
        "85:5: /components/schemas/Answer: no Rust type fits: invalid schema for Answer_title: invalid pattern '(' Unbalanced parenthesis; write the schema another way",
    );
}

#[test]
fn references() {
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: 'things.yaml#/Thing'}",
        "89:9: /components/schemas/Answer/properties/thing: `$ref: things.yaml#/Thing` leaves this document; point it at `#/components/...` of this document",
    );
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/schemas/Nothing'}",
        "89:9: /components/schemas/Answer/properties/thing: `$ref: #/components/schemas/Nothing` names nothing; point it at `#/components/...` of this document",
    );
    check(
        ALL,
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/responses/Broken'}",
        "89:9: /components/schemas/Answer/properties/thing: a schema can refer to a schema of `#/components/schemas` alone; move it there",
    );
    check(
        ALL,
        "    Broken: {description: ours, content: {application/json: {schema: {$ref: '#/components/schemas/Refusal'}}}}",
        "    Broken: {$ref: '#/components/schemas/Refusal'}",
        "61:5: /components/responses/Broken: `#/components/schemas/Refusal` is not in `#/components/responses`; move it there",
    );
    check(
        ALL,
        "- $ref: '#/components/parameters/Dry'",
        "- $ref: '#/components/parameters/Wet'",
        "10:9: /paths/~1things~1{name}/parameters/1: `$ref: #/components/parameters/Wet` names nothing; point it at `#/components/...` of this document",
    );
    check(
        ALL,
        "properties: {code: {type: integer}}",
        "allOf: [{$ref: '#/components/schemas/Refusal'}]",
        "90:5: /components/schemas/Refusal: the schema is made of itself; refer to it in `properties` or `items` only",
    );
    check(
        ALL,
        "properties: {code: {type: integer}}",
        "properties: {code: {type: integer}}\n    Loop: {$ref: '#/components/schemas/Loop'}",
        "93:5: /components/schemas/Loop: `$ref: #/components/schemas/Loop` leads back to itself; point it at `#/components/...` of this document",
    );
}

/// typify would recurse until the stack is full.
#[test]
fn schemas_without_an_end() {
    check(
        ALL,
        "note: {type: string, nullable: true}",
        "note: {allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [size]}]}",
        "70:9: /components/schemas/Thing/properties/note: the schema merges one that it is inside of; move it to `#/components/schemas`, or give all such schemas names by `Document::with_named_schemas`",
    );
    check(
        ALL,
        "properties: {code: {type: integer}}",
        "properties: {in: {$ref: '#/components/schemas/Refusal'}}\n    Narrow: {allOf: [{$ref: '#/components/schemas/Refusal'}, {properties: {in: {$ref: '#/components/schemas/Narrow'}}}]}",
        "93:5: /components/schemas/Narrow: what `allOf` merges has a member that merges the same again, without end; give the member one schema in all of them",
    );
}

#[test]
fn a_recursive_schema_is_taken() {
    check_taken(
        "thing: {$ref: '#/components/schemas/Thing'}",
        "thing: {$ref: '#/components/schemas/Answer'}",
    );
    check_taken(
        "note: {type: string, nullable: true}",
        "note: {nullable: true, allOf: [{$ref: '#/components/schemas/Thing'}]}",
    );
}

#[test]
fn open_enums() {
    check(
        "m",
        "[New, Old]",
        "[New]",
        "72:5: /components/schemas/State: `x-extensible-enum`, `x-enum-varnames` and `x-enum-descriptions` have different lengths; give each known text one name and one description",
    );
    check(
        "m",
        "[Just made, Long made]",
        "[Just made]",
        "72:5: /components/schemas/State: `x-extensible-enum`, `x-enum-varnames` and `x-enum-descriptions` have different lengths; give each known text one name and one description",
    );
    check(
        "m",
        "[New, Old]",
        "[New, 2nd]",
        "75:30: /components/schemas/State/x-enum-varnames/1: `2nd` is no Rust name; write another",
    );
    check(
        "m",
        "[New, Old]",
        "[New, self]",
        "75:30: /components/schemas/State/x-enum-varnames/1: `self` is no Rust name; write another",
    );
    check(
        "m",
        "[new, old]",
        "[new, 7]",
        "74:7: /components/schemas/State/x-extensible-enum: `x-extensible-enum` must be a list of texts; quote numbers",
    );
    check(
        "m",
        "[new, old]",
        "new",
        "74:7: /components/schemas/State/x-extensible-enum: `x-extensible-enum` must be a list of texts; quote numbers",
    );
}

#[test]
fn an_operation_needs_no_id_and_no_tag() {
    check_taken("operationId: open", "x-id: open");
    check_taken("operationId: other", "x-id: other");
    check_taken("tags: [things]\n      security", "tags: []\n      security");
}

#[test]
fn answers() {
    check(
        "s",
        "'400':",
        "'600':",
        "21:9: /paths/~1things~1{name}/put/responses/600: `600` is no status; write a number from 100 to 599, a range such as `4XX`, or `default`",
    );
    check(
        "s",
        "'400': {description: bad, content: {application/json: {",
        "'400': {description: bad, content: {json: {",
        "21:45: /paths/~1things~1{name}/put/responses/400/content/json: `json` is no media type; write one such as `application/json`",
    );
    check(
        "s",
        "'400': {description: bad,",
        "'400': {description: bad, headers: {a b: {schema: {type: string}}},",
        "21:45: /paths/~1things~1{name}/put/responses/400/headers/a b: `a b` is no name of a header; write letters, digits and dashes",
    );
}

/// Neither progenitor nor our own writer.
#[test]
fn what_the_client_cannot_express() {
    check(
        "c",
        "          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}\n      responses",
        "          multipart/form-data:\n            schema: {$ref: '#/components/schemas/Thing'}\n            encoding: {name: {headers: {}}}\n      responses",
        "19:31: /paths/~1things~1{name}/put/requestBody/content/multipart~1form-data/encoding/name/headers: `headers` of a part can't be heeded; leave it out",
    );
    check(
        "c",
        "      security: []",
        "      parameters:\n        - {name: a-b, in: query, schema: {type: string}}\n        - {name: a_b, in: query, schema: {type: string}}\n        - {name: a.b, in: query, schema: {type: string}}",
        "24:5: /paths/~1open/get: `a.b` is another parameter's name in Rust; write another",
    );
}

#[test]
fn inputs() {
    check(
        "s",
        "{type: boolean}",
        "{type: array, items: {type: string}}, style: deepObject",
        "59:5: /components/parameters/Dry: a list can't stand in a query in the style `deepObject` with `explode: false`; write another",
    );
    check(
        "s",
        "{type: boolean}",
        "{type: boolean}, style: pipeDelimited",
        "59:5: /components/parameters/Dry: a scalar can't stand in a query in the style `pipeDelimited` with `explode: false`; write another",
    );
    check(
        "s",
        "description: Only try, schema: {type: boolean}",
        "description: Only try, content: {text/plain: {schema: {type: string}}}",
        "59:5: /components/parameters/Dry: the `content` of a parameter must be `application/json` with a `schema`; write that",
    );
    check(
        "s",
        "/things/{name}:",
        "/things/{name}{id}:",
        "11:5: /paths/~1things~1{name}{id}/put: `{name}{id}` is no template; write each name in braces, and text between two",
    );
    check(
        "s",
        "/things/{name}:",
        "/things:",
        "11:5: /paths/~1things/put: the parameter `name` is not in the path; add it or leave it out",
    );
}

#[test]
fn security() {
    check(
        "s",
        "security: []",
        "security: [{unknown: []}]",
        "27:19: /paths/~1open/get/security/0/unknown: there is no security scheme `unknown`; add it to `#/components/securitySchemes`",
    );
}

#[test]
fn pushes() {
    check(
        "p",
        "schema: {$ref: '#/components/schemas/Other'}",
        "schema: {$ref: '#/components/schemas/Moved'}",
        "46:5: /x-webhooks/other/post: another push has the same text; give each its own",
    );
    check(
        "p",
        "enum: [moved]",
        "enum: [moved, left]",
        "46:5: /x-webhooks/other/post: two pushes can't be told apart; give one a property whose `enum` has one text",
    );
    check(
        "p",
        "properties: {type: {type: string}}",
        "properties: {kind: {type: string, enum: [other]}}",
        "32:1: /x-webhooks: pushes must be told apart by one property; give each an `enum` with one text in it",
    );
    check(
        "p",
        "      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Moved'}\n",
        "",
        "34:5: /x-webhooks/moved/post: a push needs a body; add `requestBody`",
    );
    check(
        "p",
        "required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Other'}",
        "content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Other'}",
        "49:7: /x-webhooks/other/post/requestBody: an optional body can't be generated; write `required: true`",
    );
}
