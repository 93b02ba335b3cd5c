//! The generated files as one set: written or compared, never half of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proc_macro2::TokenStream;
use similar::TextDiff;

use crate::document::Document;

/// A longer diff is cut: `--check` is to say which files are stale, git shows how.
const MAX_DIFF_LINES: usize = 20;

/// A diff that takes longer is finished coarsely.
const MAX_DIFF_TIME: Duration = Duration::from_millis(200);

/// Every file that a generator emits, and the folders that hold nothing else.
///
/// Paths are relative to the root that [`Output::compare`] and [`Output::write`] are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    command: String,
    files: BTreeMap<PathBuf, String>,
    owned: BTreeSet<PathBuf>,
    /// How the files begin that may be deleted, where the folders are shared with others.
    marked: Option<String>,
}

/// Why files can't be emitted, compared or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The generator made something that is not Rust; a fault of the generator.
    #[error("the code generated for {} is not valid Rust", path.display())]
    Rust {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: syn::Error,
    },
    /// Two parts of the generator emit the same file.
    #[error("{} is generated twice", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// A file of somebody else stands where one is to be emitted.
    #[error(
        "{} was not written by `{command}`; move it away, or generate into another folder",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What would have written it.
        command: String,
    },
    /// A file or folder can't be read, written or removed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A file that is not what the generator emits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The file, relative to the root.
    pub path: PathBuf,
    /// In what way.
    pub how: Staleness,
}

/// In what way a file is not what the generator emits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staleness {
    /// It is not there.
    Missing,
    /// It has another content.
    Different {
        /// Unified diff from the file to what is generated, cut to a few lines.
        diff: String,
    },
    /// It stands in a folder of generated files and is not generated (any more).
    NoLongerEmitted,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.how {
            Staleness::Missing => write!(f, "{path}: missing"),
            Staleness::Different { diff } => write!(f, "{path}: differs\n{diff}"),
            Staleness::NoLongerEmitted => write!(f, "{path}: no longer generated"),
        }
    }
}

/// A file that [`Output::write`] changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file, relative to the root.
    pub path: PathBuf,
    /// What was done to it.
    pub action: Action,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    Created,
    Updated,
    Deleted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Created => "created",
            Action::Updated => "updated",
            Action::Deleted => "deleted",
        };
        write!(f, "{action} {}", self.path.display())
    }
}

