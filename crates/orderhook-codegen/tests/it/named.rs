//! Schemas that stand inside others get names where they need them; documents without stay as they are.

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::{Document, models};

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

/// Written out where it stands, each would hold itself without end.
#[test]
fn a_schema_that_merges_what_it_is_inside_of_ends() {
    let schemas = "
openapi: 3.0.3
info: {title: t, version: '1'}
paths: {}
components:
  schemas:
    Thing:
      type: object
      properties:
        size: {type: integer}
        note:
          allOf: [{$ref: '#/components/schemas/Thing'}, {type: object, required: [size]}]
    Left:
      type: object
      properties:
        right: {allOf: [{$ref: '#/components/schemas/Right'}, {type: object, required: [left]}]}
    Right:
      type: object
      properties:
        left: {allOf: [{$ref: '#/components/schemas/Left'}, {type: object, required: [right]}]}
";
    let document = Document::parse("api.yaml", schemas).unwrap();
    let document = document.with_named_schemas().unwrap();
    let models = models::generate(&[&document], &ModelSettings::default()).unwrap();
    let models = models.to_string();
    for name in ["ThingNote", "LeftRight", "RightLeft"] {
        assert!(
            models.contains(&format!("pub struct {name} ")),
            "{name}: {models}"
        );
    }
}
