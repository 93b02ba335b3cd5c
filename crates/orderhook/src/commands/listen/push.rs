//! What `listen` shows of a push.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::output::{Output, clean};

/// How many messages are recognised when they come again.
const REMEMBERED: usize = 100_000;

/// A push that was received and answered; `--json` prints one on a line.
#[derive(Debug, Serialize)]
pub(super) struct ShownPush {
    pub(super) received_time: String,
    pub(super) path: String,
    /// `webhook-id`, if the push has one.
    pub(super) message_id: Option<String>,
    /// How often the message was there before; only authentic ones count.
    pub(super) repeated: u64,
    /// Whether the signature is the server's.
    pub(super) verified: bool,
    /// Why it is not.
    pub(super) fault: Option<String>,
    /// The status of the answer; absent where there was none, because forwarding failed.
    pub(super) answered: Option<u16>,
    /// The body, or its text where it is no JSON.
    pub(super) body: Value,
}

impl ShownPush {
    pub(super) fn print(&self, output: &Output) -> Result<(), Failure> {
        if output.json {
            return output.json_line(self);
        }
        output.text(&self.line(output.colours))
    }

    fn line(&self, colours: bool) -> String {
        // Cleaned before it is painted: a terminal would obey what a stranger wrote.
        let paint = |text: &str, colour: &str| {
            let text = clean(text);
            if colours {
                format!("\u{1b}[{colour}m{text}\u{1b}[0m")
            } else {
                text
            }
        };
        let mut parts = vec![self.received_time.clone(), clean(&self.what())];
        parts.extend(self.message_id.as_deref().map(clean));
        parts.push(match &self.fault {
            None => paint("verified", "32"),
            Some(fault) => paint(&format!("NOT VERIFIED: {fault}"), "31"),
        });
        if self.repeated > 0 {
            parts.push(paint("repeated", "33"));
        }
        parts.push(match self.answered {
            Some(status) => format!("-> {status}"),
            None => paint("-> no answer from --forward", "31"),
        });
        // One push is one line, whatever is in it.
        parts.join("  ").replace('\n', "\u{fffd}")
    }

    /// Type, and of an order its id and state.
    fn what(&self) -> String {
        let text = |pointer: &str| self.body.pointer(pointer).and_then(Value::as_str);
        let kind = text("/type").unwrap_or("?");
        match (text("/data/orderId"), text("/data/state")) {
            (Some(order), Some(state)) => format!("{kind}  {order} {state}"),
            _ => kind.to_owned(),
        }
    }
}

/// The body as it is shown.
pub(super) fn shown_body(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// The messages that were received, as far as they are remembered.
#[derive(Debug, Default)]
pub(super) struct Seen {
    counts: HashMap<String, u64>,
    order: VecDeque<String>,
}

impl Seen {
    /// Counts a message; how often it was there before.
    pub(super) fn count(&mut self, message_id: &str) -> u64 {
        if let Some(count) = self.counts.get_mut(message_id) {
            *count += 1;
            return *count;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(message_id.to_owned());
        self.counts.insert(message_id.to_owned(), 0);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(body: &str) -> ShownPush {
        ShownPush {
            received_time: "2026-11-01T09:30:00.000Z".to_owned(),
            path: "/orders".to_owned(),
            message_id: Some("msg_1".to_owned()),
            repeated: 0,
            verified: true,
            fault: None,
            answered: Some(200),
            body: shown_body(body.as_bytes()),
        }
    }

    #[test]
    fn a_line_says_what_came_and_what_became_of_it() {
        let check = |push: ShownPush, expected: &str| {
            assert_eq!(push.line(false), expected);
        };
        let order = r#"{"type":"order_status_change","data":{"orderId":"7","state":"FAILED"}}"#;
        check(
            push(order),
            "2026-11-01T09:30:00.000Z  order_status_change  7 FAILED  msg_1  verified  -> 200",
        );
        check(
            ShownPush {
                repeated: 2,
                ..push(r#"{"type":"card.load","data":{}}"#)
            },
            "2026-11-01T09:30:00.000Z  card.load  msg_1  verified  repeated  -> 200",
        );
        check(
            ShownPush {
                fault: Some("no signature matches".to_owned()),
                message_id: None,
                answered: Some(401),
                ..push("not json")
            },
            "2026-11-01T09:30:00.000Z  ?  NOT VERIFIED: no signature matches  -> 401",
        );
    }

    #[test]
    fn a_terminal_gets_our_colours_and_no_others() {
        let hostile = push("{\"type\":\"\\u001b[2J\\ncard.load\"}").line(true);
        assert_eq!(
            hostile,
            "2026-11-01T09:30:00.000Z  \u{fffd}[2J\u{fffd}card.load  msg_1  \u{1b}[32mverified\u{1b}[0m  -> 200"
        );
    }

    #[test]
    fn a_message_is_recognised_until_it_is_forgotten() {
        let mut seen = Seen::default();
        assert_eq!(seen.count("a"), 0);
        assert_eq!(seen.count("a"), 1);
        assert_eq!(seen.count("a"), 2);
        for number in 0..REMEMBERED {
            assert_eq!(seen.count(&number.to_string()), 0);
        }
        assert_eq!(seen.count("a"), 0);
    }
}
