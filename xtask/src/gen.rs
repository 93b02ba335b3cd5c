//! `cargo xtask gen`: writes the generated files, or with `--check` compares them.

use std::process::ExitCode;

use crate::plan;
use crate::workspace_root;

/// `--check` found files that are not what would be generated. Apart from 1, which is what a
/// broken spec exits with.
const EXIT_STALE: u8 = 4;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; list every stale file and exit with 4 if there is one
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let root = workspace_root();
    let output = plan::plan_quietly(&root)?;
    if !args.check {
        for change in output.write(&root)? {
            println!("{change}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let stale = output.compare(&root)?;
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for file in &stale {
        println!("{file}");
    }
    eprintln!("{} stale; run `{}`", count(stale.len()), plan::COMMAND);
    Ok(ExitCode::from(EXIT_STALE))
}

fn count(files: usize) -> String {
    match files {
        1 => "1 file is".to_owned(),
        more => format!("{more} files are"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::{plan, workspace_root};

    #[test]
    fn generated_files_are_fresh() {
        let root = workspace_root();
        let output = plan::plan(&root).expect("the spec is sound");

        let stale = output.compare(&root).expect("files can be read");

        let list: Vec<_> = stale.iter().map(ToString::to_string).collect();
        assert!(
            list.is_empty(),
            "run `{}`:\n{}",
            plan::COMMAND,
            list.join("\n")
        );
    }

    #[test]
    fn two_runs_give_the_same_bytes() {
        let root = workspace_root();
        let run = || plan::plan(&root).expect("the spec is sound");

        assert_eq!(run(), run());
    }

    #[test]
    fn every_finding_is_a_line_of_the_error() {
        let root = tempfile::tempdir().expect("a folder");
        let spec = workspace_root().join(plan::ORDER_MANAGEMENT);
        let spec = fs::read_to_string(spec).expect("the spec exists");
        let no_tags = spec.replace("tags: [webhooks]", "tags: []");
        write(root.path(), &no_tags);

        let error = plan::plan(root.path()).expect_err("the spec breaks a rule");

        let error = format!("{error:#}");
        assert!(error.lines().count() > 1, "{error}");
        for line in error.lines() {
            assert!(line.starts_with("spec/order-management.yaml:"), "{line}");
            assert!(line.contains(" operation-tag: "), "{line}");
        }
    }

    #[test]
    fn a_finding_in_the_operator_api_names_its_own_file() {
        let root = tempfile::tempdir().expect("a folder");
        let spec = |path| fs::read_to_string(workspace_root().join(path)).expect("it exists");
        write(root.path(), &spec(plan::ORDER_MANAGEMENT));
        let no_tags = spec(plan::OPERATOR).replace("tags: [status]", "tags: []");
        fs::write(root.path().join(plan::OPERATOR), no_tags).expect("writes");

        let error = plan::plan(root.path()).expect_err("the document breaks a rule");

        let error = format!("{error:#}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("spec/operator.yaml:"), "{error}");
    }

    #[test]
    fn a_spec_that_cannot_be_read_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        let error = plan::plan(root.path()).expect_err("there is no spec");
        assert!(
            error.to_string().contains(plan::ORDER_MANAGEMENT),
            "{error}"
        );

        write(root.path(), "openapi: 3.0.3\npaths: [\n");
        let error = plan::plan(root.path()).expect_err("the spec is broken");
        assert!(
            error
                .to_string()
                .starts_with("spec/order-management.yaml:3:1: "),
            "{error}",
        );
    }

    fn write(root: &Path, spec: &str) {
        fs::create_dir_all(root.join("spec")).expect("a folder");
        fs::write(root.join(plan::ORDER_MANAGEMENT), spec).expect("writes");
    }
}
