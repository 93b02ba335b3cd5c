//! The rows of the source documents, and whether the spec carries them.

use orderhook_codegen::document::{Document, shape::Kind};
use serde::Deserialize;
use serde_json::Value;

use super::carrier::{Carrier, Kinds, is_below, reachable};
use super::{Finding, Rule};

/// Each table of the documents: how many rows it has, and the part of the spec that its rows
/// must be reachable from (the empty pointer is the whole of it).
const TABLES: [(&str, usize, &str); 15] = [
    ("A.headers.request", 2, ""),
    (
        "A.webhook-list.request",
        5,
        "/paths/~1v1~1webhooks/get/parameters",
    ),
    (
        "A.webhook-list.response",
        20,
        "/paths/~1v1~1webhooks/get/responses/200",
    ),
    (
        "A.webhook-create.request",
        2,
        "/paths/~1v1~1webhooks/post/requestBody",
    ),
    (
        "A.webhook-create.response",
        14,
        "/paths/~1v1~1webhooks/post/responses/200",
    ),
    (
        "A.webhook-update.request",
        2,
        "/paths/~1v1~1webhooks~1{webhook_id}/put/requestBody",
    ),
    (
        "A.webhook-update.response",
        14,
        "/paths/~1v1~1webhooks~1{webhook_id}/put/responses/200",
    ),
    (
        "A.event-list.request",
        5,
        "/paths/~1v1~1events/get/parameters",
    ),
    (
        "A.event-list.response",
        12,
        "/paths/~1v1~1events/get/responses/200",
    ),
    (
        "A.event-subscription.request",
        1,
        "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions/post/requestBody",
    ),
    (
        "A.event-subscription.response",
        17,
        "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions/post/responses/200",
    ),
    (
        "A.event-unsubscription.request",
        1,
        "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions~1{event_type}/delete/parameters",
    ),
    (
        "A.event-unsubscription.response",
        17,
        "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions~1{event_type}/delete/responses/200",
    ),
    (
        "B.push",
        28,
        "/x-webhooks/order_status_change/post/requestBody",
    ),
    (
        "B.ack",
        4,
        "/x-webhooks/order_status_change/post/responses/200",
    ),
];

/// A row of a table of the documents, as `rows.csv` has it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    /// The row's id, such as `B.push.11`.
    #[serde(rename = "row")]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Characters of a string, decimal digits of an int.
    pub(super) length: Option<u32>,
    /// `Yes`, `Y`, `No`, `N`, or nothing.
    pub(super) required: String,
    pub(super) description: String,
    pub(super) example: String,
    /// JSON pointers into the spec, with spaces between.
    pub(super) pointers: String,
}

impl Row {
    pub(super) fn read_all(csv: &str) -> Vec<Self> {
        csv::Reader::from_reader(csv.as_bytes())
            .deserialize()
            .collect::<Result<_, _>>()
            .expect("rows.csv has the columns of a row")
    }

    pub(super) fn pointers(&self) -> impl Iterator<Item = &str> {
        self.pointers.split_whitespace()
    }

    /// `None` where the table has no such column.
    pub(super) fn required(&self) -> Option<bool> {
        match self.required.as_str() {
            "Yes" | "Y" => Some(true),
            "No" | "N" => Some(false),
            "" => None,
            other => panic!("{}: `{other}` is not a word for required", self.id),
        }
    }

    /// The values that the description lists, such as `card.load` in `card.load: Reload`: words
    /// before a colon that are no words of English.
    pub(super) fn values(&self) -> Vec<&str> {
        self.description
            .split_whitespace()
            .filter_map(|word| word.strip_suffix(':'))
            .filter(|word| !word.chars().skip(1).all(|c| c.is_ascii_lowercase()))
            .collect()
    }

    /// The schema keyword and the number that say `length`.
    pub(super) fn bound(&self) -> Option<(&'static str, u64)> {
        let length = self.length?;
        Some(match self.schema_type() {
            "integer" => ("maximum", 10_u64.pow(length) - 1),
            _ => ("maxLength", u64::from(length)),
        })
    }

    fn schema_type(&self) -> &'static str {
        match self.kind.as_str() {
            "string" | "String" => "string",
            "int" | "Long" => "integer",
            "boolean" => "boolean",
            "array" => "array",
            "object" | "Object" => "object",
            other => panic!("{}: the documents have no type `{other}`", self.id),
        }
    }

    fn table(&self) -> &str {
        self.id.rsplit_once('.').map_or("", |(table, _)| table)
    }
}

