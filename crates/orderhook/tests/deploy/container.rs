//! The container file: it makes what `compose.yaml` runs.

use crate::compose_file::{replicas, service, words};
use crate::machine::INSTALLED;

const CONTAINERFILE: &str = include_str!("../../deploy/Containerfile");
const IGNORED: &str = include_str!("../../deploy/Containerfile.dockerignore");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");

/// What an instruction of the last stage is given.
fn instruction(name: &str) -> &'static str {
    let (_, last_stage) = CONTAINERFILE.rsplit_once("\nFROM ").unwrap();
    let mut lines = last_stage.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

fn list(json: &str) -> Vec<String> {
    words(&serde_json::from_str(json).unwrap())
}

/// The value of a key of the workspace's manifest, as text.
fn of_workspace(key: &str) -> &'static str {
    let mut lines = WORKSPACE.lines();
    let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    found.unwrap()
}

#[test]
fn it_starts_the_program_as_compose_does() {
    assert_eq!(list(instruction("ENTRYPOINT")), [INSTALLED]);
    for name in replicas() {
        let command = words(&service(&name)["command"]);
        assert_eq!(list(instruction("CMD")), command);
        let settings = command.last().unwrap();
        let folder = settings.strip_suffix("/orderhook.toml").unwrap();
        assert_eq!(instruction("WORKDIR"), folder);
    }
}

#[test]
fn it_runs_as_nobody_in_particular() {
    let (user, group) = instruction("USER").split_once(':').unwrap();
    for id in [user, group] {
        assert!(id.parse::<u32>().unwrap() > 0);
    }
}

#[test]
fn it_is_built_from_the_lock_file_by_the_compiler_that_the_workspace_asks_for() {
    assert!(CONTAINERFILE.contains("cargo build --locked --release"));
    let version = of_workspace("rust-version").trim_matches('"');
    assert!(CONTAINERFILE.contains(&format!("/rust:{version}-")));
}

#[test]
fn the_builder_is_sent_every_member_of_the_workspace() {
    let members = list(of_workspace("members"));
    let mut needed: Vec<&str> = members
        .iter()
        .map(|it| it.split('/').next().unwrap())
        .collect();
    // The settings of cargo, and the documents that crates include.
    needed.extend([".cargo", "Cargo.toml", "Cargo.lock", "spec"]);
    let sent: Vec<&str> = IGNORED
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    for path in needed {
        assert!(sent.contains(&path), "{path}");
    }
    assert!(
        IGNORED.lines().any(|line| line == "**"),
        "all the rest is left out"
    );
}
