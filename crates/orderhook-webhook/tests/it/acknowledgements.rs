//! Replays `spec/vectors/acknowledgements.json`.

use orderhook_webhook::acknowledge::{NotAcknowledged, acknowledges, acknowledges_card_event};
use serde_json::Value;

use crate::body_of;

#[test]
fn tells_an_acknowledgement_from_all_else() {
    let vectors: Value = serde_json::from_str(include_str!(
        "../../../../spec/vectors/acknowledgements.json"
    ))
    .unwrap();
    for vector in vectors["answers"].as_array().unwrap() {
        let status = u16::try_from(vector["status"].as_u64().unwrap()).unwrap();
        let result = acknowledges(status, &body_of(vector));
        assert_eq!(name_of(&result), vector["result"], "{}", vector["name"]);
        if let Err(NotAcknowledged::OtherCode { code }) = &result {
            assert_eq!(code, vector["code"].as_str().unwrap(), "{}", vector["name"]);
        }
        let card_event = acknowledges_card_event(status);
        assert_eq!(
            name_of(&card_event),
            vector["card_event"],
            "{}",
            vector["name"]
        );
    }
}

fn name_of(result: &Result<(), NotAcknowledged>) -> &'static str {
    match result {
        Ok(()) => "acknowledged",
        Err(NotAcknowledged::Status { .. }) => "status",
        Err(NotAcknowledged::NotJson) => "not_json",
        Err(NotAcknowledged::NotObject) => "not_object",
        Err(NotAcknowledged::CodeMissing) => "code_missing",
        Err(NotAcknowledged::CodeRepeated) => "code_repeated",
        Err(NotAcknowledged::CodeNotText) => "code_not_text",
        Err(NotAcknowledged::OtherCode { .. }) => "other_code",
        Err(other) => panic!("no vector knows {other:?}"),
    }
}
