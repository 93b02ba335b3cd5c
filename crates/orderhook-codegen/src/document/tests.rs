use serde_json::json;

use super::Document;

/// A document of four lines, to which a test adds its own from line 5.
fn with(rest: &str) -> String {
    format!("openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths:\n  {{}}\n{rest}")
}

fn parse(text: &str) -> Document {
    Document::parse("api.yaml", text).expect("the document is valid")
}

/// Asserts that `text` is refused with an error that displays as `expected`.
#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = Document::parse("api.yaml", text).expect_err("the document must be refused");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn values_follow_the_yaml_core_schema_and_keep_their_order() {
    let document = parse(&with(
        "x-values: {z: 1, a: yes, n: ~, t: true, f: 1.50, big: 18446744073709551615, s: '00000', e: }\n",
    ));

    let expected = json!({
        "z": 1, "a": "yes", "n": null, "t": true, "f": 1.5,
        "big": 18_446_744_073_709_551_615_u64, "s": "00000", "e": null,
    });
    let values = document.get("/x-values").expect("exists");
    assert_eq!(values.to_string(), expected.to_string());
}

#[test]
fn json_is_read_as_well() {
    let document = parse(r#"{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{}}"#);

    assert_eq!(document.openapi().info.title, "t");
    assert_eq!(document.place("/info").column, 20);
}

#[test]
fn number_keys_become_their_text() {
    let document = parse(&with("x-a: {200: ok, 0010: ten, 1.0: one}\n"));

    let expected = json!({"200": "ok", "0010": "ten", "1.0": "one"});
    assert_eq!(document.get("/x-a"), Some(&expected));
}

#[test]
fn an_alias_copies_the_value_and_keeps_the_places_inside_it() {
    let document = parse(&with(
        "x-a: &a\n  b: [1, 2]\nx-c: *a\n&k x-k: 1\nx-d: {*k : 2}\n",
    ));

    assert_eq!(document.get("/x-c/b/1"), Some(&json!(2)));
    assert_eq!(document.place("/x-c").line, 7);
    assert_eq!(document.place("/x-c/b/1").line, 6);
    assert_eq!(document.get("/x-d/x-k"), Some(&json!(2)));
}

#[test]
fn merge_keys_lend_members() {
    let document = parse(&with(
        "x-a: &a {b: 1, c: 2}\nx-b: &b {<<: *a, c: 3, d: 4}\nx-c: {<<: [*b, {e: 5, d: 6}], b: 7}\n",
    ));

    let expected = json!({"b": 7, "c": 3, "d": 4, "e": 5});
    let members = document.get("/x-c").expect("exists");
    assert_eq!(members, &expected);
    assert_eq!(document.place("/x-c/c").line, 6);

    let mut bomb = "x-0: &a0 {a: 1}\n".to_owned();
    for level in 1..60 {
        let lender = level - 1;
        bomb.push_str(&format!(
            "x-{level}: &a{level} {{<<: [*a{lender}, *a{lender}]}}\n"
        ));
    }
    let error = Document::parse("a", &with(&bomb)).expect_err("too many");
    assert!(error.to_string().contains("expand to too much"), "{error}");
}

#[test]
fn characters_of_json_beyond_16_bits_are_read() {
    let text = |value: &str| {
        format!(r#"{{"openapi":"3.0.4","info":{{"title":"{value}","version":"1"}},"paths":{{}}}}"#)
    };
    for (value, expected) in [
        (r"a\ud83d\ude00b", "a\u{1f600}b"),
        (r"\uD83D\uDE00\u0061", "\u{1f600}a"),
        (r"\\ud83d\\ude00 \ud83d\ude00", "\\ud83d\\ude00 \u{1f600}"),
    ] {
        assert_eq!(parse(&text(value)).openapi().info.title, expected);
    }
    refused(
        &text(r"\ud83d"),
        "api.yaml:1:36: while parsing a quoted scalar, found invalid Unicode character escape code; the text is not well-formed YAML",
    );
}

#[test]
fn a_place_is_that_of_the_key_or_the_item() {
    let document = parse(&with("x-a:\n  b:\n    - c\n    - d: 1\n"));

    let shown = |pointer: &str| document.place(pointer).to_string();
    assert_eq!(shown(""), "api.yaml:1:1");
    assert_eq!(shown("/x-a/b"), "api.yaml:6:3");
    assert_eq!(shown("/x-a/b/1"), "api.yaml:8:7");
    assert_eq!(shown("/x-a/b/1/d/none/here"), "api.yaml:8:7");
}

#[test]
fn the_hash_is_that_of_the_text() {
    // sha256sum of the same bytes.
    let text = r#"{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{}}"#;
    let expected = "c52f57a1560448566f1250691e3b6c2ef4e6714fc4b009001ec650c90f8f6950";
    assert_eq!(parse(text).sha256(), expected);
}

#[test]
fn broken_yaml_is_refused_at_its_place() {
    refused(
        &with("x-a: [1\n"),
        "api.yaml:6:1: while parsing a flow sequence, expected ',' or ']'; the text is not well-formed YAML",
    );
    refused(
        &with("x-a: {b: 1, c: 2,\n 'b': 3}\n"),
        "api.yaml:6:2: `b` stands here a second time, first on line 5; remove one of the two",
    );
    refused(
        &with("x-a: {200: 1, '200': 3}\n"),
        "api.yaml:5:15: `200` stands here a second time, first on line 5; remove one of the two",
    );
    refused(
        &with("x-a: {<<: [1]}\n"),
        "api.yaml:5:7: `<<` needs a mapping or a list of them; give it an alias of one",
    );
    refused(
        &with("x-a: {'<<': {}}\n"),
        "api.yaml:5:7: a member can't be named `<<`; write another name",
    );
    refused(
        &with("x-a:\n  ? [1]\n  : 2\n"),
        "api.yaml:6:5: a key must be a scalar; quote it if it begins with a bracket or brace",
    );
    refused(
        &with("x-a: .nan\n"),
        "api.yaml:5:6: `.nan` is no number in JSON; quote it if text is meant",
    );
    refused(
        &with("x-a: &a [*a]\n"),
        "api.yaml:5:10: the alias stands inside the value it names; write the value out",
    );
    refused(
        "",
        "api.yaml:1:1: the document is empty; write an OpenAPI document",
    );
    refused(
        &with("---\nx: 1\n"),
        "api.yaml:5:1: a second YAML document begins here; keep one document to a file",
    );
}

#[test]
fn what_would_exhaust_memory_or_stack_is_refused() {
    let deep = format!("x-a: {}{}\n", "[".repeat(70), "]".repeat(70));
    let error = Document::parse("a", &with(&deep)).expect_err("too deep");
    assert!(error.to_string().contains("nested deeper"), "{error}");

    let deeper = format!("x-a: {}\n", "[".repeat(100_000));
    Document::parse("a", &with(&deeper)).expect_err("too deep for the parser itself");

    let mut bomb = "x-0: &a0 [1]\n".to_owned();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("x-{level}: &a{level} [{items}]\n"));
    }
    let error = Document::parse("a", &with(&bomb)).expect_err("too many");
    assert!(error.to_string().contains("expand to too much"), "{error}");
}

