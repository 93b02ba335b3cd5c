//! Bodies of requests that are no JSON.

use progenitor_client::Error;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use serde::Serialize;
use serde_json::Value;

use crate::call::invalid;
use crate::style;

/// A body whose media type the caller chooses, because the document has a range such as `image/*`.
#[derive(Debug)]
pub struct Content {
    /// Such as `image/png`.
    pub media_type: String,
    /// The body as it is sent.
    pub body: Body,
}

impl<M: Into<String>, B: Into<Body>> From<(M, B)> for Content {
    fn from((media_type, body): (M, B)) -> Self {
        Self {
            media_type: media_type.into(),
            body: body.into(),
        }
    }
}

/// `body` as a form: a list member by member, an object as JSON.
///
/// # Errors
/// [`Error::InvalidRequest`] for a value that is no object or has a list in a list.
pub fn encode_form<T: Serialize, E>(body: &T) -> Result<String, Error<E>> {
    let value = serde_json::to_value(body).map_err(|error| invalid("body", &error.to_string()))?;
    let Value::Object(members) = value else {
        return Err(invalid("body", "a form must be an object"));
    };
    let mut pairs = Vec::new();
    for (name, value) in &members {
        let items = match value {
            Value::Null => continue,
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items {
            let text = match item {
                Value::Object(_) if !value.is_array() => item.to_string(),
                item => style::scalar(item).map_err(|reason| invalid(name, &reason))?,
            };
            pairs.push(format!("{}={}", style::encode(name), style::encode(&text)));
        }
    }
    Ok(pairs.join("&"))
}

/// The parts of a `multipart/form-data`.
#[derive(Debug, Default)]
pub struct Parts(Form);

impl Parts {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, name: &'static str, part: Part) -> Self {
        Self(self.0.part(name, part))
    }

    /// Adds a value: a scalar as text, a list or an object as JSON; none where it is null.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that can't be written as JSON.
    pub fn value<T: Serialize, E>(self, name: &'static str, value: &T) -> Result<Self, Error<E>> {
        let value =
            serde_json::to_value(value).map_err(|error| invalid(name, &error.to_string()))?;
        let part = match &value {
            Value::Null => return Ok(self),
            Value::Array(_) | Value::Object(_) => Part::text(value.to_string())
                .mime_str("application/json")
                .map_err(|error| invalid(name, &error.to_string()))?,
            value => {
                let text = style::scalar(value).map_err(|reason| invalid(name, &reason))?;
                Part::text(text)
            }
        };
        Ok(Self(self.0.part(name, part)))
    }

    /// The form that a request is sent with.
    pub fn into_form(self) -> Form {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms() {
        #[track_caller]
        fn check(body: Value, expected: Option<&str>) {
            let form = encode_form::<_, ()>(&body).ok();
            assert_eq!(form.as_deref(), expected, "{body}");
        }
        check(
            json!({"a b": "ä&", "n": null, "t": true}),
            Some("a%20b=%C3%A4%26&t=true"),
        );
        check(
            json!({"l": ["a,b", 1], "o": {"x": 1}}),
            Some("l=a%2Cb&l=1&o=%7B%22x%22%3A1%7D"),
        );
        check(json!({}), Some(""));
        check(json!({"l": [[1]]}), None);
        check(json!(["no object"]), None);
    }
}
