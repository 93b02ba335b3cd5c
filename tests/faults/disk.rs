//! A model of the disk: what it holds for sure, and what it may hold when the power goes.
//!
//! A file holds whatever was written before its last sync. What came later may be there or not,
//! sector by sector and in any order, as ext4 and POSIX allow; bytes that were not written keep
//! their values. A name in the directory is certain once the directory was synced; names that
//! changed since then change in their order, as in the journal of ext4.

use std::collections::{BTreeMap, HashMap};

use fastrand::Rng;

use crate::recording::Operation;

/// Files by their names in the directory.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

#[derive(Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// Which of `files` has which name, as processes see it.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    open: HashMap<i32, Opened>,
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate { length: usize },
}

#[derive(Clone)]
enum NameChange {
    Create { path: String, file: usize },
    Unlink { path: String },
    Rename { from: String, to: String },
}

#[derive(Clone, Copy)]
enum Opened {
    Directory,
    File(usize),
}

/// What becomes of that which was not synced.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Lost,
    Kept,
    /// Each file got as far as some operation, which is torn.
    Cut,
    /// Each sector is kept or lost by itself.
    Scattered,
}

impl Fate {
    pub(crate) const ALL: [Self; 4] = [Self::Lost, Self::Kept, Self::Cut, Self::Scattered];
}

impl Disk {
    /// A disk that holds these files for sure.
    pub(crate) fn holding(files: &Files) -> Self {
        let mut disk = Self::default();
        for (index, (name, contents)) in files.iter().enumerate() {
            disk.files.push(File {
                synced: contents.clone(),
                unsynced: Vec::new(),
            });
            disk.names.insert(name.clone(), index);
        }
        disk.synced_names = disk.names.clone();
        disk
    }

    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Start => self.open.clear(),
            Operation::Open {
                descriptor,
                path,
                created,
                truncated,
            } => self.open(*descriptor, path, *created, *truncated),
            Operation::Close { descriptor } => {
                self.open.remove(descriptor);
            }
            Operation::Write {
                descriptor,
                offset,
                data,
            } => self.change(
                *descriptor,
                Change::Write {
                    offset: *offset,
                    data: data.clone(),
                },
            ),
            Operation::Truncate { descriptor, length } => {
                self.change(*descriptor, Change::Truncate { length: *length });
            }
            Operation::Sync { descriptor } => self.sync(*descriptor),
            Operation::Unlink { path } => self.rename(NameChange::Unlink { path: path.clone() }),
            Operation::Rename { from, to } => self.rename(NameChange::Rename {
                from: from.clone(),
                to: to.clone(),
            }),
        }
    }

    /// What the next process would read if the power stayed on.
    pub(crate) fn as_processes_see_it(&self) -> Files {
        let contents = |file: &usize| self.files[*file].after(&self.files[*file].unsynced);
        let names = self.names.iter();
        names
            .map(|(name, file)| (name.clone(), contents(file)))
            .collect()
    }

    /// What could be there when the power comes back.
    pub(crate) fn after_power_loss(&self, fate: Fate, rng: &mut Rng) -> Files {
        let kept_names = match fate {
            Fate::Lost => 0,
            Fate::Kept => self.unsynced_names.len(),
            Fate::Cut | Fate::Scattered => rng.usize(..=self.unsynced_names.len()),
        };
        let mut names = self.synced_names.clone();
        for change in &self.unsynced_names[..kept_names] {
            change.apply(&mut names);
        }
        let sector = [512, 4096][rng.usize(..2)];
        let names = names.into_iter();
        names
            .map(|(name, file)| {
                let file = &self.files[file];
                (
                    name,
                    file.after(&survivors(&file.unsynced, fate, sector, rng)),
                )
            })
            .collect()
    }

    fn open(&mut self, descriptor: i32, path: &str, created: bool, truncated: bool) {
        if path.is_empty() {
            self.open.insert(descriptor, Opened::Directory);
            return;
        }
        if created {
            self.files.push(File::default());
            self.rename(NameChange::Create {
                path: path.to_owned(),
                file: self.files.len() - 1,
            });
        }
        let file = *self.names.get(path).expect("what is opened is there");
        self.open.insert(descriptor, Opened::File(file));
        if truncated && !created {
            self.change(descriptor, Change::Truncate { length: 0 });
        }
    }

    fn change(&mut self, descriptor: i32, change: Change) {
        match self.open[&descriptor] {
            Opened::Directory => panic!("nothing writes into a directory"),
            Opened::File(file) => self.files[file].unsynced.push(change),
        }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }

    fn sync(&mut self, descriptor: i32) {
        match self.open[&descriptor] {
            Opened::Directory => {
                self.synced_names = self.names.clone();
                self.unsynced_names.clear();
            }
            Opened::File(file) => {
                let file = &mut self.files[file];
                for change in std::mem::take(&mut file.unsynced) {
                    change.apply(&mut file.synced);
                }
            }
        }
    }
}

impl File {
    fn after(&self, changes: &[Change]) -> Vec<u8> {
        let mut contents = self.synced.clone();
        for change in changes {
            change.apply(&mut contents);
        }
        contents
    }
}

/// The changes that reached the disk.
fn survivors(unsynced: &[Change], fate: Fate, sector: usize, rng: &mut Rng) -> Vec<Change> {
    match fate {
        Fate::Lost => Vec::new(),
        Fate::Kept => unsynced.to_owned(),
        Fate::Cut => {
            let kept = rng.usize(..=unsynced.len());
            let mut survivors = unsynced[..kept].to_owned();
            if let Some(last) = survivors.pop() {
                survivors.extend(last.sectors(sector).filter(|_| rng.bool()));
            }
            survivors
        }
        Fate::Scattered => {
            let share = rng.f64();
            let sectors = unsynced.iter().flat_map(|change| change.sectors(sector));
            sectors.filter(|_| rng.f64() < share).collect()
        }
    }
}

impl Change {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => {
                let end = offset + data.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                contents[*offset..end].copy_from_slice(data);
            }
            Self::Truncate { length } => contents.resize(*length, 0),
        }
    }

    /// The change in pieces that are each written wholly or not at all.
    fn sectors(&self, sector: usize) -> impl Iterator<Item = Self> + use<'_> {
        let (mut at, end) = match self {
            Self::Write { offset, data } => (*offset, offset + data.len()),
            Self::Truncate { .. } => (0, 1),
        };
        std::iter::from_fn(move || {
            let begin = at;
            at = (begin / sector + 1) * sector;
            match self {
                _ if begin >= end => None,
                Self::Write { offset, data } => Some(Self::Write {
                    offset: begin,
                    data: data[begin - offset..at.min(end) - offset].to_owned(),
                }),
                Self::Truncate { .. } => Some(self.clone()),
            }
        })
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create { path, file } => {
                names.insert(path.clone(), *file);
            }
            Self::Unlink { path } => {
                names.remove(path);
            }
            Self::Rename { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}
