//! What Orderhook promises, tested from outside: one binary, one module a subject.

mod ledger;
mod models;
mod workspace;
