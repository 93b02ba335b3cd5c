//! Models: one Rust type for each component schema, written by typify through one type space.

mod discriminators;
mod finish;
pub(crate) mod json_schema;
mod limits;
pub(crate) mod open_enum;
mod patches;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use schemars::schema::Schema;
use serde_json::Value;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

pub(crate) use limits::{Limit, limits};

use crate::document::{Document, Error, pointer};
use crate::guarded::guarded;
use crate::{names, sound};

const SCHEMAS: &str = "/components/schemas";

/// Sentences to add to the documentation of parts of a document, by JSON pointer.
pub type Notes = BTreeMap<String, String>;

/// How models are made, the same wherever they are named.
#[derive(Debug, Clone, Default)]
pub struct ModelSettings {
    /// Schemas whose types are written by hand: the schema's name, and the type's in the crate
    /// of the models. The type must implement `Display` and `FromStr`.
    pub hand_written: BTreeMap<String, String>,
    /// What to add to the documentation of the parts of the document.
    pub notes: Notes,
    /// Whether the models derive `schemars::JsonSchema`, behind a feature `schemars` of their crate.
    pub schemars: bool,
    /// Whether the models derive `utoipa::ToSchema`, and server traits describe themselves to utoipa,
    /// behind a feature `utoipa` of their crates.
    pub utoipa: bool,
    /// Whether members that may be absent or null, which mean different things, have the type `Patch`
    /// of the root of the crate of the models. If not they are an `Option`, which reads both as
    /// `None` and writes that as an absent member.
    pub patches: bool,
}

/// The models of `documents`, as the content of a module of the crate of the models: each schema
/// once, wherever it is taken over. In a document of others, inline schemas need names first:
/// [`Document::with_named_schemas`].
///
/// That crate's root must offer the [open enums](open_enums), the
/// [hand-written](ModelSettings::hand_written) types, and the features that the settings ask for.
///
/// # Errors
/// [`Error::Unsupported`] at the schema that can't be expressed, or that has the name of another
/// one in a document before.
pub fn generate(documents: &[&Document], settings: &ModelSettings) -> Result<TokenStream, Error> {
    types(documents, settings, "crate")
}

/// The same as the content of any module, with the open enums in full; `itself` is how it calls
/// itself.
pub(crate) fn module(
    document: &Document,
    settings: &ModelSettings,
    itself: &str,
) -> Result<TokenStream, Error> {
    let mut code = types(&[document], settings, itself)?;
    for (name, at, schema) in schemas(document) {
        if open_enum::is_open_enum(schema) {
            code.extend(open_enum::item(document, name, &at, &settings.notes)?);
        }
    }
    Ok(code)
}

/// `root` is the path of the open enums and of what is written by hand.
fn types(
    documents: &[&Document],
    settings: &ModelSettings,
    root: &str,
) -> Result<TokenStream, Error> {
    check_hand_written(documents, settings)?;
    let mut space = TypeSpaceSettings::default();
    space
        .with_struct_builder(true)
        .with_derive("PartialEq".to_owned());
    let derives = [
        (settings.schemars, "schemars", "::schemars::JsonSchema"),
        (settings.utoipa, "utoipa", "::utoipa::ToSchema"),
    ];
    for (_, feature, derive) in derives.into_iter().filter(|(wanted, ..)| *wanted) {
        space.with_attr(format!(
            r#"#[cfg_attr(feature = "{feature}", derive({derive}))]"#
        ));
    }
    let (_, types) = type_space(documents, settings, root, space)?;
    finish::finish(documents, types, settings)
}

/// The texts that the other side may add to, as invocations of the macro `open_enum!`.
///
/// # Errors
/// [`Error::Unsupported`] at the list that is no list of texts, or at the name that is no Rust name.
pub fn open_enums(documents: &[&Document], settings: &ModelSettings) -> Result<String, Error> {
    let enums = all_schemas(documents)?
        .into_iter()
        .filter(|model| open_enum::is_open_enum(model.schema))
        .map(|model| open_enum::invocation(model.document, model.name, &model.at, &settings.notes))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(enums.join("\n"))
}