#[test]
fn only_openapi_3_0_is_accepted() {
    let advice = "write `openapi: 3.0.3`, the only version this generator reads is 3.0";
    let versions = [
        (
            "openapi: 3.1.0",
            "api.yaml:1:1: /openapi: the version is `\"3.1.0\"`",
        ),
        (
            "openapi: 3.0",
            "api.yaml:1:1: /openapi: the version is `3.0`",
        ),
        (
            "openapi: 3.0.x",
            "api.yaml:1:1: /openapi: the version is `\"3.0.x\"`",
        ),
        (
            "swagger: '2.0'",
            "api.yaml:1:1: there is no member `openapi`",
        ),
        ("[]", "api.yaml:1:1: there is no member `openapi`"),
    ];
    for (text, found) in versions {
        refused(text, &format!("{found}; {advice}"));
    }
}

#[test]
fn a_wrong_type_is_refused_at_the_innermost_value() {
    let advice = "compare with the OpenAPI 3.0.3 specification";
    let document = |operation: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths:\n  /a:\n    get:\n{operation}"
        )
    };
    refused(
        &document("      responses:\n        200: {}\n"),
        &format!(
            "api.yaml:7:9: /paths/~1a/get/responses/200: missing field `description`; {advice}"
        ),
    );
    refused(
        &document("      deprecated: perhaps\n      responses: {}\n"),
        &format!(
            "api.yaml:6:7: /paths/~1a/get/deprecated: invalid type: string \"perhaps\", expected a boolean; {advice}"
        ),
    );
    refused(
        &with("components:\n  schemas:\n    A:\n      type: object\n      required: name\n"),
        &format!(
            "api.yaml:7:5: /components/schemas/A: invalid type: string \"name\", expected a sequence; {advice}"
        ),
    );
}

#[test]
fn resolve_follows_references_to_their_end() {
    let document = parse(&with(
        "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/C~1D'}\n    C/D: {type: string}\n",
    ));

    let node = document.resolve("/components/schemas/A").expect("resolves");

    assert_eq!(node.pointer, "/components/schemas/C~1D");
    assert_eq!(node.value, &json!({"type": "string"}));
}

#[test]
fn resolve_refuses_a_reference_that_leads_nowhere() {
    let document = parse(&with(
        "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n    C: {$ref: '#/nowhere'}\n    D: {$ref: 'other.yaml#/A'}\n",
    ));

    let cases = [
        (
            "A",
            "api.yaml:8:5: /components/schemas/B: `$ref: #/components/schemas/A` leads back to itself",
        ),
        (
            "C",
            "api.yaml:9:5: /components/schemas/C: `$ref: #/nowhere` names nothing",
        ),
        (
            "D",
            "api.yaml:10:5: /components/schemas/D: `$ref: other.yaml#/A` leaves this document",
        ),
        (
            "E",
            "api.yaml:6:3: /components/schemas/E: `$ref: #/components/schemas/E` names nothing",
        ),
    ];
    for (name, expected) in cases {
        let pointer = format!("/components/schemas/{name}");
        let error = document
            .resolve(&pointer)
            .expect_err("leads nowhere")
            .to_string();
        let advice = "point it at `#/components/...` of this document";
        assert_eq!(error, format!("{expected}; {advice}"));
    }
}

#[test]
fn a_schema_as_deep_as_allowed_is_read_or_refused_at_its_end() {
    let levels = [
        ("{type: array, items: ", "}", 56, "/items"),
        ("{items: ", "}", 56, "/items"),
        ("{oneOf: [", "]}", 28, "/oneOf/0"),
        ("{type: object, properties: {a: ", "}}", 28, "/properties/a"),
    ];
    for (open, close, count, pointer) in levels {
        let document = |innermost: &str| {
            let schema = format!("{}{innermost}{}", open.repeat(count), close.repeat(count));
            with(&format!("components: {{schemas: {{A: {schema}}}}}\n"))
        };
        parse(&document("{type: string}"));

        let error = Document::parse("api.yaml", &document("{type: 5}")).expect_err("no type");
        let at = format!("/components/schemas/A{}: ", pointer.repeat(count));
        assert!(error.to_string().contains(&at), "{error}");
    }
}
