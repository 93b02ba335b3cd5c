//! Lists a page at a time.

/// Which page of a list.
///
/// Pages are cut by id, so that rows which come or go never make a page repeat or lose another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The id of the last row of the page before; `None` for the first page.
    pub cursor: Option<i64>,
    /// The most rows on the page, at least 1.
    pub limit: u32,
    /// Oldest first; else newest first.
    pub ascending: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next_cursor: Option<i64>,
}
