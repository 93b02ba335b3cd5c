//! The modules that were generated from a document, as a folder or as one file.

use std::fmt;
use std::path::Path;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{File, Item};

use crate::document::Document;
use crate::output::{Change, Error, Output, Stale, rust_file};

/// A module of the generated code.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: &'static str,
    root: File,
    /// Those that a module in a folder declares.
    modules: Vec<(String, File)>,
}

impl Module {
    pub(super) fn file(name: &'static str, root: File) -> Self {
        Self::folder(name, root, Vec::new())
    }

    pub(super) fn folder(name: &'static str, root: File, modules: Vec<(String, File)>) -> Self {
        Self {
            name,
            root,
            modules,
        }
    }

    /// The files and their paths; in a folder where there are several.
    fn files(&self) -> impl Iterator<Item = (String, &File)> {
        let name = self.name;
        let root = match self.modules.as_slice() {
            [] => format!("{name}.rs"),
            _ => format!("{name}/mod.rs"),
        };
        let modules = self.modules.iter();
        let modules = modules.map(move |(module, file)| (format!("{name}/{module}.rs"), file));
        std::iter::once((root, &self.root)).chain(modules)
    }

    /// All of it as the content of one module.
    fn inline(&self) -> File {
        let mut root = self.root.clone();
        for item in &mut root.items {
            let Item::Mod(declared) = item else {
                continue;
            };
            let mut modules = self.modules.iter();
            if let Some((_, file)) = modules.find(|(name, _)| declared.ident == name) {
                declared.attrs.extend(file.attrs.iter().cloned());
                declared.content = Some((Default::default(), file.items.clone()));
                declared.semi = None;
            }
        }
        root
    }
}

/// Everything that was generated from a document, in memory.
#[derive(Debug)]
pub struct Generated {
    title: String,
    command: String,
    header: String,
    read: Vec<String>,
    modules: Vec<Module>,
}

impl Generated {
    pub(super) fn new(
        document: &Document,
        command: &str,
        header: String,
        mut modules: Vec<Module>,
    ) -> Self {
        modules.sort_by_key(|module| module.name);
        let info = &document.openapi().info;
        Self {
            title: one_line(&format!("{}, version {}.", info.title, info.version)),
            command: command.to_owned(),
            header,
            read: document.files().to_vec(),
            modules,
        }
    }

