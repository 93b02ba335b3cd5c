//! The faults of a request, and the rules that several members share.

use axum::http::Uri;
use orderhook_types::{Fault, WebhookName, WebhookUrl};

#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

pub(super) fn fault(location: &str, field: &str, rule: &str, message: &str) -> Fault {
    Fault {
        location: location.into(),
        field: field.to_owned(),
        rule: rule.into(),
        message: message.to_owned(),
    }
}

impl Faults {
    pub(super) fn add(&mut self, location: &str, field: &str, rule: &str, message: &str) {
        self.0.push(fault(location, field, rule, message));
    }

    pub(super) fn webhook_name(&mut self, location: &str, text: &str) -> Option<WebhookName> {
        // The type counts the characters; which limit it was matters only to a fault.
        match text.parse() {
            Ok(name) => Some(name),
            Err(_) => {
                self.length(
                    location,
                    "webhook_name",
                    text,
                    "must have at most 20 characters",
                );
                None
            }
        }
    }

    pub(super) fn webhook_url(&mut self, location: &str, text: &str) -> Option<WebhookUrl> {
        let url = text.parse::<WebhookUrl>();
        if url.is_err() {
            self.length(
                location,
                "webhook_url",
                text,
                "must have at most 100 characters",
            );
        }
        let uri = text.parse::<Uri>();
        let is_absolute = uri.is_ok_and(|uri| {
            uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty())
        });
        if !is_absolute {
            let message = "must be an absolute URI, such as https://example.com/path";
            self.add(location, "webhook_url", "format", message);
        }
        url.ok().filter(|_| is_absolute)
    }

    fn length(&mut self, location: &str, field: &str, text: &str, too_long: &str) {
        if text.is_empty() {
            self.add(
                location,
                field,
                "min_length",
                "must have at least 1 character",
            );
        } else {
            self.add(location, field, "max_length", too_long);
        }
    }
}
