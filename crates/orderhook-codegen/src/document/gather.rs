//! Every reference that leads to no component of the document: what it leads to, in this file or in
//! another, becomes one, so that every later stage sees one document with references to components.
//!
//! Here the references are followed and the new components named; [`super::assemble`] writes the
//! document anew.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use serde_json::Value;

use super::error::Error;
use super::files::{self, Files, Location};
use super::pointer;
use super::shape::{self, Holds, Kind};
use crate::names;

/// Where the references of all files lead.
#[derive(Default)]
pub(super) struct Gathered {
    /// What each reference that is to be written anew leads to, by its own place.
    pub(super) ends: HashMap<(Location, Holds), End>,
    /// The pointer under `/components` that each value taken over gets.
    pub(super) components: HashMap<(Location, Kind), String>,
    /// The same by that pointer.
    pub(super) sources: HashMap<String, Location>,
    /// The pointers of those that the document has no component for yet, in order.
    pub(super) added: Vec<(String, Kind)>,
    /// The components that the document has itself.
    own: HashMap<String, Kind>,
    /// What is taken over, in the order in which it was found.
    found: Vec<(Location, Kind)>,
    changed: bool,
}

/// What a reference leads to in the end.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// A component, by its pointer.
    Component(String),
    /// A value that becomes a component; only until it has a name.
    New(Location, Kind),
    /// What can't be a component is put in the place of the reference.
    InPlace(Location),
}

/// A reference, or an entry of a discriminator's `mapping`, which is one as well.
struct Reference {
    at: Location,
    holds: Holds,
    text: String,
}

/// Follows the references of the document; `None` if all lead to its components already.
pub(super) fn gather(files: &mut Files<'_>) -> Result<Option<Gathered>, Error> {
    let mut gathered = Gathered::default();
    gathered.claim(files)?;
    let mut open = VecDeque::from([(start(), Holds::One(Kind::OpenApi))]);
    let claimed = gathered.found.iter().cloned();
    open.extend(claimed.map(|(at, kind)| (at, Holds::One(kind))));
    let mut seen: HashSet<_> = open.iter().cloned().collect();
    while let Some((at, holds)) = open.pop_front() {
        for reference in references(files, &at, holds) {
            let end = gathered.follow(files, &reference)?;
            if let Some((End::New(to, _) | End::InPlace(to), holds)) = end
                && seen.insert((to.clone(), holds))
            {
                open.push_back((to, holds));
            }
        }
    }
    gathered.name(files);
    Ok(gathered.changed.then_some(gathered))
}

fn start() -> Location {
    Location {
        file: 0,
        pointer: String::new(),
    }
}

impl Gathered {
    /// Notes the components that the document has: where one is a reference to what is none, that
    /// gets its name.
    fn claim(&mut self, files: &mut Files<'_>) -> Result<(), Error> {
        let Some(components) = self.entered(
            files,
            files::child(&start(), "components"),
            Holds::One(Kind::Components),
        )?
        else {
            return Ok(());
        };
        let mut all = Vec::new();
        for section in member_names(files, &components) {
            let Some(Holds::Map(kind)) = shape::member(Kind::Components, &section) else {
                continue;
            };
            if self::section(kind).is_none() {
                continue;
            }
            let at = files::child(&components, &section);
            let Some(entries) = self.entered(files, at, Holds::Map(kind))? else {
                continue;
            };
            let section = pointer::join("/components", &section);
            for name in member_names(files, &entries) {
                let pointer = pointer::join(&section, &name);
                self.own.insert(pointer.clone(), kind);
                all.push((pointer, kind, files::child(&entries, &name)));
            }
        }
        // References last, so that none takes the name of what is a component itself.
        let is_reference =
            |(_, _, at): &(_, _, Location)| files.get(at).and_then(shape::reference).is_some();
        all.sort_by_key(is_reference);
        for (pointer, kind, at) in all {
            let end = self.entered_end(files, at.clone(), Holds::One(kind))?;
            if let Some(at) = end
                && !self.is_own(&at, kind)
                && !self.components.contains_key(&(at.clone(), kind))
            {
                self.sources.insert(pointer.clone(), at.clone());
                self.components.insert((at.clone(), kind), pointer);
                self.found.push((at, kind));
                self.changed = true;
            }
        }
        Ok(())
    }

