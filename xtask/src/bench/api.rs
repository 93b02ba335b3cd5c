//! The generated glue beside handlers written by hand, by the benchmark of `orderhook-api`.

use std::path::Path;

use anyhow::{Context, ensure};

pub(super) fn run(root: &Path) -> anyhow::Result<()> {
    let status = super::cargo(root)
        .args(["bench", "-p", "orderhook-api", "--bench", "glue"])
        .status()
        .context("cargo can't be started")?;
    ensure!(
        status.success(),
        "the benchmark of the glue ended with {status}"
    );
    Ok(())
}