impl Output {
    /// An empty set, written by `command`, which the headers name.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            files: BTreeMap::new(),
            owned: BTreeSet::new(),
            marked: None,
        }
    }

    /// Emits the Rust file `path`, formatted, with a header that names `sources`.
    ///
    /// # Errors
    /// [`Error::Rust`] when `tokens` are no Rust file, [`Error::Twice`].
    pub fn rust(
        &mut self,
        path: impl Into<PathBuf>,
        sources: &[&Document],
        tokens: TokenStream,
    ) -> Result<(), Error> {
        let path = path.into();
        let header = self.header(sources);
        match syn::parse2(tokens) {
            Ok(file) => self.text(path, rust_file(&header, &file)),
            Err(source) => Err(Error::Rust { path, source }),
        }
    }

    /// Emits the file `path` with exactly `text`.
    ///
    /// # Errors
    /// [`Error::Twice`].
    pub fn text(&mut self, path: impl Into<PathBuf>, text: String) -> Result<(), Error> {
        let path = path.into();
        if self.files.contains_key(&path) {
            return Err(Error::Twice { path });
        }
        // Nothing else ever stands in a folder of this name.
        let folders = path.ancestors().skip(1);
        let generated = folders.filter(|folder| folder.ends_with("generated"));
        self.owned.extend(generated.map(Path::to_path_buf));
        self.files.insert(path, text);
        Ok(())
    }

    /// Takes `folder` as holding nothing but emitted files, also when none is left.
    pub fn own(&mut self, folder: impl Into<PathBuf>) {
        self.owned.insert(folder.into());
    }

    /// Shares the folders with files of others, which are neither replaced nor deleted: only files
    /// that name the same command in their header are replaced, and only those that begin with
    /// `header` as well are deleted.
    pub(crate) fn share(&mut self, header: &str) {
        self.marked = Some(format!("// {header}"));
    }

    /// The line that says what a generated file is; comment it as its language asks.
    pub fn header(&self, sources: &[&Document]) -> String {
        let sources: Vec<_> = sources
            .iter()
            .map(|source| format!("{} (sha256 {})", source.file(), source.sha256()))
            .collect();
        header(&self.command, &sources.join(", "))
    }

    /// Compares with the files under `root`; writes nothing.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn compare(&self, root: &Path) -> Result<Vec<Stale>, Error> {
        let mut stale = Vec::new();
        for (path, text) in &self.files {
            let how = match read(&root.join(path))? {
                None => Staleness::Missing,
                Some(found) if found == text.as_bytes() => continue,
                Some(found) => Staleness::Different {
                    diff: short_diff(&String::from_utf8_lossy(&found), text),
                },
            };
            stale.push(Stale {
                path: path.clone(),
                how,
            });
        }
        stale.extend(self.strays(root)?.into_iter().map(|path| Stale {
            path,
            how: Staleness::NoLongerEmitted,
        }));
        stale.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(stale)
    }

    /// Writes the files under `root` that differ, deletes those that are no longer emitted, and
    /// leaves every other as it is, its time of modification included.
    ///
    /// # Errors
    /// [`Error::Io`]; each file is either as it was or complete.
    pub fn write(&self, root: &Path) -> Result<Vec<Change>, Error> {
        self.check_foreign(root)?;
        let mut changes = Vec::new();
        for (path, text) in &self.files {
            let action = match read(&root.join(path))? {
                None => Action::Created,
                Some(found) if found == text.as_bytes() => continue,
                Some(_) => Action::Updated,
            };
            replace(&root.join(path), text)?;
            changes.push(Change {
                path: path.clone(),
                action,
            });
        }
        for path in self.strays(root)? {
            self.remove(root, &path)?;
            changes.push(Change {
                path,
                action: Action::Deleted,
            });
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    /// Refuses to replace a file of somebody else.
    fn check_foreign(&self, root: &Path) -> Result<(), Error> {
        if self.marked.is_none() {
            return Ok(());
        }
        let ours = format!("// @generated by `{}` ", self.command);
        for path in self.files.keys() {
            let full = root.join(path);
            match read(&full)? {
                Some(found) if !found.starts_with(ours.as_bytes()) => {
                    let command = self.command.clone();
                    return Err(Error::Foreign {
                        path: full,
                        command,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the file may be deleted once it is no longer emitted.
    fn may_delete(&self, path: &Path, kind: fs::FileType) -> Result<bool, Error> {
        let Some(marked) = &self.marked else {
            return Ok(true);
        };
        if !kind.is_file() {
            return Ok(false);
        }
        let found = read(path)?;
        Ok(found.is_some_and(|found| found.starts_with(marked.as_bytes())))
    }

    /// The files in owned folders that are not emitted.
    fn strays(&self, root: &Path) -> Result<BTreeSet<PathBuf>, Error> {
        let mut strays = BTreeSet::new();
        let mut folders: Vec<_> = self.owned.iter().cloned().collect();
        while let Some(folder) = folders.pop() {
            let full = root.join(&folder);
            if !full.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&full).map_err(failed("list", &full))? {
                let entry = entry.map_err(failed("list", &full))?;
                let path = folder.join(entry.file_name());
                let kind = entry.file_type().map_err(failed("look at", &path))?;
                // A link to a folder is removed like a file, never followed.
                if kind.is_dir() {
                    let is_ours = self.marked.is_none();
                    folders.extend(is_ours.then_some(path));
                } else if !self.files.contains_key(&path)
                    && self.may_delete(&root.join(&path), kind)?
                {
                    strays.insert(path);
                }
            }
        }
        Ok(strays)
    }

    /// Removes a file, and the folders that are empty without it.
    fn remove(&self, root: &Path, path: &Path) -> Result<(), Error> {
        let full = root.join(path);
        fs::remove_file(&full).map_err(failed("remove", &full))?;
        for folder in path.ancestors().skip(1) {
            let is_owned = self.owned.iter().any(|owned| folder.starts_with(owned));
            // Refuses to remove a folder that still holds something, and that is the test.
            if !is_owned || fs::remove_dir(root.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// The text of a Rust file, formatted, below its header.
pub(crate) fn rust_file(header: &str, file: &syn::File) -> String {
    format!("// {header}\n\n{}", prettyplease::unparse(file))
}

/// What says where a generated file is from; see [`Output::header`].
pub(crate) fn header(command: &str, sources: &str) -> String {
    format!("@generated by `{command}` from {sources}. Do not edit.")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Writes beside the file and renames, so that a reader never sees half of it.
fn replace(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    fs::write(&beside, text).map_err(failed("write", &beside))?;
    fs::rename(&beside, path).map_err(failed("replace", path))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        action,
        path,
        source,
    }
}

fn short_diff(found: &str, generated: &str) -> String {
    let diff = TextDiff::configure()
        .timeout(MAX_DIFF_TIME)
        .diff_lines(found, generated)
        .unified_diff()
        .context_radius(1)
        .missing_newline_hint(false)
        .to_string();
    let lines: Vec<_> = diff.lines().collect();
    let mut short = lines[..lines.len().min(MAX_DIFF_LINES)].join("\n");
    if lines.len() > MAX_DIFF_LINES {
        let more = lines.len() - MAX_DIFF_LINES;
        short.push_str(&format!("\n... and {more} more lines of diff"));
    }
    short
}

#[cfg(test)]
mod tests;
