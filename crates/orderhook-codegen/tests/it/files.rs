//! Documents in several files: what one refers to in another becomes part of it.

use std::io;
use std::path::Path;

use orderhook_codegen::{Document, Error};
use serde_json::{Value, json};

use crate::errors_of;

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n";

/// Loads `spec/api.yaml`: three lines, to which a test adds its own from line 3.
fn load(rest: &str, others: &[(&str, &str)]) -> Result<Document, Error> {
    Document::load_with(Path::new("spec/api.yaml"), |path| {
        if path == Path::new("spec/api.yaml") {
            return Ok(format!("{HEAD}{rest}"));
        }
        let found = others.iter().find(|(name, _)| Path::new(name) == path);
        found
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    })
}

/// Asserts what the value at `pointer` is in the loaded document.
#[track_caller]
fn check(rest: &str, others: &[(&str, &str)], pointer: &str, expected: &Value) {
    let document = load(rest, others).unwrap();
    assert_eq!(document.get(pointer), Some(expected), "{}", document.root());
}

/// Asserts that the document is refused with an error that displays as `expected`.
#[track_caller]
fn refused(rest: &str, others: &[(&str, &str)], expected: &str) {
    let error = load(rest, others).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

/// Components of the document itself, to which a test gives one schema.
fn schema(text: &str) -> String {
    format!("paths: {{}}\ncomponents:\n  schemas:\n    A: {{properties: {{a: {text}}}}}\n")
}

/// The schemas of the document when `A` has the property `a`.
#[track_caller]
fn check_schemas(property: &str, others: &[(&str, &str)], expected: &Value) {
    check(&schema(property), others, "/components/schemas", expected);
}

#[test]
fn schemas_of_other_files_become_components() {
    let a = |name: &str| {
        let reference = format!("#/components/schemas/{name}");
        json!({"properties": {"a": {"$ref": reference}}})
    };
    check_schemas(
        "{$ref: 'other.yaml#/components/schemas/Pet'}",
        &[(
            "spec/other.yaml",
            "openapi: 3.0.0\ncomponents: {schemas: {Pet: {type: string}}}",
        )],
        &json!({"A": a("Pet"), "Pet": {"type": "string"}}),
    );
    // A whole file.
    check_schemas(
        "{$ref: 'schemas/pet.yaml'}",
        &[("spec/schemas/pet.yaml", "{type: string}")],
        &json!({"A": a("pet"), "pet": {"type": "string"}}),
    );
    // A part of a file of any shape, above the folder, with escapes.
    check_schemas(
        "{$ref: '../comm%6fn.json#/definitions/a~1b%20c'}",
        &[(
            "common.json",
            r#"{"definitions": {"a/b c": {"type": "string"}}}"#,
        )],
        &json!({"A": a("a_b_c"), "a_b_c": {"type": "string"}}),
    );
    // One value by several spellings.
    check_schemas(
        "{oneOf: [{$ref: 'pet.yaml'}, {$ref: './x/../pet.yaml#'}, {$ref: 'alias.yaml#/Pet'}]}",
        &[
            ("spec/pet.yaml", "{type: string}"),
            ("spec/alias.yaml", "Pet: {$ref: 'pet.yaml'}"),
        ],
        &json!({
            "A": {"properties": {"a": {"oneOf": [
                {"$ref": "#/components/schemas/pet"},
                {"$ref": "#/components/schemas/pet"},
                {"$ref": "#/components/schemas/pet"},
            ]}}},
            "pet": {"type": "string"},
        }),
    );
    // Names that are one in Rust are told apart.
    check_schemas(
        "{oneOf: [{$ref: 'a.yaml'}, {$ref: 'x/a.yaml'}]}",
        &[
            ("spec/a.yaml", "{type: string}"),
            ("spec/x/a.yaml", "{type: number}"),
        ],
        &json!({
            "A": {"properties": {"a": {"oneOf": [
                {"$ref": "#/components/schemas/a2"},
                {"$ref": "#/components/schemas/a3"},
            ]}}},
            "a2": {"type": "string"},
            "a3": {"type": "number"},
        }),
    );
}

#[test]
fn references_inside_other_files_are_relative_to_them() {
    check_schemas(
        "{$ref: 'x/pet.yaml#/Pet'}",
        &[
            (
                "spec/x/pet.yaml",
                "Pet: {properties: {owner: {$ref: '../owner.yaml'}, kind: {$ref: '#/Kind'}, self: {$ref: '#/Pet'}}}\nKind: {type: string}\nUnused: {type: number}",
            ),
            (
                "spec/owner.yaml",
                "{properties: {pets: {items: {$ref: 'x/pet.yaml#/Pet'}}, a: {$ref: 'api.yaml#/components/schemas/A'}}}",
            ),
        ],
        &json!({
            "A": {"properties": {"a": {"$ref": "#/components/schemas/Pet"}}},
            "Pet": {"properties": {
                "owner": {"$ref": "#/components/schemas/owner"},
                "kind": {"$ref": "#/components/schemas/Kind"},
                "self": {"$ref": "#/components/schemas/Pet"},
            }},
            "owner": {"properties": {
                "pets": {"items": {"$ref": "#/components/schemas/Pet"}},
                "a": {"$ref": "#/components/schemas/A"},
            }},
            "Kind": {"type": "string"},
        }),
    );
}

#[test]
fn a_component_that_is_a_reference_gives_its_name() {
    let owner = "{properties: {pet: {$ref: 'pet.yaml'}}}";
    let expected = json!({
        "Owner": {"properties": {"pet": {"$ref": "#/components/schemas/Pet"}}},
        "Pet": {"type": "string"},
        "Beast": {"$ref": "#/components/schemas/Pet"},
    });
    let files = [
        ("spec/pet.yaml", "{type: string}"),
        ("spec/owner.yaml", owner),
    ];
    let components = "paths: {}\ncomponents: {schemas: {Owner: {$ref: 'owner.yaml'}, Pet: {$ref: 'pet.yaml'}, Beast: {$ref: 'pet.yaml'}}}\n";
    check(components, &files, "/components/schemas", &expected);

    let index = "{Owner: {$ref: 'owner.yaml'}, Pet: {$ref: 'pet.yaml'}, Beast: {$ref: '#/Pet'}}";
    let files = [files[0], files[1], ("spec/index.yaml", index)];
    let components = "paths: {}\ncomponents: {schemas: {$ref: 'index.yaml'}}\n";
    check(components, &files, "/components/schemas", &expected);
}

#[test]
fn path_items_are_put_in_place() {
    let get = "get: {parameters: [{$ref: '../common.yaml#/Page'}], responses: {200: {$ref: '../common.yaml#/Done'}}}";
    let files = [
        ("spec/paths/a.yaml", get),
        (
            "spec/common.yaml",
            "Page: {name: page, in: query, schema: {type: integer}}\nDone: {description: d}",
        ),
        ("spec/paths/index.yaml", "{/a: {$ref: 'a.yaml'}}"),
    ];
    let expected = json!({
        "parameters": [{"$ref": "#/components/parameters/Page"}],
        "responses": {"200": {"$ref": "#/components/responses/Done"}},
    });
    let at = "/paths/~1a/get";
    for paths in ["{/a: {$ref: 'paths/a.yaml'}}", "{$ref: 'paths/index.yaml'}"] {
        check(&format!("paths: {paths}\n"), &files, at, &expected);
    }

    let document = load("paths: {/a: {$ref: 'paths/a.yaml', summary: s}}\n", &files).unwrap();
    assert_eq!(document.get("/paths/~1a/summary"), Some(&json!("s")));
    assert_eq!(document.place(at).to_string(), "spec/paths/a.yaml:1:1");
    let page = document.place("/components/parameters/Page/schema");
    assert_eq!(page.to_string(), "spec/common.yaml:1:31");
    let done = document.place("/components/responses/Done");
    assert_eq!(done.to_string(), "spec/common.yaml:2:1");
    refused(
        "paths: {/a: {get: {responses: {}}, $ref: 'paths/a.yaml'}}\n",
        &files,
        "spec/api.yaml:3:14: /paths/~1a/get: what the `$ref` beside it leads to has a `get` as well; remove one of the two",
    );
}

#[test]
fn parts_of_the_document_itself_become_components() {
    // Both places mean one type.
    check_schemas(
        "{properties: {name: {type: string}, other: {$ref: '#/components/schemas/A/properties/a/properties/name'}}}",
        &[],
        &json!({
            "A": {"properties": {"a": {"properties": {
                "name": {"$ref": "#/components/schemas/name"},
                "other": {"$ref": "#/components/schemas/name"},
            }}}},
            "name": {"type": "string"},
        }),
    );
    check(
        "x-schemas: {Pet: {type: string}}\npaths: {/a: {get: {responses: {200: {description: d}, 201: {$ref: '#/paths/~1a/get/responses/200'}, 202: {$ref: '#/x-responses/Pet'}}}}}\nx-responses: {Pet: {description: p}}",
        &[],
        "",
        &json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "x-schemas": {"Pet": {"type": "string"}},
            "paths": {"/a": {"get": {"responses": {
                "200": {"$ref": "#/components/responses/200"},
                "201": {"$ref": "#/components/responses/200"},
                "202": {"$ref": "#/components/responses/Pet"},
            }}}},
            "x-responses": {"Pet": {"description": "p"}},
            "components": {"responses": {
                "200": {"description": "d"},
                "Pet": {"description": "p"},
            }},
        }),
    );
}

