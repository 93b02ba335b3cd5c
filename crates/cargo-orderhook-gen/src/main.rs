//! `cargo orderhook-gen`: Rust from an OpenAPI 3.0 document, in a folder of your crate.
//!
//! What it wrote is on stdout, a file a line; all else is on stderr. It exits with 1 if it fails, with
//! 2 if it is called wrongly, and with 4 if `--check` finds a stale file.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its user"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use orderhook_codegen::{Generated, Generator};

/// Code is made of small things, hundreds of thousands for a large document.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `--check` found files that are not what would be generated.
const EXIT_STALE: u8 = 4;

/// Generate models, client and server traits from an OpenAPI 3.0 document
#[derive(Debug, Parser)]
#[command(
    name = "cargo orderhook-gen",
    bin_name = "cargo orderhook-gen",
    version
)]
struct Args {
    /// The document, in YAML or JSON
    spec: PathBuf,
    /// The folder to write; a `mod` of its name takes it in. Files of others in it stay as they are
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these parts; the models are always there, because all else leans on them
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    only: Option<Vec<Part>>,
    /// Write nothing; list every stale file and exit with 4 if there is one
    #[arg(long)]
    check: bool,
    /// The module of your crate with the `Delivery` and `PushRequest` that pushes and callbacks lean
    /// on, such as `crate::hooks`
    #[arg(long, value_name = "PATH")]
    push_types: Option<String>,
    /// Members that may be absent or null have your `crate::Patch`, not an `Option`
    #[arg(long)]
    patches: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Models,
    Client,
    Server,
    /// `x-webhooks` and callbacks
    Pushes,
}

fn main() -> ExitCode {
    // cargo calls `cargo-orderhook-gen orderhook-gen …`.
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == "orderhook-gen") {
        args.remove(1);
    }
    run(&Args::parse_from(args)).unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let generated = generate(args)?;
    match args.check {
        true => check(args, &generated),
        false => write(args, &generated),
    }
}

fn generate(args: &Args) -> anyhow::Result<Generated> {
    let wanted = |part| args.only.as_ref().is_none_or(|only| only.contains(&part));
    let mut generator = Generator::new()
        .client(wanted(Part::Client))
        .server(wanted(Part::Server))
        .pushes(wanted(Part::Pushes))
        .patches(args.patches);
    if let Some(module) = &args.push_types {
        generator = generator.push_types(module);
    }
    // A panic of a library becomes an error that names the place in the document.
    std::panic::set_hook(Box::new(|_| {}));
    let generated = generator.load(&args.spec);
    drop(std::panic::take_hook());
    Ok(generated?)
}

fn write(args: &Args, generated: &Generated) -> anyhow::Result<ExitCode> {
    let changes = generated.write(&args.out)?;
    for change in &changes {
        println!("{change}");
    }
    if !changes.is_empty() {
        eprintln!("what was generated needs these crates:");
        for dependency in generated.dependencies() {
            eprintln!("  cargo add {dependency}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(args: &Args, generated: &Generated) -> anyhow::Result<ExitCode> {
    let stale = generated.compare(&args.out)?;
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for file in &stale {
        println!("{file}");
    }
    eprintln!("stale: {}; run the same without `--check`", stale.len());
    Ok(ExitCode::from(EXIT_STALE))
}
