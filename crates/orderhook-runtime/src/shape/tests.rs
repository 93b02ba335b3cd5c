mod choices;
mod formats;
mod limits;

use super::*;
use crate::{Location, Rule, json};

const TEXT: Shape = Shape::Text(Text {
    min_length: 2,
    max_length: Some(3),
    format: None,
    one_of: &[],
});

/// The faults of the JSON `text`, as field and rule.
#[track_caller]
fn check(shape: &Shape, text: &str, expected: &[(&str, Rule)]) {
    let mut faults = Vec::new();
    let value = json::read(text.as_bytes(), &mut faults).unwrap();
    let location = Location::Body;
    let mut checker = Checker {
        location,
        faults: &mut faults,
    };
    checker.check(shape, &value, &Place::Root);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.rule))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn any_value_is_any_value() {
    for text in ["null", "1", "[{}]"] {
        check(&Shape::Any, text, &[]);
    }
}

#[test]
fn numbers_have_bounds() {
    let shape = Shape::Number {
        minimum: Some(0.5),
        maximum: Some(2.0),
    };
    check(&shape, "0.5", &[]);
    check(&shape, "2", &[]);
    check(&shape, "0.4", &[("", Rule::Minimum)]);
    check(&shape, "1e300", &[("", Rule::Maximum)]);
    check(&shape, "\"1\"", &[("", Rule::Type)]);
}

#[test]
fn decimal_texts_are_plain_numbers() {
    let shape = Shape::Text(Text {
        min_length: 0,
        max_length: None,
        format: Some(Format::Decimal),
        one_of: &[],
    });
    for text in ["0", "-0", "120.00", "007", "-129.870129870129870129"] {
        check(&shape, &format!("{text:?}"), &[]);
    }
    for text in ["", "-", ".5", "5.", "--1", "1e3", "1,5", "+1", "1 ", "١"] {
        check(&shape, &format!("{text:?}"), &[("", Rule::Format)]);
    }
    check(&shape, "1", &[("", Rule::Type)]);
}

#[test]
fn integers_have_bounds_beyond_64_bits_too() {
    let shape = Shape::Integer {
        minimum: -1,
        maximum: i64::MAX,
    };
    check(&shape, "-1", &[]);
    check(&shape, "9223372036854775807", &[]);
    check(&shape, "9223372036854775808", &[("", Rule::Maximum)]);
    check(&shape, "1e40", &[("", Rule::Maximum)]);
    check(&shape, "-1e40", &[("", Rule::Minimum)]);
    check(&shape, "1.5", &[("", Rule::Type)]);

    let shape = Shape::Unsigned {
        minimum: 1,
        maximum: u64::MAX,
    };
    check(&shape, "18446744073709551615", &[]);
    check(&shape, "18446744073709551616", &[("", Rule::Maximum)]);
    check(&shape, "0", &[("", Rule::Minimum)]);
    check(&shape, "-1", &[("", Rule::Minimum)]);
    check(&shape, "-1e40", &[("", Rule::Minimum)]);
    check(&shape, "0.5", &[("", Rule::Type)]);
    check(&shape, "\"1\"", &[("", Rule::Type)]);
}

#[test]
fn arrays_have_sizes_and_each_item_a_place() {
    let shape = Shape::Array(Array {
        items: &TEXT,
        min_items: 1,
        max_items: Some(3),
        unique_items: true,
    });
    check(&shape, r#"["ab","cd"]"#, &[]);
    check(&shape, "[]", &[("", Rule::MinItems)]);
    check(&shape, r#"["ab","cd","ef","gh"]"#, &[("", Rule::MaxItems)]);
    check(&shape, r#"["ab","ab"]"#, &[("[1]", Rule::UniqueItems)]);
    check(
        &shape,
        r#"["a",7]"#,
        &[("[0]", Rule::MinLength), ("[1]", Rule::Type)],
    );
    let shape = Shape::Array(Array {
        items: &Shape::Any,
        min_items: 0,
        max_items: None,
        unique_items: true,
    });
    let numbers: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let text = format!("[{},\"1\",1]", numbers.join(","));
    check(&shape, &text, &[("[101]", Rule::UniqueItems)]);
}

#[test]
fn members_have_places() {
    const INNER: Shape = Shape::Object(&[Member {
        name: "text",
        required: true,
        shape: TEXT,
    }]);
    let shape = Shape::Object(&[
        Member {
            name: "a",
            required: true,
            shape: Shape::Nullable(&INNER),
        },
        Member {
            name: "b",
            required: false,
            shape: Shape::Named(&INNER),
        },
    ]);
    check(&shape, r#"{"a":null,"c":1}"#, &[]);
    check(
        &shape,
        r#"{"b":{"text":"long"}}"#,
        &[("a", Rule::Required), ("b.text", Rule::MaxLength)],
    );
    check(
        &shape,
        r#"{"a":{},"b":null}"#,
        &[("a.text", Rule::Required), ("b", Rule::Type)],
    );
}

#[test]
fn texts_are_those_that_are_listed() {
    let shape = Shape::Text(Text {
        min_length: 0,
        max_length: None,
        format: None,
        one_of: &["on", "off"],
    });
    check(&shape, r#""on""#, &[]);
    check(&shape, r#""up""#, &[("", Rule::OneOf)]);
}
