//! `cargo xtask demo`: the whole of Orderhook in one story, with the real server over real HTTP.
//!
//! A platform runs the server on a fresh database and makes a merchant. The merchant calls the six
//! operations with the generated client, and receives with the generated trait. A card event comes
//! to a receiver that fails first, an order goes from CREATEED to COMPLETED, what was given up is
//! replayed, and a forgery is refused. Every step is printed and checked; the exit code is 0 only if
//! all of it held. With `--keep` the server goes on until Ctrl-C.
#![expect(clippy::print_stdout, reason = "the demo is what it prints")]

mod calls;
mod deliveries;
#[path = "../../faults/launch.rs"]
mod launch;
mod orders;
mod receiver;
mod setup;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use receiver::Socket;
use setup::Platform;
use story::Story;

#[derive(Debug, Parser)]
struct Args {
    /// The built server
    #[arg(long)]
    server: PathBuf,
    /// Leave the server running, with the addresses printed, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let mut story = Story::begin();
    let socket = Socket::open().await?;

    story.chapter("A platform runs the server, and makes a merchant");
    let platform = Platform::start(&mut story, &args.server, socket.address).await?;
    let merchant = platform.make_merchant(&mut story).await?;

    story.chapter("The merchant calls the six operations");
    let client = merchant.client()?;
    let webhook = calls::six_operations(&mut story, &client, &socket).await?;
    calls::refusals(&mut story, &client, &merchant.api).await?;

    story.chapter("A card event, and a receiver that fails first");
    let mut shop = socket.serve(&webhook.sign_secret, &merchant.sign_secret)?;
    deliveries::card_event(&mut story, &platform, &merchant, &mut shop).await?;

    story.chapter("An order from CREATEED to COMPLETED");
    orders::life_of_an_order(&mut story, &platform, &merchant, &mut shop).await?;

    story.chapter("A receiver that is down for too long, and a replay");
    deliveries::replay(&mut story, &platform, &merchant, &mut shop).await?;

    story.chapter("Somebody changes a push on its way");
    orders::forgery(&mut story, &merchant, &mut shop).await?;

    let exit = story.end();
    if args.keep {
        platform.keep(&merchant).await?;
    }
    Ok(exit)
}
