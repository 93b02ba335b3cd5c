//! The tests of the whole, in `it/`; and the README, whose code is compiled here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
