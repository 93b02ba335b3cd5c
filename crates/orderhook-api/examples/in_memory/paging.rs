//! One page of a list that is ordered by id.

/// Records on a page if the caller does not say.
const DEFAULT_LIMIT: usize = 20;
/// Records on a page at most, whatever the caller says.
const MAX_LIMIT: usize = 100;

/// Which page is asked for.
pub(crate) struct PageRequest {
    /// The id that the page before ended with.
    pub(crate) cursor: Option<i64>,
    pub(crate) limit: Option<i64>,
    pub(crate) ascending: Option<bool>,
}

pub(crate) struct Page<T> {
    pub(crate) records: Vec<T>,
    /// The id of the last record in decimal digits; empty if nothing follows.
    pub(crate) next_cursor: String,
    pub(crate) has_more: bool,
}

impl PageRequest {
    /// Cuts the page out of `records`, which are in ascending order of their ids.
    ///
    /// The cursor is an id and no offset, so a record that is created or removed meanwhile neither
    /// repeats nor hides another one.
    pub(crate) fn cut<T>(
        &self,
        records: impl DoubleEndedIterator<Item = T>,
        id: impl Fn(&T) -> i64,
    ) -> Page<T> {
        let limit = self.limit();
        // One more than fits, to know whether a page follows.
        let mut records: Vec<T> = if self.ascending.unwrap_or(false) {
            let follows = |record: &T| self.cursor.is_none_or(|cursor| id(record) > cursor);
            records.filter(follows).take(limit + 1).collect()
        } else {
            let follows = |record: &T| self.cursor.is_none_or(|cursor| id(record) < cursor);
            records.rev().filter(follows).take(limit + 1).collect()
        };
        let has_more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().filter(|_| has_more);
        let next_cursor = last.map(|record| id(record).to_string());
        Page {
            next_cursor: next_cursor.unwrap_or_default(),
            has_more,
            records,
        }
    }

    /// A limit below 1 never gets here: the generated handler has refused it.
    fn limit(&self) -> usize {
        self.limit.map_or(DEFAULT_LIMIT, |limit| {
            usize::try_from(limit).map_or(MAX_LIMIT, |limit| limit.min(MAX_LIMIT))
        })
    }
}
