//! The crates are what `crates/README.md` says: the map, the arrows, the absences, the house rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

const MAP: &str = include_str!("../../crates/README.md");

/// Hand-written files beyond this are split.
const MAX_LINES: usize = 400;

/// Hand-written files that are longer for now; the list may only shrink.
const TOO_LONG: [&str; 0] = [];

/// The crates that a row of a table names in its second cell, by the crate in its first.
type Table = BTreeMap<String, BTreeSet<String>>;

/// The table below `heading`, whose first cell is a crate; the first table of the page for `#`.
fn table(map: &str, heading: &str) -> Table {
    map.lines()
        .skip_while(|line| *line != heading)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|');
            let mut names = || quoted(cells.next().unwrap_or_default());
            let name = names().pop_first().expect("a crate begins the row");
            (name, names())
        })
        .collect()
}

fn quoted(cell: &str) -> BTreeSet<String> {
    let between = cell.split('`').skip(1).step_by(2);
    between.map(str::to_owned).collect()
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace").to_owned()
}

fn workspace() -> Metadata {
    MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .expect("cargo reads the workspace")
}

/// Which of our crates each of them names as a normal dependency, optional ones included.
fn arrows(workspace: &Metadata) -> Table {
    let packages = workspace.workspace_packages();
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let uses = |package: &Package| {
        let kinds = match package.name.as_str() {
            // Has nothing but tests.
            "orderhook-tests" => vec![DependencyKind::Normal, DependencyKind::Development],
            _ => vec![DependencyKind::Normal],
        };
        let dependencies = package.dependencies.iter();
        dependencies
            .filter(|dependency| kinds.contains(&dependency.kind))
            .map(|dependency| dependency.name.clone())
            .filter(|name| ours.contains(name.as_str()))
            .collect()
    };
    let rows = packages.iter();
    rows.map(|package| (package.name.to_string(), uses(package)))
        .collect()
}

/// Every crate that is missing in the map or in the workspace, and every arrow without leave.
fn check_map(map: &str, arrows: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    for heading in ["# The code map", "## Arrows"] {
        let named: BTreeSet<_> = table(map, heading).into_keys().collect();
        let exist: BTreeSet<_> = arrows.keys().cloned().collect();
        for name in named.symmetric_difference(&exist) {
            findings.push(format!("{heading}: {name}"));
        }
    }
    let allowed = table(map, "## Arrows");
    for (from, uses) in arrows {
        for to in uses {
            if !allowed.get(from).is_some_and(|row| row.contains(to)) {
                findings.push(format!("{from} → {to}"));
            }
        }
    }
    findings
}

/// Everything that a user of the crate builds with default features, on any platform.
///
/// `cargo metadata` can't say: it unites the features that all members of the workspace ask for.
fn dependencies(name: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--target=all", "--edges=normal"])
        .args(["--prefix=none", "--format={p}", "--package", name])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("names are UTF-8");
    tree.lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// Every crate that is there although the map names its absence.
fn check_absences(map: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, absent) in table(map, "## Absences") {
        let present = dependencies(&name);
        let found = absent.intersection(&present);
        findings.extend(found.map(|found| format!("{name} has {found}")));
    }
    findings
}

#[test]
fn the_map_names_every_crate_and_allows_every_arrow() {
    assert_eq!(check_map(MAP, &arrows(&workspace())), [""; 0]);
}

#[test]
fn what_the_map_calls_absent_is_absent() {
    assert_eq!(check_absences(MAP), [""; 0]);
}

#[test]
fn the_checks_see() {
    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        let map = MAP.replacen(from, to, 1);
        assert_ne!(map, MAP, "`{from}` stands there no longer");
        assert_eq!(check_map(&map, &arrows(&workspace())), expected);
    }
    check(
        "| `orderhook-client` | `orderhook-types` |",
        "| `orderhook-client` | |",
        &["orderhook-client → orderhook-types"],
    );
    check(
        "| `xtask` | what",
        "| `ytask` | what",
        &["# The code map: xtask", "# The code map: ytask"],
    );
    check(
        "| `orderhook-types` | |\n",
        "",
        &["## Arrows: orderhook-types"],
    );
    assert_eq!(
        check_absences("## Absences\n|||\n|-|-|\n| `orderhook-api` | `axum` `reqwest` |\n"),
        ["orderhook-api has axum"]
    );
}

#[test]
fn every_crate_follows_the_house_rules() {
    for package in workspace().workspace_packages() {
        let name = &package.name;
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "{name}: the workspace's lints are not on"
        );
        let published = package.publish.is_none();
        assert!(
            !published || package.description.is_some(),
            "{name}: no description"
        );
        let library_or_program =
            |target: &&cargo_metadata::Target| target.is_lib() || target.is_bin();
        for target in package.targets.iter().filter(library_or_program) {
            let code = std::fs::read_to_string(&target.src_path).expect("a source file");
            assert!(code.starts_with("//! "), "{}: no `//!`", target.src_path);
        }
    }
}

#[test]
fn hand_written_files_are_short() {
    let root = root();
    let mut too_long = BTreeSet::new();
    for folder in ["crates", "tests", "xtask"] {
        for path in rust_files(&root.join(folder)) {
            let lines = std::fs::read_to_string(&path)
                .expect("UTF-8")
                .lines()
                .count();
            if lines > MAX_LINES {
                let path = path.strip_prefix(&root).expect("below the root");
                too_long.insert(path.display().to_string());
            }
        }
    }
    assert_eq!(too_long, TOO_LONG.map(str::to_owned).into());
}

/// Hand-written Rust below `folder`.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() {
            if !matches!(name, Some("generated" | "target" | "node_modules")) {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
