//! The folder of the fixtures as a whole.

use std::fs;
use std::path::Path;

use crate::dialogue::folder;

#[test]
fn every_fixture_is_replayed_by_some_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cps3");
    let sources: String = paths(&tests)
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let names = paths(&folder());
    let orphans: Vec<_> = names
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .filter(|name| !sources.contains(&format!("\"{name}\"")))
        .collect();
    assert!(!names.is_empty());
    assert!(orphans.is_empty(), "{orphans:?}");
}

fn paths(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
