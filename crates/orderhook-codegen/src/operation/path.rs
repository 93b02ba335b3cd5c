//! Templates of paths.

use std::collections::BTreeSet;

use super::{Location, Parameter};
use crate::document::{Document, Error};

/// The template and the parameters of the path must name the same. A segment may hold several, as
/// long as there is text between them: without it nothing tells where one ends.
pub(super) fn check(
    document: &Document,
    at: &str,
    path: &str,
    parameters: &[Parameter],
) -> Result<(), Error> {
    if path.is_empty() {
        return Ok(());
    }
    let refuse = |message: String| Err(document.unsupported(at, message));
    if !path.starts_with('/') {
        return refuse(format!("the path `{path}` must begin with a slash; add it"));
    }
    if path.contains(['#', '?']) {
        return refuse(format!(
            "no request has the path `{path}`; leave out what begins at `#` or `?`"
        ));
    }
    let in_path = parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Path);
    let mut open: BTreeSet<_> = in_path.map(|parameter| parameter.name.as_str()).collect();
    let mut named = BTreeSet::new();
    for segment in path.split('/') {
        let Some(names) = names(segment) else {
            return refuse(format!(
                "`{segment}` is no template; write each name in braces, and text between two"
            ));
        };
        for name in names {
            if !named.insert(name) {
                return refuse(format!("`{{{name}}}` stands twice in the path; rename one"));
            }
            if !open.remove(name) {
                return refuse(format!("`{{{name}}}` is no parameter `in: path`; add it"));
            }
        }
    }
    match open.first() {
        Some(name) => refuse(format!(
            "the parameter `{name}` is not in the path; add it or leave it out"
        )),
        None => Ok(()),
    }
}

/// The names in a segment; `None` for one that is no template.
fn names(segment: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = segment;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let is_name = !name.is_empty() && !name.contains(['{', '*', ':']);
        let is_apart = names.is_empty() || !before.is_empty();
        if before.contains('}') || !is_name || !is_apart {
            return None;
        }
        names.push(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// Whether the segment is more than one parameter.
pub(crate) fn is_compound(segment: &str) -> bool {
    let whole = segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    segment.contains('{') && whole.is_none_or(|name| name.contains(['{', '}']))
}

/// The template for a router that knows parameters of whole segments alone: `/{a}...{b}` →
/// `/{a...b}`.
pub(crate) fn route(path: &str) -> String {
    let segments = path.split('/').map(|segment| match is_compound(segment) {
        true => format!("{{{}}}", segment.replace(['{', '}'], "")),
        false => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
