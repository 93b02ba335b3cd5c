//! What fuzzing begins with and what it has found, replayed; `tests/fuzz/README.md` says how to
//! look for more.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

#[path = "../fuzz/entries.rs"]
#[expect(unreachable_pub, reason = "a library for the fuzz targets")]
mod entries;

type Entry = fn(&[u8]);

const TARGETS: [(&str, Entry); 5] = [
    ("json_body", entries::json_body),
    ("query", entries::query),
    ("receiver_url", entries::receiver_url),
    ("retry_after", entries::retry_after),
    ("signature_headers", entries::signature_headers),
];

fn files(folder: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let files = fs::read_dir(fuzz.join(folder)).expect("a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

fn names(folder: &str) -> BTreeSet<String> {
    let stem = |file: PathBuf| {
        file.file_stem()
            .map(|name| name.to_string_lossy().into_owned())
    };
    files(folder).into_iter().filter_map(stem).collect()
}

#[test]
fn every_target_has_a_corpus_and_is_replayed() {
    let replayed = BTreeSet::from(TARGETS.map(|(name, _)| name.to_owned()));
    assert_eq!(names("fuzz_targets"), replayed);
    assert_eq!(names("corpus"), replayed);
}

#[test]
fn the_corpus_finds_nothing() {
    for (target, entry) in TARGETS {
        let corpus = files(&format!("corpus/{target}"));
        assert!(!corpus.is_empty(), "{target}: nothing to begin with");
        for file in corpus {
            let input = fs::read(&file).expect("a file");
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| entry(&input))) {
                eprintln!("{}: the panic above", file.display());
                resume_unwind(panic);
            }
        }
    }
}
