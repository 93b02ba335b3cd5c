//! The tree of a YAML text → JSON value: what aliases share is copied, what merge keys lend is added.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::error::Error;
use super::pointer;
use super::yaml::{
    Content, MAX_DEPTH, MAX_VALUES, MERGE, Member, Node, Position, Positions, place_in,
};

/// The value of `tree` and the place of each of its parts; `file` only names it in errors.
pub(super) fn flatten(file: &str, tree: &Node) -> Result<(Value, Positions), Error> {
    let mut flattener = Flattener {
        file,
        merged: 0,
        positions: Positions::new(),
    };
    let value = flattener.flatten(tree, String::new(), tree.position)?;
    Ok((value, flattener.positions))
}

/// Turns the tree into a value, copying what aliases share, and notes the place of each part.
struct Flattener<'a> {
    file: &'a str,
    /// How many members merge keys have lent.
    merged: usize,
    positions: Positions,
}

impl Flattener<'_> {
    fn flatten(&mut self, node: &Node, at: String, position: Position) -> Result<Value, Error> {
        if self.positions.len() >= MAX_VALUES || at.matches('/').count() > MAX_DEPTH {
            return Err(self.too_much(position));
        }
        let value = match &node.content {
            Content::Scalar(value) => value.clone(),
            Content::Sequence(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let at = pointer::join(&at, &index.to_string());
                    values.push(self.flatten(item, at, item.position)?);
                }
                Value::Array(values)
            }
            Content::Mapping(own) => {
                let mut members = Vec::with_capacity(own.len());
                self.merge(own, &mut HashSet::new(), &mut members, 0)?;
                let mut values = Map::with_capacity(members.len());
                for member in members {
                    let at = pointer::join(&at, &member.key);
                    let value = self.flatten(&member.value, at, member.position)?;
                    values.insert(member.key.clone(), value);
                }
                Value::Object(values)
            }
        };
        self.positions.insert(at, position);
        Ok(value)
    }

    /// Adds `own` to `members`, and behind them what merge keys lend and is not there yet.
    fn merge<'n>(
        &mut self,
        own: &'n [Member],
        keys: &mut HashSet<&'n str>,
        members: &mut Vec<&'n Member>,
        depth: usize,
    ) -> Result<(), Error> {
        let (merges, plain): (Vec<_>, Vec<_>) = own.iter().partition(|it| it.key == MERGE);
        if depth > 0 {
            self.merged += own.len();
        }
        members.extend(plain.into_iter().filter(|member| keys.insert(&member.key)));
        for merge in merges {
            if depth >= MAX_DEPTH || self.merged >= MAX_VALUES {
                return Err(self.too_much(merge.position));
            }
            let lenders = match &merge.value.content {
                Content::Sequence(items) => items.as_slice(),
                _ => std::slice::from_ref(&merge.value),
            };
            for lender in lenders {
                let Content::Mapping(lent) = &lender.content else {
                    return Err(Error::Yaml {
                        place: place_in(self.file, merge.position),
                        message: "`<<` needs a mapping or a list of them; give it an alias of one"
                            .to_owned(),
                    });
                };
                self.merge(lent, keys, members, depth + 1)?;
            }
        }
        Ok(())
    }

    fn too_much(&self, position: Position) -> Error {
        Error::Yaml {
            place: place_in(self.file, position),
            message: "the aliases expand to too much; write values out or use `$ref`".into(),
        }
    }
}
