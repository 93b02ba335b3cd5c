//! Callbacks of operations: receivers and requests, as pushes have them.

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::{Document, pushes};

/// An operation that is called back at two places, once by a callback of the components.
const TEXT: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /subscribe:
    post:
      responses: {'200': {description: d}}
      callbacks:
        stockChanged:
          '{$request.body#/callbackUrl}':
            post:
              summary: The stock changed
              requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Stock'}}}}
              responses: {'200': {description: seen}, default: {description: not seen}}
        closed: {$ref: '#/components/callbacks/closed'}
    put:
      responses: {'200': {description: d}}
      callbacks:
        closed: {$ref: '#/components/callbacks/closed'}
components:
  callbacks:
    closed:
      '{$request.query.url}':
        post:
          operationId: shop_closed
          requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Stock'}}}}
          responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Stock'}}}}}
  schemas:
    Stock: {type: object, properties: {count: {type: integer}}}
    Ended: {type: object, properties: {type: {type: string, enum: [ended]}}}
";

fn generate(text: &str) -> Result<Vec<(String, String)>, String> {
    let document = Document::parse("api.yaml", text).unwrap();
    let modules = pushes::callbacks(&document, &ModelSettings::default(), "::models", "crate");
    let modules = modules.map_err(|error| error.to_string())?;
    let format = |code| prettyplease::unparse(&syn::parse2(code).unwrap());
    Ok(modules
        .into_iter()
        .map(|(name, code)| (name, format(code)))
        .collect())
}

/// Asserts that the text with `to` in place of `from` is refused with this error.
#[track_caller]
fn refused(from: &str, to: &str, expected: &str) {
    assert_eq!(TEXT.matches(from).count(), 1, "`{from}` must be unique");
    let error = generate(&TEXT.replace(from, to)).unwrap_err();
    assert_eq!(error, format!("api.yaml:{expected}"));
}

#[test]
fn each_callback_has_a_module_with_a_receiver_and_requests() {
    let modules = generate(TEXT).unwrap();

    let [(changed, changed_code), (closed, closed_code)] = modules.as_slice() else {
        panic!("{modules:?}");
    };
    assert_eq!((&**changed, &**closed), ("stock_changed", "closed"));
    for expected in [
        "/// The stock changed\n    ///\n    /// Sent to `{$request.body#/callbackUrl}` of the request that asked for it.\n    fn stock_changed(",
        "push: models::Stock,\n    ) -> impl ::std::future::Future<Output = Result<(), Self::Error>>",
        "pub(crate) fn stock_changed_request(",
        "#[serde(skip)]",
    ] {
        assert!(
            changed_code.contains(expected),
            "{expected}: {changed_code}"
        );
    }
    for expected in [
        "fn shop_closed(",
        "Result<models::Stock, Self::Error>",
        "Sent to `{$request.query.url}`",
    ] {
        assert!(closed_code.contains(expected), "{expected}: {closed_code}");
    }
}

#[test]
fn what_cannot_be_generated_is_refused_at_its_place() {
    refused(
        "    closed:\n",
        "    stock_changed:\n      '{$url}': {post: {requestBody: {required: true, content: {application/json: {schema: {}}}}, responses: {'200': {description: d}}}}\n    closed:\n",
        "21:5: /components/callbacks/stock_changed: its name in Rust, `stock_changed`, is that of /paths/~1subscribe/post/callbacks/stockChanged as well; write another, or one under `#/components/callbacks` for both",
    );
    refused(
        "post:\n              summary",
        "put:\n              summary",
        "10:13: /paths/~1subscribe/post/callbacks/stockChanged/{$request.body#~1callbackUrl}/put: only callbacks with `post` can be generated; use that",
    );
    refused(
        "operationId: shop_closed",
        "parameters: [{name: a, in: query, schema: {type: string}}]",
        "24:24: /paths/~1subscribe/post/callbacks/closed/{$request.query.url}/post/parameters/0: a parameter of a callback can't be generated; put it into the body",
    );
    refused(
        "operationId: shop_closed",
        "operationId: receive",
        "23:9: /paths/~1subscribe/post/callbacks/closed/{$request.query.url}/post: `receive` is the method that calls all others; write another `operationId`",
    );
    refused(
        "default: {description: not seen}",
        "202: {description: seen}",
        "10:13: /paths/~1subscribe/post/callbacks/stockChanged/{$request.body#~1callbackUrl}/post: two statuses of success; keep one",
    );
    refused(
        "    closed:\n",
        "    closed:\n      '{$url}': {post: {requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Ended'}}}}, responses: {'200': {description: d}}}}\n",
        "24:9: /paths/~1subscribe/post/callbacks/closed/{$request.query.url}/post: it is answered otherwise than /paths/~1subscribe/post/callbacks/closed/{$url}/post; use one schema",
    );
}
