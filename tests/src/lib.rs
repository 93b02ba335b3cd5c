//! The tests of the whole, in `it/`; and what is compiled for its own sake: the README's code, and
//! programs that must not compile.

#[cfg(doctest)]
mod promises;

/// The code of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
