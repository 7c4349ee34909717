//! What keeps files short, clean and guessable.

use super::Finding;
use super::files::TextFile;

/// A file that is longer has two jobs.
const LONGEST_SOURCE: usize = 600;

/// Names that say nothing about the job of a file or folder of sources.
const EMPTY_NAMES: [&str; 8] = [
    "common",
    "helper",
    "helpers",
    "manager",
    "misc",
    "util",
    "utils",
    "utilities",
];

/// Marks of unfinished work, written in halves so that this file does not bear them.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

/// Prose may speak of a mark; these files are code.
const CODE_EXTENSIONS: [&str; 7] = [".apdu", ".ftl", ".js", ".rs", ".sh", ".toml", ".ts"];

/// Every broken rule of every file.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let mut findings = check_lines(file);
    if file.name().ends_with(".rs") {
        findings.extend(check_name(file));
        findings.extend(check_length(file));
    }
    findings
}

fn check_lines(file: &TextFile) -> Vec<Finding> {
    let rust = file.name().ends_with(".rs");
    let code = CODE_EXTENSIONS
        .iter()
        .any(|extension| file.name().ends_with(extension));
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let mut find = |message: &str| findings.push(Finding::at_line(&file.path, number, message));
        if line.ends_with(char::is_whitespace) {
            find("white space at the end of the line");
        }
        if code && bears_a_mark(line) {
            find("a mark of unfinished work: finish it, or open an issue");
        }
        if rust && ignores_a_test(line) {
            find("a test that never runs: let it run, or delete it");
        }
    }
    findings
}

fn bears_a_mark(line: &str) -> bool {
    line.split(|character: char| !character.is_ascii_alphanumeric())
        .any(|word| MARKS.contains(&word))
}

/// The attribute itself, or the same put on by a condition.
fn ignores_a_test(line: &str) -> bool {
    let line = line.trim_start();
    let attribute = line.strip_prefix("#[").unwrap_or_default();
    let conditional = attribute.starts_with("cfg_attr")
        && attribute
            .split([',', ')'])
            .any(|part| is_ignore(part.trim_start()));
    is_ignore(attribute) || conditional
}

fn is_ignore(attribute: &str) -> bool {
    attribute.strip_prefix("ignore").is_some_and(|rest| {
        !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
    })
}

fn check_name(file: &TextFile) -> Option<Finding> {
    let empty = file
        .path
        .split('/')
        .map(|part| part.strip_suffix(".rs").unwrap_or(part))
        .find(|part| EMPTY_NAMES.contains(part))?;
    let message = format!("`{empty}` does not say its job; name the file after what it does");
    Some(Finding::new(&file.path, message))
}

fn check_length(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let message = format!("{lines} lines; over {LONGEST_SOURCE} a file has two jobs, split it");
    (lines > LONGEST_SOURCE).then(|| Finding::new(&file.path, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        check(&[file])
            .iter()
            .map(|finding| finding.place.clone())
            .collect()
    }

    #[test]
    fn accepts_a_clean_file() {
        assert!(findings("crates/a/src/lib.rs", "//! Clean.\n\nfn todos() {}\n").is_empty());
    }

    #[test]
    fn fails_on_white_space_at_the_end_of_a_line() {
        assert_eq!(findings("a.md", "one\ntwo \n"), ["a.md:2"]);
        assert_eq!(findings("a.toml", "one\t\n"), ["a.toml:1"]);
    }

    #[test]
    fn windows_line_ends_are_no_white_space() {
        assert!(findings("a.rs", "one\r\ntwo\r\n").is_empty());
    }

    #[test]
    fn fails_on_a_mark_of_unfinished_work() {
        for mark in MARKS {
            assert_eq!(findings("a.rs", &format!("// {mark}: later\n")), ["a.rs:1"]);
        }
    }

    #[test]
    fn a_mark_is_a_whole_word_in_code() {
        assert!(findings("a.rs", "// the card says 6CXX\n").is_empty());
        assert!(findings("a.md", &format!("No {} here.\n", MARKS[0])).is_empty());
    }

    #[test]
    fn fails_on_a_test_that_never_runs() {
        for attribute in [
            "ignore]",
            "ignore = \"slow\"]",
            "cfg_attr(windows, ignore)]",
        ] {
            let text = format!("    #[{attribute}\n");
            assert_eq!(findings("a.rs", &text), ["a.rs:1"], "{attribute}");
        }
        for attribute in ["ignored_by_nobody]", "cfg_attr(windows, path = \"a\")]"] {
            let text = format!("#[{attribute}\n");
            assert!(findings("a.rs", &text).is_empty(), "{attribute}");
        }
    }

    #[test]
    fn fails_on_a_name_that_says_nothing() {
        assert_eq!(
            findings("crates/a/src/utils.rs", ""),
            ["crates/a/src/utils.rs"]
        );
        assert_eq!(findings("tests/common/mod.rs", ""), ["tests/common/mod.rs"]);
        assert!(findings("crates/a/src/commonplace.rs", "").is_empty());
    }

    #[test]
    fn fails_on_a_file_with_two_jobs() {
        assert!(findings("a.rs", &"\n".repeat(600)).is_empty());
        assert_eq!(findings("a.rs", &"\n".repeat(601)), ["a.rs"]);
        assert!(findings("a.md", &"\n".repeat(601)).is_empty());
    }
}
