//! What is particular to the Order Management API about a caller.

use axum::http::{header, request::Parts};

/// The access token of a request, which stands in `Authorization` bare or after `Bearer`.
///
/// Row `A.headers.request.2` says "API access token" and names no scheme.
pub fn access_token(request: &Parts) -> Option<&str> {
    let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    };
    // With two of them it would be a guess which one the caller meant.
    (values.next().is_none() && !token.is_empty()).then_some(token)
}
