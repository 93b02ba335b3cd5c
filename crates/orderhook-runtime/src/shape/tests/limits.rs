use super::*;

#[test]
fn texts_match_patterns() {
    static PATTERN: Pattern = Pattern::new(r"^(?!x)[a-z]{2,}$");
    let shape = Shape::Limited(&TEXT, vec![Limit::Pattern(&PATTERN)].leak());
    check(&shape, r#""abc""#, &[]);
    check(&shape, r#""xab""#, &[("", Rule::Pattern)]);
    check(&shape, r#""1ab""#, &[("", Rule::Pattern)]);
    // Nothing is searched that is too long.
    check(&shape, r#""1abc""#, &[("", Rule::MaxLength)]);
    check(&shape, "7", &[("", Rule::Type)]);
    let shape = Shape::Limited(&Shape::Any, vec![Limit::Pattern(&PATTERN)].leak());
    check(&shape, "7", &[]);
}

#[test]
fn numbers_are_multiples() {
    for (unit, multiples, others) in [
        (0.1, &["0.3", "-0.7", "0", "4"][..], &["0.35"][..]),
        (0.01, &["19.99", "4.35", "1.10"], &["0.001", "1e-7"]),
        (3.0, &["9", "-3", "18446744073709551615"], &["10", "3.5"]),
        (2.5, &["7.5", "5"], &["4"]),
    ] {
        let limits: &'static [Limit] = vec![Limit::MultipleOf(unit)].leak();
        let shape = Shape::Limited(&Shape::Any, limits);
        for text in multiples {
            check(&shape, text, &[]);
        }
        for text in others {
            check(&shape, text, &[("", Rule::MultipleOf)]);
        }
    }
}

#[test]
fn bounds_may_be_exclusive() {
    static NUMBER: Shape = Shape::Number {
        minimum: None,
        maximum: None,
    };
    let shape = Shape::Limited(&NUMBER, &[Limit::Above(0.5), Limit::Below(2.0)]);
    check(&shape, "0.6", &[]);
    check(&shape, "1.999", &[]);
    check(&shape, "0.5", &[("", Rule::Minimum)]);
    check(&shape, "2", &[("", Rule::Maximum)]);
    check(&shape, "null", &[("", Rule::Type)]);
}

#[test]
fn values_are_those_that_are_listed() {
    static INTEGER: Shape = Shape::Integer {
        minimum: 0,
        maximum: 9,
    };
    let shape = Shape::Limited(&INTEGER, &[Limit::Values(&["1", "7"])]);
    check(&shape, "7", &[]);
    check(&shape, "2", &[("", Rule::OneOf)]);
    check(&shape, "\"7\"", &[("", Rule::Type)]);

    let values = &["1", "2.5", "true", "null", "\"a\"", "[1]", "{\"b\":2}"];
    let shape = Shape::Limited(&Shape::Any, vec![Limit::Values(values)].leak());
    for text in [
        "1",
        "1.0",
        "2.5",
        "true",
        "null",
        "\"a\"",
        "[1]",
        "{\"b\":2}",
    ] {
        check(&shape, text, &[]);
    }
    for text in ["2", "false", "\"1\"", "[]", "{}"] {
        check(&shape, text, &[("", Rule::OneOf)]);
    }
}

#[test]
fn objects_have_sizes_and_other_members_a_shape() {
    static OBJECT: Shape = Shape::Object(&[Member {
        name: "a",
        required: true,
        shape: Shape::Boolean,
    }]);
    let shape = Shape::Limited(&OBJECT, &[Limit::MinProperties(2), Limit::MaxProperties(3)]);
    check(&shape, r#"{"a":true,"b":1}"#, &[]);
    check(&shape, r#"{"a":true}"#, &[("", Rule::MinProperties)]);
    check(
        &shape,
        r#"{"b":1,"c":1,"d":1,"e":1}"#,
        &[("a", Rule::Required), ("", Rule::MaxProperties)],
    );

    let none = Limit::OtherMembers {
        known: &["a"],
        shape: None,
    };
    let shape = Shape::Limited(&OBJECT, vec![none].leak());
    check(&shape, r#"{"a":true}"#, &[]);
    check(
        &shape,
        r#"{"a":true,"b":1,"c":{}}"#,
        &[
            ("b", Rule::AdditionalProperties),
            ("c", Rule::AdditionalProperties),
        ],
    );
    let texts = Limit::OtherMembers {
        known: &["a"],
        shape: Some(&TEXT),
    };
    let shape = Shape::Limited(&OBJECT, vec![texts].leak());
    check(&shape, r#"{"a":true,"b":"ab"}"#, &[]);
    check(&shape, r#"{"a":true,"b":1}"#, &[("b", Rule::Type)]);
    check(&shape, "[]", &[("", Rule::Type)]);
}

/// As many as are told, and one more, so that the refusal says that there are more.
#[test]
fn a_hostile_object_gives_few_faults() {
    let none = Limit::OtherMembers {
        known: &[],
        shape: None,
    };
    let shape = Shape::Limited(&Shape::Object(&[]), vec![none].leak());
    let members: Vec<_> = (0..1000).map(|index| format!("\"{index}\":1")).collect();
    let text = format!("{{{}}}", members.join(","));
    let names: Vec<_> = (0..65).map(|index| index.to_string()).collect();
    let faults: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Rule::AdditionalProperties))
        .collect();
    check(&shape, &text, &faults);
}
