//! Documents of others: each generator takes them, or says where it can't.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::errors_of;
use orderhook_codegen::Document;

/// Where they come from stands beside them.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus");

/// The names and texts of all documents up to so many bytes, in a fixed order.
pub(crate) fn documents(most_bytes: usize) -> Vec<(String, String)> {
    let mut documents = Vec::new();
    for folder in ["dropshot", "orderhook", "readme"] {
        for entry in fs::read_dir(Path::new(CORPUS).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|it| it.to_str());
            if matches!(extension, Some("json" | "yaml")) {
                let name = path.file_name().unwrap().display();
                let text = fs::read_to_string(&path).unwrap();
                documents.push((format!("{folder}/{name}"), text));
            }
        }
    }
    documents.retain(|(_, text)| text.len() <= most_bytes);
    documents.sort();
    documents
}

#[test]
fn each_is_taken_or_refused_with_its_place() {
    let mut verdicts = String::new();
    for (name, text) in documents(1_000_000) {
        let document = Document::parse(&name, &text).and_then(Document::with_named_schemas);
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                writeln!(verdicts, "{name}: {error}").unwrap();
                continue;
            }
        };
        let [models, client, server, _] = errors_of(&document);
        for (generator, error) in [("models", models), ("client", client), ("server", server)] {
            let verdict = error.map_or_else(|| "taken".to_owned(), |error| error.to_string());
            writeln!(verdicts, "{name} {generator}: {verdict}").unwrap();
        }
    }
    insta::assert_snapshot!(verdicts);
}

/// All 706 operations; what comes out is compiled by `cargo xtask corpus`.
#[test]
fn all_of_github_is_taken() {
    let path = Path::new(CORPUS).join("github/api.github.com.json");
    let document = Document::parse("github.json", &fs::read_to_string(path).unwrap()).unwrap();
    let document = document.with_named_schemas().unwrap();
    let [models, client, server, _] = errors_of(&document);
    let refusals: Vec<_> = [models, client, server].into_iter().flatten().collect();
    assert!(refusals.is_empty(), "{refusals:?}");
}
