//! What is generated from what, and where it goes: everything about generation that is
//! Orderhook's own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use orderhook_codegen::document::Document;
use orderhook_codegen::models::{ModelSettings, Notes};
use orderhook_codegen::output::Output;
use orderhook_codegen::{client, lint, models, openapi31, pushes, server};

/// The command that repairs stale files, as headers and messages name it.
pub(crate) const COMMAND: &str = "cargo xtask gen";

/// The contract that both documents ask for, relative to the root of the workspace.
pub(crate) const ORDER_MANAGEMENT: &str = "spec/order-management.yaml";
/// What our server adds for the people who run it; it takes over parts of the contract.
pub(crate) const OPERATOR: &str = "spec/operator.yaml";
const ROWS: &str = "spec/rows.csv";

const TYPES: &str = "crates/orderhook-types/src/generated";
const CLIENT: &str = "crates/orderhook-client/src/generated";
const WEBHOOK: &str = "crates/orderhook-webhook/src/generated";
const API: &str = "crates/orderhook-api/src/generated";

/// Where the crate of the pushes has what is written by hand for them.
const PUSHES_BY_HAND: &str = "crate";

/// The crate of the models, as the other crates name it.
const TYPES_CRATE: &str = "::orderhook_types";

/// What the hand-written half of the client keeps: token, retries, deadline.
const TRANSPORT: &str = "crate::transport::Transport";

/// What reads an answer without showing it in errors.
const READ: &str = "crate::response::read";

/// Schemas whose types are written by hand in the crate of the models, under the same name.
const HAND_WRITTEN: [&str; 4] = [
    "Secret",
    "DecimalText",
    "OperatorIdNumber",
    "OperatorIdText",
];

/// Generates every file, in memory, and keeps quiet about the panics of libraries on the way: the
/// generator makes an error of each, which names the place in the spec.
pub(crate) fn plan_quietly(root: &Path) -> anyhow::Result<Output> {
    quietly(|| plan(root))
}

/// Generates while nothing is printed of the panics of libraries.
pub(crate) fn quietly<T>(generate: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let generated = generate();
    std::panic::set_hook(hook);
    generated
}

/// Generates every file, in memory.
pub(crate) fn plan(root: &Path) -> anyhow::Result<Output> {
    let orders = load(root, ORDER_MANAGEMENT, &[])?;
    let operator = load(root, OPERATOR, &[&orders])?;
    let settings = ModelSettings {
        hand_written: HAND_WRITTEN
            .map(|name| (name.to_owned(), name.to_owned()))
            .into(),
        notes: row_notes(root)?,
        schemars: true,
        utoipa: true,
        patches: true,
    };
    let mut output = Output::new(COMMAND);
    for folder in [TYPES, CLIENT, WEBHOOK, API] {
        output.own(folder);
    }

    add_models(&mut output, &[&orders, &operator], &settings)?;
    add_api(
        &mut output,
        "order_management",
        &orders,
        &[&orders],
        &settings,
    )?;
    add_api(
        &mut output,
        "operator",
        &operator,
        &[&operator, &orders],
        &settings,
    )?;
    let pushes = pushes::generate(&orders, &settings, TYPES_CRATE, PUSHES_BY_HAND)?;
    output.rust(format!("{WEBHOOK}/pushes.rs"), &[&orders], pushes)?;
    Ok(output)
}

/// One type for each schema, whichever documents use it.
fn add_models(
    output: &mut Output,
    documents: &[&Document],
    settings: &ModelSettings,
) -> anyhow::Result<()> {
    let header = output.header(documents);
    output.text(
        format!("{TYPES}/open_enums.rs"),
        format!(
            "// {header}\n\nuse crate::open_enum::open_enum;\n\n{}",
            models::open_enums(documents, settings)?
        ),
    )?;
    let models = models::generate(documents, settings)?;
    output.rust(format!("{TYPES}/models.rs"), documents, models)?;
    Ok(())
}

/// Both sides of one document, in modules of its name.
fn add_api(
    output: &mut Output,
    name: &str,
    document: &Document,
    sources: &[&Document],
    settings: &ModelSettings,
) -> anyhow::Result<()> {
    let client = client::generate(document, settings, TYPES_CRATE, Some(TRANSPORT), Some(READ))?;
    output.rust(format!("{CLIENT}/{name}.rs"), sources, client)?;
    for (module, code) in server::generate(document, settings, TYPES_CRATE)? {
        output.rust(format!("{API}/{name}/{module}.rs"), sources, code)?;
    }
    output.text(
        format!("{API}/{name}/openapi-3.1.json"),
        format!("{:#}\n", openapi31::derive(document)),
    )?;
    Ok(())
}

/// The rows of the documents that stand behind each part of the spec, for the docs of that part.
fn row_notes(root: &Path) -> anyhow::Result<Notes> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let ledger =
        csv::Reader::from_path(root.join(ROWS)).with_context(|| format!("cannot read {ROWS}"))?;
    for record in ledger.into_deserialize::<Row>() {
        let row = record.with_context(|| format!("cannot read {ROWS}"))?;
        for pointer in row.pointers.split_whitespace() {
            rows.entry(pointer.to_owned())
                .or_default()
                .push(format!("`{}`", row.row));
        }
    }
    let notes = rows
        .into_iter()
        .map(|(pointer, rows)| (pointer, format!("Rows: {}.", rows.join(", "))));
    Ok(notes.collect())
}

#[derive(serde::Deserialize)]
struct Row {
    row: String,
    pointers: String,
}

fn load(root: &Path, path: &str, beside: &[&Document]) -> anyhow::Result<Document> {
    let text =
        std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
    // By the short name, so that headers are the same in every checkout.
    let document = match beside {
        [] => Document::parse(path, &text)?,
        beside => Document::parse_beside(path, &text, beside)?,
    };
    let findings: Vec<_> = lint::check(&document)
        .iter()
        .map(ToString::to_string)
        .collect();
    if !findings.is_empty() {
        bail!("{}", findings.join("\n"));
    }
    Ok(document)
}
