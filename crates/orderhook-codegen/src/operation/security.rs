//! Who may call: the security schemes that an operation asks for.

use serde_json::Value;

use crate::api;
use crate::document::{Document, Error, pointer};

/// What a caller must meet.
#[derive(Debug, Default)]
pub(crate) struct Security {
    /// Of these, one: each is a list of requirements that go together.
    pub(crate) alternatives: Vec<Vec<Requirement>>,
    /// Whether one may also call without any.
    pub(crate) anonymous: bool,
}

/// A security scheme that an operation asks for.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) scheme: String,
    pub(crate) scopes: Vec<String>,
}

/// A security scheme of the document.
#[derive(Debug)]
pub(crate) struct Scheme {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: SchemeKind,
}

#[derive(Debug)]
pub(crate) enum SchemeKind {
    ApiKey {
        location: &'static str,
        name: String,
    },
    Basic,
    Bearer,
    /// Another scheme of the header `Authorization`.
    Http(String),
    OAuth2,
    OpenIdConnect,
}

impl Security {
    /// Whether anyone may call, and nobody is asked who they are.
    pub(crate) fn is_open(&self) -> bool {
        self.alternatives.is_empty()
    }
}

pub(super) fn read(document: &Document, operation: &api::Operation<'_>) -> Result<Security, Error> {
    let own = pointer::join(&operation.pointer, "security");
    let at = match operation.value.get("security") {
        Some(_) => own,
        None => "/security".to_owned(),
    };
    let list = document.get(&at).and_then(Value::as_array);
    let mut security = Security::default();
    for (index, alternative) in list.into_iter().flatten().enumerate() {
        let at = pointer::join(&at, &index.to_string());
        let schemes = alternative.as_object().into_iter().flatten();
        let requirements: Vec<_> = schemes
            .map(|(scheme, scopes)| requirement(document, &at, scheme, scopes))
            .collect::<Result<_, _>>()?;
        match requirements.is_empty() {
            true => security.anonymous = true,
            false => security.alternatives.push(requirements),
        }
    }
    Ok(security)
}

fn requirement(
    document: &Document,
    at: &str,
    scheme: &str,
    scopes: &Value,
) -> Result<Requirement, Error> {
    let known = pointer::join("/components/securitySchemes", scheme);
    if document.get(&known).is_none() {
        let message = format!(
            "there is no security scheme `{scheme}`; add it to `#/components/securitySchemes`"
        );
        return Err(document.unsupported(&pointer::join(at, scheme), message));
    }
    let scopes = scopes.as_array().into_iter().flatten();
    let scopes = scopes.filter_map(Value::as_str).map(str::to_owned);
    Ok(Requirement {
        scheme: scheme.to_owned(),
        scopes: scopes.collect(),
    })
}

impl Scheme {
    /// The scheme `name` of `document`.
    pub(crate) fn read(document: &Document, name: &str) -> Result<Self, Error> {
        let node = document.resolve(&pointer::join("/components/securitySchemes", name))?;
        let text = |member: &str| {
            let text = node.value.get(member).and_then(Value::as_str);
            text.unwrap_or_default()
        };
        let refuse = |message: &str| Err(document.unsupported(&node.pointer, message));
        let kind = match text("type") {
            "apiKey" => SchemeKind::ApiKey {
                location: match text("in") {
                    "query" => "Query",
                    "header" => "Header",
                    "cookie" => "Cookie",
                    _ => {
                        return refuse("an API key is in `query`, `header` or `cookie`; write one");
                    }
                },
                name: text("name").to_owned(),
            },
            "http" => match text("scheme").to_ascii_lowercase().as_str() {
                "basic" => SchemeKind::Basic,
                "bearer" => SchemeKind::Bearer,
                "" => return refuse("a scheme of HTTP needs `scheme`; add it"),
                other => SchemeKind::Http(other.to_owned()),
            },
            "oauth2" => SchemeKind::OAuth2,
            "openIdConnect" => SchemeKind::OpenIdConnect,
            _ => {
                return refuse(
                    "the type of a security scheme is `apiKey`, `http`, `oauth2` or `openIdConnect`; write one",
                );
            }
        };
        Ok(Self {
            name: name.to_owned(),
            description: super::description(&node),
            kind,
        })
    }
}
