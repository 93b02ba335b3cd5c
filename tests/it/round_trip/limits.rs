//! Values that can't make the trip, and what becomes of them: nothing is sent in their place.

use orderhook_client::Error;
use orderhook_types::EventType;

use super::WORLD;

/// URLs give the segments `.` and `..` a meaning, in their escaped forms too, and an empty one
/// makes another path. Sent all the same, the call would be one to another resource.
#[test]
fn a_path_segment_that_a_url_cannot_hold_is_refused_by_the_client() {
    for event_type in [".", "..", ""] {
        let call = WORLD
            .order_management
            .client
            .unsubscribe_event()
            .webhook_id(7);
        let call = call.event_type(EventType::from(event_type)).send();
        let refused = WORLD.runtime.block_on(call);
        assert!(
            matches!(refused, Err(Error::InvalidRequest(_))),
            "{event_type:?}: {refused:?}"
        );
    }
}

/// HTTP has no escape for the control characters of a header (RFC 9110, 5.5).
#[test]
fn a_header_that_cannot_be_sent_is_refused_by_the_client() {
    for key in ["a\nb", "a\0", "\u{7f}"] {
        let call = WORLD
            .order_management
            .client
            .create_webhook()
            .idempotency_key(key);
        let call = call
            .body_map(|body| body.webhook_name("order-events"))
            .send();
        let refused = WORLD.runtime.block_on(call);
        assert!(
            matches!(refused, Err(Error::InvalidRequest(_))),
            "{key:?}: {refused:?}"
        );
    }
}
