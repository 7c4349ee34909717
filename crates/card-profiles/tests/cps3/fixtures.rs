//! The folders of the fixtures as a whole.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_fixture_is_replayed_by_some_test() {
    for (generation, tests) in [
        ("cps3", ["cps3/", "dialogues/cps3"]),
        ("cps4", ["dialogues/cps4", "dialogues/script"]),
    ] {
        let sources = sources(&tests);
        let is_orphan = |path: &PathBuf| {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            ["\"", &format!("\"{generation}/")].iter().all(|begin| {
                ["\"", ".apdu\""]
                    .iter()
                    .all(|end| !sources.contains(&format!("{begin}{stem}{end}")))
            })
        };
        let fixtures = paths(&manifest_dir().join("../../apdu-fixtures").join(generation));
        assert!(!fixtures.is_empty());
        let orphans: Vec<_> = fixtures.into_iter().filter(is_orphan).collect();
        assert!(orphans.is_empty(), "{orphans:?}");
    }
}

/// The text of all test files whose path begins so.
fn sources(beginnings: &[&str]) -> String {
    let tests = manifest_dir().join("tests");
    let files = ["cps3", "dialogues"].map(|folder| paths(&tests.join(folder)));
    let wanted = files.into_iter().flatten().filter(|path| {
        let path = path.strip_prefix(&tests).unwrap().to_str().unwrap();
        beginnings
            .iter()
            .any(|beginning| path.starts_with(beginning))
    });
    wanted
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn manifest_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
