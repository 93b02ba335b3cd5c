//! Where each part of a document stands in its text, or in the text that it was taken over from.

use serde_json::Value;

use super::error::Place;
use super::pointer;
use super::yaml::{Position, Positions};

/// The files behind a document, and the place of each of its values in one of them.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The document's own file first.
    files: Vec<String>,
    positions: Positions,
}

impl Source {
    /// Everything stands in `file`.
    pub(super) fn new(file: &str, positions: Positions) -> Self {
        Self {
            files: vec![file.to_owned()],
            positions,
        }
    }

    /// `positions` say by number in which of `files` they are; the document's own is the first.
    pub(super) fn of(files: Vec<String>, positions: Positions) -> Self {
        Self { files, positions }
    }

    /// Every file that a part of the document stands in, the document's own first.
    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    pub(super) fn file(&self) -> &str {
        &self.files[0]
    }

    /// Where the value at `pointer` stands; for one that does not exist, where the innermost
    /// existing value around it stands.
    pub(super) fn place(&self, pointer: &str) -> Place {
        let nearest = std::iter::successors(Some(pointer), |pointer| pointer::parent(pointer));
        let position = nearest
            .filter_map(|pointer| self.positions.get(pointer))
            .next()
            .copied()
            .unwrap_or(Position::START);
        Place {
            file: self.files[position.file].clone(),
            line: position.line,
            column: position.column,
            pointer: pointer.to_owned(),
        }
    }

    /// Takes over the places of `value`, which stands at `pointer` in `other`, and of all below it.
    pub(super) fn adopt(&mut self, other: &Self, pointer: &str, value: &Value) {
        if let Some(position) = other.positions.get(pointer) {
            let file = self.number(&other.files[position.file]);
            let position = Position { file, ..*position };
            self.positions.insert(pointer.to_owned(), position);
        }
        match value {
            Value::Object(members) => {
                for (name, child) in members {
                    self.adopt(other, &pointer::join(pointer, name), child);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.adopt(other, &pointer::join(pointer, &index.to_string()), item);
                }
            }
            _ => {}
        }
    }

    /// Gives `value`, which was moved from `from` to `to`, and all below it the places that they had.
    pub(super) fn copy(&mut self, from: &str, to: &str, value: &Value) {
        if let Some(position) = self.positions.get(from).copied() {
            self.positions.insert(to.to_owned(), position);
        }
        let mut below = |token: &str, value: &Value| {
            self.copy(
                &pointer::join(from, token),
                &pointer::join(to, token),
                value,
            );
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, it)| below(name, it)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    below(&index.to_string(), item);
                }
            }
            _ => {}
        }
    }

    /// The place of `file` in the list, which it is put into where it is missing.
    fn number(&mut self, file: &str) -> usize {
        let known = self.files.iter().position(|known| known == file);
        known.unwrap_or_else(|| {
            self.files.push(file.to_owned());
            self.files.len() - 1
        })
    }
}
