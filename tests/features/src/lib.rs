//! What is generated from the document that has everything that an operation can have.

include!(concat!(env!("OUT_DIR"), "/api.rs"));
