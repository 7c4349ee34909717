//! One line for each call: function, what it was about, result. Never a code.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Adds a line in one piece, so that processes do not mix theirs.
pub(crate) fn add(path: &Path, function: &str, about: &str, result: &str) {
    let words = [function, about, result];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let line = format!("{}\n", words.join(" "));
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the trace can be written");
}
