//! `multipart/form-data`, part by part; files are not read into memory whole.

use std::marker::PhantomData;

use axum::body::{Body, Bytes};
use http_body_util::{BodyDataStream, LengthLimitError, Limited};

use crate::input::Checked;
use crate::json;
use crate::parameters;
use crate::shape::{Checker, PartKind, PartRow, Place};
use crate::upload::broken_off;
use crate::{Fault, Location, Refusal, Rule};

/// One documented part of a body; generated code makes it of what arrives.
pub trait Part: Sized {
    /// The parts that the document names.
    const ROWS: &'static [PartRow];

    /// A file, which is the part of row `row`.
    fn file(row: usize, file: FilePart) -> Option<Self>;

    /// A value, which is the part of row `row`.
    ///
    /// # Errors
    /// What keeps the value from being one of the part's type.
    fn value(row: usize, value: Checked<'_>) -> Option<Result<Self, serde_json::Error>>;
}

/// The parts of a body, in the order in which they arrive.
///
/// A file must be read, or dropped, before the next part can be: they are one stream.
#[derive(Debug)]
pub struct Multipart<P> {
    stream: multer::Multipart<'static>,
    limit: usize,
    /// Of a part that is no file.
    value_limit: usize,
    /// How often each row was there.
    seen: Vec<usize>,
    part: PhantomData<fn() -> P>,
}

impl<P: Part> Multipart<P> {
    pub(crate) fn new(body: Body, boundary: String, limit: usize, value_limit: usize) -> Self {
        let stream = BodyDataStream::new(Limited::new(body, limit));
        Self {
            stream: multer::Multipart::new(stream, boundary),
            limit,
            value_limit,
            seen: vec![0; P::ROWS.len()],
            part: PhantomData,
        }
    }

    /// The next part that the document names; others are passed over. `None` at the end.
    ///
    /// # Errors
    /// 400 for a part that breaks a rule, and at the end if one is missing; 413 for a body beyond
    /// the limit.
    pub async fn next(&mut self) -> Result<Option<P>, Refusal> {
        loop {
            let field = self.stream.next_field().await;
            let Some(field) = field.map_err(|error| refusal(&error, self.limit))? else {
                return self.end();
            };
            let name = field.name().unwrap_or_default();
            let Some(index) = P::ROWS.iter().position(|row| row.name == name) else {
                continue;
            };
            let row = &P::ROWS[index];
            self.seen[index] += 1;
            if self.seen[index] > 1 && !row.repeats {
                return Err(fault(row.name, Rule::Duplicate, "must stand once only"));
            }
            let part = match row.kind {
                PartKind::File => P::file(index, FilePart::new(field, self.limit)),
                PartKind::Text | PartKind::Json => {
                    let mut part = FilePart::new(field, self.limit);
                    let mut bytes = Vec::new();
                    while let Some(chunk) = part.chunk().await? {
                        bytes.extend_from_slice(&chunk);
                        if bytes.len() > self.value_limit {
                            return Err(Refusal::content_too_large(self.value_limit));
                        }
                    }
                    read::<P>(index, row, &bytes)?
                }
            };
            if part.is_some() {
                return Ok(part);
            }
        }
    }

    fn end(&self) -> Result<Option<P>, Refusal> {
        let rows = P::ROWS.iter().zip(&self.seen);
        let missing = rows.filter(|(row, seen)| row.required && **seen == 0);
        let faults: Vec<_> = missing
            .map(|(row, _)| Fault::new(Location::Body, row.name, Rule::Required, "must be present"))
            .collect();
        match faults.is_empty() {
            true => Ok(None),
            false => Err(Refusal::bad_request(faults).of_reading()),
        }
    }
}

fn read<P: Part>(index: usize, row: &PartRow, bytes: &[u8]) -> Result<Option<P>, Refusal> {
    let mut faults = Vec::new();
    let value = match row.kind {
        PartKind::Json => json::read(bytes, &mut faults),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Some(parameters::scalar(&row.shape, text.to_owned().into())),
            Err(_) => return Err(fault(row.name, Rule::Syntax, "must be UTF-8")),
        },
    };
    let location = Location::Body;
    let place = Place::Member(&Place::Root, row.name);
    if let Some(value) = value {
        let mut checker = Checker {
            location,
            faults: &mut faults,
        };
        checker.check(&row.shape, &value, &place);
        if faults.is_empty() {
            let part = P::value(index, Checked { location, value });
            return part
                .transpose()
                .map_err(|error| fault(row.name, Rule::Format, &format!("must fit: {error}")));
        }
    }
    for fault in faults.iter_mut().filter(|fault| fault.field.is_empty()) {
        row.name.clone_into(&mut fault.field);
    }
    Err(Refusal::bad_request(faults).of_reading())
}

/// A part that is a file.
#[derive(Debug)]
pub struct FilePart {
    field: multer::Field<'static>,
    limit: usize,
}

impl FilePart {
    fn new(field: multer::Field<'static>, limit: usize) -> Self {
        Self { field, limit }
    }

    /// The name that the sender gives the file. It is no path to write to: it can be anything.
    pub fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// The media type that the sender gives the file.
    pub fn content_type(&self) -> Option<&str> {
        self.field.content_type().map(AsRef::as_ref)
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// 413 for a body beyond the limit, 400 for one that breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        let chunk = self.field.chunk().await;
        chunk.map_err(|error| refusal(&error, self.limit))
    }

    /// All of it.
    ///
    /// # Errors
    /// Those of [`FilePart::chunk`].
    pub async fn bytes(self) -> Result<Bytes, Refusal> {
        let limit = self.limit;
        let bytes = self.field.bytes().await;
        bytes.map_err(|error| refusal(&error, limit))
    }
}

fn refusal(error: &multer::Error, limit: usize) -> Refusal {
    let mut cause = Some(error as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Refusal::content_too_large(limit).of_reading();
        }
        cause = error.source();
    }
    match error {
        multer::Error::StreamReadFailed(_) => broken_off(),
        error => fault(
            "",
            Rule::Syntax,
            &format!("must be multipart/form-data: {error}"),
        ),
    }
}

fn fault(field: &str, rule: Rule, message: &str) -> Refusal {
    Refusal::bad_request(vec![Fault::new(Location::Body, field, rule, message)]).of_reading()
}

impl Checked<'_> {
    /// The value as its type.
    ///
    /// # Errors
    /// What keeps it from being one.
    pub fn into_typed<T: serde::de::DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        T::deserialize(self.value)
    }
}
