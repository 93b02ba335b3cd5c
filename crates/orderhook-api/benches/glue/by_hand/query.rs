//! The query of `list_webhooks`.

use std::borrow::Cow;

use orderhook_types::{WebhookName, WebhookUrl};
use percent_encoding::percent_decode_str;

use super::Refusal;
use super::faults::Faults;

#[expect(dead_code, reason = "the answer is the same for every query")]
pub(super) struct ListWebhooksQuery {
    cursor: Option<i64>,
    limit: Option<i64>,
    webhook_name: Option<WebhookName>,
    webhook_url: Option<WebhookUrl>,
    ascending: Option<bool>,
}

/// The parameters as they were sent, decoded.
#[derive(Default)]
struct Texts<'a> {
    cursor: Option<Cow<'a, str>>,
    limit: Option<Cow<'a, str>>,
    webhook_name: Option<Cow<'a, str>>,
    webhook_url: Option<Cow<'a, str>>,
    ascending: Option<Cow<'a, str>>,
}

impl ListWebhooksQuery {
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let mut faults = Faults::default();
        let texts = Texts::read(query, &mut faults);
        // An empty cursor stands for none.
        let cursor = texts.cursor.filter(|text| !text.is_empty());
        let cursor = cursor.and_then(|text| faults.integer("cursor", &text, 0, 9_999_999_999));
        let limit = texts
            .limit
            .and_then(|text| faults.integer("limit", &text, 1, 99_999));
        let webhook_name = texts
            .webhook_name
            .and_then(|text| faults.webhook_name("query", &text));
        let webhook_url = texts
            .webhook_url
            .and_then(|text| faults.webhook_url("query", &text));
        let ascending = texts
            .ascending
            .and_then(|text| faults.boolean("ascending", &text));
        if !faults.0.is_empty() {
            return Err(faults.into());
        }
        Ok(Self {
            cursor,
            limit,
            webhook_name,
            webhook_url,
            ascending,
        })
    }
}

impl<'a> Texts<'a> {
    fn read(query: &'a str, faults: &mut Faults) -> Self {
        let mut texts = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(raw_name), decode(raw_value)) else {
                faults.add("query", raw_name, "syntax", "must be percent-encoded UTF-8");
                continue;
            };
            let slot = match &*name {
                "cursor" => &mut texts.cursor,
                "limit" => &mut texts.limit,
                "webhook_name" => &mut texts.webhook_name,
                "webhook_url" => &mut texts.webhook_url,
                "ascending" => &mut texts.ascending,
                _ => continue,
            };
            if slot.is_some() {
                faults.add("query", &name, "duplicate", "must stand once only");
            } else {
                *slot = Some(value);
            }
        }
        texts
    }
}

impl Faults {
    fn integer(&mut self, name: &str, text: &str, minimum: i64, maximum: i64) -> Option<i64> {
        let Ok(number) = text.parse::<i64>() else {
            self.add("query", name, "type", "must be an integer");
            return None;
        };
        if number < minimum {
            self.add(
                "query",
                name,
                "minimum",
                &format!("must be {minimum} or more"),
            );
            return None;
        }
        if number > maximum {
            self.add(
                "query",
                name,
                "maximum",
                &format!("must be {maximum} or less"),
            );
            return None;
        }
        Some(number)
    }

    fn boolean(&mut self, name: &str, text: &str) -> Option<bool> {
        let value = text.parse().ok();
        if value.is_none() {
            self.add("query", name, "type", "must be true or false");
        }
        value
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(text.into());
    }
    let mut escapes = text.split('%').skip(1).map(str::as_bytes);
    let is_whole = escapes.all(|escape| {
        matches!(escape, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    });
    if !is_whole {
        return None;
    }
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    Some(text.into_owned().into())
}
