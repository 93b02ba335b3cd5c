//! The operations of both documents, as the documents have them.

use serde_json::Value;

use crate::http::{Answer, Api};
use crate::server::{Merchant, Server};

/// An operation of one of the documents.
#[derive(Debug)]
pub(crate) struct Operation {
    document: Value,
    pub(crate) api: Kind,
    pub(crate) method: String,
    /// With `{name}` where a parameter stands.
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) parameters: Vec<Value>,
    /// The schema of the body and the example of it.
    pub(crate) body: Option<(Value, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Merchant,
    Operator,
}

/// Every operation of both documents.
pub(crate) fn all() -> Vec<Operation> {
    let merchant = operations(Kind::Merchant, orderhook_api::OPENAPI_3_1);
    let operator = operations(Kind::Operator, orderhook_api::operator::OPENAPI_3_1);
    assert_eq!((merchant.len(), operator.len()), (6, 26));
    merchant.into_iter().chain(operator).collect()
}

fn operations(api: Kind, document: &str) -> Vec<Operation> {
    let document: Value = serde_json::from_str(document).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let of_path = item.get("parameters");
        for (method, operation) in item.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            let parameters = [of_path, operation.get("parameters")].into_iter().flatten();
            let parameters = parameters.flat_map(|list| list.as_array().unwrap());
            let body = resolved(&document, &operation["requestBody"]);
            let media = &body["content"]["application/json"];
            let schema = media.get("schema");
            found.push(Operation {
                api,
                method: method.to_uppercase(),
                path: path.clone(),
                id: operation["operationId"].as_str().unwrap().to_owned(),
                parameters: parameters
                    .map(|parameter| resolved(&document, parameter).clone())
                    .collect(),
                body: schema.map(|schema| (schema.clone(), media["example"].clone())),
                document: document.clone(),
            });
        }
    }
    found
}

/// What a `$ref` stands for, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref") {
        Some(pointer) => {
            let pointer = pointer.as_str().unwrap().trim_start_matches('#');
            resolved(document, document.pointer(pointer).unwrap())
        }
        None => value,
    }
}

impl Operation {
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        resolved(&self.document, schema)
    }

    /// The API that the operation belongs to, as `merchant` or an operator calls it.
    pub(crate) fn api<'a>(&self, merchant: &'a Merchant) -> &'a Api {
        match self.api {
            Kind::Merchant => &merchant.api,
            Kind::Operator => &merchant.operator,
        }
    }

    /// The API of the operation without a token.
    pub(crate) fn without_token(&self, server: &Server) -> Api {
        let api = match self.api {
            Kind::Merchant => &server.merchant,
            Kind::Operator => &server.operator,
        };
        api.with_token("")
    }

    /// The path with every parameter set to its example, but for those of `values`.
    pub(crate) fn target(&self, values: &[(&str, &str)]) -> String {
        let mut target = self.path.clone();
        for parameter in self.parameters.iter().filter(|it| it["in"] == "path") {
            let name = parameter["name"].as_str().unwrap();
            let given = values.iter().find(|(known, _)| *known == name);
            let example = match &parameter["example"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let value = given.map_or(example, |(_, value)| (*value).to_owned());
            target = target.replace(&format!("{{{name}}}"), &value);
        }
        target
    }

    /// The path about this merchant.
    pub(crate) fn target_of(&self, merchant: &Merchant) -> String {
        self.target(&[("merchant_id", &merchant.id.to_string())])
    }

    /// Calls the operation with its own method and this body.
    pub(crate) fn send(&self, api: &Api, target: &str, body: Option<&[u8]>) -> Answer {
        api.call(&self.method, target, &[], body)
    }

    /// Calls it with the body of the example.
    pub(crate) fn send_example(&self, api: &Api, target: &str) -> Answer {
        let body = self.body.as_ref().map(|(_, example)| example.to_string());
        self.send(api, target, body.as_deref().map(str::as_bytes))
    }
}