    /// The value at `at`, or what a reference there leads to; `None` where nothing stands.
    fn entered(
        &mut self,
        files: &mut Files<'_>,
        at: Location,
        holds: Holds,
    ) -> Result<Option<Location>, Error> {
        if files.get(&at).is_none() {
            return Ok(None);
        }
        self.entered_end(files, at, holds)
    }

    fn entered_end(
        &mut self,
        files: &mut Files<'_>,
        at: Location,
        holds: Holds,
    ) -> Result<Option<Location>, Error> {
        let Some(text) = files.get(&at).and_then(shape::reference).map(str::to_owned) else {
            return Ok(Some(at));
        };
        let reference = Reference { at, holds, text };
        Ok(match self.follow(files, &reference)? {
            Some((End::New(to, _) | End::InPlace(to), _)) => Some(to),
            Some((End::Component(_), _)) | None => None,
        })
    }

    fn is_own(&self, at: &Location, kind: Kind) -> bool {
        at.file == 0 && self.own.get(&at.pointer) == Some(&kind)
    }

    /// Notes where a reference leads. One that the document itself is wrong about is left as it
    /// is, for the rule `reference` and the generators to report.
    fn follow(
        &mut self,
        files: &mut Files<'_>,
        reference: &Reference,
    ) -> Result<Option<(End, Holds)>, Error> {
        let Reference { at, holds, text } = reference;
        let end = match self.end(files, at, *holds, text) {
            Ok(end) => end,
            Err(_) if at.file == 0 && (text.starts_with('#') || !files.reads_others()) => {
                return Ok(None);
            }
            Err(problem) => {
                return Err(Error::File {
                    place: files.place(at),
                    reference: text.clone(),
                    problem,
                });
            }
        };
        match &end {
            End::Component(pointer) if at.file == 0 && *text == format!("#{pointer}") => {}
            End::New(to, kind) => {
                self.changed = true;
                self.found.push((to.clone(), *kind));
            }
            End::Component(_) | End::InPlace(_) => self.changed = true,
        }
        self.ends.insert((at.clone(), *holds), end.clone());
        Ok(Some((end, *holds)))
    }

    fn end(
        &self,
        files: &mut Files<'_>,
        from: &Location,
        holds: Holds,
        text: &str,
    ) -> Result<End, String> {
        let mut at = files.target(from.file, text)?;
        let mut seen = HashSet::new();
        loop {
            if let Holds::One(kind) = holds
                && section(kind).is_some()
            {
                if self.is_own(&at, kind) {
                    return Ok(End::Component(at.pointer));
                }
                if let Some(pointer) = self.components.get(&(at.clone(), kind)) {
                    return Ok(End::Component(pointer.clone()));
                }
            }
            if !seen.insert(at.clone()) {
                return Err(files::LEADS_BACK.into());
            }
            let Some(value @ Value::Object(_)) = files.get(&at) else {
                return Err("leads to no object; point it at one".into());
            };
            let Some(next) = shape::reference(value).map(str::to_owned) else {
                break;
            };
            at = files.target(at.file, &next)?;
        }
        if files.holds(&at).is_some_and(|found| found != holds) {
            return Err("leads to another kind of object; point it at one of its own".into());
        }
        Ok(match holds {
            Holds::One(kind) if section(kind).is_some() => End::New(at, kind),
            _ => End::InPlace(at),
        })
    }

    /// Gives what was found the names that its pointers end in, or the files it is alone in.
    fn name(&mut self, files: &Files<'_>) {
        let mut taken: HashSet<(&str, String)> = HashSet::new();
        let own = self.own.iter();
        taken.extend(
            own.filter_map(|(at, kind)| Some((section(*kind)?, rust_name(&pointer::last(at))))),
        );
        let names = files.names();
        for (at, kind) in std::mem::take(&mut self.found) {
            let Some(section) = section(kind) else {
                continue;
            };
            if self.components.contains_key(&(at.clone(), kind)) {
                continue;
            }
            let base = base_name(&at, &names[at.file]);
            let mut name = base.clone();
            let mut count = 1;
            while !taken.insert((section, rust_name(&name))) {
                count += 1;
                name = format!("{base}{count}");
            }
            let pointer = format!("/components/{section}/{name}");
            self.sources.insert(pointer.clone(), at.clone());
            self.components.insert((at, kind), pointer.clone());
            self.added.push((pointer, kind));
        }
        for end in self.ends.values_mut() {
            if let End::New(at, kind) = end
                && let Some(pointer) = self.components.get(&(at.clone(), *kind))
            {
                *end = End::Component(pointer.clone());
            }
        }
    }
}