    /// The names of the modules.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.name)
    }

    /// Writes the folder `folder`, for a `mod` of its name: the files that differ, and no others.
    /// A file of the same command and document that is no longer emitted is deleted.
    ///
    /// # Errors
    /// [`Error::Foreign`] before anything is written, if a file of somebody else stands where one is
    /// to be; [`Error::Io`].
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<Vec<Change>, Error> {
        self.output()?.write(folder.as_ref())
    }

    /// Compares with the files in `folder`; writes nothing.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn compare(&self, folder: impl AsRef<Path>) -> Result<Vec<Stale>, Error> {
        self.output()?.compare(folder.as_ref())
    }

    /// Writes one file with all modules, for `include!` in a module; leaves it as it is when it is
    /// the same.
    ///
    /// # Errors
    /// [`Error::Foreign`], [`Error::Io`].
    pub fn write_file(&self, path: impl AsRef<Path>) -> Result<Vec<Change>, Error> {
        let path = path.as_ref();
        let (folder, name) = (path.parent(), path.file_name());
        let mut output = Output::new(&self.command);
        output.share(&self.header);
        output.text(name.unwrap_or_default(), self.single_file())?;
        output.write(folder.unwrap_or(Path::new("")))
    }

    /// Tells cargo to run the build script again when a file changes that was read for the document.
    #[expect(
        clippy::print_stdout,
        reason = "cargo reads what a build script prints"
    )]
    pub fn rerun_if_changed(&self) {
        for file in &self.read {
            println!("cargo:rerun-if-changed={file}");
        }
    }

    /// The crates that the code names, by the name and in the version it needs.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut code = TokenStream::new();
        for (_, file) in self.modules.iter().flat_map(Module::files) {
            file.to_tokens(&mut code);
        }
        let needed = DEPENDENCIES.iter().filter(|it| mentions(&code, it.name));
        needed.copied().collect()
    }

    fn output(&self) -> Result<Output, Error> {
        let mut output = Output::new(&self.command);
        let source = self.header.split(" (sha256 ").next();
        output.share(source.unwrap_or(&self.header));
        for folder in ["", "callbacks", "server"] {
            output.own(folder);
        }
        output.text("mod.rs", self.mod_file())?;
        for (path, file) in self.modules.iter().flat_map(Module::files) {
            output.text(path, rust_file(&self.header, file))?;
        }
        Ok(output)
    }

    fn mod_file(&self) -> String {
        let title = format!(" {}", self.title);
        let modules = self.modules.iter().map(|module| {
            let (declared, attributes) = (format_ident!("{}", module.name), attributes(module));
            quote! { #attributes pub mod #declared; }
        });
        rust_file(
            &self.header,
            &syn::parse_quote! {
                #![doc = #title]
                #(#modules)*
            },
        )
    }

    /// Inner attributes stand in the modules only, for a file that is included has none.
    fn single_file(&self) -> String {
        let modules = self.modules.iter().map(|module| {
            let (declared, attributes) = (format_ident!("{}", module.name), attributes(module));
            let content = module.inline();
            quote! { #attributes pub mod #declared { #content } }
        });
        rust_file(&self.header, &syn::parse_quote! { #(#modules)* })
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a crate may deny of its own code is no matter here: nobody edits this, and not every part of
/// it is used.
fn attributes(module: &Module) -> TokenStream {
    let documentation = match module.name {
        "callbacks" => " What is sent to those who asked for it, a module for each callback.",
        "client" => " The caller's side of each operation.",
        "models" => " A type for each schema.",
        "pushes" => " What is sent to receivers.",
        _ => " The server's side: a trait for each tag.",
    };
    quote! {
        #[doc = #documentation]
        #[rustfmt::skip]
        #[allow(dead_code, missing_docs, unreachable_pub, unused_imports)]
        #[allow(clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction)]
    }
}

/// A crate that generated code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency {
    /// Its name in Rust.
    name: &'static str,
    /// As `cargo add` takes it.
    package: &'static str,
    features: &'static str,
}

/// Displays as the arguments of `cargo add`.
impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.package)?;
        match self.features {
            "" => Ok(()),
            features => write!(f, " --features {features}"),
        }
    }
}

const fn needs(name: &'static str, package: &'static str, features: &'static str) -> Dependency {
    Dependency {
        name,
        package,
        features,
    }
}

/// Everything that generators may name, in the versions they are made for.
const DEPENDENCIES: [Dependency; 15] = [
    needs("axum", "axum@0.8", ""),
    needs("base64", "base64@0.23", ""),
    needs("bytes", "bytes@1", ""),
    needs("chrono", "chrono@0.4", "serde"),
    needs("futures", "futures@0.3", ""),
    needs("futures_core", "futures-core@0.3", ""),
    needs(
        "orderhook_client_runtime",
        concat!("orderhook-client-runtime@", env!("CARGO_PKG_VERSION")),
        "",
    ),
    needs(
        "orderhook_runtime",
        concat!("orderhook-runtime@", env!("CARGO_PKG_VERSION")),
        "",
    ),
    needs("progenitor_client", "progenitor-client@0.15", ""),
    needs("rand", "rand@0.10", ""),
    needs("regress", "regress@0.12", ""),
    needs("reqwest", "reqwest@0.13", "json,query,stream"),
    needs("serde", "serde@1", "derive"),
    needs("serde_json", "serde_json@1", ""),
    needs("uuid", "uuid@1", "serde,v4"),
];

/// Whether `name::` stands anywhere in `code`.
fn mentions(code: &TokenStream, name: &str) -> bool {
    let mut is_path = false;
    code.clone().into_iter().any(|token| {
        let was_path = std::mem::take(&mut is_path);
        match token {
            TokenTree::Group(group) => mentions(&group.stream(), name),
            TokenTree::Ident(ident) => {
                is_path = ident == name;
                false
            }
            TokenTree::Punct(punct) => {
                was_path && punct.as_char() == ':' && punct.spacing() == Spacing::Joint
            }
            TokenTree::Literal(_) => false,
        }
    })
}
