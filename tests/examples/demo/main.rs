//! `cargo xtask demo`: the whole of Orderhook in one story, over real HTTP on this machine.
//!
//! A platform (the in-memory one of `crates/orderhook-api/examples`) serves the six operations, a
//! merchant calls them with the generated client, and the platform pushes an order and a card
//! event to a receiver that the merchant wrote with the generated trait. Every step is printed and
//! checked; the exit code is 0 only if all of it held.
#![expect(clippy::print_stdout, reason = "the demo is what it prints")]

mod calls;
#[path = "../../../crates/orderhook-api/examples/in_memory/platform.rs"]
mod platform;
mod pushes;
mod servers;
mod story;
#[path = "../../../crates/orderhook-api/examples/in_memory/system.rs"]
mod system;

use std::process::ExitCode;

use story::Story;

const TOKEN: &str = "demo-token";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut story = Story::begin();

    story.chapter("A platform serves the six operations, a merchant calls them");
    let platform = servers::platform(TOKEN).await?;
    let client = calls::client(&platform, TOKEN)?;
    let secret = calls::six_operations(&mut story, &client).await?;
    calls::refusals(&mut story, &platform).await?;

    story.chapter("The platform pushes, the merchant verifies and acknowledges");
    let mut wire = pushes::Wire::open(&secret).await?;
    pushes::order(&mut story, &mut wire).await?;
    pushes::card_event(&mut story, &mut wire).await?;
    pushes::forgery(&mut story, &mut wire).await?;

    Ok(story.end())
}
