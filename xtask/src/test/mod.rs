//! `cargo xtask test`: every check of the project, set-up included, in one command.
//!
//! A step is one row of [`STEPS`]. All of them are run, also after one has failed; only what needs
//! a program that could not be set up is not. The last line printed says what was left out.

mod foreign;
mod local;
mod postgres;
mod programs;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::workspace_root;

/// What `cargo xtask test` is called with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out whatever needs this program, for example `--without python,node`
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PROGRAM")]
    without: Vec<Runtime>,
}

/// A language whose programs take part in the tests, and that a machine may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Runtime {
    Python,
    Node,
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "python",
            Self::Node => "node",
        })
    }
}

struct Step {
    title: &'static str,
    /// Without these the step is left out.
    needs: &'static [Runtime],
    /// If the step fails, whatever needs this is left out.
    sets_up: Option<Runtime>,
    action: fn(&Run) -> anyhow::Result<()>,
}

impl Step {
    const fn new(title: &'static str, action: fn(&Run) -> anyhow::Result<()>) -> Self {
        Self {
            title,
            needs: &[],
            sets_up: None,
            action,
        }
    }

    const fn needs(self, needs: &'static [Runtime]) -> Self {
        Self { needs, ..self }
    }

    const fn sets_up(self, runtime: Runtime) -> Self {
        Self {
            sets_up: Some(runtime),
            ..self
        }
    }
}

const STEPS: &[Step] = &[
    Step::new("formatting", local::check_formatting),
    Step::new("clippy", local::run_clippy),
    Step::new("generated code", local::check_generated_code),
    Step::new("documents of others", local::check_corpus),
    Step::new("PostgreSQL", postgres::set_up),
    Step::new("Python packages", foreign::install_python_packages)
        .needs(&[Runtime::Python])
        .sets_up(Runtime::Python),
    Step::new("npm packages", foreign::install_npm_packages)
        .needs(&[Runtime::Node])
        .sets_up(Runtime::Node),
    Step::new("spec lint by spectral", foreign::lint_with_spectral).needs(&[Runtime::Node]),
    Step::new("spec lint by redocly", foreign::lint_with_redocly).needs(&[Runtime::Node]),
    Step::new("foreign client in Python", foreign::generate_python_client)
        .needs(&[Runtime::Python]),
    Step::new(
        "foreign client in TypeScript",
        foreign::generate_typescript_client,
    )
    .needs(&[Runtime::Python, Runtime::Node]),
    Step::new("tests", local::run_tests),
    Step::new("demo", local::run_demo),
    Step::new("documentation", local::build_documentation),
    Step::new("packages of the libraries", local::package_libraries),
];

/// One run of the command: where it works, and what it goes without.
struct Run {
    root: PathBuf,
    missing: BTreeSet<Runtime>,
    /// Once it is set up.
    postgres: OnceCell<postgres::Postgres>,
    left_out: Vec<&'static str>,
    failures: Vec<String>,
}

/// Runs every step and says at the end which failed and what was left out.
///
/// # Errors
///
/// None of its own: a step that fails is printed, and makes the exit code a failure.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut run = Run::new(workspace_root(), &args.without);
    if let Err(error) = programs::ensure_all(&run.missing) {
        println!("failed: {error:#}\nleft out: everything, for want of a program");
        return Ok(ExitCode::FAILURE);
    }
    run.all_steps();
    Ok(run.report())
}

impl Run {
    fn new(root: PathBuf, without: &[Runtime]) -> Self {
        Self {
            root,
            missing: without.iter().copied().collect(),
            postgres: OnceCell::new(),
            left_out: Vec::new(),
            failures: Vec::new(),
        }
    }

    fn lacks(&self, needs: &[Runtime]) -> bool {
        needs.iter().any(|runtime| self.missing.contains(runtime))
    }