/// The types that the models have, for generators that name them.
#[derive(Debug)]
pub(crate) struct TypeNames<'a> {
    document: &'a Document,
    space: TypeSpace,
}

impl<'a> TypeNames<'a> {
    /// Names as they are written outside of the crate at `path`, such as `::orderhook_types`.
    pub(crate) fn new(
        document: &'a Document,
        settings: &ModelSettings,
        path: &str,
    ) -> Result<Self, Error> {
        let mut space = TypeSpaceSettings::default();
        // typify takes one identifier here.
        space.with_type_mod(path.trim_start_matches("::"));
        let (space, _) = type_space(&[document], settings, path, space)?;
        Ok(Self { document, space })
    }

    /// The type of the schema at `at`.
    pub(crate) fn of(&mut self, at: &str) -> Result<TokenStream, Error> {
        let schema = self.document.get(at).cloned().unwrap_or(Value::Bool(true));
        self.named(at, json_schema::from_openapi(&schema))
    }

    /// The same for where there is no null: in a parameter a value is there or it is not.
    pub(crate) fn of_present(&mut self, at: &str) -> Result<TokenStream, Error> {
        let mut schema = self.document.get(at).cloned().unwrap_or(Value::Bool(true));
        if let Some(members) = schema.as_object_mut() {
            members.remove("nullable");
        }
        self.named(at, json_schema::from_openapi(&schema))
    }

    fn named(&mut self, at: &str, schema: Value) -> Result<TokenStream, Error> {
        let schema = parse(self.document, at, schema)?;
        let name = guarded(|| {
            let id = self.space.add_type(&schema)?;
            Ok::<_, typify::Error>(self.space.get_type(&id)?.ident())
        });
        name.map_err(|reason| {
            let message = format!(
                "no type of the models fits: {reason}; move the schema to `#/components/schemas` and refer to it"
            );
            self.document.unsupported(at, message)
        })
    }

    /// The type of the component schema at `at`.
    pub(crate) fn component(&mut self, at: &str) -> Result<TokenStream, Error> {
        let reference = serde_json::json!({"$ref": format!("#/definitions/{}", pointer::last(at))});
        self.named(at, reference)
    }
}

/// Every component schema: name, pointer, schema.
pub(crate) fn schemas(document: &Document) -> impl Iterator<Item = (&str, String, &Value)> {
    let schemas = document.get(SCHEMAS).and_then(Value::as_object);
    schemas.into_iter().flatten().map(|(name, schema)| {
        let at = pointer::join(SCHEMAS, name);
        (name.as_str(), at, schema)
    })
}

/// The settings that give replaced schemas their hand-written types; `path` is the crate of the models.
pub(crate) fn replacements(
    document: &Document,
    settings: &ModelSettings,
    path: &str,
) -> Vec<(String, String)> {
    let by_hand = settings.hand_written.iter();
    let by_hand = by_hand.map(|(schema, name)| (schema.clone(), format!("{path}::{name}")));
    let open = schemas(document)
        .filter(|(_, _, schema)| open_enum::is_open_enum(schema))
        .map(|(name, _, _)| {
            (
                name.to_owned(),
                format!("{path}::{}", names::type_name(name)),
            )
        });
    by_hand.chain(open).collect()
}

/// A component schema and the document that has it.
struct Model<'a> {
    document: &'a Document,
    name: &'a str,
    at: String,
    schema: &'a Value,
}

/// The component schemas of all documents. One that several have, because it was taken over, is
/// that of the first.
fn all_schemas<'a>(documents: &[&'a Document]) -> Result<Vec<Model<'a>>, Error> {
    let mut all: Vec<Model<'a>> = Vec::new();
    let mut taken = BTreeMap::new();
    for &document in documents {
        for (name, at, schema) in schemas(document) {
            match taken.get(name) {
                None => {
                    taken.insert(name, all.len());
                    all.push(Model {
                        document,
                        name,
                        at,
                        schema,
                    });
                }
                Some(&first) if all[first].schema == schema => {}
                Some(&first) => {
                    let place = all[first].document.place(&at);
                    let message = format!("`{name}` is another schema at {place}; rename one");
                    return Err(document.unsupported(&at, message));
                }
            }
        }
    }
    Ok(all)
}

