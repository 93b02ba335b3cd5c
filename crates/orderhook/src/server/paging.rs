//! Pages: from the parameters of a list to the store's request, and back to the wire.

use orderhook_store::{Page, PageRequest};

/// Rows on a page if the caller does not say.
const DEFAULT_LIMIT: u32 = 20;
/// Rows on a page at most, whatever the caller says.
const MAX_LIMIT: u32 = 100;

/// A limit below 1 never gets here: the generated handler has refused it.
pub(crate) fn page_request(
    cursor: Option<i64>,
    limit: Option<i64>,
    ascending: Option<bool>,
) -> PageRequest {
    PageRequest {
        cursor,
        limit: limit.map_or(DEFAULT_LIMIT, |limit| {
            u32::try_from(limit).map_or(MAX_LIMIT, |limit| limit.min(MAX_LIMIT))
        }),
        ascending: ascending.unwrap_or(false),
    }
}

/// `next_cursor` (empty on the last page) and `has_more`.
pub(crate) fn next_page<T>(page: &Page<T>) -> (Option<String>, bool) {
    let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
    let has_more = next_cursor.is_some();
    (Some(next_cursor.unwrap_or_default()), has_more)
}
