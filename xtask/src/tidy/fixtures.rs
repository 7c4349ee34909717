//! The outside of the `.apdu` transcripts: what a reviewer sees at a glance.
//!
//! Their grammar is checked by the crate `card-transcript`, whose tests parse every one of them.

use super::Finding;
use super::files::TextFile;

/// Who recorded what, from where, after which document.
const HEADERS: [&str; 6] = ["@what", "@card", "@source", "@spec", "@atr", "@protocol"];

/// Every broken rule of every transcript.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.path.starts_with("apdu-fixtures/") && file.name().ends_with(".apdu"))
        .flat_map(check_transcript)
        .collect()
}

fn check_transcript(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.ends_with('\n') {
        findings.push(Finding::new(&file.path, "does not end with a line feed"));
    }
    if file.text.contains(char::REPLACEMENT_CHARACTER) {
        findings.push(Finding::new(&file.path, "is not UTF-8"));
    }
    for header in HEADERS {
        if value_of(header, &file.text).is_none() {
            let message = format!("has no {header}; all of {} are required", HEADERS.join(" "));
            findings.push(Finding::new(&file.path, message));
        }
    }
    findings.extend(check_bytes(file));
    findings
}

fn value_of<'a>(header: &str, text: &'a str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(header))
        .find(|rest| rest.starts_with([' ', '\t']))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

/// Lines that begin with a blank go on with what the line before them was.
fn check_bytes(file: &TextFile) -> Vec<Finding> {
    let mut in_bytes = false;
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        if !line.starts_with([' ', '\t']) {
            in_bytes = line.starts_with(['>', '<']) || line.starts_with("@atr");
        }
        if !in_bytes {
            continue;
        }
        let bytes = line
            .trim_start_matches("@atr")
            .trim_start_matches(['>', '<']);
        for word in words_before_comment(bytes) {
            if !is_pair(word) && !is_placeholder(word) && word != "|" {
                let message = format!("`{word}` is no pair of upper-case hex digits");
                findings.push(Finding::at_line(&file.path, number, message));
            }
        }
    }
    findings
}

fn words_before_comment(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
        .take_while(|word| !word.starts_with('#'))
}

fn is_pair(word: &str) -> bool {
    word.len() == 2
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

/// Bytes that the test supplies: `{name:length}`.
fn is_placeholder(word: &str) -> bool {
    word.starts_with('{') && word.ends_with('}') && word.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
@what      One command, one answer.
@card      example v1, test card
@source    written by hand
@spec      ISO/IEC 7816-4 SELECT
@atr       3B DB 96 00
           80 B1                        # its second half
@protocol  T=1

## Select the application
> 00 A4 04 0C 0C  A0 00 {aid:10}
  63 50                                 # lower case is free here
< | 90 00

! removed
";

    fn findings(text: &str) -> Vec<String> {
        let file = TextFile {
            path: "apdu-fixtures/example/one.apdu".to_owned(),
            text: text.to_owned(),
        };
        check(&[file]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn accepts_a_transcript_with_headers_and_pairs() {
        assert!(findings(GOOD).is_empty());
    }

    #[test]
    fn fails_on_each_missing_header() {
        for header in HEADERS {
            let text = GOOD.replace(header, "@other");
            let found = findings(&text);
            assert!(
                found
                    .iter()
                    .any(|line| line.contains(&format!("has no {header}"))),
                "{header}"
            );
        }
    }

    #[test]
    fn fails_on_an_empty_header() {
        let found = findings(&GOOD.replace("T=1", ""));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn fails_on_hex_in_lower_case_and_on_half_pairs() {
        for (good, bad) in [
            ("A4", "a4"),
            ("90 00", "9000"),
            ("63 50", "63 5"),
            ("DB", "db"),
            ("B1", "b1"),
        ] {
            assert_eq!(findings(&GOOD.replace(good, bad)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn says_the_line_of_a_wrong_pair() {
        let found = findings(&GOOD.replace("A4", "a4"));
        assert!(found[0].starts_with("apdu-fixtures/example/one.apdu:10: `a4`"));
    }

    #[test]
    fn fails_on_a_file_without_a_last_line_feed_or_with_other_bytes() {
        assert_eq!(findings(GOOD.trim_end()).len(), 1);
        assert_eq!(findings(&format!("{GOOD}## \u{fffd}\n")).len(), 1);
    }

    #[test]
    fn looks_at_transcripts_only() {
        let file = TextFile {
            path: "apdu-fixtures/README.md".to_owned(),
            text: "no headers".to_owned(),
        };
        assert!(check(&[file]).is_empty());
    }
}