/// Refuses two schemas of one name in Rust: their types would be code that does not compile.
fn check_names(models: &[Model<'_>]) -> Result<(), Error> {
    let mut taken = BTreeMap::new();
    for model in models {
        let name = names::type_name(model.name);
        if let Some(other) = taken.insert(name.clone(), model.name) {
            let message = format!(
                "its name in Rust, `{name}`, is that of `{other}` as well; rename one of the schemas"
            );
            return Err(model.document.unsupported(&model.at, message));
        }
    }
    Ok(())
}

/// A type that stands in for nothing would let go of what it was written for, such as a secret.
fn check_hand_written(documents: &[&Document], settings: &ModelSettings) -> Result<(), Error> {
    let is_known = |name: &String| {
        let mut known = documents.iter().flat_map(|document| schemas(document));
        known.any(|(known, _, _)| known == name)
    };
    match (
        settings.hand_written.keys().find(|name| !is_known(name)),
        documents,
    ) {
        (Some(name), [first, ..]) => {
            let message =
                format!("there is no schema `{name}`, which has a type written by hand; add it");
            Err(first.unsupported(SCHEMAS, message))
        }
        _ => Ok(()),
    }
}

/// The types of all component schemas, and their code.
fn type_space(
    documents: &[&Document],
    settings: &ModelSettings,
    path: &str,
    mut space: TypeSpaceSettings,
) -> Result<(TypeSpace, TokenStream), Error> {
    for document in documents {
        sound::check(document)?;
        for (schema, replacement) in replacements(document, settings, path) {
            let implements = [TypeSpaceImpl::Display, TypeSpaceImpl::FromStr];
            space.with_replacement(schema, replacement, implements.into_iter());
        }
    }
    let models = all_schemas(documents)?;
    check_names(&models)?;
    let definitions = models
        .iter()
        .map(|model| {
            let schema = json_schema::from_openapi(model.schema);
            Ok((
                model.name.to_owned(),
                parse(model.document, &model.at, schema)?,
            ))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    write_types(&space, &definitions).map_err(|reason| {
        let message = format!("no Rust type fits: {reason}; write the schema another way");
        match at_fault(&space, &definitions) {
            Some(index) => models[index]
                .document
                .unsupported(&models[index].at, message),
            None => documents[0].unsupported(SCHEMAS, message),
        }
    })
}

fn write_types(
    settings: &TypeSpaceSettings,
    definitions: &[(String, Schema)],
) -> Result<(TypeSpace, TokenStream), String> {
    guarded(|| {
        let mut space = TypeSpace::new(settings);
        space.add_ref_types(definitions.iter().cloned())?;
        let code = space.to_stream();
        Ok::<_, typify::Error>((space, code))
    })
}

/// The schema that typify stumbles over, which it does not say: the first with which it fails
/// although all behind admit anything.
fn at_fault(settings: &TypeSpaceSettings, definitions: &[(String, Schema)]) -> Option<usize> {
    let anything = |(name, _): &(String, Schema)| (name.clone(), Schema::Bool(true));
    first_failing(definitions.len(), |count| {
        let (first, behind) = definitions.split_at(count);
        let definitions: Vec<_> = first
            .iter()
            .cloned()
            .chain(behind.iter().map(anything))
            .collect();
        write_types(settings, &definitions).is_err()
    })
}

/// The last of the fewest that fail together, looked for by halves.
pub(crate) fn first_failing(all: usize, fail: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut pass, mut failing) = (0, all);
    while failing - pass > 1 {
        let middle = pass + (failing - pass) / 2;
        match fail(middle) {
            true => failing = middle,
            false => pass = middle,
        }
    }
    failing.checked_sub(1)
}

fn parse(document: &Document, at: &str, schema: Value) -> Result<Schema, Error> {
    serde_json::from_value(schema).map_err(|error| document.unsupported(at, error.to_string()))
}
