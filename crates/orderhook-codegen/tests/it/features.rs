//! Everything that operations can have, in one document, and what each thing makes of the client.

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::{Document, client};

use crate::{CLEAN, errors};

/// Every schema is under `components`, for whoever needs a name for each.
const FEATURES: &str = include_str!("features.yaml");

#[test]
fn every_generator_takes_all_features() {
    let [models, client, server, _pushes] = errors(FEATURES);
    assert!(models.is_none(), "{models:?}");
    assert!(client.is_none(), "{client:?}");
    assert!(server.is_none(), "{server:?}");
}

fn client_of(text: &str) -> String {
    let document = Document::parse("api.yaml", text).unwrap();
    let settings = ModelSettings::default();
    let client = client::generate(
        &document,
        &settings,
        "::models",
        Some("crate::Inner"),
        Some("crate::read"),
    );
    client.unwrap().to_string()
}

/// Asserts that the client of the features has all of `parts`.
#[track_caller]
fn check(parts: &[&str]) {
    let client = client_of(FEATURES);
    for part in parts {
        assert!(client.contains(part), "{part}");
    }
}

#[test]
fn parameters_in_every_style() {
    check(&[
        r#"call . path ("/simple/") ; call . segment ("scalar" , :: orderhook_client_runtime :: Style :: Plain"#,
        r#"call . segment ("exploded_list" , :: orderhook_client_runtime :: Style :: LabelExploded"#,
        r#"call . segment ("object" , :: orderhook_client_runtime :: Style :: Matrix"#,
        r#"call . query ("list" , :: orderhook_client_runtime :: Style :: Form"#,
        r#"call . query ("deep" , :: orderhook_client_runtime :: Style :: DeepObject"#,
        r#"call . query ("json" , :: orderhook_client_runtime :: Style :: Json"#,
        r#"call . header ("X-Exploded" , :: orderhook_client_runtime :: Style :: SimpleExploded"#,
        r#"call . cookie ("session" , :: orderhook_client_runtime :: Style :: Plain"#,
    ]);
}

#[test]
fn bodies_of_every_kind() {
    check(&[
        r#"Some (body) => request . header (:: reqwest :: header :: CONTENT_TYPE , "application/vnd.thing+json") . json (& body) , None => request"#,
        "encode_form (& body) ?",
        "body : Result < Option < :: orderhook_client_runtime :: Content > , String >",
        "pub file : :: reqwest :: multipart :: Part",
        "pub more_files : Vec < :: reqwest :: multipart :: Part >",
        "super :: operations :: PostSeveralBody :: FormData (body) => request . multipart (body . into_form () ?)",
    ]);
}

#[test]
fn answers_of_several_kinds() {
    check(&[
        "Result < ResponseValue < super :: operations :: GetSeveralOk > , Error < super :: operations :: GetSeveralError > >",
        r#"Accepted { # [doc = " The header `Retry-After`"] retry_after : Option < models :: Count > , }"#,
        "let value : ResponseValue < models :: Problem > = crate :: read (response) . await ?",
        "400u16 ..= 499u16 =>",
        "Result < ResponseValue < () > , Error < super :: operations :: DeleteEmptyError > >",
    ]);
}

/// Asserts who writes the operations of the clean document after an edit: progenitor alone, or our
/// own writer as well.
#[track_caller]
fn check_own(from: &str, to: &str, is_own: bool) {
    assert_eq!(CLEAN.matches(from).count(), 1, "`{from}` must be unique");
    let client = client_of(&CLEAN.replace(from, to));
    let has_own = client.contains("orderhook_client_runtime");
    assert_eq!(has_own, is_own, "{from} -> {to}");
}

#[test]
fn what_progenitor_can_express_is_left_to_it() {
    let check = check_own;
    let list = "schema: {type: array, items: {type: string}}";
    check(
        "tags: [things]\n      security",
        "tags: []\n      security",
        false,
    );
    check("schema: {type: boolean}", list, false);
    check(
        "schema: {type: boolean}",
        &format!("style: pipeDelimited, explode: true, {list}"),
        true,
    );
    check(
        "schema: {type: boolean}",
        &format!("explode: false, {list}"),
        true,
    );
    check(
        "{type: boolean}",
        "{$ref: '#/components/schemas/Thing'}",
        true,
    );
    check("in: query", "in: cookie", true);
    check("in: query", "in: header", false);
    check(
        "{type: boolean}",
        "{type: string, format: date-time}",
        false,
    );
    check(
        "in: query, description: Only try, schema: {type: boolean}",
        "in: header, description: Only try, schema: {type: string, format: date-time}",
        true,
    );
    check("'400':", "'201':", true);
    check("'400':", "'4XX':", false);
    check("'400':", "'302':", true);
    check(
        "'400': {description: bad,",
        "'400': {description: bad, headers: {a: {schema: {type: string}}},",
        false,
    );
    check(
        "required: true\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        "content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Thing'}",
        true,
    );
    check(
        "'400': {description: bad, content: {application/json: {",
        "'400': {description: bad, content: {application/problem+json: {",
        true,
    );
}