#[test]
fn mappings_of_discriminators_are_references_too() {
    let discriminated = "{oneOf: [{$ref: 'dog.yaml'}], discriminator: {propertyName: p, mapping: {dog: 'dog.yaml', a: A, b: '#/components/schemas/A'}}}";
    check(
        &schema(discriminated),
        &[("spec/dog.yaml", "{type: object}")],
        "/components/schemas/A/properties/a/discriminator/mapping",
        &json!({
            "dog": "#/components/schemas/dog",
            "a": "A",
            "b": "#/components/schemas/A",
        }),
    );
    check(
        &schema("{$ref: 'o.yaml#/components/schemas/Pet'}"),
        &[(
            "spec/o.yaml",
            "openapi: 3.0.0\ncomponents: {schemas: {Pet: {discriminator: {propertyName: p, mapping: {a: A}}}, A: {type: object}}}",
        )],
        "/components/schemas/Pet/discriminator/mapping",
        &json!({"a": "#/components/schemas/A2"}),
    );
}

#[test]
fn what_cannot_be_followed_is_refused_at_the_reference() {
    let at = "spec/api.yaml:6:22: /components/schemas/A/properties/a: ";
    let other = [
        (
            "spec/other.yaml",
            "{Pet: [], Loop: {$ref: '#/Loop'}, To: {$ref: 'none.yaml'}}",
        ),
        ("spec/broken.yaml", "a: [\n"),
        (
            "spec/document.yaml",
            "openapi: 3.0.0\ncomponents: {responses: {R: {description: d}}}",
        ),
        ("spec/deep.yaml", "Pet:\n  items: {$ref: 'none.yaml'}"),
    ];
    let cases = [
        (
            "none.yaml",
            "leads to `spec/none.yaml`, which can't be read: no such file",
        ),
        (
            "broken.yaml",
            "leads to a file that can't be read: spec/broken.yaml:2:1: while parsing a node, did not find expected node content; the text is not well-formed YAML",
        ),
        (
            "other.yaml#/Cat",
            "names nothing; compare it with the file it leads to",
        ),
        (
            "other.yaml#Cat",
            "has no JSON pointer behind its `#`; write one, such as `#/Name`",
        ),
        ("other.yaml#/Pet", "leads to no object; point it at one"),
        (
            "other.yaml#/Loop",
            "leads back to itself; write out what it stands for",
        ),
        (
            "other.yaml#/Loop/x",
            "leads back to itself; write out what it stands for",
        ),
        (
            "other.yaml#/%ff",
            "is not UTF-8 when its `%` are decoded; write it plainly",
        ),
        (
            "document.yaml#/components/responses/R",
            "leads to another kind of object; point it at one of its own",
        ),
        (
            "document.yaml",
            "leads to another kind of object; point it at one of its own",
        ),
        (
            "http://a.example/pet.yaml",
            "is not fetched; store it beside the document",
        ),
        (
            "//a.example/pet.yaml",
            "is not fetched; store it beside the document",
        ),
        ("urn:pet", "is not fetched; store it beside the document"),
        (
            "/pet.yaml",
            "is an absolute path; write it relative to this file",
        ),
    ];
    for (reference, problem) in cases {
        let text = schema(&format!("{{$ref: '{reference}'}}"));
        refused(&text, &other, &format!("{at}`$ref: {reference}` {problem}"));
    }
    refused(
        &schema("{$ref: 'deep.yaml#/Pet'}"),
        &other,
        "spec/deep.yaml:2:3: /Pet/items: `$ref: none.yaml` leads to `spec/none.yaml`, which can't be read: no such file",
    );
}

#[test]
fn path_items_that_hold_themselves_are_refused() {
    let item = "post: {callbacks: {c: {x: {$ref: '#'}, y: {$ref: '#'}}}, responses: {}}";
    let error = load("paths: {/a: {$ref: 'a.yaml'}}\n", &[("spec/a.yaml", item)]).unwrap_err();
    assert!(
        error.to_string().contains("in the place of one another"),
        "{error}"
    );
}

#[test]
fn a_document_on_disk_is_read_with_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "api.yaml",
        &format!("{HEAD}{}", schema("{$ref: 'pet.yaml'}")),
    );
    write("pet.yaml", "type: string");

    let document = Document::load(&folder.path().join("api.yaml")).unwrap();

    let before = document.sha256().to_owned();
    let pet = document.place("/components/schemas/pet/type");
    assert_eq!(Path::new(&pet.file), folder.path().join("pet.yaml"));
    assert!(errors_of(&document)[0].is_none());
    write("pet.yaml", "type: number");
    let document = Document::load(&folder.path().join("api.yaml")).unwrap();
    assert_ne!(document.sha256(), before);
}