/// Two components of one such name would be one type.
fn rust_name(name: &str) -> String {
    names::type_name(name).to_string()
}

/// The last token of the pointer, or the file's name, in the letters that a component may have.
fn base_name(at: &Location, file: &str) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default();
    let name = match pointer::last(&at.pointer) {
        token if token.is_empty() => stem.to_string_lossy().into_owned(),
        token => token,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

/// Where components of this kind stand; `None` for what is put in the place of its references.
fn section(kind: Kind) -> Option<&'static str> {
    let section = match kind {
        Kind::Schema => "schemas",
        Kind::Response => "responses",
        Kind::Parameter => "parameters",
        Kind::Example => "examples",
        Kind::RequestBody => "requestBodies",
        Kind::Header => "headers",
        Kind::SecurityScheme => "securitySchemes",
        Kind::Link => "links",
        Kind::OpenApi | Kind::Components | Kind::Paths | Kind::PathItem | Kind::Operation => {
            return None;
        }
        Kind::Responses | Kind::MediaType | Kind::Encoding => return None,
        // The typed document can't have a reference to one in an operation.
        Kind::Callback => return None,
    };
    Some(section)
}

fn member_names(files: &Files<'_>, at: &Location) -> Vec<String> {
    let members = files.get(at).and_then(Value::as_object);
    members
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .cloned()
        .collect()
}

/// Every reference of the value at `at`.
fn references(files: &Files<'_>, at: &Location, holds: Holds) -> Vec<Reference> {
    let mut found = Vec::new();
    let Some(value) = files.get(at) else {
        return found;
    };
    let mut add = |pointer: String, holds, text: &str| {
        found.push(Reference {
            at: Location {
                file: at.file,
                pointer,
            },
            holds,
            text: text.to_owned(),
        });
    };
    let mut visit = |kind: Kind, pointer: &str, value: &Value| {
        if let Some(text) = shape::reference(value) {
            add(pointer.to_owned(), Holds::One(kind), text);
        } else if let Some(text) = value.as_str()
            && pointer::last(pointer) == "$ref"
            && let Some(map) = pointer::parent(pointer)
        {
            add(map.to_owned(), Holds::Map(kind), text);
        } else if kind == Kind::Schema {
            for (at, text) in mapping(files, at.file, pointer, value) {
                add(at, Holds::One(kind), &text);
            }
        }
    };
    match holds {
        Holds::One(kind) | Holds::List(kind) => {
            shape::walk(kind, value, &at.pointer, &mut visit);
        }
        Holds::Map(kind) => {
            for (name, entry) in value.as_object().into_iter().flatten() {
                shape::walk(kind, entry, &pointer::join(&at.pointer, name), &mut visit);
            }
        }
    }
    found
}

/// The entries of a discriminator's `mapping` that are references, or names of schemas of a file
/// other than the document's own.
fn mapping(files: &Files<'_>, file: usize, schema: &str, value: &Value) -> Vec<(String, String)> {
    let Some(Value::Object(mapping)) = value.pointer("/discriminator/mapping") else {
        return Vec::new();
    };
    let at = pointer::join(&pointer::join(schema, "discriminator"), "mapping");
    let entry = |(key, text): (&String, &Value)| {
        let text = text.as_str()?;
        let named = pointer::join("/components/schemas", text);
        let text = if text.contains(['/', '#']) {
            text.to_owned()
        } else if file != 0 && files.root(file).pointer(&named).is_some() {
            format!("#{named}")
        } else if text.contains('.') && files.root(0).pointer(&named).is_none() {
            text.to_owned()
        } else {
            return None;
        };
        Some((pointer::join(&at, key), text))
    };
    mapping.iter().filter_map(entry).collect()
}
