//! `--set PATH=VALUE`.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::exit::Failure;

/// A member that is to have another value.
#[derive(Debug, Clone)]
pub(super) struct Change {
    path: String,
    value: String,
}

impl FromStr for Change {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((path, value)) if path.split('.').all(|name| !name.is_empty()) => Ok(Self {
                path: path.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("must be PATH=VALUE, such as data.amount=12.40"),
        }
    }
}

impl Change {
    /// Makes the change. What is a text stays one, so that `fiatAmount=120.00` keeps its zeros;
    /// else the value is read as JSON where it is JSON.
    pub(super) fn apply(&self, body: &mut Value) -> Result<(), Failure> {
        let mut place = body;
        for name in self.path.split('.') {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            place = match place {
                Value::Object(members) => members.entry(name).or_insert(Value::Null),
                Value::Array(items) => name
                    .parse()
                    .ok()
                    .and_then(|index: usize| items.get_mut(index))
                    .ok_or_else(|| self.no_such_place())?,
                _ => return Err(self.no_such_place()),
            };
        }
        let text = || Value::from(self.value.as_str());
        *place = if place.is_string() {
            text()
        } else {
            serde_json::from_str(&self.value).unwrap_or_else(|_| text())
        };
        Ok(())
    }

    fn no_such_place(&self) -> Failure {
        Failure::usage(format!("--set {}: there is no such place", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_changed_or_added() {
        let check = |change: &str, expected: Value| {
            let mut body = serde_json::json!({"amount": "1", "count": 1, "data": {"a": [1]}});
            change.parse::<Change>().unwrap().apply(&mut body).unwrap();
            assert_eq!(body, expected, "{change}");
        };
        let with = |path: &str, value: Value| {
            let mut body = serde_json::json!({"amount": "1", "count": 1, "data": {"a": [1]}});
            *body.pointer_mut(path).unwrap() = value;
            body
        };
        check("amount=120.00", with("/amount", Value::from("120.00")));
        check("count=2", with("/count", Value::from(2)));
        check("data.a.0=7", with("/data/a/0", Value::from(7)));
        let mut added = with("/count", Value::from(1));
        added["data"]["b"] = serde_json::json!({"c": "x=y"});
        check("data.b.c=x=y", added);
    }

    #[test]
    fn a_place_that_cannot_be_is_refused() {
        let mut body = serde_json::json!({"amount": "1", "list": []});
        for change in ["amount.x=1", "list.0=1", "list.x=1"] {
            let change: Change = change.parse().unwrap();
            assert!(change.apply(&mut body).is_err());
        }
        assert!("amount".parse::<Change>().is_err());
        assert!(".a=1".parse::<Change>().is_err());
    }
}
