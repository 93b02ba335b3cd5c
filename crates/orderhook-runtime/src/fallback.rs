//! Answers to requests that belong to no operation.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::Server;
use crate::exchange::Exchange;
use crate::{Problem, Refusal};

/// Adds the documented refusals for paths and methods that `router` does not have.
pub fn with_fallbacks<S: Server>(router: Router<Arc<S>>) -> Router<Arc<S>> {
    router
        .fallback(no_such_path::<S>)
        .method_not_allowed_fallback(no_such_method::<S>)
}

async fn no_such_path<S: Server>(State(server): State<Arc<S>>, request: Request) -> Response {
    let refusal = Refusal::not_found(Problem::new("there is nothing at this path"));
    Exchange::unknown(&*server, &request).reject(refusal)
}

async fn no_such_method<S: Server>(State(server): State<Arc<S>>, request: Request) -> Response {
    Exchange::unknown(&*server, &request).reject(Refusal::method_not_allowed())
}
