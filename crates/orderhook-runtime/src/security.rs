//! Which credentials an operation asks for, and those that a request has.

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::Operation;
use crate::encoding::decode;

/// Security schemes that a caller must meet together, with what each must allow.
pub type Alternative = &'static [Requirement];

/// A security scheme that an operation asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The scheme.
    pub scheme: &'static Scheme,
    /// What the credential must allow, for OAuth 2 and OpenID Connect; the document calls them
    /// scopes.
    pub scopes: &'static [&'static str],
}

/// A security scheme of the document.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The name in the document.
    pub name: &'static str,
    /// What it is.
    pub kind: SchemeKind,
}

/// What a security scheme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeKind {
    /// A key in a parameter of the query.
    QueryKey(&'static str),
    /// A key in a header.
    HeaderKey(&'static str),
    /// A key in a cookie.
    CookieKey(&'static str),
    /// `Authorization: Basic …` (RFC 7617).
    Basic,
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `Authorization` with another scheme, in small letters.
    Http(&'static str),
    /// OAuth 2, whose access tokens are sent as `Bearer`.
    OAuth2,
    /// OpenID Connect, whose tokens are sent as `Bearer`.
    OpenIdConnect,
}

impl Scheme {
    /// The credential of this scheme in `request`: the key, the token, or for `Basic` and other
    /// schemes of HTTP what stands behind the scheme's name.
    ///
    /// None if it stands there twice: it would be a guess which one the caller meant.
    pub fn credential<'a>(&self, request: &'a Parts) -> Option<Cow<'a, str>> {
        match self.kind {
            SchemeKind::HeaderKey(name) => {
                let key = only(request.headers.get_all(name).iter())?;
                key.to_str().ok().map(Cow::Borrowed)
            }
            SchemeKind::QueryKey(name) => {
                let pairs = request.uri.query()?.split('&');
                let pairs = pairs.filter_map(|pair| pair.split_once('='));
                let is_named = |given| decode(given).is_some_and(|given| given == name);
                decode(only(pairs.filter(|(given, _)| is_named(given)))?.1)
            }
            SchemeKind::CookieKey(name) => {
                only(cookies(&request.headers).filter(|(given, _)| *given == name))
                    .map(|(_, value)| Cow::Borrowed(value))
            }
            SchemeKind::Basic => authorization(&request.headers, "basic"),
            SchemeKind::Bearer | SchemeKind::OAuth2 | SchemeKind::OpenIdConnect => {
                authorization(&request.headers, "bearer")
            }
            SchemeKind::Http(scheme) => authorization(&request.headers, scheme),
        }
    }
}

impl Operation {
    /// Whether `request` has a credential of any scheme that the operation asks for. Where it has
    /// none, and the operation can be called without, nobody is asked who calls.
    pub fn has_credential(&self, request: &Parts) -> bool {
        let requirements = self.security.iter().copied().flatten();
        let mut schemes = requirements.map(|requirement| requirement.scheme);
        schemes.any(|scheme| scheme.credential(request).is_some())
    }
}

/// The cookies of a request, in their order.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        let value = value.trim();
        let unquoted = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Some((name.trim(), unquoted.unwrap_or(value)))
    })
}

fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<Cow<'a, str>> {
    let value = only(headers.get_all(header::AUTHORIZATION).iter())?;
    let (given, credential) = value.to_str().ok()?.trim().split_once(' ')?;
    given
        .eq_ignore_ascii_case(scheme)
        .then(|| credential.trim().into())
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let item = items.next()?;
    items.next().is_none().then_some(item)
}
