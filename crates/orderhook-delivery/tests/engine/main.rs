//! The engine on a real database, with a clock that stands until it is turned and receivers that
//! answer what they are told to. Nothing sleeps: each test waits for what it is about.

mod bounds;
mod drain;
mod endpoints;
mod faults;
mod logs;
mod looking;
mod replicas;
mod retention;
mod schedule;
mod world;
