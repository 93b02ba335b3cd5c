//! Everything that is generated from one document, for any crate.
//!
//! In a build script, `api.rs` is one file with a module for each part:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let generated = orderhook_codegen::Generator::new().load("api.yaml")?;
//! generated.rerun_if_changed();
//! generated.write_file(std::path::Path::new(&std::env::var("OUT_DIR")?).join("api.rs"))?;
//! # Ok(())
//! # }
//! ```
//!
//! ```ignore
//! mod api {
//!     include!(concat!(env!("OUT_DIR"), "/api.rs"));
//! }
//! ```
//!
//! Code that is committed is a folder instead, by [`Generated::write`] or by the command
//! `cargo orderhook-gen`; `mod api;` takes it in.

mod generated;

use std::fmt;
use std::path::Path;

use quote::format_ident;

use crate::api::Api;
use crate::document::{Document, Error};
use crate::models::{self, ModelSettings};
use crate::relative::{self, MODELS};
use crate::{client, output, pushes, server};

use generated::Module;
pub use generated::{Dependency, Generated};

/// What is generated from a document, and how: models, and what leans on them.
///
/// The modules are `models`; `client` and `server` where the document has operations; `pushes` where
/// it has `x-webhooks`, and `callbacks` with a module for each of them. They name each other
/// relatively, and so are at home in any module of any crate.
///
/// What that crate must depend on, beside what [`Generated::dependencies`] says of a document:
///
/// | part | always | where the document has such |
/// |---|---|---|
/// | models | `serde` | `serde_json`; `chrono` and `uuid` for formats, `regress` for patterns |
/// | client | `progenitor-client`, `reqwest` | `orderhook-client-runtime` for what progenitor lacks, `futures` for pages, `bytes`; `base64`, `futures-core`, `rand` for web sockets |
/// | server | `axum`, `orderhook-runtime`, `serde` | `serde_json` |
/// | pushes | `serde`, `serde_json` | |
#[derive(Debug, Clone)]
pub struct Generator {
    command: String,
    client: bool,
    server: bool,
    pushes: bool,
    push_types: Option<String>,
    patches: bool,
}

/// All that keeps a document from being generated from; displays as one error a line.
#[derive(Debug)]
pub struct Refusals(pub Vec<Error>);

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Refusals {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.as_slice() {
            [only] => only.source(),
            _ => None,
        }
    }
}

impl From<Error> for Refusals {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl Default for Generator {
    fn default() -> Self {
        Self::new()
    }
}

impl Generator {
    /// Every part that the document has.
    pub fn new() -> Self {
        Self {
            command: "cargo orderhook-gen".to_owned(),
            client: true,
            server: true,
            pushes: true,
            push_types: None,
            patches: false,
        }
    }

    /// Whether there is a client; it leans on `progenitor-client` and `reqwest`.
    #[must_use]
    pub fn client(self, client: bool) -> Self {
        Self { client, ..self }
    }

    /// Whether there are server traits; they lean on `orderhook-runtime` and `axum`.
    #[must_use]
    pub fn server(self, server: bool) -> Self {
        Self { server, ..self }
    }

    /// Whether there are pushes and callbacks, for which [`Generator::push_types`] must be given.
    #[must_use]
    pub fn pushes(self, pushes: bool) -> Self {
        Self { pushes, ..self }
    }

    /// The module with the types that pushes lean on, such as `crate::hooks`.
    ///
    /// `Delivery` is what a receiver knows of a push beside its body; `PushRequest`, which
    /// `PushRequest::new(id: &'static str, push: &impl Serialize)` makes or fails with a
    /// `serde_json::Error`, is a body that is serialised once for all its attempts. There is no
    /// default, because they are how pushes are signed and told from replays, which no document says;
    /// `orderhook-webhook` is an example to go by.
    #[must_use]
    pub fn push_types(self, module: impl Into<String>) -> Self {
        Self {
            push_types: Some(module.into()),
            ..self
        }
    }

    /// Whether members that may be absent or null have the type `crate::Patch`, such as
    /// `pub use orderhook_types::Patch;`. If not they are an `Option`, which reads both as `None` and
    /// never writes null.
    #[must_use]
    pub fn patches(self, patches: bool) -> Self {
        Self { patches, ..self }
    }

    /// The command that the headers of the files name, `cargo orderhook-gen` unless given.
    ///
    /// [`Generated::write`] replaces and deletes files of the same command only.
    #[must_use]
    pub fn command(self, command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            ..self
        }
    }

