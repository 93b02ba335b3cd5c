//! Schemas that have no end when they are written out, which typify does with what `allOf` merges:
//! it would recurse until the stack is full, and no error comes of that.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::document::shape::{self, Kind};
use crate::document::{Document, Error, pointer};

/// Schemas that are merged with each other, by their pointers.
type Merged = BTreeSet<String>;

/// Refuses a schema whose merging leads back to itself.
pub(crate) fn check(document: &Document) -> Result<(), Error> {
    if let Some(at) = document.merged_inside() {
        let message = "the schema merges one that it is inside of; move it to `#/components/schemas`, \
                       or give all such schemas names by `Document::with_named_schemas`";
        return Err(document.unsupported(&at, message));
    }
    let mut combined = Vec::new();
    shape::walk(
        Kind::OpenApi,
        document.root(),
        "",
        &mut |kind, at, value| {
            if kind == Kind::Schema && value.get("allOf").is_some() {
                combined.push(at.to_owned());
            }
        },
    );
    let mut search = Search {
        document,
        ended: BTreeSet::new(),
    };
    for at in combined {
        let mut merged = Merged::new();
        search.flatten(&at, &mut merged);
        if search.has_no_end(merged, &mut Vec::new()) {
            let message = "what `allOf` merges has a member that merges the same again, without end; \
                           give the member one schema in all of them";
            return Err(document.unsupported(&at, message));
        }
    }
    Ok(())
}

struct Search<'a> {
    document: &'a Document,
    /// What is known to end.
    ended: BTreeSet<Merged>,
}

impl Search<'_> {
    /// Whether merging comes to the same schemas again; `around` is what is being merged.
    fn has_no_end(&mut self, merged: Merged, around: &mut Vec<Merged>) -> bool {
        if merged.len() < 2 || self.ended.contains(&merged) {
            return false;
        }
        if around.contains(&merged) {
            return true;
        }
        around.push(merged.clone());
        for members in self.members(&merged) {
            if self.has_no_end(members, around) {
                return true;
            }
        }
        around.pop();
        self.ended.insert(merged);
        false
    }

    /// What several of the schemas say of one member, or of the items.
    fn members(&self, merged: &Merged) -> Vec<Merged> {
        let mut names = BTreeSet::new();
        for at in merged {
            let properties = self.document.get(&pointer::join(at, "properties"));
            let properties = properties.and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(Map::keys));
        }
        let of_member = |name: &String| {
            let at = |schema: &String| pointer::join(&pointer::join(schema, "properties"), name);
            self.those_of(merged.iter().map(at))
        };
        let mut members: Vec<_> = names.into_iter().map(of_member).collect();
        members.push(self.those_of(merged.iter().map(|at| pointer::join(at, "items"))));
        members
    }

    /// What is merged where several stand; nothing where one does.
    fn those_of(&self, places: impl Iterator<Item = String>) -> Merged {
        let places: Vec<_> = places
            .filter(|at| self.document.get(at).is_some())
            .collect();
        let mut merged = Merged::new();
        if places.len() > 1 {
            for at in places {
                self.flatten(&at, &mut merged);
            }
        }
        merged
    }

    /// The schemas that the one at `at` is made of, without references and `allOf`.
    fn flatten(&self, at: &str, merged: &mut Merged) {
        let Ok(node) = self.document.resolve(at) else {
            return;
        };
        let Some(parts) = node.value.get("allOf").and_then(Value::as_array) else {
            merged.insert(node.pointer);
            return;
        };
        let list = pointer::join(&node.pointer, "allOf");
        let has_own = ["properties", "items"]
            .iter()
            .any(|keyword| node.value.get(keyword).is_some());
        if has_own && !merged.insert(node.pointer) {
            return;
        }
        for index in 0..parts.len() {
            self.flatten(&pointer::join(&list, &index.to_string()), merged);
        }
    }
}
