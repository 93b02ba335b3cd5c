//! `cargo xtask corpus`: the documents of others in `tests/corpus`, generated from and compiled.
//!
//! Each becomes a crate of a workspace under `target/corpus`, which is checked with warnings denied.
//! The crates have the versions of this workspace, and no others.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::output::Output;
use orderhook_codegen::{Document, Error, client, models, round_trip, server};
use proc_macro2::TokenStream;

use crate::demo::target_directory;
use crate::plan::quietly;
use crate::workspace_root;

const COMMAND: &str = "cargo xtask corpus";
const DOCUMENTS: &str = "tests/corpus";
const CRATES: &str = "target/corpus";

/// How a crate calls itself, for code that names the models by their crate.
const ITSELF: &str = "::itself";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the documents whose path contains this text
    #[arg(default_value = "")]
    part: String,
    /// Another folder of documents
    #[arg(long, default_value = DOCUMENTS)]
    documents: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    check(&workspace_root(), &args.documents, |name| {
        name.contains(&args.part)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The same for the tests of every day, without what takes minutes and gigabytes to compile.
///
/// # Errors
/// Those of [`check`].
pub(crate) fn check_small(root: &Path) -> anyhow::Result<()> {
    println!("GitHub's document is left to `{COMMAND}`");
    check(root, Path::new(DOCUMENTS), |name| !name.contains(LARGE))
}

/// Generates from every document in `folder` whose path is `wanted`, compiles what comes out, and
/// runs its tests.
///
/// # Errors
/// If something generated does not compile, or compiles with a warning; if a test fails.
fn check(root: &Path, folder: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let mut crates = Vec::new();
    for path in documents(&root.join(folder))? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        if wanted(&name.display().to_string()) {
            crates.extend(quietly(|| write_crate(root, folder, &name))?);
        }
    }
    let workspace = root.join(CRATES);
    write_workspace(root, &workspace, &crates)?;
    // The crates have no other versions than this workspace, but not all of these are needed to
    // build it.
    let fetched = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["fetch", "--locked"])
        .status()
        .context("cargo can't be started")?;
    if !fetched.success() {
        bail!("the packages in Cargo.lock can't be fetched");
    }
    println!("checking {} crates", crates.len());
    run_cargo(&workspace, &["check", "--workspace", "--keep-going"])?;
    let mut test = vec!["test", "--workspace", "--lib", "--quiet", "--no-fail-fast"];
    let is_left_out = |name: &&String| {
        let mut parts = NOT_CALLED.into_iter().chain([LARGE]);
        parts.any(|part| name.contains(part))
    };
    for package in crates.iter().filter(is_left_out) {
        println!("  compiled, and not called: {package}");
        test.extend(["--exclude", package]);
    }
    run_cargo(&workspace, &test)
}

/// In the name of what would take longer than all others together, its hundreds of tests above all.
const LARGE: &str = "github";

/// In the names of documents for which no values can be made yet: of schemas with a format and no
/// type, with a default of another type, with `anyOf` beside a type, or with members that only
/// `additionalProperties` allows.
const NOT_CALLED: [&str; 3] = [
    "readme-polymorphism",
    "readme-schema-additional-properties",
    "readme-schema-validation",
];

fn run_cargo(workspace: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .current_dir(workspace)
        .args(arguments)
        .arg("--offline")
        .arg("--target-dir")
        .arg(target_directory())
        .status()
        .context("cargo can't be started")?;
    if !status.success() {
        bail!("what was generated does not compile without warnings, or its tests fail");
    }
    Ok(())
}

