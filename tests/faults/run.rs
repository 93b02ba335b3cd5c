//! A run whose every change of the disk was recorded, and the states that power loss can leave.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fastrand::Rng;

use crate::disk::{Disk, Fate, Files};
use crate::recording::{self, Recorded};

/// An event that was answered with success.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acknowledged {
    /// Which event.
    pub(crate) number: i64,
    /// How long the log was right after the answer: what it held then was done before.
    pub(crate) log_length: u64,
}

/// A recorded run that is over.
pub(crate) struct Run {
    begin: Files,
    recording: Vec<Recorded>,
    acknowledged: Vec<Acknowledged>,
}

/// What the states of a run had to say.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) states: usize,
    /// Acknowledged events that were expected, over all states.
    pub(crate) expected: usize,
    /// States in which some of them were missing, and how many.
    pub(crate) losses: Vec<String>,
    /// States that the integrity check complained about, with the complaint.
    pub(crate) broken: Vec<String>,
}

/// What a database that is opened after a power loss says.
pub(crate) struct Reopened {
    /// The answer of the integrity check.
    pub(crate) integrity: String,
    /// The numbers of the events that are there with all that belongs to them.
    pub(crate) events: BTreeSet<i64>,
}

impl Run {
    /// Reads the recording of a process that has ended, and makes sure that it is complete: it
    /// leads from `begin` to what lies in `directory`.
    pub(crate) fn read(
        begin: Files,
        log: &Path,
        directory: &Path,
        acknowledged: Vec<Acknowledged>,
    ) -> Self {
        let recording = recording::read(log);
        let mut disk = Disk::holding(&begin);
        for recorded in &recording {
            disk.apply(&recorded.operation);
        }
        let is_complete = disk.as_processes_see_it() == files_in(directory);
        assert!(
            is_complete,
            "not all that was done to the files was recorded"
        );
        Self {
            begin,
            recording,
            acknowledged,
        }
    }

    /// Cuts the power `states` times at moments that `seed` chooses.
    pub(crate) fn lose_power(
        &self,
        states: usize,
        seed: u64,
        reopen: impl Fn(&Path) -> Reopened,
    ) -> Verdict {
        let mut rng = Rng::with_seed(seed);
        let mut moments: Vec<usize> = (0..states)
            .map(|_| rng.usize(1..=self.recording.len()))
            .collect();
        moments.sort_unstable();

        let mut verdict = Verdict::default();
        let mut disk = Disk::holding(&self.begin);
        let mut applied = 0;
        for (state, moment) in moments.into_iter().enumerate() {
            for recorded in &self.recording[applied..moment] {
                disk.apply(&recorded.operation);
            }
            applied = moment;
            let fate = Fate::ALL[rng.usize(..Fate::ALL.len())];
            let found = materialise(&disk.after_power_loss(fate, &mut rng));
            let reopened = reopen(found.path());
            let log_length = self.recording[moment - 1].log_length;
            verdict.add(
                &format!("seed {seed}, state {state}, operation {moment}, {fate:?}"),
                &reopened,
                self.acknowledged_by(log_length),
            );
        }
        verdict
    }

    fn acknowledged_by(&self, log_length: u64) -> impl Iterator<Item = i64> {
        let acknowledged = self.acknowledged.iter();
        acknowledged
            .filter(move |event| event.log_length <= log_length)
            .map(|event| event.number)
    }
}

impl Verdict {
    fn add(&mut self, state: &str, reopened: &Reopened, acknowledged: impl Iterator<Item = i64>) {
        let mut lost = 0;
        for number in acknowledged {
            self.expected += 1;
            lost += usize::from(!reopened.events.contains(&number));
        }
        self.states += 1;
        if lost > 0 {
            self.losses.push(format!("{state}: {lost} lost"));
        }
        if reopened.integrity != "ok" {
            self.broken.push(format!("{state}: {}", reopened.integrity));
        }
    }

    /// Of several runs together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.states += other.states;
        self.expected += other.expected;
        self.losses.extend(other.losses);
        self.broken.extend(other.broken);
        self
    }
}

/// The files of a database; what SQLite maps into memory is none of the disk's.
pub(crate) fn files_in(directory: &Path) -> Files {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.map(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.expect("names are UTF-8").to_owned();
        (name, fs::read(path).expect("a file"))
    });
    files.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

/// Puts the files into a new directory.
pub(crate) fn materialise(files: &Files) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, contents) in files {
        fs::write(directory.path().join(name), contents).expect("a file");
    }
    directory
}
