//! JSON with nothing overlooked: a member that stands twice is a fault, text after the end as well.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::shape::Place;
use super::{Fault, Location, Rule};

/// Reads one JSON value; faults are added to `faults`, and there is no value if it is not JSON.
pub(super) fn read(bytes: &[u8], faults: &mut Vec<Fault>) -> Option<Value> {
    let repeated = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        place: &Place::Root,
        repeated: &repeated,
    };
    let value = strict
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => {
            faults.append(&mut repeated.into_inner());
            Some(value)
        }
        Err(error) => {
            let message = format!("must be JSON: {error}");
            faults.push(Fault::new(Location::Body, "", Rule::Syntax, message));
            None
        }
    }
}

/// Reads the value at `place` and notes the members in it that stand twice.
struct Strict<'a> {
    place: &'a Place<'a>,
    repeated: &'a RefCell<Vec<Fault>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let place = Place::Item(self.place, values.len());
            let item = Strict {
                place: &place,
                repeated: self.repeated,
            };
            match items.next_element_seed(item)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            let member = Strict {
                place: &place,
                repeated: self.repeated,
            };
            let value = members.next_value_seed(member)?;
            if values.contains_key(&name) {
                let message = "must stand once only";
                let fault = Fault::new(Location::Body, place.to_string(), Rule::Duplicate, message);
                self.repeated.borrow_mut().push(fault);
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Value>, fields: &[(&str, Rule)]) {
        let mut faults = Vec::new();
        assert_eq!(read(text.as_bytes(), &mut faults), expected);
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.rule))
            .collect();
        assert_eq!(found, fields);
    }

    #[test]
    fn values_are_kept_exactly() {
        let text = r#"{"a":[null,true,-1,18446744073709551615,1.5,"\u00e9"],"b":{}}"#;
        let expected = json!({"a": [null, true, -1, 18446744073709551615_u64, 1.5, "é"], "b": {}});
        check(text, Some(expected), &[]);
    }

    #[test]
    fn every_member_that_stands_twice_is_named() {
        let text = r#"{"a":1,"a":2,"b":[{"c":1,"c":1}],"a":3}"#;
        let expected = json!({"a": 3, "b": [{"c": 1}]});
        let faults = [("b[0].c", Rule::Duplicate), ("a", Rule::Duplicate)];
        check(
            text,
            Some(expected),
            &[("a", Rule::Duplicate), faults[0], faults[1]],
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{} {}",
            "nul",
            "{\"a\":1,}",
            "\u{feff}{}",
            "1e400",
            "'a'",
        ] {
            check(text, None, &[("", Rule::Syntax)]);
        }
        let deep = "[".repeat(100_000);
        check(&deep, None, &[("", Rule::Syntax)]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let mut faults = Vec::new();
        assert_eq!(read(b"\"\xff\"", &mut faults), None);
        assert_eq!(faults[0].rule, Rule::Syntax);
    }
}