    /// Reads the document at `path`, with the files that it refers to, and generates from it.
    ///
    /// # Errors
    /// What is wrong with the document, or what can't be generated, of each part.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Generated, Refusals> {
        self.generate(&Document::load(path.as_ref())?)
    }

    /// Generates every part from `document`, in memory.
    ///
    /// # Errors
    /// What can't be generated, of each part.
    pub fn generate(&self, document: &Document) -> Result<Generated, Refusals> {
        let (modules, refusals) = self.generate_some(document)?;
        match refusals.0.as_slice() {
            [] => Ok(modules),
            _ => Err(refusals),
        }
    }

    /// The parts that can be generated, and what is refused of the others.
    ///
    /// # Errors
    /// If the models are refused, on which all else leans: everything that is.
    pub fn generate_some(&self, document: &Document) -> Result<(Generated, Refusals), Refusals> {
        let prepared = prepared(document)?;
        let parts = Parts::of(self, &prepared);
        let (mut modules, mut refusals) = (Vec::new(), Refusals(Vec::new()));
        for part in [
            parts.models(),
            parts.client(),
            parts.server(),
            parts.pushes(),
            parts.callbacks(),
        ] {
            match part {
                Ok(module) => modules.extend(module),
                Err(refusal) => refusals.add(refusal),
            }
        }
        if modules.first().is_none_or(|module| module.name != "models") {
            return Err(refusals);
        }
        let header = output::header(&self.command, &source(document));
        let generated = Generated::new(document, &self.command, header, modules);
        Ok((generated, refusals))
    }
}

impl Refusals {
    /// Several parts may say the same of a schema that they share.
    fn add(&mut self, refusal: Error) {
        let text = refusal.to_string();
        if self.0.iter().all(|known| known.to_string() != text) {
            self.0.push(refusal);
        }
    }
}

/// The document as the generators take it. Whatever is done to any document before it is generated
/// from is done here.
fn prepared(document: &Document) -> Result<Document, Error> {
    document.clone().with_named_schemas()
}

/// Name and hash; without folders, which are others in each checkout.
fn source(document: &Document) -> String {
    let name = Path::new(document.file()).file_name();
    let name = name.map_or_else(|| document.file().into(), |name| name.to_string_lossy());
    format!("{name} (sha256 {})", document.sha256())
}

/// The generators as this builder calls them; `None` for a part that is not asked for, or that the
/// document lacks.
struct Parts<'a> {
    generator: &'a Generator,
    document: &'a Document,
    api: Api<'a>,
    settings: ModelSettings,
}

type Part = Result<Option<Module>, Error>;

impl<'a> Parts<'a> {
    fn of(generator: &'a Generator, document: &'a Document) -> Self {
        Self {
            generator,
            document,
            api: Api::new(document),
            settings: ModelSettings {
                patches: generator.patches,
                ..ModelSettings::default()
            },
        }
    }

    fn models(&self) -> Part {
        let code = models::module(self.document, &self.settings, MODELS)?;
        let file = self.parsed(syn::parse2(relative::models(code)))?;
        Ok(Some(Module::file("models", file)))
    }

    fn client(&self) -> Part {
        if !self.generator.client || self.api.served().next().is_none() {
            return Ok(None);
        }
        let code = client::generate(self.document, &self.settings, MODELS, None, None)?;
        let file = self.parsed(relative::beside_models(code, 1))?;
        Ok(Some(Module::file("client", file)))
    }

    fn server(&self) -> Part {
        if !self.generator.server || self.api.served().next().is_none() {
            return Ok(None);
        }
        let mut root = None;
        let mut modules = Vec::new();
        for (name, code) in server::generate(self.document, &self.settings, MODELS)? {
            let file = self.parsed(relative::beside_models(code, 2))?;
            match name.as_str() {
                "mod" => root = Some(file),
                _ => modules.push((name, file)),
            }
        }
        Ok(root.map(|root| Module::folder("server", root, modules)))
    }

    fn pushes(&self) -> Part {
        let Some(first) = self.api.pushes().next() else {
            return Ok(None);
        };
        if !self.generator.pushes {
            return Ok(None);
        }
        let types = self.push_types(&first.pointer)?;
        let code = pushes::generate(self.document, &self.settings, MODELS, types)?;
        let file = self.parsed(relative::beside_models(code, 1))?;
        Ok(Some(Module::file("pushes", file)))
    }

    fn callbacks(&self) -> Part {
        let callbacks = self.api.callbacks();
        let Some((first, _)) = callbacks.first() else {
            return Ok(None);
        };
        if !self.generator.pushes {
            return Ok(None);
        }
        let types = self.push_types(first)?;
        let mut modules = Vec::new();
        for (name, code) in pushes::callbacks(self.document, &self.settings, MODELS, types)? {
            modules.push((name, self.parsed(relative::beside_models(code, 2))?));
        }
        let names = modules.iter().map(|(name, _)| format_ident!("{name}"));
        let root = syn::parse_quote! { #(pub mod #names;)* };
        Ok(Some(Module::folder("callbacks", root, modules)))
    }

    fn push_types(&self, at: &str) -> Result<&str, Error> {
        self.generator.push_types.as_deref().ok_or_else(|| {
            let message = "pushes and callbacks lean on types that no document describes; name the module that has `Delivery` and `PushRequest` (`push_types`), or generate no `pushes`";
            self.document.unsupported(at, message)
        })
    }

    fn parsed(&self, file: syn::Result<syn::File>) -> Result<syn::File, Error> {
        file.map_err(|error| {
            let message = format!("a generator wrote no valid Rust: {error}");
            self.document.unsupported("", message)
        })
    }
}
