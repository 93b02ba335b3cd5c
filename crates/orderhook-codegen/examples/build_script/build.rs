//! Generates `api.rs` from a document of somebody else, whenever that changes.

use std::env;
use std::path::Path;

use orderhook_codegen::Generator;

const SPEC: &str = "../../../../tests/corpus/dropshot/test_pagination_schema.json";

fn main() -> anyhow::Result<()> {
    let generated = Generator::new().load(SPEC)?;
    generated.rerun_if_changed();
    generated.write_file(Path::new(&env::var("OUT_DIR")?).join("api.rs"))?;
    Ok(())
}
