//! JSON value → typed OpenAPI, with an error that names the very object at fault.

use openapiv3::{
    Callback, Components, Example, Header, Link, MediaType, OpenAPI, Operation, Parameter,
    PathItem, Paths, RequestBody, Response, Responses, Schema, SecurityScheme,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::pointer;
use super::shape::{self, Holds, Kind};

/// What is wrong with the value at `pointer`.
pub(super) struct Mismatch {
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Reads the whole document.
pub(super) fn read(root: &Value) -> Result<OpenAPI, Mismatch> {
    each_alone(root)?;
    read_at("", root)
}

/// Reads every object on its own, without those below it, and stops at the first that its type
/// refuses.
///
/// The reader of the whole tries "reference or object" by turns. It would only say that neither
/// fits, at the outermost such place, after a time that doubles with each level of nesting.
fn each_alone(root: &Value) -> Result<(), Mismatch> {
    let mut result = Ok(());
    shape::walk(Kind::OpenApi, root, "", &mut |kind, at, value| {
        if result.is_ok() && shape::reference(value).is_none() {
            result = read_as(kind, at, &alone(kind, value));
        }
    });
    result
}

/// A copy of `value` in which every object below is the smallest that its type accepts.
fn alone(kind: Kind, value: &Value) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    let member = |(name, child): (&String, &Value)| {
        let child = match (shape::member(kind, name), child) {
            (Some(Holds::One(kind)), child) => smallest(kind, child),
            (Some(Holds::List(kind)), Value::Array(items)) => {
                items.iter().map(|item| smallest(kind, item)).collect()
            }
            (Some(Holds::Map(kind)), Value::Object(entries)) => entries
                .iter()
                .map(|(name, entry)| (name.clone(), smallest(kind, entry)))
                .collect(),
            _ => child.clone(),
        };
        (name.clone(), child)
    };
    members.iter().map(member).collect()
}

fn smallest(kind: Kind, value: &Value) -> Value {
    match kind {
        _ if !value.is_object() => value.clone(),
        Kind::OpenApi | Kind::Components | Kind::Paths | Kind::PathItem => json!({}),
        Kind::Responses | Kind::MediaType | Kind::Encoding | Kind::Callback => json!({}),
        Kind::Operation => json!({ "responses": {} }),
        Kind::Parameter | Kind::RequestBody | Kind::Response | Kind::Header => anything(),
        Kind::Schema | Kind::Example | Kind::Link | Kind::SecurityScheme => anything(),
    }
}

/// Fits wherever a reference may stand.
fn anything() -> Value {
    json!({ "$ref": "#" })
}

fn read_as(kind: Kind, at: &str, value: &Value) -> Result<(), Mismatch> {
    fn check<T: DeserializeOwned>(at: &str, value: &Value) -> Result<(), Mismatch> {
        read_at::<T>(at, value).map(drop)
    }
    match kind {
        Kind::OpenApi => check::<OpenAPI>(at, value),
        Kind::Components => check::<Components>(at, value),
        Kind::Paths => check::<Paths>(at, value),
        Kind::PathItem => check::<PathItem>(at, value),
        Kind::Operation => check::<Operation>(at, value),
        Kind::Parameter => check::<Parameter>(at, value),
        Kind::RequestBody => check::<RequestBody>(at, value),
        Kind::Responses => check::<Responses>(at, value),
        Kind::Response => check::<Response>(at, value),
        Kind::MediaType => check::<MediaType>(at, value),
        Kind::Encoding => check::<openapiv3::Encoding>(at, value),
        Kind::Header => check::<Header>(at, value),
        Kind::Schema => check::<Schema>(at, value),
        Kind::Example => check::<Example>(at, value),
        Kind::Link => check::<Link>(at, value),
        Kind::Callback => check::<Callback>(at, value),
        Kind::SecurityScheme => check::<SecurityScheme>(at, value),
    }
}

fn read_at<T: DeserializeOwned>(at: &str, value: &Value) -> Result<T, Mismatch> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = at.to_owned();
        for segment in error.path() {
            pointer = match segment {
                Segment::Seq { index } => pointer::join(&pointer, &index.to_string()),
                Segment::Map { key } => pointer::join(&pointer, key),
                Segment::Enum { .. } | Segment::Unknown => continue,
            };
        }
        Mismatch {
            pointer,
            message: error.into_inner().to_string(),
        }
    })
}
