//! Millions of deliveries through the store on PostgreSQL, by the benchmark of `orderhook-tests`.

use std::path::Path;

use super::benchmark;

/// What `cargo xtask bench soak` is called with.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Args {
    /// How many deliveries are made
    #[arg(long, default_value_t = 5_000_000, value_name = "N")]
    deliveries: u64,
}

pub(super) fn run(root: &Path, args: Args) -> anyhow::Result<()> {
    let deliveries = args.deliveries.to_string();
    benchmark(root, "soak", &["--deliveries".into(), deliveries.into()])
}
