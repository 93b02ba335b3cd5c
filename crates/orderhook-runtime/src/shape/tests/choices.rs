use super::*;

static INTEGER: Shape = Shape::Integer {
    minimum: 1,
    maximum: 9,
};
static OBJECT: Shape = Shape::Object(&[Member {
    name: "a",
    required: true,
    shape: TEXT,
}]);

const fn variant(name: &'static str, shape: Shape) -> Variant {
    Variant { name, shape }
}

#[test]
fn all_shapes_hold_and_each_fault_is_told_once() {
    static OTHER: Shape = Shape::Object(&[
        Member {
            name: "a",
            required: true,
            shape: Shape::Any,
        },
        Member {
            name: "b",
            required: true,
            shape: Shape::Boolean,
        },
    ]);
    static ALL: Shape = Shape::All(&[Shape::Named(&OBJECT), Shape::Named(&OTHER)]);
    check(&ALL, r#"{"a":"ab","b":true}"#, &[]);
    check(&ALL, "{}", &[("a", Rule::Required), ("b", Rule::Required)]);
    check(&ALL, r#"{"a":1,"b":true}"#, &[("a", Rule::Type)]);
    check(&ALL, "7", &[("", Rule::Type)]);
}

#[test]
fn exactly_one_shape_holds() {
    let shape = Shape::OneOf(
        const {
            &[
                variant("Small", Shape::Named(&INTEGER)),
                variant("Object", Shape::Named(&OBJECT)),
                variant(
                    "Number",
                    Shape::Number {
                        minimum: Some(5.0),
                        maximum: None,
                    },
                ),
            ]
        },
    );
    check(&shape, "1", &[]);
    check(&shape, "5.5", &[]);
    check(&shape, r#"{"a":"ab"}"#, &[]);
    // Only one of them is an object, and so its own fault is told.
    check(&shape, r#"{"a":"a"}"#, &[("a", Rule::MinLength)]);
    check(&shape, "7", &[("", Rule::OneOf)]);
    check(&shape, "0", &[("", Rule::OneOf)]);
    check(&shape, "\"a\"", &[("", Rule::OneOf)]);
    check(&Shape::Nullable(&INTEGER), "null", &[]);
}

#[test]
fn one_shape_or_more_hold() {
    let shape = Shape::AnyOf(
        const {
            &[
                variant("an integer", Shape::Named(&INTEGER)),
                variant(
                    "a number",
                    Shape::Number {
                        minimum: Some(5.0),
                        maximum: None,
                    },
                ),
                variant("a text", TEXT),
            ]
        },
    );
    for text in ["1", "7", "5.5", "\"ab\""] {
        check(&shape, text, &[]);
    }
    check(&shape, "0", &[("", Rule::AnyOf)]);
    check(&shape, "\"a\"", &[("", Rule::MinLength)]);
    check(&shape, "true", &[("", Rule::AnyOf)]);
}

#[test]
fn nothing_holds_that_is_ruled_out() {
    let shape = Shape::Not(&INTEGER);
    check(&shape, "0", &[]);
    check(&shape, "\"1\"", &[]);
    check(&shape, "1", &[("", Rule::Not)]);
    check(&Shape::Not(&Shape::Any), "null", &[("", Rule::Not)]);
}

#[test]
fn a_member_chooses_the_shape() {
    let shape = Shape::Tagged(Tagged {
        property: "kind",
        variants: const {
            &[
                variant("object", Shape::Named(&OBJECT)),
                variant("any", Shape::Any),
            ]
        },
    });
    check(&shape, r#"{"kind":"any"}"#, &[]);
    check(&shape, r#"{"kind":"object","a":"ab"}"#, &[]);
    check(&shape, r#"{"kind":"object"}"#, &[("a", Rule::Required)]);
    check(&shape, r#"{"kind":"Any"}"#, &[("kind", Rule::OneOf)]);
    check(&shape, r#"{"kind":1}"#, &[("kind", Rule::Type)]);
    check(&shape, "{}", &[("kind", Rule::Required)]);
    check(&shape, "[]", &[("", Rule::Type)]);
}

#[test]
fn the_message_names_the_choices() {
    let shape = Shape::OneOf(const { &[variant("Cat", Shape::Boolean), variant("a text", TEXT)] });
    let mut faults = Vec::new();
    let mut checker = Checker {
        location: Location::Body,
        faults: &mut faults,
    };
    checker.check(&shape, &json::Json::Null, &Place::Root);
    assert_eq!(faults[0].message, "must match one of Cat, a text");
}

/// Each level has two variants that lead to the next: tried anew each time, that is 2^100 checks.
#[test]
fn a_deep_choice_is_made_once_a_value() {
    static TREE: Shape = Shape::OneOf(&[
        variant("One", Shape::Object(MEMBERS)),
        variant("Two", Shape::Object(MEMBERS)),
        variant("Leaf", Shape::Named(&INTEGER)),
    ]);
    static MEMBERS: &[Member] = &[Member {
        name: "t",
        required: true,
        shape: Shape::Named(&TREE),
    }];
    let text = format!("{}0{}", r#"{"t":"#.repeat(100), "}".repeat(100));
    check(&TREE, &text, &[("", Rule::OneOf)]);
    check(&TREE, "1", &[]);
}
