//! Models that mean what the document says, or a refusal; `cargo xtask corpus` compiles them.

use orderhook_codegen::models::{self, ModelSettings};
use orderhook_codegen::{Document, Error};

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A: {type: object, properties: {k: {type: string}}}\n    B: {type: object, properties: {k: {type: string}}}\n";

fn generate(schemas: &str) -> Result<String, Error> {
    let document = Document::parse("api.yaml", &format!("{HEAD}{schemas}")).unwrap();
    let document = document.with_named_schemas().unwrap();
    let models = models::generate(&[&document], &ModelSettings::default())?;
    Ok(models.to_string())
}

/// Asserts that a part of the models of these schemas reads like this.
#[track_caller]
fn check(schemas: &str, expected: &[&str]) {
    let models = generate(schemas).unwrap();
    for expected in expected {
        assert!(models.contains(expected), "{expected}: {models}");
    }
}

#[track_caller]
fn check_refused(schemas: &str, expected: &str) {
    let error = generate(schemas).unwrap_err();
    assert_eq!(error.to_string(), format!("api.yaml:{expected}"));
}

#[test]
fn a_discriminator_chooses_the_variant() {
    check(
        "    C: {oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}], discriminator: {propertyName: k, mapping: {b: B, bb: '#/components/schemas/B'}}}\n",
        &[
            r#""A" => :: serde_json :: from_value (value) . map (Self :: A)"#,
            r#""b" | "bb" => :: serde_json :: from_value (value) . map (Self :: B)"#,
            r#"missing_field ("k")"#,
        ],
    );
}

#[test]
fn a_discriminator_that_chooses_nothing_is_refused() {
    check_refused(
        "    C: {oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}], discriminator: {propertyName: k, mapping: {d: D}}}\n",
        "8:129: /components/schemas/C/discriminator/mapping/d: `D` is none of the alternatives; add it to them",
    );
    check_refused(
        "    C: {oneOf: [{$ref: '#/components/schemas/A'}, {type: object, properties: {d: {type: string}}}], discriminator: {propertyName: k}}\n",
        "8:101: /components/schemas/C/discriminator: what a discriminator chooses from must be references; move each schema to `#/components/schemas`",
    );
}

#[test]
fn a_member_of_one_direction_is_optional() {
    check(
        "    C: {type: object, required: [r, w], properties: {r: {type: string, readOnly: true}, w: {type: string}}}\n",
        &[
            "pub r : :: std :: option :: Option < :: std :: string :: String >",
            "pub w : :: std :: string :: String",
        ],
    );
}

#[test]
fn names_that_are_one_in_rust_are_refused() {
    check_refused(
        "    a: {type: string}\n",
        "8:5: /components/schemas/a: its name in Rust, `A`, is that of `A` as well; rename one of the schemas",
    );
    check_refused(
        "    C: {type: object, properties: {aB: {type: string}, a_b: {type: string}}}\n",
        "8:5: /components/schemas/C: two properties of `C` are `a_b` in Rust; rename one",
    );
}

#[test]
fn a_schema_inside_another_one_takes_no_name_of_others() {
    check(
        "    ThingState: {type: object, properties: {a: {type: string}}}\n    Thing: {type: object, properties: {state: {type: string, enum: [a]}}}\n",
        &[
            "pub state : :: std :: option :: Option < ThingState2 >",
            "pub struct ThingState {",
            "pub enum ThingState2 {",
        ],
    );
}
