//! Documents beside each other: what one takes over from another is one type in both.

use orderhook_codegen::models::{self, ModelSettings};
use orderhook_codegen::{Document, Error, client, lint, server};

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1', description: d}\n";

/// Text with a limit that is right here, where a request has it.
const SHARED: &str = "paths: {}
components:
  schemas:
    Name: {type: string, maxLength: 5}
    Parcel: {type: object, properties: {name: {$ref: '#/components/schemas/Name'}}}
";

fn shared() -> Document {
    Document::parse("shared.yaml", &format!("{HEAD}{SHARED}")).unwrap()
}

/// A document whose one operation answers with a parcel; `schemas` are its own.
fn beside(shared: &Document, schemas: &str) -> Document {
    let paths = "tags: [{name: parcels}]
paths:
  /parcel:
    get:
      operationId: get_parcel
      tags: [parcels]
      responses:
        '200': {description: d, content: {application/json: {example: {}, schema: {$ref: 'shared.yaml#/components/schemas/Parcel'}}}}
        '500': {description: d, content: {application/json: {example: {}, schema: {$ref: '#/components/schemas/Refusal'}}}}
components:
  schemas:
    Refusal: {type: object, properties: {code: {type: integer, minimum: 400}}}
";
    let text = format!("{HEAD}{paths}{schemas}");
    Document::parse_beside("own.yaml", &text, &[shared]).unwrap()
}

#[test]
fn a_schema_of_several_documents_is_one_type() {
    let shared = shared();
    let own = beside(&shared, "");
    let settings = ModelSettings::default();

    let models = models::generate(&[&shared, &own], &settings).unwrap();

    let models = models.to_string();
    for name in ["Name", "Parcel", "Refusal"] {
        let count = models.matches(&format!("pub struct {name} ")).count();
        // A builder has the same name in a module of its own.
        let expected = if name == "Name" { 1 } else { 2 };
        assert_eq!(count, expected, "{name}");
    }
    let server = server::generate(&own, &settings, "::models").unwrap();
    let (_, parcels) = &server[1];
    assert!(parcels.to_string().contains("Result < models :: Parcel"));
    client::generate(
        &own,
        &settings,
        "::models",
        Some("crate::Inner"),
        Some("crate::read"),
    )
    .unwrap();
}

#[test]
fn a_name_stands_for_one_schema_in_all_documents() {
    let shared = shared();
    let other =
        format!("{HEAD}paths: {{}}\ncomponents: {{schemas: {{Name: {{type: integer}}}}}}\n");
    let other = Document::parse("other.yaml", &other).unwrap();
    let expected = "other.yaml:4:24: /components/schemas/Name: `Name` is another schema at shared.yaml:6:5; rename one";

    let settings = ModelSettings::default();
    let refused = |result: Result<String, Error>| {
        assert_eq!(result.unwrap_err().to_string(), expected);
    };
    let documents = [&shared, &other];
    refused(models::generate(&documents, &settings).map(|code| code.to_string()));
    refused(models::open_enums(&documents, &settings));
}

#[test]
fn what_is_taken_over_is_judged_where_it_was_written() {
    let shared = shared();
    let findings = |schemas: &str| -> Vec<String> {
        let findings = lint::check(&beside(&shared, schemas));
        findings.iter().map(ToString::to_string).collect()
    };

    // Here only an answer has the limit of `Name`.
    assert!(findings("").is_empty(), "{:?}", findings(""));
    assert_eq!(
        findings("    Left: {type: string}\n"),
        ["own.yaml:15:5: unused-component: nothing uses `Left`; use it or remove it"]
    );
}

/// The code has an `i64` and a `Vec`, from which no schema could be derived with its limits.
#[test]
fn members_keep_their_limits_in_derived_schemas() {
    let schemas = "paths: {}
components:
  schemas:
    Parcel:
      type: object
      properties:
        weight: {type: integer, minimum: 1, maximum: 9}
        labels: {type: array, minItems: 1, maxItems: 3, items: {type: string}}
";
    let document = Document::parse("api.yaml", &format!("{HEAD}{schemas}")).unwrap();

    let settings = ModelSettings {
        schemars: true,
        utoipa: true,
        ..ModelSettings::default()
    };

    let models = models::generate(&[&document], &settings).unwrap();

    let models = models.to_string();
    for attribute in [
        "schema (minimum = 1i64 , maximum = 9i64)",
        "schema (min_items = 1 , max_items = 3)",
        r#"extend ("minItems" = 1 , "maxItems" = 3)"#,
    ] {
        assert!(models.contains(attribute), "{attribute}: {models}");
    }
}
