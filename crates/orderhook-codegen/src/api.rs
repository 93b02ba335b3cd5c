//! The document as a list of operations, with their references followed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::shape::{self, Kind};
use crate::document::{Document, Error, Node, pointer};
use crate::names;

/// A document and all its operations.
pub(crate) struct Api<'a> {
    pub(crate) document: &'a Document,
    operations: Vec<Operation<'a>>,
}

/// One operation; what it refers to is resolved, and what leads nowhere is left out, because
/// the rule `reference` reports it.
pub(crate) struct Operation<'a> {
    document: &'a Document,
    pub(crate) pointer: String,
    pub(crate) value: &'a Value,
    /// The path template; `None` for a push, which is mounted where the receiver likes.
    pub(crate) path: Option<String>,
}

/// A response of an operation.
pub(crate) struct Response<'a> {
    /// The status code, a range such as `4XX`, or `default`.
    pub(crate) status: &'a str,
    pub(crate) node: Node<'a>,
}

impl<'a> Api<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let mut operations = Vec::new();
        shape::walk(
            Kind::OpenApi,
            document.root(),
            "",
            &mut |kind, at, value| {
                if kind == Kind::Operation {
                    operations.push(Operation {
                        document,
                        pointer: at.to_owned(),
                        value,
                        path: path_template(at),
                    });
                }
            },
        );
        Self {
            document,
            operations,
        }
    }

    /// Every operation, pushes included.
    pub(crate) fn operations(&self) -> &[Operation<'a>] {
        &self.operations
    }

    /// The operations that the document's own server answers.
    pub(crate) fn served(&self) -> impl Iterator<Item = &Operation<'a>> {
        self.operations
            .iter()
            .filter(|operation| operation.path.is_some())
    }

    /// The operations under `x-webhooks`.
    pub(crate) fn pushes(&self) -> impl Iterator<Item = &Operation<'a>> {
        let operations = self.operations.iter();
        operations.filter(|operation| operation.path.is_none() && operation.callback().is_none())
    }

    /// The operations of each callback, wherever it is described, by its pointer.
    pub(crate) fn callbacks(&self) -> Vec<(&str, Vec<&Operation<'a>>)> {
        let mut callbacks: Vec<(&str, Vec<_>)> = Vec::new();
        for operation in &self.operations {
            let Some(at) = operation.callback() else {
                continue;
            };
            match callbacks.iter_mut().find(|(other, _)| *other == at) {
                Some((_, operations)) => operations.push(operation),
                None => callbacks.push((at, vec![operation])),
            }
        }
        callbacks
    }

    /// Refuses two of `operations` that have one name in Rust: as methods of one type, they would be
    /// code that does not compile.
    pub(crate) fn check_names<'o>(
        &self,
        operations: impl Iterator<Item = &'o Operation<'a>>,
    ) -> Result<(), Error>
    where
        'a: 'o,
    {
        let mut taken = BTreeMap::new();
        for operation in operations {
            let id = operation.id();
            // The name of the method, and that of its builder or its variant.
            for name in [names::field_name(&id), names::type_name(&id)] {
                if let Some(other) = taken.insert(name.clone(), &operation.pointer)
                    && *other != operation.pointer
                {
                    let message = format!(
                        "its name in Rust, `{name}`, is that of {other} as well; write another `operationId`"
                    );
                    return Err(self.document.unsupported(&operation.pointer, message));
                }
            }
        }
        Ok(())
    }

    /// Calls `visit` with every object of the document; see [`shape::walk`].
    pub(crate) fn walk(&self, visit: &mut impl FnMut(Kind, &str, &'a Value)) {
        shape::walk(Kind::OpenApi, self.document.root(), "", visit);
    }
}

/// `/paths/~1a~1{b}/get` → `/a/{b}`; `None` for operations that stand anywhere else.
fn path_template(at: &str) -> Option<String> {
    let path_item = pointer::parent(at)?;
    (pointer::parent(path_item)? == "/paths").then(|| pointer::last(path_item))
}

