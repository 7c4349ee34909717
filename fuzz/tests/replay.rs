//! Every committed input, through the function that libFuzzer runs.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz_targets::{TARGETS, Target};

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn replay(target: &Target) -> usize {
    let inputs = entries(&corpora().join(target.name));
    for path in &inputs {
        let input = fs::read(path).unwrap();
        let outcome = catch_unwind(|| (target.run)(&input));
        assert!(outcome.is_ok(), "{} finds a fault", path.display());
    }
    inputs.len()
}

#[test]
fn every_committed_input_is_taken_without_panic() {
    for target in TARGETS {
        assert!(replay(target) > 0, "the corpus of {} is empty", target.name);
    }
}

// Elsewhere the targets of the user's socket are not there.
#[cfg(unix)]
#[test]
fn every_corpus_has_its_target_and_every_target_its_name_once() {
    let folders: BTreeSet<String> = entries(&corpora())
        .iter()
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let names: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    assert_eq!(folders, names);
    assert_eq!(names.len(), TARGETS.len());
}

#[test]
fn the_corpora_stay_small() {
    for target in TARGETS {
        let inputs = entries(&corpora().join(target.name));
        let bytes: u64 = inputs
            .iter()
            .map(|path| path.metadata().unwrap().len())
            .sum();
        assert!(
            inputs.len() <= 500 && bytes <= 400_000,
            "{}: {} inputs, {bytes} bytes; `cargo xtask fuzz --merge` makes it small",
            target.name,
            inputs.len()
        );
    }
}

#[test]
fn the_seeds_of_every_target_are_taken_without_panic() {
    let dialogue = include_str!("../../apdu-fixtures/cps3/first-reading.apdu").to_owned();
    for target in TARGETS {
        let seeds = fuzz_targets::seeds::of(target.name, std::slice::from_ref(&dialogue));
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
    }
}
