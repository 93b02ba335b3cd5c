//! The command on documents of others: what it writes, says and exits with.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus");
const PAGES: &str = "dropshot/test_pagination_schema.json";
const PAGES_FILES: [&str; 7] = [
    "client.rs",
    "mod.rs",
    "models.rs",
    "server/default.rs",
    "server/mod.rs",
    "server/not_implemented.rs",
    "server/shapes.rs",
];

/// Calls the command in `folder`, with the arguments in `line`; `@` stands for the corpus.
fn run(folder: &TempDir, line: &str) -> Output {
    let line = line.replace('@', CORPUS);
    Command::new(env!("CARGO_BIN_EXE_cargo-orderhook-gen"))
        .current_dir(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn succeeds(folder: &TempDir, line: &str) -> String {
    let output = run(folder, line);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output)
}

/// The files below `folder`, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).iter().map(|file| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

fn all(action: &str, files: &[&str]) -> String {
    files
        .iter()
        .map(|file| format!("{action} {file}\n"))
        .collect()
}

#[test]
fn it_writes_a_folder_once() {
    let folder = TempDir::new().unwrap();
    let line = format!("@/{PAGES} --out src/api");

    let first = run(&folder, &format!("orderhook-gen {line}"));
    assert_eq!(stdout(&first), all("created", &PAGES_FILES));
    let said = stderr(&first);
    for needed in ["cargo add axum@", "cargo add reqwest@", "cargo add serde@"] {
        assert!(said.contains(needed), "{said}");
    }
    assert!(!said.contains("uuid"), "{said}");
    assert_eq!(files(&folder.path().join("src/api")), PAGES_FILES);

    let second = run(&folder, &line);
    assert_eq!(
        (stdout(&second), stderr(&second)),
        (String::new(), String::new())
    );
}

#[test]
fn parts_are_left_out_and_what_is_left_behind_is_deleted() {
    let folder = TempDir::new().unwrap();
    let line = format!("@/{PAGES} --out api");
    succeeds(&folder, &line);

    let changes = succeeds(&folder, &format!("{line} --only client"));

    let (server, rest): (Vec<&str>, Vec<&str>) = PAGES_FILES
        .iter()
        .partition(|file| file.starts_with("server/"));
    assert_eq!(
        changes,
        format!("updated mod.rs\n{}", all("deleted", &server))
    );
    assert_eq!(files(&folder.path().join("api")), rest);
    assert!(!folder.path().join("api/server").exists());
}

#[test]
fn check_lists_what_is_stale_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let line = format!("@/{PAGES} --out api --only models");
    let missing = run(&folder, &format!("{line} --check"));
    assert_eq!(missing.status.code(), Some(4));
    assert_eq!(stdout(&missing), "mod.rs: missing\nmodels.rs: missing\n");
    assert_eq!(files(folder.path()), [""; 0]);

    succeeds(&folder, &line);
    succeeds(&folder, &format!("{line} --check"));

    let models = folder.path().join("api/models.rs");
    let edited = fs::read_to_string(&models).unwrap() + "// mine\n";
    fs::write(&models, &edited).unwrap();
    let stale = run(&folder, &format!("{line} --check"));
    assert_eq!(stale.status.code(), Some(4));
    assert!(
        stdout(&stale).starts_with("models.rs: differs\n"),
        "{}",
        stdout(&stale)
    );
    assert_eq!(fs::read_to_string(&models).unwrap(), edited);
}

#[test]
fn files_of_others_stay() {
    let folder = TempDir::new().unwrap();
    let line = format!("@/{PAGES} --out .");
    for file in ["lib.rs", "notes.txt"] {
        fs::write(folder.path().join(file), "mine").unwrap();
    }
    fs::create_dir_all(folder.path().join("server/mine")).unwrap();
    fs::write(folder.path().join("server/mine/a.rs"), "mine").unwrap();
    // Generated into the same crate, from another document.
    let other = "@/dropshot/test_versions_v1.0.0.json --out server/other";
    succeeds(&folder, other);

    succeeds(&folder, &line);
    succeeds(&folder, &format!("{line} --only client"));

    for file in ["lib.rs", "notes.txt", "server/mine/a.rs"] {
        assert_eq!(
            fs::read_to_string(folder.path().join(file)).unwrap(),
            "mine"
        );
    }
    succeeds(&folder, &format!("{other} --check"));
}

#[test]
fn a_file_of_others_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("models.rs"), "mine").unwrap();

    let output = run(&folder, &format!("@/{PAGES} --out ."));

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "./models.rs was not written by `cargo orderhook-gen`; move it away, or generate into another folder\n"
    );
    assert_eq!(files(folder.path()), ["models.rs"]);
}

/// Two parts refuse it, each at another place.
const REFUSED: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /a:
    get:
      operationId: a
      tags: [runtime]
      responses: {'204': {description: done}}
x-webhooks:
  pushed:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses: {'204': {description: done}}
";

#[test]
fn every_refusal_names_its_place() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("api.yaml"), REFUSED).unwrap();

    let output = run(&folder, "api.yaml --out api");

    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    let tag = "api.yaml:5:5: /paths/~1a/get: the tag `runtime` is the name of another module";
    assert!(lines[0].starts_with(tag), "{said}");
    let push = "api.yaml:11:5: /x-webhooks/pushed/post: pushes and callbacks lean on types";
    assert!(lines[1].starts_with(push), "{said}");
    assert!(!folder.path().join("api").exists());
}

#[test]
fn a_broken_call_or_document_is_told() {
    #[track_caller]
    fn check(line: &str, code: i32, begins: &str) {
        let folder = TempDir::new().unwrap();
        fs::write(
            folder.path().join("broken.yaml"),
            "openapi: 3.0.3\npaths: [\n",
        )
        .unwrap();
        let output = run(&folder, line);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.starts_with(begins), "{said}");
        assert_eq!(stdout(&output), "");
    }
    check(
        "none.yaml --out api",
        1,
        "none.yaml: cannot read the file: ",
    );
    check("broken.yaml --out api", 1, "broken.yaml:3:1: ");
    check("broken.yaml", 2, "error: ");
    check("broken.yaml --out api --only all", 2, "error: ");
}
