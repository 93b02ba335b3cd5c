//! What stands at a row's pointer.

use std::collections::{BTreeMap, BTreeSet};

use orderhook_codegen::document::{
    Document, Node, pointer,
    shape::{self, Kind},
};
use serde_json::Value;

/// The kind of each OpenAPI object of a document, by its pointer.
pub(super) struct Kinds(BTreeMap<String, Kind>);

impl Kinds {
    pub(super) fn of(document: &Document) -> Self {
        let mut kinds = BTreeMap::new();
        shape::walk(Kind::OpenApi, document.root(), "", &mut |kind, at, _| {
            kinds.insert(at.to_owned(), kind);
        });
        Self(kinds)
    }
}

/// The part of the spec that carries a row, with references followed.
pub(super) struct Carrier<'a> {
    /// The row's own pointer.
    pub(super) pointer: String,
    pub(super) kind: Kind,
    /// The name on the wire.
    pub(super) name: String,
    /// What makes it required, if anything does.
    pub(super) required_at: Option<String>,
    /// The object that the pointer leads to.
    pub(super) target: String,
    /// The schema that has the carrier as its property.
    pub(super) owner: Option<String>,
    /// Its schema, and all those that this one refers to or is made of by `allOf`.
    pub(super) layers: Vec<Node<'a>>,
}

impl<'a> Carrier<'a> {
    pub(super) fn at(document: &'a Document, kinds: &Kinds, at: &str) -> Result<Self, String> {
        let Some(kind) = kinds.0.get(at).copied() else {
            return Err(format!(
                "`{at}` names no part of the spec; correct `pointers` in spec/rows.csv, or put the part back"
            ));
        };
        let target = document.resolve(at).map_err(|error| error.to_string())?;
        let holder = pointer::parent(at).unwrap_or_default();
        let mut carrier = Self {
            pointer: at.to_owned(),
            kind,
            name: text(target.value, "name"),
            required_at: None,
            owner: None,
            layers: Vec::new(),
            target: target.pointer.clone(),
        };
        match kind {
            Kind::Parameter => {
                carrier.required_at = flag(document, &target.pointer);
                let schema = pointer::join(&target.pointer, "schema");
                add_layers(document, &schema, &mut carrier.layers)?;
            }
            Kind::Schema if pointer::last(holder) == "properties" => {
                let schema = pointer::parent(holder).unwrap_or_default();
                carrier.name = pointer::last(at);
                carrier.required_at = required_entry(document, schema, &carrier.name);
                carrier.owner = Some(schema.to_owned());
                add_layers(document, at, &mut carrier.layers)?;
            }
            Kind::MediaType => {
                "Content-Type".clone_into(&mut carrier.name);
                carrier.required_at = flag(document, pointer::parent(holder).unwrap_or_default());
            }
            Kind::SecurityScheme => {
                carrier.required_at = security_requirement(document, &pointer::last(at));
            }
            other => {
                return Err(format!(
                    "`{at}` is a {other:?}; a row is carried by a parameter, a property, a media type or a security scheme"
                ));
            }
        }
        Ok(carrier)
    }

    /// Every value that `keyword` has in the layers, with its pointer.
    pub(super) fn all(&self, keyword: &str) -> Vec<(String, &'a Value)> {
        self.layers
            .iter()
            .filter_map(|layer| {
                Some((
                    pointer::join(&layer.pointer, keyword),
                    layer.value.get(keyword)?,
                ))
            })
            .collect()
    }

    pub(super) fn media_type(&self) -> String {
        pointer::last(&self.pointer)
    }
}

/// `from`, and every place that a reference below it leads to, however far.
pub(super) fn reachable(document: &Document, from: &str) -> BTreeSet<String> {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(target) = shape::reference(value).and_then(|to| to.strip_prefix('#')) {
                    found.push(target.to_owned());
                }
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from.to_owned()];
    while let Some(at) = ahead.pop() {
        if let Some(value) = document.get(&at)
            && reached.insert(at)
        {
            references(value, &mut ahead);
        }
    }
    reached
}

/// Whether `pointer` is `root` or a part of it.
pub(super) fn is_below(pointer: &str, root: &str) -> bool {
    pointer
        .strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The pointer of the entry of `required` that makes `name` a required member of `schema`.
fn required_entry(document: &Document, schema: &str, name: &str) -> Option<String> {
    let list = pointer::join(schema, "required");
    let entries = document.get(&list)?.as_array()?;
    let index = entries.iter().position(|entry| entry == name)?;
    Some(pointer::join(&list, &index.to_string()))
}

/// The pointer of `required: true` in the object at `at`.
fn flag(document: &Document, at: &str) -> Option<String> {
    let flag = pointer::join(at, "required");
    (document.get(&flag)? == true).then_some(flag)
}

/// The pointer of the document's `security`, if every way to call asks for `scheme`.
fn security_requirement(document: &Document, scheme: &str) -> Option<String> {
    let ways = document.get("/security")?.as_array()?;
    let required = !ways.is_empty() && ways.iter().all(|way| way.get(scheme).is_some());
    required.then(|| "/security".to_owned())
}

fn add_layers<'a>(
    document: &'a Document,
    at: &str,
    layers: &mut Vec<Node<'a>>,
) -> Result<(), String> {
    let schema = document.resolve(at).map_err(|error| error.to_string())?;
    let parts = schema.value.get("allOf").and_then(Value::as_array);
    let parts_at = pointer::join(&schema.pointer, "allOf");
    layers.push(schema);
    for index in 0..parts.map_or(0, Vec::len) {
        add_layers(
            document,
            &pointer::join(&parts_at, &index.to_string()),
            layers,
        )?;
    }
    Ok(())
}

fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
