//! The document as the code sees it, against the spec kept by hand.
//!
//! utoipa makes the first from the handlers and from the types of the models; the second is the
//! OpenAPI 3.1 document that is derived from a document under `spec/`. Both are taken apart
//! into facts of one form, and a fact that only one of them has, or has otherwise, is a difference.

mod facts;
mod schema;
mod sight;

use std::collections::BTreeMap;

use facts::{Facts, facts};
use serde_json::Value;
use utoipa::OpenApi;

/// Facts that the code can't state, by a part of their name, and why.
const EXPLAINED: [(&str, &str); 4] = [
    (
        " query cursor allowEmptyValue",
        "OpenAPI 3.1 advises against the keyword, and utoipa has none; the tables of requests do",
    ),
    (
        " 429 header Retry-After",
        "the headers of a refusal have no type in the code; the implementation says how long",
    ),
    (
        " 503 header Retry-After",
        "the headers of a refusal have no type in the code; the implementation says how long",
    ),
    (
        "security scheme ",
        "the code knows the scheme's name only: `Server::authenticate` is the implementation's",
    ),
];

fn spec() -> Value {
    serde_json::from_str(orderhook_api::OPENAPI_3_1).expect("the derived document is JSON")
}

fn code() -> Value {
    document_of::<orderhook_api::document::DocumentOfCode>()
}

fn document_of<Code: OpenApi>() -> Value {
    serde_json::to_value(Code::openapi()).expect("the document of the code is JSON")
}

/// The facts on which the two disagree: by name, what the spec has and what the code has.
fn differences<'a>(
    spec: &'a Facts,
    code: &'a Facts,
) -> BTreeMap<&'a str, (Option<&'a Value>, Option<&'a Value>)> {
    let names = spec.keys().chain(code.keys());
    names
        .map(|name| (name.as_str(), (spec.get(name), code.get(name))))
        .filter(|(_, (spec, code))| spec != code)
        .collect()
}

fn is_explained(name: &str) -> bool {
    EXPLAINED.iter().any(|(part, _)| name.contains(part))
}

/// The two agree, but for what is explained.
#[track_caller]
fn check(spec: &Value, code: &Value) {
    let (spec, code) = (facts(spec), facts(code));
    let mut differences = differences(&spec, &code);
    for (part, _) in EXPLAINED {
        let explains = differences.keys().any(|name| name.contains(part));
        assert!(explains, "`{part}` explains nothing any more; take it out");
    }
    differences.retain(|name, _| !is_explained(name));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn the_code_sees_the_contract_that_is_kept_by_hand() {
    check(&spec(), &code());
}

#[test]
fn the_code_sees_the_operator_api_that_is_kept_by_hand() {
    let spec = serde_json::from_str(orderhook_api::operator::OPENAPI_3_1);
    let code = document_of::<orderhook_api::operator::document::DocumentOfCode>();
    check(&spec.expect("the derived document is JSON"), &code);
}
