//! JSON value → typed OpenAPI, with an error that names the innermost value at fault.

use openapiv3::{
    Callback, Components, Example, Header, Link, MediaType, OpenAPI, Operation, Parameter,
    PathItem, Paths, RequestBody, Response, Responses, Schema, SecurityScheme,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::pointer;
use super::shape::{self, Kind};

/// What is wrong with the value at `pointer`.
pub(super) struct Mismatch {
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Reads the whole document.
pub(super) fn read(root: &Value) -> Result<OpenAPI, Mismatch> {
    read_at("", root).map_err(|outer| innermost(root).unwrap_or(outer))
}

/// The deepest object that its own type refuses.
///
/// The typed reader tries "reference or object" by turns and then only says that neither fits,
/// at the outermost such place; reading each object on its own gives the real reason.
fn innermost(root: &Value) -> Option<Mismatch> {
    let mut deepest: Option<Mismatch> = None;
    shape::walk(Kind::OpenApi, root, "", &mut |kind, at, value| {
        if shape::reference(value).is_some() {
            return;
        }
        let Err(mismatch) = read_as(kind, at, value) else {
            return;
        };
        let depth = |mismatch: &Mismatch| mismatch.pointer.matches('/').count();
        if deepest
            .as_ref()
            .is_none_or(|found| depth(found) < depth(&mismatch))
        {
            deepest = Some(mismatch);
        }
    });
    deepest
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
