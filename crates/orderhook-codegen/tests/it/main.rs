//! The whole generator on documents that it can't express: errors with a place, never a panic.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

mod callbacks;
mod collisions;
mod corpus;
mod features;
mod files;
mod generator;
mod meaning;
mod mutations;
mod named;
mod refusals;
mod requests;
mod several;

use orderhook_codegen::models::ModelSettings;
use orderhook_codegen::output::Output;
use orderhook_codegen::{Document, Error, client, models, openapi31, pushes, server};

/// A small document that every generator takes.
const CLEAN: &str = include_str!("clean.yaml");

/// Runs every generator, formatting included, and gives the first error.
fn generate(
    document: &Document,
    settings: &ModelSettings,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut output = Output::new("a test");
    let sources = [document];
    models::open_enums(&sources, settings)?;
    let generated = [
        models::generate(&sources, settings)?,
        client::generate(
            document,
            settings,
            "::models",
            Some("crate::Inner"),
            Some("crate::read"),
        )?,
        pushes::generate(document, settings, "::models", "crate")?,
    ];
    for (module, code) in pushes::callbacks(document, settings, "::models", "crate")? {
        output.rust(format!("callbacks/{module}.rs"), &sources, code)?;
    }
    for (index, code) in generated.into_iter().enumerate() {
        output.rust(format!("{index}.rs"), &sources, code)?;
    }
    for (module, code) in server::generate(document, settings, "::models")? {
        output.rust(format!("server/{module}.rs"), &sources, code)?;
    }
    openapi31::derive(document);
    Ok(())
}

/// What each generator says about the document; `None` where it takes it.
fn errors(text: &str) -> [Option<Error>; 4] {
    errors_of(&Document::parse("api.yaml", text).unwrap())
}

fn errors_of(document: &Document) -> [Option<Error>; 4] {
    let settings = ModelSettings::default();
    [
        models::open_enums(&[document], &settings)
            .and_then(|_| models::generate(&[document], &settings))
            .err(),
        client::generate(
            document,
            &settings,
            "::models",
            Some("crate::Inner"),
            Some("crate::read"),
        )
        .err(),
        server::generate(document, &settings, "::models").err(),
        pushes::generate(document, &settings, "::models", "crate").err(),
    ]
}
