//! How the value of a parameter becomes text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// The styles of OpenAPI, and what has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar as it is.
    Plain,
    /// JSON.
    Json,
    /// `form`
    Form,
    /// `form` with `explode`
    FormExploded,
    /// `simple`
    Simple,
    /// `simple` with `explode`
    SimpleExploded,
    /// `label`
    Label,
    /// `label` with `explode`
    LabelExploded,
    /// `matrix`
    Matrix,
    /// `matrix` with `explode`
    MatrixExploded,
    /// `spaceDelimited`
    SpaceDelimited,
    /// `pipeDelimited`
    PipeDelimited,
    /// `deepObject`
    DeepObject,
}

/// How a text is made fit for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// In a URL, a cookie or a form: an escaped comma is another than one between items.
    Percent,
    /// In a header.
    Nothing,
}

impl Escape {
    fn apply(self, text: &str) -> String {
        match self {
            Self::Percent => encode(text),
            Self::Nothing => text.to_owned(),
        }
    }
}

/// All but what RFC 3986 calls unreserved. The dot parts labels, and so is escaped inside of them.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b'.');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `name=text` for each pair that a query or a form gets.
pub(crate) fn pairs(style: Style, name: &str, value: &Value) -> Result<Vec<String>, String> {
    let name = encode(name);
    match (style, value) {
        (Style::FormExploded, Value::Array(items)) => {
            let pairs = items
                .iter()
                .map(|item| Ok(format!("{name}={}", encode(&scalar(item)?))));
            pairs.collect()
        }
        (Style::FormExploded, Value::Object(members)) => {
            let mut pairs = Vec::new();
            for (member, value) in members {
                pairs.extend(repeated(&encode(member), value)?);
            }
            Ok(pairs)
        }
        (Style::DeepObject, Value::Object(members)) => {
            let mut pairs = Vec::new();
            for (member, value) in members {
                pairs.extend(repeated(&format!("{name}%5B{}%5D", encode(member)), value)?);
            }
            Ok(pairs)
        }
        _ => {
            let text = one(style, &name, value, Escape::Percent)?;
            Ok(text
                .map(|text| format!("{name}={text}"))
                .into_iter()
                .collect())
        }
    }
}

/// A member of an object: a scalar once, a list item by item.
fn repeated(name: &str, value: &Value) -> Result<Vec<String>, String> {
    let items = match value {
        Value::Null => &[],
        Value::Array(items) => items.as_slice(),
        scalar => std::slice::from_ref(scalar),
    };
    let pairs = items
        .iter()
        .map(|item| Ok(format!("{name}={}", encode(&scalar(item)?))));
    pairs.collect()
}

/// The one text that stands for `value`; `None` where it is null.
pub(crate) fn one(
    style: Style,
    name: &str,
    value: &Value,
    escape: Escape,
) -> Result<Option<String>, String> {
    if style == Style::Json {
        return Ok((!value.is_null()).then(|| escape.apply(&value.to_string())));
    }
    let pieces = match value {
        Value::Null => return Ok(None),
        Value::Array(_) | Value::Object(_) if style == Style::Plain => {
            return Err("a list or an object has no style to be written in".to_owned());
        }
        Value::Array(items) => {
            let pieces = items
                .iter()
                .map(|item| piece(style, &scalar(item)?, escape));
            pieces.collect::<Result<Vec<_>, _>>()?
        }
        Value::Object(members) => members_of(style, members, escape)?,
        value => {
            let text = escape.apply(&scalar(value)?);
            return Ok(Some(match style {
                Style::Label | Style::LabelExploded => format!(".{text}"),
                Style::Matrix | Style::MatrixExploded => format!(";{name}={text}"),
                _ => text,
            }));
        }
    };
    if pieces == [""] {
        return Err("a list of one empty text can't be told from an empty list".to_owned());
    }
    Ok(Some(match style {
        Style::Label => format!(".{}", pieces.join(",")),
        Style::LabelExploded => format!(".{}", pieces.join(".")),
        Style::Matrix => format!(";{name}={}", pieces.join(",")),
        Style::MatrixExploded if pieces.is_empty() => format!(";{name}"),
        Style::MatrixExploded => {
            let is_list = value.is_array();
            let pieces = pieces.iter().map(|piece| match is_list {
                true => format!(";{name}={piece}"),
                false => format!(";{piece}"),
            });
            pieces.collect()
        }
        Style::SpaceDelimited => pieces.join("%20"),
        Style::PipeDelimited => pieces.join("%7C"),
        _ => pieces.join(","),
    }))
}

/// `name=text` with `explode`, else the name and the text as two pieces.
fn members_of(
    style: Style,
    members: &serde_json::Map<String, Value>,
    escape: Escape,
) -> Result<Vec<String>, String> {
    let is_exploded = matches!(
        style,
        Style::SimpleExploded | Style::LabelExploded | Style::MatrixExploded
    );
    let mut pieces = Vec::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let (name, text) = (
            piece(style, name, escape)?,
            piece(style, &scalar(value)?, escape)?,
        );
        match is_exploded {
            true => pieces.push(format!("{name}={text}")),
            false => pieces.extend([name, text]),
        }
    }
    Ok(pieces)
}

