//! Writes well-formed inputs for every target to `fuzz/found`; `cargo xtask fuzz --merge` then takes into the
//! corpora what they lack. Needed when a target is new, or the form of its input changed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for the desk"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dialogues = dialogues(&fuzz.join("../apdu-fixtures"));
    for target in fuzz_targets::TARGETS {
        let folder = fuzz.join("found").join(target.name);
        fs::create_dir_all(&folder).unwrap();
        let seeds = fuzz_targets::seeds::of(target.name, &dialogues);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
        println!("{}: {} inputs", target.name, seeds.len());
    }
}

/// The text of every `.apdu` file below the folder.
fn dialogues(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().flat_map(|path| {
        let is_dialogue = path
            .extension()
            .is_some_and(|extension| extension == "apdu");
        match (path.is_dir(), is_dialogue) {
            (true, _) => dialogues(path),
            (false, true) => vec![fs::read_to_string(path).unwrap()],
            (false, false) => Vec::new(),
        }
    });
    texts.collect()
}
