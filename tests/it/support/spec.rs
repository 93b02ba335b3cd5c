//! The documents under `spec/`, as they are read by the generator.

use std::sync::LazyLock;

use orderhook_codegen::Document;

pub(crate) const ORDER_MANAGEMENT_TEXT: &str = include_str!("../../../spec/order-management.yaml");
pub(crate) const OPERATOR_TEXT: &str = include_str!("../../../spec/operator.yaml");

/// The contract of the two public documents.
pub(crate) static ORDER_MANAGEMENT: LazyLock<Document> = LazyLock::new(|| {
    Document::parse("spec/order-management.yaml", ORDER_MANAGEMENT_TEXT).expect("the spec is read")
});

/// What our server adds, with all that it takes over.
pub(crate) static OPERATOR: LazyLock<Document> = LazyLock::new(|| {
    let beside = [&*ORDER_MANAGEMENT];
    Document::parse_beside("spec/operator.yaml", OPERATOR_TEXT, &beside).expect("the spec is read")
});

/// Every document.
pub(crate) fn documents() -> [&'static Document; 2] {
    [&ORDER_MANAGEMENT, &OPERATOR]
}