/// Which rows of the documents `rows` lacks, repeats or has out of order.
pub(super) fn check_complete(rows: &[Row]) -> Vec<Finding> {
    let expected: Vec<String> = TABLES
        .iter()
        .flat_map(|(table, count, _)| (1..=*count).map(move |n| format!("{table}.{n}")))
        .collect();
    let found: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if found == expected {
        return Vec::new();
    }
    let at = expected
        .iter()
        .zip(&found)
        .position(|(expected, found)| expected != found)
        .unwrap_or(expected.len().min(found.len()));
    let name = |id: Option<&str>| id.unwrap_or("the end").to_owned();
    vec![Finding {
        // Line 1 has the names of the columns.
        place: format!("spec/rows.csv:{}", at + 2),
        rule: Rule::Complete,
        about: name(found.get(at).copied()),
        message: format!(
            "the documents have {} here; restore the row, none is ever added or dropped",
            name(expected.get(at).map(String::as_str))
        ),
    }]
}

/// Every row that the spec does not carry, or carries otherwise than the documents have it.
pub(super) fn check(document: &Document, rows: &[Row]) -> Vec<Finding> {
    let kinds = Kinds::of(document);
    let mut findings = Vec::new();
    for (table, _, root) in TABLES {
        let within = reachable(document, root);
        for row in rows.iter().filter(|row| row.table() == table) {
            let mut report = |pointer: &str, rule, message: String| {
                findings.push(Finding {
                    place: document.place(pointer).to_string(),
                    rule,
                    about: row.id.clone(),
                    message,
                });
            };
            if row.pointers().next().is_none() {
                report(
                    root,
                    Rule::Pointer,
                    "no pointer; name the place that carries the row".into(),
                );
            }
            for pointer in row.pointers() {
                match Carrier::at(document, &kinds, pointer) {
                    Ok(carrier) => check_row(row, &carrier, &mut report),
                    Err(message) => report(pointer, Rule::Pointer, message),
                }
                if !within.iter().any(|root| is_below(pointer, root)) {
                    report(
                        root,
                        Rule::Reach,
                        format!(
                            "`{pointer}` is not reachable from here, where the table's place is"
                        ),
                    );
                }
            }
        }
    }
    findings
}

fn check_row(row: &Row, carrier: &Carrier<'_>, report: &mut impl FnMut(&str, Rule, String)) {
    let pointer = carrier.pointer.as_str();
    if carrier.name != row.name {
        let message = format!(
            "this is `{}`; the documents call it `{}`",
            carrier.name, row.name
        );
        report(pointer, Rule::Name, message);
    }
    if let Some(required) = row.required()
        && required != carrier.required_at.is_some()
    {
        let (have, want) = if required { ("not ", "") } else { ("", "not ") };
        let message = format!(
            "`{}` is {have}required; make it {want}so, the documents say `{}`",
            row.name, row.required
        );
        report(pointer, Rule::Required, message);
    }
    if carrier.kind == Kind::MediaType && carrier.media_type() != row.example {
        let message = format!("the documents' media type is `{}`", row.example);
        report(pointer, Rule::Name, message);
    }
    // A security scheme and a media type are texts without a schema.
    if carrier.layers.is_empty() {
        return;
    }

    let expected_type = Value::from(row.schema_type());
    let found = carrier.all("type");
    if found.is_empty() || found.iter().any(|(_, value)| **value != expected_type) {
        let message = format!(
            "write `type: {}`, the documents say `{}`",
            row.schema_type(),
            row.kind
        );
        report(pointer, Rule::Type, message);
    }
    if let Some((keyword, number)) = row.bound() {
        let found = carrier.all(keyword);
        if !matches!(found.as_slice(), [(_, value)] if value.as_u64() == Some(number)) {
            let at = found.first().map_or(pointer, |(at, _)| at.as_str());
            let message = format!("write `{keyword}: {number}`, the documents give a length");
            report(at, Rule::Length, message);
        }
    }
    let values = row.values();
    if !values.is_empty() {
        let found = carrier.all("x-extensible-enum");
        if !matches!(found.as_slice(), [(_, list)] if **list == Value::from(values.clone())) {
            let at = found.first().map_or(pointer, |(at, _)| at.as_str());
            let message = format!(
                "write `x-extensible-enum: [{}]`, the values of the documents",
                values.join(", ")
            );
            report(at, Rule::Values, message);
        }
    }
}