    fn all_steps(&mut self) {
        for (index, step) in STEPS.iter().enumerate() {
            let announcement = format!("[{}/{}] {}", index + 1, STEPS.len(), step.title);
            if self.lacks(step.needs) {
                println!("{announcement}: left out");
                self.left_out.push(step.title);
                continue;
            }
            println!("{announcement} …");
            let started = now();
            let outcome = (step.action)(self);
            let seconds = started.elapsed().as_secs_f32();
            match outcome {
                Ok(()) => println!("{announcement}: {seconds:.1} s"),
                Err(error) => {
                    println!("{announcement}: failed after {seconds:.1} s");
                    self.fail(step.title, &error);
                    self.missing.extend(step.sets_up);
                }
            }
        }
    }

    fn fail(&mut self, title: &str, error: &anyhow::Error) {
        self.failures.push(format!("{title}: {error:#}"));
    }

    /// Tests of the foreign parties that can't be run, as the filters that skip them.
    fn skipped_tests(&self) -> Vec<&'static str> {
        foreign::TESTS
            .iter()
            .filter(|(_, needs)| self.lacks(needs))
            .map(|(tests, _)| *tests)
            .collect()
    }

    fn report(&self) -> ExitCode {
        println!();
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{}", self.left_out_line());
        if self.failures.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn left_out_line(&self) -> String {
        if self.missing.is_empty() {
            return "left out: nothing".to_owned();
        }
        let runtimes: Vec<_> = self.missing.iter().map(ToString::to_string).collect();
        let parts = [self.left_out.clone(), self.skipped_tests()].concat();
        format!(
            "left out: {} ({})",
            runtimes.join(" and "),
            parts.join(", ")
        )
    }

    /// Where everything that foreign parties need is installed and generated.
    ///
    /// Always under the workspace's own `target`, so that the tests find it whatever
    /// `CARGO_TARGET_DIR` says.
    fn foreign_dir(&self) -> PathBuf {
        self.root.join("target/foreign")
    }

    /// A command that starts in the workspace's root, and knows of the PostgreSQL server.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        if let Some(postgres) = self.postgres.get() {
            postgres.tell(&mut command);
        }
        command
    }
}

/// Runs a command to its end, its output going where ours goes.
fn execute(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_owned();
    let status = command
        .status()
        .with_context(|| format!("{} can't be started", program.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    Ok(())
}

/// Runs a command to its end, and shows what it printed only if it failed.
fn execute_quietly(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("{} can't be started", program.display()))?;
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stdout));
        println!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{} ended with {}", program.display(), output.status);
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the durations shown to a person are the only use of the clock here"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_missing_program_is_left_out() {
        let python = ["Python packages", "foreign client in Python"];
        let node = [
            "npm packages",
            "spec lint by spectral",
            "spec lint by redocly",
        ];
        let both = ["foreign client in TypeScript"];
        check(&[], &[], &[]);
        check(
            &[Runtime::Python],
            &[&python[..], &both].concat(),
            &["foreign::python::", "foreign::typescript::"],
        );
        check(
            &[Runtime::Node],
            &[&node[..], &both].concat(),
            &["foreign::node::", "foreign::typescript::"],
        );
    }

    #[track_caller]
    fn check(missing: &[Runtime], steps: &[&str], tests: &[&str]) {
        let mut run = Run::new(PathBuf::new(), missing);
        run.left_out = STEPS
            .iter()
            .filter(|step| run.lacks(step.needs))
            .map(|step| step.title)
            .collect();
        assert_eq!(run.left_out, steps);
        assert_eq!(run.skipped_tests(), tests);
    }

    #[test]
    fn the_last_line_says_what_was_left_out() {
        let mut run = Run::new(PathBuf::new(), &[]);
        assert_eq!(run.left_out_line(), "left out: nothing");

        run.missing.insert(Runtime::Python);
        run.left_out.push("Python packages");
        assert_eq!(
            run.left_out_line(),
            "left out: python (Python packages, foreign::python::, foreign::typescript::)"
        );
    }
}