/// What is generated from one document: modules of its crate, by name.
struct Generated {
    modules: Vec<(&'static str, Code)>,
    refusals: Vec<Error>,
}

/// A module in one file, or in a folder of several.
enum Code {
    File(TokenStream),
    Folder(Vec<(String, TokenStream)>),
}

/// Writes the sources of the crate of a document; its package's name, unless all was refused.
fn write_crate(root: &Path, folder: &Path, path: &Path) -> anyhow::Result<Option<String>> {
    let name = path.display().to_string();
    let text = fs::read_to_string(root.join(path))?;
    let document = Document::parse(&name, &text)?.with_named_schemas()?;
    let generated = generate(&document);
    println!("{name}");
    for refusal in &generated.refusals {
        println!("  {refusal}");
    }
    if generated.modules.is_empty() {
        return Ok(None);
    }
    let package = package_name(folder, path);
    let source = format!("{CRATES}/{package}/src");
    let mut output = Output::new(COMMAND);
    output.own(&source);
    let mut library = "extern crate self as itself;\n".to_owned();
    for (module, code) in generated.modules {
        library += by_hand(module);
        let files = match code {
            Code::File(code) => vec![(module.to_owned(), code)],
            Code::Folder(files) => files
                .into_iter()
                .map(|(file, code)| (format!("{module}/{file}"), code))
                .collect(),
        };
        for (file, code) in files {
            output.rust(format!("{source}/{file}.rs"), &[&document], code)?;
        }
    }
    output.text(format!("{source}/lib.rs"), library)?;
    output.write(root)?;
    Ok(Some(package))
}

/// Everything that the generators take; what leans on the models is of no use without them.
fn generate(document: &Document) -> Generated {
    let mut generated = Generated {
        modules: Vec::new(),
        refusals: Vec::new(),
    };
    let settings = ModelSettings {
        patches: true,
        ..ModelSettings::default()
    };
    let read = "::progenitor_client::ResponseValue::from_response";
    let models = models::generate(&[document], &settings);
    generated.add("models", models.map(Code::File));
    if !generated.modules.is_empty() {
        let client = client::generate(
            document,
            &settings,
            ITSELF,
            Some("crate::Inner"),
            Some(read),
        );
        generated.add("client", client.map(Code::File));
        let server = server::generate(document, &settings, ITSELF);
        generated.add("server", server.map(Code::Folder));
        generated.add_round_trip(document, &settings);
    }
    generated
}

impl Generated {
    /// Tests of client and server, where there are both.
    fn add_round_trip(&mut self, document: &Document, settings: &ModelSettings) {
        let has = |name| self.modules.iter().any(|(module, _)| *module == name);
        if !has("client") || !has("server") {
            return;
        }
        match round_trip::generate(document, settings, ITSELF) {
            Ok(tests) => {
                for operation in &tests.left_out {
                    println!("  no round trip of {operation}");
                }
                let code = tests.code.map(Code::File);
                self.modules.extend(code.map(|code| ("round_trip", code)));
            }
            Err(refusal) => self.refusals.push(refusal),
        }
    }

    fn add(&mut self, module: &'static str, code: Result<Code, Error>) {
        match code {
            Ok(code) => self.modules.push((module, code)),
            Err(refusal) => self.refusals.push(refusal),
        }
    }
}

/// What a crate that has the module has written by hand.
fn by_hand(module: &str) -> &'static str {
    match module {
        "models" => "mod models;\npub use models::*;\npub use orderhook_types::Patch;\n",
        "client" => {
            "pub mod client;\n#[derive(Clone, Debug)]\npub struct Inner;\nimpl progenitor_client::ClientHooks<Inner> for client::Client {}\n"
        }
        "server" => "pub mod server;\n",
        "round_trip" => {
            "#[cfg(test)]\nmod round_trip;\n#[cfg(test)]\nfn client(base_url: &str) -> client::Client {\n    client::Client::new(base_url, Inner)\n}\n"
        }
        _ => "",
    }
}

/// Every document in the folder, in a fixed order.
fn documents(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut documents(&path)?);
        } else if path
            .extension()
            .is_some_and(|it| it == "json" || it == "yaml")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// `tests/corpus/dropshot/test_versions_v1.0.0.json` → `dropshot-test_versions_v1-0-0-json`.
fn package_name(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    path.display().to_string().chars().map(plain).collect()
}

fn write_workspace(root: &Path, workspace: &Path, crates: &[String]) -> anyhow::Result<()> {
    let lock = root.join("Cargo.lock");
    let root = root.display().to_string();
    let mut manifest = "[workspace]\nresolver = \"3\"\nmembers = [\n".to_owned();
    for package in crates {
        writeln!(manifest, "    \"{package}\",")?;
        fs::write(
            workspace.join(package).join("Cargo.toml"),
            format!(
                "[package]\nname = \"{package}\"\n{}",
                PACKAGE.replace("ROOT", &root)
            ),
        )?;
    }
    manifest +=
        "]\n\n[workspace.lints.rust]\nwarnings = \"deny\"\n\n[profile.dev]\ndebug = false\n";
    fs::write(workspace.join("Cargo.toml"), manifest)?;
    fs::copy(lock, workspace.join("Cargo.lock"))?;
    Ok(())
}

/// The rest of a crate's manifest: everything that generated code may name.
const PACKAGE: &str = r#"version = "0.0.0"
edition = "2024"

[lints]
workspace = true

[dependencies]
axum = { version = "0.8", default-features = false, features = ["http1", "tokio"] }
base64 = "0.23"
bytes = "1"
chrono = { version = "0.4", default-features = false, features = ["clock", "serde", "std"] }
futures = { version = "0.3", default-features = false, features = ["std"] }
futures-core = "0.3"
orderhook-client-runtime = { path = "ROOT/crates/orderhook-client-runtime" }
orderhook-runtime = { path = "ROOT/crates/orderhook-runtime" }
orderhook-types = { path = "ROOT/crates/orderhook-types", default-features = false }
progenitor-client = "0.15.1"
rand = "0.10"
regress = "0.12"
reqwest = { version = "0.13", default-features = false, features = ["json", "multipart", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "net", "rt"] }
uuid = { version = "1", features = ["serde", "v4"] }
"#;
