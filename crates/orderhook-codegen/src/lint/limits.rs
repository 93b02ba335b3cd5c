//! Rules for what the client generator can't express; it would panic on each.

use crate::api::{Api, Operation, media_types};

/// An operation has at most one response that can mean success. `default` is one of them: the
/// client generator reads it as success and as error.
pub(super) fn single_success(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for operation in api.served() {
        let responses = operation.responses();
        let mut successes = responses
            .iter()
            .filter(|response| response.status.starts_with('2') || response.status == "default");
        let Some(first) = successes.next() else {
            report(
                &operation.pointer,
                "no response means success; document one".into(),
            );
            continue;
        };
        for more in successes {
            let message = format!(
                "response {} beside {}: both can mean success; keep one, and name error statuses",
                more.status, first.status,
            );
            report(
                &format!("{}/responses/{}", operation.pointer, more.status),
                message,
            );
        }
    }
}

/// A body has one media type.
pub(super) fn single_media_type(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    for body in api.operations().iter().flat_map(Operation::bodies) {
        for more in media_types(&body).iter().skip(1) {
            let message = "a second media type; keep one to a body";
            report(&more.pointer, message.into());
        }
    }
}