impl<'a> Operation<'a> {
    /// The pointer of the callback that it is an operation of.
    pub(crate) fn callback(&self) -> Option<&str> {
        let around = pointer::parent(pointer::parent(&self.pointer)?)?;
        (self.path.is_none() && around != "/x-webhooks").then_some(around)
    }

    /// Its `operationId`, or what stands in for it: `get /things/{name}` → `get_things_by_name`, and
    /// the name of a push or a callback.
    pub(crate) fn id(&self) -> Cow<'a, str> {
        if let Some(id) = self.value.get("operationId").and_then(Value::as_str) {
            return id.into();
        }
        let Some(path) = &self.path else {
            let push = pointer::parent(&self.pointer).unwrap_or_default();
            return pointer::last(self.callback().unwrap_or(push)).into();
        };
        let mut words = vec![pointer::last(&self.pointer)];
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let parameter = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            words.push(match parameter {
                Some(name) => format!("by_{name}"),
                None => segment.to_owned(),
            });
        }
        if words.len() == 1 {
            words.push("root".to_owned());
        }
        words.join("_").into()
    }

    /// The first of its tags, or `default`.
    pub(crate) fn tag(&self) -> &'a str {
        let tags = self.value.get("tags").and_then(Value::as_array);
        let first = tags.and_then(|tags| tags.first()).and_then(Value::as_str);
        first.unwrap_or("default")
    }

    /// The parameters, those of the path item included unless the operation replaces them.
    pub(crate) fn parameters(&self) -> Vec<Node<'a>> {
        let key = |node: &Node<'a>| (node.value.get("name"), node.value.get("in"));
        let mut parameters = self.parameters_at(&self.pointer);
        let path_item = pointer::parent(&self.pointer).unwrap_or_default();
        for shared in self.parameters_at(path_item) {
            if parameters.iter().all(|own| key(own) != key(&shared)) {
                parameters.push(shared);
            }
        }
        parameters
    }

    fn parameters_at(&self, owner: &str) -> Vec<Node<'a>> {
        let list = pointer::join(owner, "parameters");
        let count = self
            .document
            .get(&list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..count)
            .filter_map(|index| self.resolve(&pointer::join(&list, &index.to_string())))
            .collect()
    }

    pub(crate) fn request_body(&self) -> Option<Node<'a>> {
        self.value.get("requestBody")?;
        self.resolve(&pointer::join(&self.pointer, "requestBody"))
    }

    pub(crate) fn responses(&self) -> Vec<Response<'a>> {
        let at = pointer::join(&self.pointer, "responses");
        let responses = self.value.get("responses").and_then(Value::as_object);
        responses
            .into_iter()
            .flat_map(serde_json::Map::keys)
            .filter(|status| !status.starts_with("x-"))
            .filter_map(|status| {
                let node = self.resolve(&pointer::join(&at, status))?;
                Some(Response { status, node })
            })
            .collect()
    }

    pub(crate) fn documents(&self, status: &str) -> bool {
        self.value
            .get("responses")
            .is_some_and(|responses| responses.get(status).is_some())
    }

    /// The request body and every response.
    pub(crate) fn bodies(&self) -> Vec<Node<'a>> {
        let responses = self.responses().into_iter().map(|response| response.node);
        self.request_body().into_iter().chain(responses).collect()
    }

    fn resolve(&self, pointer: &str) -> Option<Node<'a>> {
        self.document.resolve(pointer).ok()
    }
}

impl Response<'_> {
    /// Whether the server refuses with this status; `default` stands for all that is not named.
    pub(crate) fn is_error(&self) -> bool {
        self.status.starts_with(['4', '5']) || self.status == "default"
    }
}

/// The media types of a body, a response or a parameter, each with its own pointer.
pub(crate) fn media_types<'a>(body: &Node<'a>) -> Vec<Node<'a>> {
    let at = pointer::join(&body.pointer, "content");
    let content = body.value.get("content").and_then(Value::as_object);
    content
        .into_iter()
        .flatten()
        .map(|(name, value)| Node {
            pointer: pointer::join(&at, name),
            value,
        })
        .collect()
}
