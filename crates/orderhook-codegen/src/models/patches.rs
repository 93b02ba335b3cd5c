//! Members that may be absent or null, which mean different things: typify makes an `Option` of
//! them, which can't tell one from the other.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{ExprStruct, Fields, FnArg, ImplItem, Item, ItemStruct, Member, Type, parse_quote};

use super::{Model, ModelSettings, json_schema};
use crate::document::shape::{self, Kind};
use crate::document::{Document, pointer};
use crate::names;

/// The members of each model.
pub(super) type Patches = BTreeMap<Ident, Vec<Ident>>;

/// The members of each model of a request that are optional and nullable, so that null means
/// something. In an answer both mean that there is nothing, and a default says what absent means.
pub(super) fn find(documents: &[&Document], models: &[Model<'_>]) -> Patches {
    let mut found = Patches::new();
    let sent: BTreeSet<_> = documents.iter().flat_map(|it| sent_schemas(it)).collect();
    for Model { name, schema, .. } in models.iter().filter(|model| sent.contains(&model.at)) {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |member: &str| required.is_some_and(|list| list.iter().any(|x| x == member));
        let members = schema.get("properties").and_then(Value::as_object);
        for (member, schema) in members.into_iter().flatten() {
            let has_default = schema.get("default").is_some();
            if json_schema::is_nullable(schema) && !is_required(member) && !has_default {
                let members = found.entry(names::type_name(name)).or_default();
                members.push(names::field_name(member));
            }
        }
    }
    found
}

/// The pointers of all component schemas that a request body leads to.
fn sent_schemas(document: &Document) -> BTreeSet<String> {
    let mut open = Vec::new();
    let mut note = |kind, value| {
        shape::walk(kind, value, "", &mut |_, _, part| {
            open.extend(shape::reference(part).map(str::to_owned));
        });
    };
    shape::walk(Kind::OpenApi, document.root(), "", &mut |kind, _, value| {
        if kind == Kind::Operation
            && let Some(body) = value.get("requestBody")
        {
            note(Kind::RequestBody, body);
        }
    });
    let mut sent = BTreeSet::new();
    while let Some(reference) = open.pop() {
        let Some(target) = reference.strip_prefix('#') else {
            continue;
        };
        if !sent.insert(target.to_owned()) {
            continue;
        }
        let kind = match pointer::parent(target) {
            Some("/components/requestBodies") => Kind::RequestBody,
            _ => Kind::Schema,
        };
        if let Some(value) = document.get(target) {
            shape::walk(kind, value, "", &mut |_, _, part| {
                open.extend(shape::reference(part).map(str::to_owned));
            });
        }
    }
    sent
}

/// Gives the members of a model the type `Patch`.
pub(super) fn apply(model: &mut ItemStruct, members: &[Ident], settings: &ModelSettings) {
    let Fields::Named(fields) = &mut model.fields else {
        return;
    };
    for field in &mut fields.named {
        if field
            .ident
            .as_ref()
            .is_some_and(|name| members.contains(name))
        {
            let optional = field.ty.clone();
            OptionToPatch.visit_type_mut(&mut field.ty);
            field
                .attrs
                .retain(|attribute| !attribute.path().is_ident("serde"));
            field.attrs.push(parse_quote! {
                #[serde(default, skip_serializing_if = "crate::Patch::is_absent")]
            });
            // utoipa's derive can't see through `Patch`; on the wire it is a nullable member.
            if settings.utoipa {
                field.attrs.push(parse_quote! {
                    #[cfg_attr(feature = "utoipa", schema(value_type = #optional))]
                });
            }
        }
    }
}

/// Does the same in the module `builder`, to the struct and the setters of each model.
pub(super) fn apply_to_builder(item: &mut Item, patches: &Patches) {
    match item {
        Item::Struct(builder) => {
            let Some(members) = patches.get(&builder.ident) else {
                return;
            };
            for field in &mut builder.fields {
                if field
                    .ident
                    .as_ref()
                    .is_some_and(|name| members.contains(name))
                {
                    OptionToPatch.visit_type_mut(&mut field.ty);
                }
            }
        }
        Item::Impl(methods) => {
            let Type::Path(owner) = &*methods.self_ty else {
                return;
            };
            let Some(members) = owner.path.get_ident().and_then(|name| patches.get(name)) else {
                return;
            };
            for item in &mut methods.items {
                if let ImplItem::Fn(setter) = item
                    && members.contains(&setter.sig.ident)
                    && setter
                        .sig
                        .inputs
                        .iter()
                        .any(|input| matches!(input, FnArg::Typed(_)))
                {
                    OptionToPatch.visit_signature_mut(&mut setter.sig);
                }
            }
        }
        _ => {}
    }
}

/// Does the same in the module `defaults`, to the values of each model.
pub(super) fn apply_to_defaults(item: &mut Item, patches: &Patches) {
    OptionToPatchIn(patches).visit_item_mut(item);
}

/// `Model { member: option }` → `Model { member: Patch::value_or_absent(option) }`.
struct OptionToPatchIn<'a>(&'a Patches);

impl VisitMut for OptionToPatchIn<'_> {
    fn visit_expr_struct_mut(&mut self, value: &mut ExprStruct) {
        visit_mut::visit_expr_struct_mut(self, value);
        let model = value.path.segments.last().map(|last| &last.ident);
        let members = model.and_then(|model| self.0.get(model));
        for field in &mut value.fields {
            if let (Some(members), Member::Named(name)) = (members, &field.member)
                && members.contains(name)
            {
                let option = &field.expr;
                field.expr = parse_quote! { crate::Patch::value_or_absent(#option) };
            }
        }
    }
}

/// `Option<T>` → `Patch<T>`.
struct OptionToPatch;

impl VisitMut for OptionToPatch {
    fn visit_type_mut(&mut self, kind: &mut Type) {
        visit_mut::visit_type_mut(self, kind);
        if let Type::Path(path) = kind
            && let Some(last) = path.path.segments.last()
            && last.ident == "Option"
        {
            let arguments = &last.arguments;
            *kind = parse_quote! { crate::Patch #arguments };
        }
    }
}
