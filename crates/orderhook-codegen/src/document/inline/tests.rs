use super::*;

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n";

fn named(text: &str) -> Document {
    let document = Document::parse("api.yaml", &format!("{HEAD}{text}")).expect("valid");
    document.with_named_schemas().expect("still valid")
}

/// Asserts what stands at each pointer once the schemas have names.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let document = named(text);
    for (pointer, expected) in expected {
        let found = document.get(pointer).map(Value::to_string);
        assert_eq!(found.as_deref(), Some(*expected), "{pointer}");
    }
}

/// Asserts the names of all component schemas of a document with this one operation.
#[track_caller]
fn check_names(operation: &str, components: &str, expected: &[&str]) {
    let document = named(&format!(
        "paths: {{/a: {{get: {operation}}}}}\ncomponents: {components}\n"
    ));
    let schemas = document.get(SCHEMAS).and_then(Value::as_object);
    let names: Vec<_> = schemas.into_iter().flat_map(Map::keys).collect();
    assert_eq!(names, expected, "{operation}");
}

#[test]
fn what_needs_a_name_gets_one() {
    let cases: [(&str, &[&str]); 12] = [
        ("{type: string}", &[]),
        ("{type: string, format: uuid}", &[]),
        ("{type: integer, minimum: 1}", &[]),
        ("{type: object}", &[]),
        ("{type: object, additionalProperties: {type: string}}", &[]),
        (
            "{allOf: [{$ref: '#/components/schemas/S'}], nullable: true}",
            &[],
        ),
        (
            "{type: object, properties: {a: {type: string}}}",
            &["GetAq"],
        ),
        ("{type: string, enum: [a]}", &["GetAq"]),
        ("{type: string, maxLength: 9}", &["GetAq"]),
        ("{oneOf: [{type: string}, {type: integer}]}", &["GetAq"]),
        (
            "{type: array, items: {type: string, enum: [a]}}",
            &["GetAqItem"],
        ),
        (
            "{type: object, additionalProperties: {type: array, items: {enum: [a]}}}",
            &["GetAqValueItem"],
        ),
    ];
    for (schema, expected) in cases {
        let operation = format!(
            "{{operationId: getA, parameters: [{{name: q, in: query, schema: {schema}}}], responses: {{}}}}"
        );
        let expected = [&["S"], expected].concat();
        check_names(&operation, "{schemas: {S: {type: string}}}", &expected);
    }
}

#[test]
fn names_say_where_a_schema_stood() {
    let object = "{type: object, properties: {a: {type: string}}}";
    let json = format!("content: {{application/json: {{schema: {object}}}}}");
    check_names(
        &format!("{{requestBody: {{{json}}}, responses: {{'200': {{description: d, {json}}}}}}}"),
        "{}",
        &["GetABody", "GetAResponse"],
    );
    check_names(
        &format!(
            "{{responses: {{'200': {{description: d, {json}}}, default: {{description: d, {json}}}}}}}"
        ),
        "{}",
        &["GetAResponse200", "GetAResponseDefault"],
    );
    check_names(
        &format!(
            "{{responses: {{}}, requestBody: {{content: {{a/b: {{schema: {object}}}, a/c: {{schema: {object}}}}}}}}}"
        ),
        "{}",
        &["GetABodyAb", "GetABodyAc"],
    );
    check_names(
        "{responses: {'200': {description: d, headers: {Max: {schema: {enum: [a]}}}}}}",
        &format!(
            "{{schemas: {{GetAResponseMax: {{}}, get_a_response_max2: {{}}}}, responses: {{Bad: {{description: d, {json}}}}}, parameters: {{Sort: {{name: s, in: query, schema: {{enum: [a]}}}}}}}}"
        ),
        &[
            "GetAResponseMax",
            "get_a_response_max2",
            "GetAResponseMax3",
            "SortParameter",
            "BadResponse",
        ],
    );
}

#[test]
fn null_stays_where_the_schema_stood() {
    check(
        "paths: {/a: {get: {responses: {}, parameters: [{name: q, in: query, schema: {type: string, nullable: true, enum: [a, null], default: a}}]}}}\n",
        &[
            (
                "/paths/~1a/get/parameters/0/schema",
                r##"{"nullable":true,"default":"a","allOf":[{"$ref":"#/components/schemas/GetAq"}]}"##,
            ),
            (
                "/components/schemas",
                r#"{"GetAq":{"type":"string","enum":["a"]}}"#,
            ),
        ],
    );
    check(
        "paths: {}\ncomponents: {schemas: {A: {nullable: true, type: string, oneOf: [{enum: [a]}, {enum: [null]}]}}}\n",
        &[(
            "/components/schemas",
            r##"{"A":{"nullable":true,"allOf":[{"$ref":"#/components/schemas/AValue"}]},"AValue":{"type":"string","enum":["a"]}}"##,
        )],
    );
}

#[test]
fn a_discriminator_inside_a_schema_makes_one_of_its_own() {
    let choice = "{oneOf: [{$ref: '#/components/schemas/A'}], discriminator: {propertyName: k}}";
    check(
        &format!(
            "paths: {{}}\ncomponents: {{schemas: {{A: {{type: object, properties: {{b: {choice}}}}}}}}}\n"
        ),
        &[
            (
                "/components/schemas/A",
                r##"{"type":"object","properties":{"b":{"$ref":"#/components/schemas/Ab"}}}"##,
            ),
            (
                "/components/schemas/Ab",
                r##"{"oneOf":[{"$ref":"#/components/schemas/A"}],"discriminator":{"propertyName":"k"}}"##,
            ),
        ],
    );
}

#[test]
fn places_stay_those_of_the_source() {
    let document = named(
        "paths:\n  /a:\n    get:\n      responses: {}\n      parameters:\n        - {name: q, in: query, schema: {type: string, maxLength: 9}}\n",
    );
    let place = |pointer: &str| document.place(pointer).to_string();
    assert_eq!(place("/components/schemas/GetAq"), "api.yaml:8:32");
    assert_eq!(
        place("/components/schemas/GetAq/maxLength"),
        "api.yaml:8:55"
    );
    assert_eq!(place("/paths/~1a/get/parameters/0/schema"), "api.yaml:8:32");
}
