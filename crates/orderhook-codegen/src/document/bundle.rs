//! References to documents beside this one: the components that they lead to are taken over, and
//! whatever these refer to, so that every later stage sees one document.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::{Map, Value};

use super::shape::{self, Holds, Kind};
use super::{Document, Error, Source, pointer};

/// Takes over what `root` refers to in the documents `beside` it.
///
/// # Errors
/// [`Error::Reference`] at a reference that leads to none of their components,
/// [`Error::Unsupported`] at a component whose name another one has already.
pub(super) fn bundle(
    source: &mut Source,
    root: &mut Value,
    beside: &[&Document],
) -> Result<(), Error> {
    let mut open = VecDeque::new();
    for (at, reference) in references(Kind::OpenApi, root, "") {
        if reference.starts_with('#') {
            continue;
        }
        let error = |problem| Error::Reference {
            place: source.place(&at),
            reference: reference.clone(),
            problem,
        };
        let (file, target) = reference.split_once('#').unwrap_or((&reference, ""));
        let path = Path::new(source.file()).with_file_name(file);
        let other = beside
            .iter()
            .find(|other| Path::new(other.file()) == path)
            .ok_or_else(|| error("leads to no document that is read beside this one"))?;
        if component_kind(target).is_none() {
            return Err(error("leads to no component"));
        }
        if other.get(target).is_none() {
            return Err(error("names nothing"));
        }
        if let Some(value) = root.pointer_mut(&at) {
            value["$ref"] = format!("#{target}").into();
        }
        open.push_back((*other, target.to_owned()));
    }
    while let Some((other, target)) = open.pop_front() {
        take_over(source, root, other, &target, &mut open)?;
    }
    Ok(())
}

/// Copies the component at `target`, and notes what it refers to itself.
fn take_over<'a>(
    source: &mut Source,
    root: &mut Value,
    other: &'a Document,
    target: &str,
    open: &mut VecDeque<(&'a Document, String)>,
) -> Result<(), Error> {
    // The other document was read before, and what is wrong with it is reported there.
    let (Some(kind), Some(component)) = (component_kind(target), other.get(target)) else {
        return Ok(());
    };
    if let Some(own) = root.pointer(target) {
        if own == component {
            return Ok(());
        }
        return Err(Error::Unsupported {
            place: source.place(target),
            message: format!(
                "`{}` is another component at {}, which this document refers to; rename one",
                pointer::last(target),
                other.place(target),
            ),
        });
    }
    insert(root, target, component.clone());
    source.adopt(&other.source, target, component);
    for (_, reference) in references(kind, component, target) {
        if let Some(target) = reference.strip_prefix('#') {
            open.push_back((other, target.to_owned()));
        }
    }
    Ok(())
}

/// What stands at `/components/SECTION/NAME`.
fn component_kind(target: &str) -> Option<Kind> {
    let section = pointer::parent(target)?;
    if pointer::parent(section)? != "/components" {
        return None;
    }
    match shape::member(Kind::Components, &pointer::last(section)) {
        Some(Holds::Map(kind)) => Some(kind),
        _ => None,
    }
}

/// Every reference below and including `value`, with its own pointer.
fn references(kind: Kind, value: &Value, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    shape::walk(kind, value, at, &mut |_, at, value| {
        if let Some(reference) = shape::reference(value) {
            found.push((at.to_owned(), reference.to_owned()));
        }
    });
    found
}

/// Puts `component` where `target` says, and makes the sections around it where they are missing.
pub(super) fn insert(root: &mut Value, target: &str, component: Value) {
    let section = pointer::parent(target).map(pointer::last);
    let mut around = root;
    for name in ["components".to_owned(), section.unwrap_or_default()] {
        let Value::Object(members) = around else {
            return;
        };
        around = members
            .entry(name)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(members) = around {
        members.insert(pointer::last(target), component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n";

    /// What stands beside: `Order` refers to `Money`, nothing to `Unused`.
    fn orders() -> Document {
        let components = "components:
  schemas:
    Order: {type: object, properties: {price: {$ref: '#/components/schemas/Money'}}}
    Money: {type: string}
    Unused: {type: string}
";
        Document::parse("spec/orders.yaml", &format!("{HEAD}{components}")).expect("valid")
    }

    fn parse(rest: &str) -> Result<Document, Error> {
        Document::parse_beside("spec/api.yaml", &format!("{HEAD}{rest}"), &[&orders()])
    }

    #[track_caller]
    fn refused(rest: &str, expected: &str) {
        let error = parse(rest).expect_err("the document must be refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_is_referred_to_is_taken_over_with_what_it_refers_to() {
        let document = parse(
            "components:\n  schemas:\n    A: {$ref: 'orders.yaml#/components/schemas/Order'}\n",
        )
        .expect("valid");

        let expected = serde_json::json!({
            "A": {"$ref": "#/components/schemas/Order"},
            "Order": {"type": "object", "properties": {"price": {"$ref": "#/components/schemas/Money"}}},
            "Money": {"type": "string"},
        });
        assert_eq!(document.get("/components/schemas"), Some(&expected));
    }

    #[test]
    fn a_place_is_that_in_the_file_it_stands_in() {
        let document = parse(
            "components:\n  schemas:\n    A: {$ref: 'orders.yaml#/components/schemas/Order'}\n",
        )
        .expect("valid");

        let shown = |pointer: &str| document.place(pointer).to_string();
        assert_eq!(shown("/components/schemas/A"), "spec/api.yaml:6:5");
        assert_eq!(shown("/components/schemas/Money"), "spec/orders.yaml:7:5");
        assert_eq!(
            shown("/components/schemas/Order/properties/price"),
            "spec/orders.yaml:6:40"
        );
        assert_eq!(document.file(), "spec/api.yaml");
    }

    #[test]
    fn sections_are_made_where_they_are_missing() {
        let response = "paths: {/a: {get: {operationId: a, responses: {'200': {description: d, content: {application/json: {schema: {$ref: 'orders.yaml#/components/schemas/Money'}}}}}}}}\n";
        let text = format!("openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\n{response}");
        let document = Document::parse_beside("spec/api.yaml", &text, &[&orders()]).expect("valid");

        let schemas = document.get("/components/schemas");
        assert_eq!(
            schemas,
            Some(&serde_json::json!({"Money": {"type": "string"}}))
        );
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_an_error_at_its_place() {
        let to =
            |reference: &str| format!("components:\n  schemas:\n    A: {{$ref: '{reference}'}}\n");
        let cases = [
            (
                "other.yaml#/components/schemas/Order",
                "leads to no document that is read beside this one",
            ),
            ("orders.yaml", "leads to no component"),
            ("orders.yaml#/info", "leads to no component"),
            (
                "orders.yaml#/components/schemas/Order/properties/price",
                "leads to no component",
            ),
            ("orders.yaml#/components/schemas/None", "names nothing"),
        ];
        for (reference, problem) in cases {
            refused(
                &to(reference),
                &format!(
                    "spec/api.yaml:6:5: /components/schemas/A: `$ref: {reference}` {problem}; point it at `#/components/...` of this document"
                ),
            );
        }
    }

    #[test]
    fn a_name_stands_for_one_component() {
        let both = |own: &str| {
            format!(
                "components:\n  schemas:\n    A: {{$ref: 'orders.yaml#/components/schemas/Order'}}\n    Money: {{type: {own}}}\n"
            )
        };
        refused(
            &both("integer"),
            "spec/api.yaml:7:5: /components/schemas/Money: `Money` is another component at spec/orders.yaml:7:5, which this document refers to; rename one",
        );
        assert!(parse(&both("string")).is_ok());
    }
}
