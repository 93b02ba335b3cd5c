//! Documents that have no inline schemas stay as they are.

use orderhook_codegen::Document;

use crate::CLEAN;

#[track_caller]
fn check(document: Document) {
    let before = document.root().to_string();
    let after = document.with_named_schemas().unwrap();
    assert_eq!(after.root().to_string(), before);
}

#[test]
fn our_own_stay_as_they_are() {
    let orders = include_str!("../../../../spec/order-management.yaml");
    let operator = include_str!("../../../../spec/operator.yaml");
    let orders = Document::parse("spec/order-management.yaml", orders).unwrap();
    let operator = Document::parse_beside("spec/operator.yaml", operator, &[&orders]).unwrap();
    check(operator);
    check(orders);
    check(Document::parse("api.yaml", CLEAN).unwrap());
}