/// An item of a list or a part of an object, which must not hold what separates it from the next.
fn piece(style: Style, text: &str, escape: Escape) -> Result<String, String> {
    let separator = match (style, escape) {
        (Style::SpaceDelimited, _) => Some(' '),
        (Style::PipeDelimited, _) => Some('|'),
        (_, Escape::Nothing) => Some(','),
        (_, Escape::Percent) => None,
    };
    match separator {
        Some(separator) if text.contains(separator) => Err(format!(
            "`{separator}` stands between items and can't stand in one"
        )),
        _ if style == Style::LabelExploded => Ok(escape.apply(text).replace('.', "%2E")),
        _ => Ok(escape.apply(text)),
    }
}

/// The text of a scalar.
pub(crate) fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null => Err("null can't stand in a list".to_owned()),
        Value::Array(_) | Value::Object(_) => {
            Err("a list or an object can't stand in another one".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(style: Style, value: Value, expected: &str) {
        let text = one(style, "p", &value, Escape::Percent);
        assert_eq!(text, Ok(Some(expected.to_owned())), "{style:?} {value}");
    }

    #[test]
    fn one_text() {
        let (list, object) = (json!(["a,b", 1]), json!({"x": 1, "y": null, "z": "a=b"}));
        check(Style::Plain, json!("a b/ä"), "a%20b%2F%C3%A4");
        check(Style::Json, json!({"x": [1]}), "%7B%22x%22%3A%5B1%5D%7D");
        for style in [Style::Form, Style::Simple, Style::SimpleExploded] {
            check(style, list.clone(), "a%2Cb,1");
        }
        check(Style::Form, object.clone(), "x,1,z,a%3Db");
        check(Style::SimpleExploded, object.clone(), "x=1,z=a%3Db");
        check(Style::Label, json!("a.b"), ".a.b");
        check(Style::Label, list.clone(), ".a%2Cb,1");
        check(Style::LabelExploded, json!(["a.b", 1.5]), ".a%2Eb.1%2E5");
        check(Style::LabelExploded, object.clone(), ".x=1.z=a%3Db");
        check(Style::Matrix, json!(7), ";p=7");
        check(Style::Matrix, list.clone(), ";p=a%2Cb,1");
        check(Style::MatrixExploded, json!(true), ";p=true");
        check(Style::MatrixExploded, list.clone(), ";p=a%2Cb;p=1");
        check(Style::MatrixExploded, object, ";x=1;z=a%3Db");
        check(Style::SpaceDelimited, list.clone(), "a%2Cb%201");
        check(Style::PipeDelimited, list, "a%2Cb%7C1");
        check(Style::Form, json!([]), "");
        check(Style::MatrixExploded, json!([]), ";p");
    }

    #[test]
    fn several_pairs() {
        #[track_caller]
        fn check(style: Style, value: Value, expected: &[&str]) {
            let pairs = pairs(style, "p q", &value).unwrap();
            assert_eq!(pairs, expected, "{style:?} {value}");
        }
        check(
            Style::FormExploded,
            json!(["a", 1]),
            &["p%20q=a", "p%20q=1"],
        );
        check(Style::FormExploded, json!({"x": [1, 2]}), &["x=1", "x=2"]);
        check(Style::FormExploded, json!(7), &["p%20q=7"]);
        check(Style::DeepObject, json!({"x": 1}), &["p%20q%5Bx%5D=1"]);
        check(Style::Form, json!(["a", "b"]), &["p%20q=a,b"]);
        check(Style::Plain, json!(null), &[]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_written() {
        #[track_caller]
        fn check(style: Style, escape: Escape, value: Value, expected: &str) {
            let text = one(style, "p", &value, escape);
            assert_eq!(text, Err(expected.to_owned()), "{style:?} {value}");
        }
        let comma = "`,` stands between items and can't stand in one";
        check(Style::Simple, Escape::Nothing, json!(["a,b"]), comma);
        let space = "` ` stands between items and can't stand in one";
        check(
            Style::SpaceDelimited,
            Escape::Percent,
            json!(["a b"]),
            space,
        );
        let nested = "a list or an object can't stand in another one";
        check(Style::Form, Escape::Percent, json!([[1]]), nested);
        let null = "null can't stand in a list";
        check(Style::Form, Escape::Percent, json!([null]), null);
        let empty = "a list of one empty text can't be told from an empty list";
        check(Style::Form, Escape::Percent, json!([""]), empty);
        let unstyled = "a list or an object has no style to be written in";
        check(Style::Plain, Escape::Percent, json!({}), unstyled);
    }
}
