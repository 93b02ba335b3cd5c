//! The ledger: the spec says what the two source documents say, and nothing else.
//!
//! `spec/rows.csv` has the rows of the documents, `spec/README.md` the decisions taken where
//! they are silent. Every row is carried by the spec as the documents have it, and every part
//! of the spec has a row or a decision behind it.

mod carrier;
mod coverage;
mod decisions;
mod rows;
mod sight;

use std::fmt;

use decisions::Decision;
use orderhook_codegen::Document;
use rows::Row;

const SPEC: &str = include_str!("../../../spec/order-management.yaml");
const README: &str = include_str!("../../../spec/README.md");
const ROWS: &str = include_str!("../../../spec/rows.csv");

/// A way in which spec, rows and decisions can fail to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A row or a decision is missing, or stands twice.
    Complete,
    /// A row's pointer leads to nothing that could carry it.
    Pointer,
    /// A row is carried under another name.
    Name,
    /// A row is carried with another type.
    Type,
    /// A row is carried with another length, or with none.
    Length,
    /// A row is required and its carrier is not, or the other way round.
    Required,
    /// A row is carried with other values.
    Values,
    /// A row's carrier is no part of the request or answer that its table describes.
    Reach,
    /// A part of the spec has neither row nor decision.
    Uncarried,
    /// A decision's pointer stands for no part that is there without a row.
    Dead,
}

/// What is wrong, where, and what to do.
#[derive(Debug)]
struct Finding {
    /// `file:line`, and the column where it is known.
    place: String,
    rule: Rule,
    /// The row, the decision or the part of the spec.
    about: String,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.about, self.message)
    }
}

/// All that is wrong with these texts of spec, rows and decisions.
fn audit(spec: &str, readme: &str, rows: &str) -> Vec<Finding> {
    let document = Document::parse("spec/order-management.yaml", spec).expect("the spec is read");
    let decisions = Decision::read_all(readme);
    let rows = Row::read_all(rows);

    let mut findings = rows::check_complete(&rows);
    findings.extend(rows::check(&document, &rows));
    findings.extend(coverage::check(&document, &rows, &decisions));
    findings
}

#[test]
fn the_spec_carries_every_row_and_nothing_without_a_row_or_a_decision() {
    let findings: Vec<String> = audit(SPEC, README, ROWS)
        .iter()
        .map(Finding::to_string)
        .collect();

    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
    assert_eq!(Row::read_all(ROWS).len(), 144);
}
