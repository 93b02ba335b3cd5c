//! Names that mean two things in the generated code.

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::{Document, server};

use crate::refusals::check;
use crate::{CLEAN, generate};

#[test]
fn a_type_written_by_hand_stands_for_a_schema() {
    let document = Document::parse("api.yaml", CLEAN).unwrap();
    let mut settings = ModelSettings::default();
    settings
        .hand_written
        .insert("Secret".to_owned(), "Secret".to_owned());
    let error = generate(&document, &settings).unwrap_err().to_string();
    assert_eq!(
        error,
        "api.yaml:62:3: /components/schemas: there is no schema `Secret`, which has a type written by hand; add it"
    );
}

#[test]
fn a_body_named_like_an_operation_keeps_its_own_shape() {
    let text = CLEAN
        .replace("Thing'", "PutThingBody'")
        .replace("    Thing:", "    PutThingBody:");
    let document = Document::parse("api.yaml", &text).unwrap();
    let modules = server::generate(&document, &ModelSettings::default(), "::models").unwrap();
    let (_, things) = &modules[1];
    let things = things.to_string();
    let shape =
        "static PUT_THING_BODY : Shape = Shape :: Named (& super :: shapes :: PUT_THING_BODY)";
    assert!(things.contains(shape), "{things}");
}

#[test]
fn names_that_collide_in_rust() {
    check(
        "m",
        "[New, Old]",
        "[New, New]",
        "75:30: /components/schemas/State/x-enum-varnames/1: `New` is another variant's name; write another",
    );
    check(
        "m",
        "[New, Old]",
        "[New, Unknown]",
        "75:30: /components/schemas/State/x-enum-varnames/1: `Unknown` is another variant's name; write another",
    );
    check(
        "s",
        "      tags: [things]\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        "      tags: [shapes]\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        "11:5: /paths/~1things~1{name}/put: the tag `shapes` is the name of another module; write another",
    );
    check(
        "s",
        "      security: []",
        "      parameters:\n        - {name: a-b, in: query, schema: {type: string}}\n        - {name: a_b, in: query, schema: {type: string}}",
        "24:5: /paths/~1open/get: `a_b` is another parameter's name in Rust; write another",
    );
    check(
        "c",
        "operationId: open",
        "operationId: putThing",
        "24:5: /paths/~1open/get: its name in Rust, `put_thing`, is that of /paths/~1things~1{name}/put as well; write another `operationId`",
    );
    check(
        "p",
        "operationId: other",
        "operationId: thingMoved",
        "46:5: /x-webhooks/other/post: its name in Rust, `thing_moved`, is that of /x-webhooks/moved/post as well; write another `operationId`",
    );
    check(
        "c",
        "operationId: open",
        "operationId: post",
        "24:5: /paths/~1open/get: `post` is a method that every client has; write another `operationId`",
    );
    check(
        "s",
        "operationId: open",
        "operationId: putThing",
        "24:5: /paths/~1open/get: its name in Rust, `put_thing`, is one of /paths/~1things~1{name}/put as well; write another `operationId`",
    );
    check(
        "s",
        "operationId: open",
        "operationId: put_thing_body",
        "24:5: /paths/~1open/get: its name in Rust, `PUT_THING_BODY`, is one of /paths/~1things~1{name}/put as well; write another `operationId`",
    );
    check(
        "s",
        "  /open:",
        "  /things/{id}:",
        "24:5: /paths/~1things~1{id}/get: `{id}` is no parameter `in: path`; add it",
    );
    check(
        "s",
        "  /open:\n    get:",
        "  /things/{id}:\n    get:\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]",
        "24:5: /paths/~1things~1{id}/get: the path is that of /paths/~1things~1{name}/put with other names of parameters; write the same names",
    );
    check(
        "s",
        "operationId: open\n      tags: [things]",
        "operationId: open\n      tags: [Things]",
        "24:5: /paths/~1open/get: the tag `Things` has the name of `things` in Rust; write another",
    );
}

#[test]
fn an_operation_without_an_id_is_called_by_its_method_and_path() {
    let text = CLEAN
        .replace("      operationId: put_thing\n      tags: [things]\n", "")
        .replace("operationId: open", "x-id: open");
    let document = Document::parse("api.yaml", &text).unwrap();
    let modules = server::generate(&document, &ModelSettings::default(), "::models").unwrap();
    let module = |name: &str| {
        let found = modules.iter().find(|(module, _)| module == name);
        found.map(|(_, code)| code.to_string()).unwrap()
    };
    assert!(module("default").contains("pub trait DefaultApi"));
    assert!(module("default").contains("fn put_things_by_name ("));
    assert!(module("things").contains("fn get_open ("));
}
