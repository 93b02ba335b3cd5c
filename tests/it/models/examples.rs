//! Every example of the spec is read by the type of its schema and printed back equal.

use orderhook_codegen::document::pointer;
use orderhook_codegen::document::shape::{self, Kind};
use serde_json::Value;

use super::Model;
use crate::support::spec::{OPERATOR_TEXT, ORDER_MANAGEMENT_TEXT, documents};

/// Whether `example` is a value of `schema`, which is a reference to a model or a bare type.
fn check(at: &str, schema: &Value, example: &Value) {
    if let Some(reference) = shape::reference(schema) {
        let model = Model::named(&pointer::last(reference));
        let reading = (model.read)(example).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(&reading.printed, example, "{at}");
        return;
    }
    let is_of_type = match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => example.is_boolean(),
        Some("integer") => example.is_i64(),
        Some("string") => example.is_string(),
        other => panic!("{at}: an example of type {other:?} needs a model"),
    };
    assert!(is_of_type, "{at}: {example} is no value of {schema}");
    let number = |value: Option<&Value>| value.and_then(Value::as_i64);
    let (minimum, maximum) = (schema.get("minimum"), schema.get("maximum"));
    if let Some(example) = example.as_i64() {
        assert!(number(minimum).is_none_or(|least| example >= least), "{at}");
        assert!(number(maximum).is_none_or(|most| example <= most), "{at}");
    }
}

#[test]
fn every_example_is_read_and_printed_back_equal() {
    for (document, text) in documents()
        .iter()
        .zip([ORDER_MANAGEMENT_TEXT, OPERATOR_TEXT])
    {
        let mut checked = 0;
        let mut check_part = |kind, at: &str, object: &Value| {
            if let (Kind::MediaType | Kind::Parameter | Kind::Header, Some(example)) =
                (kind, object.get("example"))
            {
                check(at, &object["schema"], example);
                checked += usize::from(document.place(at).file == document.file());
            }
        };
        shape::walk(Kind::OpenApi, document.root(), "", &mut check_part);

        // The walk met all that the text has.
        let written = text
            .lines()
            .filter(|line| line.trim_start().starts_with("example"))
            .count();
        assert_eq!(checked, written);
    }
}
