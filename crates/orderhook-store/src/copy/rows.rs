//! Rows on their way from one database to the other.

use sha2::{Digest, Sha256};

/// What a column of a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of a row's columns, or of the columns of a key.
pub(crate) type Row = Vec<Value>;

impl Value {
    /// About how much memory it takes.
    fn size(&self) -> usize {
        let held = match self {
            Self::Null | Self::Number(_) => 0,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        };
        held + size_of::<Self>()
    }
}

/// Rows that are written by one transaction.
const ROWS_IN_A_BATCH: usize = 5_000;
/// And how many bytes of them; a row that alone has more is a batch of its own.
const BYTES_IN_A_BATCH: usize = 4 << 20;

/// Collects rows into batches.
#[derive(Default)]
pub(crate) struct Batching {
    rows: Vec<Row>,
    bytes: usize,
}

impl Batching {
    /// Adds a row, and gives the batch that is full with it.
    pub(crate) fn add(&mut self, row: Row) -> Option<Vec<Row>> {
        self.bytes += row.iter().map(Value::size).sum::<usize>();
        self.rows.push(row);
        let full = self.rows.len() >= ROWS_IN_A_BATCH || self.bytes >= BYTES_IN_A_BATCH;
        full.then(|| {
            self.bytes = 0;
            std::mem::replace(&mut self.rows, Vec::with_capacity(ROWS_IN_A_BATCH))
        })
    }

    /// The rows after the last full batch.
    pub(crate) fn rest(self) -> Option<Vec<Row>> {
        (!self.rows.is_empty()).then_some(self.rows)
    }
}

/// The number of rows, and a checksum that doesn't depend on their order: the sum, modulo 2^64, of the
/// first 64 bits of each row's SHA-256.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) checksum: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, row: &Row) {
        self.rows += 1;
        self.checksum = self.checksum.wrapping_add(hash(row));
    }
}

/// Each value behind its kind, and texts and bytes behind their length: two rows that differ are never
/// the same bytes.
fn hash(row: &Row) -> u64 {
    let mut hasher = Sha256::new();
    for value in row {
        match value {
            Value::Null => hasher.update([0]),
            Value::Number(number) => {
                hasher.update([1]);
                hasher.update(number.to_be_bytes());
            }
            Value::Text(text) => {
                hasher.update([2]);
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
            Value::Bytes(bytes) => {
                hasher.update([3]);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
        }
    }
    let digest = hasher.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rows: &[Row]) -> Tally {
        let mut tally = Tally::default();
        rows.iter().for_each(|row| tally.add(row));
        tally
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_checksum_sees_every_difference_but_that_of_order() {
        let rows = [
            vec![Value::Number(1), text("ab"), Value::Null],
            vec![Value::Number(2), text(""), Value::Bytes(vec![0])],
        ];
        let [first, second] = rows.clone();
        assert_eq!(tally(&rows), tally(&[second.clone(), first.clone()]));
        let check = |other: &[Row]| assert_ne!(tally(&rows), tally(other), "{other:?}");
        check(std::slice::from_ref(&first));
        check(&[first.clone(), first.clone()]);
        check(&[vec![Value::Number(1), text("a"), text("b")], second.clone()]);
        check(&[
            first.clone(),
            vec![Value::Number(2), Value::Null, Value::Bytes(vec![0])],
        ]);
        check(&[first.clone(), vec![Value::Number(2), text(""), text("\0")]]);
        check(&[vec![Value::Number(2), text("ab"), Value::Null], second]);
    }

    /// Computed outside of this program: `printf '\1\0\0\0\0\0\0\0\1\0' | sha256sum`.
    #[test]
    fn a_checksum_is_the_same_on_every_machine() {
        let row = vec![Value::Number(1), Value::Null];
        assert_eq!(hash(&row), 0x4931_1c48_864b_b37e);
    }

    #[test]
    fn a_batch_is_full_by_its_rows_or_by_its_bytes() {
        let check = |row: Row, at: usize| {
            let mut batching = Batching::default();
            let full = (1..).find(|_| batching.add(row.clone()).is_some());
            assert_eq!(full, Some(at));
            assert!(batching.rest().is_none(), "nothing was added after it");
        };
        check(vec![Value::Number(1)], ROWS_IN_A_BATCH);
        check(vec![Value::Bytes(vec![0; BYTES_IN_A_BATCH / 2])], 2);
        check(vec![Value::Bytes(vec![0; BYTES_IN_A_BATCH * 2])], 1);
    }
}
