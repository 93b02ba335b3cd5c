//! The generated client against the generated server, over real connections, and raw requests
//! against the server: both sides do what the document and the specification say.

mod answers;
mod bodies;
mod callers;
mod parameters;
mod refusals;
mod support;
