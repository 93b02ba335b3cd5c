//! What requests may hold: each keyword of a schema becomes a check, or is refused with its place.

use orderhook_codegen::{Document, server};

use crate::{CLEAN, errors, refusals};

/// The member of the request that the tests change.
const NOTE: &str = "note: {type: string, nullable: true}";

/// The shapes of the clean document with `schema` as the note of a thing, without white space.
fn shapes(schema: &str) -> Result<String, String> {
    assert_eq!(CLEAN.matches(NOTE).count(), 1);
    let text = CLEAN.replace(NOTE, &format!("note: {schema}"));
    let document = Document::parse("api.yaml", &text).map_err(|error| error.to_string())?;
    let modules = server::generate(&document, &Default::default(), "::models");
    let modules = modules.map_err(|error| error.to_string())?;
    let (_, shapes) = modules
        .into_iter()
        .find(|(name, _)| name == "shapes")
        .unwrap();
    Ok(squeeze(&shapes.to_string()))
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Asserts the shape of a note.
#[track_caller]
fn check(schema: &str, expected: &str) {
    let shapes = shapes(schema).unwrap();
    let (_, note) = shapes
        .split_once(r#"name:"note",required:false,shape:"#)
        .unwrap();
    let (note, _) = note.split_once(r#"},Member{name:"parts""#).unwrap();
    assert_eq!(note, squeeze(expected), "{schema}");
}

/// Asserts that the server's generator refuses a note.
#[track_caller]
fn check_refused(schema: &str, expected: &str) {
    refusals::check("s", NOTE, &format!("note: {schema}"), expected);
}

const TEXT: &str = "Shape::Text(Text{min_length:0,max_length:None,format:None,one_of:&[]})";
const INTEGER: &str = "Shape::Integer{minimum:i64::MIN,maximum:i64::MAX}";
const NUMBER: &str = "Shape::Number{minimum:None,maximum:None}";

#[test]
fn texts() {
    check("{type: string}", TEXT);
    check(
        "{type: string, nullable: true}",
        &format!("Shape::Nullable(&{TEXT})"),
    );
    check(
        "{maxLength: 5}",
        "Shape::Text(Text{min_length:0,max_length:Some(5),format:None,one_of:&[]})",
    );
    check(
        "{type: string, pattern: '^a+$'}",
        &format!(
            r#"Shape::Limited(&{TEXT},&[Limit::Pattern({{ static PATTERN: Pattern = Pattern::new("^a+$"); &PATTERN }})])"#
        ),
    );
    check(
        "{enum: [a, b]}",
        r#"Shape::Text(Text{min_length:0,max_length:None,format:None,one_of:&["a","b"]})"#,
    );
    for (format, name) in [
        ("byte", "Byte"),
        ("date", "Date"),
        ("date-time", "DateTime"),
        ("decimal", "Decimal"),
        ("duration", "Duration"),
        ("email", "Email"),
        ("hostname", "Hostname"),
        ("ip", "Ip"),
        ("ipv4", "Ipv4"),
        ("ipv6", "Ipv6"),
        ("time", "Time"),
        ("uri", "Uri"),
        ("uri-reference", "UriReference"),
        ("uuid", "Uuid"),
    ] {
        let some = format!("format:Some(Format::{name})");
        check(
            &format!("{{type: string, format: {format}}}"),
            &TEXT.replace("format:None", &some),
        );
    }
    for format in ["password", "binary", "int64", "whatever"] {
        check(&format!("{{type: string, format: {format}}}"), TEXT);
    }
}

#[test]
fn numbers() {
    check("{type: integer}", INTEGER);
    check("{type: integer, maxLength: 3}", INTEGER);
    for (format, bounds) in [
        ("int8", "minimum:-128,maximum:127"),
        ("int32", "minimum:-2147483648,maximum:2147483647"),
        ("int64", "minimum:i64::MIN,maximum:i64::MAX"),
        ("uint8", "minimum:0,maximum:255"),
        ("uint16", "minimum:0,maximum:65535"),
        ("uint", "minimum:0,maximum:4294967295"),
        ("uint32", "minimum:0,maximum:4294967295"),
    ] {
        let schema = format!("{{type: integer, format: {format}}}");
        check(&schema, &format!("Shape::Integer{{{bounds}}}"));
    }
    check(
        "{type: integer, format: uint64, minimum: 0}",
        "Shape::Unsigned{minimum:0,maximum:u64::MAX}",
    );
    check(
        "{type: integer, format: uint64, maximum: 9}",
        "Shape::Integer{minimum:0,maximum:9}",
    );
    check(
        "{type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true}",
        "Shape::Integer{minimum:1,maximum:8}",
    );
    check(
        "{type: integer, multipleOf: 3}",
        &format!("Shape::Limited(&{INTEGER},&[Limit::MultipleOf(3f64)])"),
    );
    check("{type: number, format: double}", NUMBER);
    check(
        "{type: number, minimum: 0, exclusiveMinimum: true, maximum: 1.5, multipleOf: 0.1}",
        "Shape::Limited(&Shape::Number{minimum:None,maximum:Some(1.5f64)},&[Limit::Above(0f64),Limit::MultipleOf(0.1f64)])",
    );
}

#[test]
fn values() {
    check(
        "{type: integer, enum: [1, 2]}",
        &format!(r#"Shape::Limited(&{INTEGER},&[Limit::Values(&["1","2"])])"#),
    );
    check(
        "{type: boolean, enum: [true]}",
        r#"Shape::Limited(&Shape::Boolean,&[Limit::Values(&["true"])])"#,
    );
    check(
        "{enum: [1, 2]}",
        r#"Shape::Limited(&Shape::Any,&[Limit::Values(&["1","2"])])"#,
    );
    check("{}", "Shape::Any");
}

#[test]
fn objects() {
    check(
        "{properties: {a: {}}, required: [a]}",
        r#"Shape::Object(&[Member{name:"a",required:true,shape:Shape::Any}])"#,
    );
    check(
        "{type: object, required: [a]}",
        r#"Shape::Object(&[Member{name:"a",required:true,shape:Shape::Any}])"#,
    );
    // No request needs what only answers have.
    check(
        "{type: object, required: [a], properties: {a: {type: boolean, readOnly: true}}}",
        r#"Shape::Object(&[Member{name:"a",required:false,shape:Shape::Boolean}])"#,
    );
    check(
        "{type: object, minProperties: 1, maxProperties: 2}",
        "Shape::Limited(&Shape::Object(&[]),&[Limit::MinProperties(1),Limit::MaxProperties(2)])",
    );
    check(
        "{type: object, properties: {a: {}}, additionalProperties: false}",
        r#"Shape::Limited(&Shape::Object(&[Member{name:"a",required:false,shape:Shape::Any}]),&[Limit::OtherMembers{known:&["a"],shape:None}])"#,
    );
    check(
        "{type: object, additionalProperties: {type: boolean}}",
        "Shape::Limited(&Shape::Object(&[]),&[Limit::OtherMembers{known:&[],shape:Some(&Shape::Boolean)}])",
    );
    check(
        "{type: object, additionalProperties: true}",
        "Shape::Object(&[])",
    );
    check(
        "{type: object, additionalProperties: {}}",
        "Shape::Object(&[])",
    );
}

#[test]
fn combinations() {
    check(
        "{nullable: true, allOf: [{$ref: '#/components/schemas/Thing'}]}",
        "Shape::Nullable(&Shape::Named(&super::shapes::THING))",
    );
    check(
        "{type: object, nullable: true, allOf: [{$ref: '#/components/schemas/Thing'}]}",
        "Shape::Nullable(&Shape::Named(&super::shapes::THING))",
    );
    check(
        "{allOf: [{$ref: '#/components/schemas/Refusal'}, {type: object, required: [code]}]}",
        r#"Shape::All(&[Shape::Named(&super::shapes::REFUSAL),Shape::Object(&[Member{name:"code",required:true,shape:Shape::Any}])])"#,
    );
    check(
        "{allOf: [{type: object, properties: {a: {type: boolean, readOnly: true}}}], required: [a], type: object}",
        r#"Shape::All(&[Shape::Object(&[]),Shape::Object(&[Member{name:"a",required:false,shape:Shape::Boolean}])])"#,
    );
    check(
        "{oneOf: [{type: string}, {type: boolean, title: Flag}, {$ref: '#/components/schemas/Thing'}]}",
        &format!(
            r#"Shape::OneOf(&[Variant{{name:"a text",shape:{TEXT}}},Variant{{name:"Flag",shape:Shape::Boolean}},Variant{{name:"Thing",shape:Shape::Named(&super::shapes::THING)}}])"#
        )
        .replace("a text", "atext"),
    );
    check(
        "{anyOf: [{type: boolean}, {type: array, items: {type: boolean}}]}",
        r#"Shape::AnyOf(&[Variant{name:"trueorfalse",shape:Shape::Boolean},Variant{name:"anarray",shape:Shape::Array(Array{items:&Shape::Boolean,min_items:0,max_items:None,unique_items:false})}])"#,
    );
    check("{oneOf: [{type: boolean}]}", "Shape::Boolean");
}

/// Asserts the shape that the note has by a member, whether typify has a type for it or not.
#[test]
fn discriminators() {
    let things = "{$ref: '#/components/schemas/Moved'}, {$ref: '#/components/schemas/Other'}";
    let tagged = |moved: &str, other: &str| {
        format!(
            r#"Shape::Tagged(Tagged{{property:"type",variants:&[Variant{{name:"{moved}",shape:Shape::Named(&super::shapes::MOVED)}},Variant{{name:"{other}",shape:Shape::Named(&super::shapes::OTHER)}}]}})"#
        )
    };
    check(
        &format!("{{oneOf: [{things}], discriminator: {{propertyName: type}}}}"),
        &tagged("moved", "Other"),
    );
    check(
        &format!(
            "{{oneOf: [{things}], discriminator: {{propertyName: type, mapping: {{m: '#/components/schemas/Moved', o: Other}}}}}}"
        ),
        &tagged("m", "o"),
    );
    // Without a discriminator, a member with another text in each.
    check(
        "{oneOf: [{type: object, required: [k], properties: {k: {type: string, enum: [a]}}}, {type: object, required: [k], properties: {k: {type: string, enum: [b]}, l: {type: boolean}}}]}",
        r#"Shape::Tagged(Tagged{property:"k",variants:&[Variant{name:"a",shape:Shape::Object(&[Member{name:"k",required:true,shape:Shape::Text(Text{min_length:0,max_length:None,format:None,one_of:&["a"]})}])},Variant{name:"b",shape:Shape::Object(&[Member{name:"k",required:true,shape:Shape::Text(Text{min_length:0,max_length:None,format:None,one_of:&["b"]})},Member{name:"l",required:false,shape:Shape::Boolean}])}]})"#,
    );
}

#[test]
fn what_is_ruled_out() {
    check(
        "{type: boolean, not: {type: boolean, enum: [true]}}",
        r#"Shape::All(&[Shape::Boolean,Shape::Not(&Shape::Limited(&Shape::Boolean,&[Limit::Values(&["true"])]))])"#,
    );
}

#[test]
fn what_cannot_be_checked_is_refused() {
    check_refused(
        "{type: object, patternProperties: {}}",
        "70:30: /components/schemas/Thing/properties/note/patternProperties: `patternProperties` is no keyword of OpenAPI 3.0 and can't be checked; leave it out",
    );
    check_refused(
        "{type: integer, minimum: 5, maximum: 3}",
        "70:9: /components/schemas/Thing/properties/note: the bounds leave no integer; write others",
    );
    check_refused(
        "{type: integer, format: uint8, minimum: 256}",
        "70:9: /components/schemas/Thing/properties/note: the bounds leave no integer; write others",
    );
    check_refused(
        "{type: number, multipleOf: 0}",
        "70:30: /components/schemas/Thing/properties/note/multipleOf: `multipleOf` must be a number above 0; write it so",
    );
}

/// All generators take what is checked, and it compiles as Rust.
#[test]
fn every_generator_takes_them() {
    for schema in [
        "{type: string, pattern: '^a+$', format: date-time}",
        "{type: integer, format: uint64, multipleOf: 3}",
        "{type: object, additionalProperties: {type: boolean}}",
        "{oneOf: [{type: string}, {type: boolean}], nullable: true}",
        "{anyOf: [{type: string}, {type: boolean}]}",
    ] {
        let errors = errors(&CLEAN.replace(NOTE, &format!("note: {schema}")));
        assert!(errors.iter().all(Option::is_none), "{schema}: {errors:?}");
    }
}
