//! Generates `api.rs` from the document that has everything.

use std::env;
use std::path::Path;

use orderhook_codegen::Generator;

const SPEC: &str = "../../crates/orderhook-codegen/tests/it/features.yaml";

fn main() -> anyhow::Result<()> {
    let generated = Generator::new().load(SPEC)?;
    generated.rerun_if_changed();
    generated.write_file(Path::new(&env::var("OUT_DIR")?).join("api.rs"))?;
    Ok(())
}
