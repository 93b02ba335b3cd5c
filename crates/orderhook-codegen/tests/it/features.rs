//! Everything that operations can have, in one document.

use crate::errors;

/// Every schema is under `components`, for whoever needs a name for each.
const FEATURES: &str = include_str!("features.yaml");

#[test]
fn every_generator_takes_all_features() {
    let [models, client, server, _pushes] = errors(FEATURES);
    assert!(models.is_none(), "{models:?}");
    assert!(client.is_none(), "{client:?}");
    assert!(server.is_none(), "{server:?}");
}
