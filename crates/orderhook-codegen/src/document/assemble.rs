//! Writes the document anew from its files, with what was gathered among its components.

use serde_json::{Map, Value};

use super::bundle::insert;
use super::error::Error;
use super::files::{self, Files, Location};
use super::gather::{End, Gathered};
use super::pointer;
use super::shape::{self, Holds, Kind};
use super::source::Source;
use super::yaml::{MAX_DEPTH, MAX_VALUES, Positions};

/// The whole document, and the place of each of its parts in one of its files.
pub(super) fn assemble(files: &Files<'_>, gathered: &Gathered) -> Result<(Source, Value), Error> {
    let mut assembler = Assembler {
        files,
        gathered,
        positions: Positions::new(),
    };
    let start = Part {
        at: Location {
            file: 0,
            pointer: String::new(),
        },
        value: files.root(0),
    };
    let mut root = assembler.held(Some(Holds::One(Kind::OpenApi)), &start, "")?;
    for (pointer, kind) in &gathered.added {
        let at = &gathered.sources[pointer];
        if let Some(value) = files.get(at) {
            let part = Part {
                at: at.clone(),
                value,
            };
            let component = assembler.held(Some(Holds::One(*kind)), &part, pointer)?;
            insert(&mut root, pointer, component);
        }
    }
    Ok((Source::of(files.names(), assembler.positions), root))
}

/// A value where it was written.
struct Part<'f> {
    at: Location,
    value: &'f Value,
}

struct Assembler<'f> {
    files: &'f Files<'f>,
    gathered: &'f Gathered,
    positions: Positions,
}

impl<'f> Assembler<'f> {
    /// A copy of `part` for the place `to`, with its references written anew.
    fn held(&mut self, holds: Option<Holds>, part: &Part<'f>, to: &str) -> Result<Value, Error> {
        self.note(part, to)?;
        if let Some(holds) = holds
            && let Some(value) = self.instead(holds, part, to)?
        {
            return Ok(value);
        }
        match part.value {
            Value::Object(members) => self.members(holds, part, members, to),
            Value::Array(items) => {
                let inner = match holds {
                    Some(Holds::List(kind)) => Some(Holds::One(kind)),
                    _ => None,
                };
                let mut copy = Vec::with_capacity(items.len());
                for (index, value) in items.iter().enumerate() {
                    copy.push(self.below(inner, part, &index.to_string(), value, to)?);
                }
                Ok(Value::Array(copy))
            }
            scalar => Ok(scalar.clone()),
        }
    }

    fn members(
        &mut self,
        holds: Option<Holds>,
        part: &Part<'f>,
        members: &'f Map<String, Value>,
        to: &str,
    ) -> Result<Value, Error> {
        let is_reference = shape::reference(part.value).is_some();
        let mut copy = Map::with_capacity(members.len());
        for (name, value) in members {
            let inner = match holds {
                Some(Holds::One(kind)) if !is_reference => shape::member(kind, name),
                Some(Holds::Map(kind)) => Some(Holds::One(kind)),
                _ => None,
            };
            copy.insert(name.clone(), self.below(inner, part, name, value, to)?);
        }
        if holds == Some(Holds::One(Kind::Schema)) && !is_reference {
            self.map_anew(part, &mut copy);
        }
        Ok(Value::Object(copy))
    }

    fn below(
        &mut self,
        holds: Option<Holds>,
        part: &Part<'f>,
        token: &str,
        value: &'f Value,
        to: &str,
    ) -> Result<Value, Error> {
        let part = Part {
            at: files::child(&part.at, token),
            value,
        };
        self.held(holds, &part, &pointer::join(to, token))
    }

    /// What stands at `to` instead of `part`, if it is a reference or a component elsewhere.
    fn instead(&mut self, holds: Holds, part: &Part<'f>, to: &str) -> Result<Option<Value>, Error> {
        if let Holds::One(kind) = holds {
            let component = self.gathered.components.get(&(part.at.clone(), kind));
            if let Some(component) = component.filter(|component| *component != to) {
                return Ok(Some(reference_to(component)));
            }
        }
        let key = (part.at.clone(), holds);
        if shape::reference(part.value).is_none() {
            return Ok(None);
        }
        match self.gathered.ends.get(&key) {
            None => Ok(None),
            Some(End::Component(component)) if component != to => {
                let mut value = part.value.clone();
                value["$ref"] = format!("#{component}").into();
                Ok(Some(value))
            }
            // The component itself is written as a reference.
            Some(End::Component(component)) => match self.gathered.sources.get(component) {
                Some(source) => self.at(source, holds, to).map(Some),
                None => {
                    let mut value = part.value.clone();
                    value["$ref"] = format!("#{component}").into();
                    Ok(Some(value))
                }
            },
            Some(End::New(source, _) | End::InPlace(source)) => {
                let value = self.at(source, holds, to)?;
                self.beside(holds, part, value, to).map(Some)
            }
        }
    }

    fn at(&mut self, source: &Location, holds: Holds, to: &str) -> Result<Value, Error> {
        let value = self.files.get(source).unwrap_or(&Value::Null);
        let part = Part {
            at: source.clone(),
            value,
        };
        self.held(Some(holds), &part, to)
    }

    /// Adds to what a path item refers to the members that stand beside its `$ref`.
    fn beside(
        &mut self,
        holds: Holds,
        part: &Part<'f>,
        mut value: Value,
        to: &str,
    ) -> Result<Value, Error> {
        let (Holds::One(Kind::PathItem), Value::Object(own), Value::Object(members)) =
            (holds, part.value, &mut value)
        else {
            return Ok(value);
        };
        for (name, child) in own.iter().filter(|(name, _)| *name != "$ref") {
            if members.contains_key(name) {
                return Err(Error::Unsupported {
                    place: self.files.place(&files::child(&part.at, name)),
                    message: format!(
                        "what the `$ref` beside it leads to has a `{name}` as well; remove one of the two"
                    ),
                });
            }
            let inner = shape::member(Kind::PathItem, name);
            members.insert(name.clone(), self.below(inner, part, name, child, to)?);
        }
        Ok(value)
    }

    fn map_anew(&self, part: &Part<'f>, copy: &mut Map<String, Value>) {
        let mapping = copy
            .get_mut("discriminator")
            .and_then(|discriminator| discriminator.get_mut("mapping"))
            .and_then(Value::as_object_mut);
        let at = files::child(&files::child(&part.at, "discriminator"), "mapping");
        for (key, text) in mapping.into_iter().flatten() {
            let entry = (files::child(&at, key), Holds::One(Kind::Schema));
            if let Some(End::Component(component)) = self.gathered.ends.get(&entry) {
                *text = format!("#{component}").into();
            }
        }
    }

    /// Notes the place of `part`, and refuses what grows without end.
    fn note(&mut self, part: &Part<'f>, to: &str) -> Result<(), Error> {
        if self.positions.len() >= MAX_VALUES || to.matches('/').count() > MAX_DEPTH {
            return Err(Error::Unsupported {
                place: self.files.place(&part.at),
                message: "the references put too much in the place of one another; use components"
                    .to_owned(),
            });
        }
        // A reference has its own place, and so has what is put there instead.
        let position = self.files.position(part.at.file, &part.at.pointer);
        if let Some(position) = position {
            self.positions.insert(to.to_owned(), position);
        }
        Ok(())
    }
}

fn reference_to(component: &str) -> Value {
    serde_json::json!({ "$ref": format!("#{component}") })
}
