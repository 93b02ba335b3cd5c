//! What Orderhook promises, tested from outside: one binary, one module a subject.

mod document;
mod failures;
mod foreign;
mod fuzz;
mod ledger;
mod models;
mod operations;
mod paging;
mod refusals;
mod round_trip;
mod support;
mod wire;
mod workspace;
