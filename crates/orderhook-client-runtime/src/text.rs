//! From a header to its type: the type says whether a text is a number, a list or an object.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// A text in the style `simple`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

type Error = serde_json::Error;

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.0.trim().parse().map_err(Error::custom)?)
        })*
    };
}

impl<'a> Text<'a> {
    fn pieces(self) -> impl Iterator<Item = Text<'a>> {
        let pieces = self.0.split(',').map(|piece| Text(piece.trim()));
        pieces.filter(move |_| !self.0.is_empty())
    }

    /// `name,text,name,text`, or `name=text,name=text` as with `explode`.
    fn pairs(self) -> Result<Vec<(Text<'a>, Text<'a>)>, Error> {
        let pieces: Vec<_> = self.pieces().collect();
        let exploded = pieces.iter().map(|piece| piece.0.split_once('='));
        if let Some(pairs) = exploded.collect::<Option<Vec<_>>>() {
            let pairs = pairs
                .into_iter()
                .map(|(name, text)| (Text(name), Text(text)));
            return Ok(pairs.collect());
        }
        match pieces.as_chunks::<2>() {
            (pairs, []) => Ok(pairs.iter().map(|&[name, text]| (name, text)).collect()),
            _ => Err(Error::custom("a name without a value")),
        }
    }
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(self.0))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.pieces()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(self.pairs()?.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i64,
        label: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum State {
        New,
    }

    #[test]
    fn the_type_says_what_a_text_is() {
        #[track_caller]
        fn check<T: DeserializeOwned + PartialEq + Debug>(text: &str, expected: T) {
            assert_eq!(T::deserialize(Text(text)).ok(), Some(expected), "{text}");
        }
        check("7", 7);
        check("7", "7".to_owned());
        check("true", Some(true));
        check("new", State::New);
        check("a, 7", vec!["a".to_owned(), "7".to_owned()]);
        check("1,2", vec![1, 2]);
        check("", Vec::<i64>::new());
        let label = Some("7".to_owned());
        check("x,1,label,7", Point { x: 1, label });
        check("x=1", Point { x: 1, label: None });
        for text in ["x", "y,1", ""] {
            assert!(Point::deserialize(Text(text)).is_err(), "{text}");
        }
        assert!(i64::deserialize(Text("seven")).is_err());
    }
}
