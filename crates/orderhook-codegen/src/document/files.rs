//! The files that a document consists of, read when something refers to them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::{Error, Place};
use super::shape::{self, Holds, Kind};
use super::source::Source;
use super::yaml::{self, Position, Positions};
use super::{hex, pointer};

/// How the text of a file is got at.
pub(super) type Read<'r> = dyn Fn(&Path) -> io::Result<String> + 'r;

/// More references than this on the way to one value lead nowhere.
const MAX_HOPS: usize = 64;

const NAMES_NOTHING: &str = "names nothing; compare it with the file it leads to";

pub(super) const LEADS_BACK: &str = "leads back to itself; write out what it stands for";

/// A document's own file and those read for it.
pub(super) struct Files<'r> {
    read: Option<&'r Read<'r>>,
    files: Vec<File>,
    numbers: HashMap<PathBuf, usize>,
    sha256: Sha256,
}

struct File {
    name: String,
    value: Value,
    positions: Positions,
}

/// A value of a file, by its JSON pointer there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Location {
    /// 0 for the document's own file.
    pub(super) file: usize,
    pub(super) pointer: String,
}

impl<'r> Files<'r> {
    /// Begins with the document's own file; without `read`, there are no others.
    pub(super) fn new(name: &str, text: &str, read: Option<&'r Read<'r>>) -> Result<Self, Error> {
        let mut files = Self {
            read,
            files: Vec::new(),
            numbers: HashMap::new(),
            sha256: Sha256::new(),
        };
        files.add(name.to_owned(), normal(Path::new(name)), text)?;
        Ok(files)
    }

    fn add(&mut self, name: String, path: PathBuf, text: &str) -> Result<usize, Error> {
        let (value, positions) = yaml::parse(&name, text)?;
        let number = self.files.len();
        self.files.push(File {
            name,
            value,
            positions,
        });
        self.numbers.insert(path, number);
        self.sha256.update(text);
        Ok(number)
    }

    /// Whether references to other files are followed.
    pub(super) fn reads_others(&self) -> bool {
        self.read.is_some()
    }

    /// The content of one of the files.
    pub(super) fn root(&self, file: usize) -> &Value {
        &self.files[file].value
    }

    /// The value at `at`.
    pub(super) fn get(&self, at: &Location) -> Option<&Value> {
        self.root(at.file).pointer(&at.pointer)
    }

    /// Where the value at `at` stands, if it was written there itself.
    pub(super) fn position(&self, file: usize, pointer: &str) -> Option<Position> {
        let position = self.files[file].positions.get(pointer)?;
        Some(Position { file, ..*position })
    }

    /// Where the value at `at` stands, or what is around it.
    pub(super) fn place(&self, at: &Location) -> Place {
        let File {
            name, positions, ..
        } = &self.files[at.file];
        let nearest = std::iter::successors(Some(&*at.pointer), |at| pointer::parent(at))
            .find_map(|at| positions.get(at));
        let position = nearest.copied().unwrap_or(Position::START);
        Place {
            file: name.clone(),
            line: position.line,
            column: position.column,
            pointer: at.pointer.clone(),
        }
    }

    /// The document's own file as it was written.
    pub(super) fn into_own(mut self) -> (Source, Value) {
        let File {
            name,
            value,
            positions,
        } = self.files.swap_remove(0);
        (Source::new(&name, positions), value)
    }

    /// The names of all files, by their numbers.
    pub(super) fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// SHA-256 of the texts of all files, one behind the other in the order in which they were read.
    pub(super) fn sha256(&self) -> String {
        hex(&self.sha256.clone().finalize())
    }

    /// What `reference`, which stands in the file `from`, names; reads the file where that is new.
    ///
    /// # Errors
    /// What is wrong with the reference and what to do.
    pub(super) fn target(&mut self, from: usize, reference: &str) -> Result<Location, String> {
        let named = self.named(from, reference)?;
        let mut hops = MAX_HOPS;
        self.canonical(named, &mut hops)
    }

    fn named(&mut self, from: usize, reference: &str) -> Result<Location, String> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let pointer = decoded(fragment)?.into_owned();
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err("has no JSON pointer behind its `#`; write one, such as `#/Name`".into());
        }
        let file = match path {
            "" => from,
            path => self.open(from, path)?,
        };
        Ok(Location { file, pointer })
    }

    fn open(&mut self, from: usize, reference: &str) -> Result<usize, String> {
        if is_url(reference) {
            return Err("is not fetched; store it beside the document".into());
        }
        let path = decoded(reference)?;
        if Path::new(&*path).has_root() {
            return Err("is an absolute path; write it relative to this file".into());
        }
        let path = normal(&Path::new(&self.files[from].name).with_file_name(&*path));
        if let Some(known) = self.numbers.get(&path) {
            return Ok(*known);
        }
        let Some(read) = self.read else {
            return Err("leaves this document".into());
        };
        let name = path.display().to_string();
        let text = read(&path)
            .map_err(|error| format!("leads to `{name}`, which can't be read: {error}"))?;
        self.add(name, path, &text)
            .map_err(|error| format!("leads to a file that can't be read: {error}"))
    }

    /// The same value by the pointer that leads to it without a reference on the way.
    fn canonical(&mut self, at: Location, hops: &mut usize) -> Result<Location, String> {
        let mut reached = Location {
            file: at.file,
            pointer: String::new(),
        };
        for token in at.pointer.split('/').skip(1) {
            let token = pointer::last(token);
            let mut next = child(&reached, &token);
            if self.get(&next).is_none() {
                let value = self.get(&reached);
                let Some(reference) = value.and_then(shape::reference).map(str::to_owned) else {
                    return Err(NAMES_NOTHING.into());
                };
                *hops = hops.checked_sub(1).ok_or(LEADS_BACK)?;
                let through = self.named(reached.file, &reference)?;
                let through = self.canonical(through, hops)?;
                // What is found there may be a reference in turn.
                next = self.canonical(child(&through, &token), hops)?;
            }
            reached = next;
        }
        Ok(reached)
    }

    /// What stands at `at` by the rules of OpenAPI; `None` where they leave that open, such as in
    /// a file that is no document.
    pub(super) fn holds(&self, at: &Location) -> Option<Holds> {
        self.root(at.file).get("openapi")?;
        let mut holds = Holds::One(Kind::OpenApi);
        for token in at.pointer.split('/').skip(1) {
            holds = match holds {
                Holds::One(kind) => shape::member(kind, &pointer::last(token))?,
                Holds::List(kind) | Holds::Map(kind) => Holds::One(kind),
            };
        }
        Some(holds)
    }
}

/// A member or item of the value at `at`.
pub(super) fn child(at: &Location, token: &str) -> Location {
    Location {
        file: at.file,
        pointer: pointer::join(&at.pointer, token),
    }
}

fn decoded(text: &str) -> Result<Cow<'_, str>, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_| "is not UTF-8 when its `%` are decoded; write it plainly".into())
}

/// `https://…`, `//host/…`, `urn:…`; a single letter would be a drive of Windows.
fn is_url(reference: &str) -> bool {
    let scheme = reference.split(['/', '.', '?']).next().unwrap_or_default();
    reference.starts_with("//") || scheme.find(':').is_some_and(|length| length > 1)
}

/// The path without `.` and `..`, so that each file has one spelling; links are not looked at.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
