//! What must not compile; `README.md` in this folder says why.

#[test]
fn the_cases_are_refused() {
    trybuild::TestCases::new().compile_fail("it/compile_fail/cases/*.rs");
}

#[test]
fn the_readme_explains_every_case() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/it/compile_fail/cases");
    let readme = include_str!("README.md");
    for entry in std::fs::read_dir(folder).expect("the cases are there") {
        let path = entry.expect("the folder is read").path();
        let case = path.file_stem().and_then(|stem| stem.to_str());
        let case = format!("| `{}` |", case.expect("a name"));
        assert!(readme.contains(&case), "no row begins with {case}");
    }
}
