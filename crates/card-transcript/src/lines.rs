//! Lines of a transcript: comments taken off, continuations joined.

use crate::error::{Reason, TranscriptError};

/// One line with all that continues it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogicalLine {
    /// Line of the text, from 1, where it begins.
    pub(crate) number: usize,
    /// What kind of line it is.
    pub(crate) kind: LineKind,
    /// What follows the sign, without comment.
    pub(crate) text: String,
}

/// The sign at the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// `@key value`
    Header,
    /// `## text`
    Step,
    /// `> bytes`
    Command,
    /// `< bytes | SW1 SW2`
    Answer,
    /// `! event`
    Event,
}

/// Splits a text into its lines; blank lines and comments disappear.
pub(crate) fn logical_lines(text: &str) -> Result<Vec<LogicalLine>, TranscriptError> {
    let mut lines: Vec<LogicalLine> = Vec::new();
    let mut may_continue = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let error = |reason| TranscriptError {
            line: number,
            reason,
        };
        if line.trim_matches(BLANKS).is_empty() {
            may_continue = false;
            continue;
        }
        let content = without_comment(line).trim_end_matches(BLANKS);
        if content.is_empty() {
            continue;
        }
        if content.starts_with(BLANKS) {
            let last = lines.last_mut().filter(|_| may_continue);
            let last = last.ok_or_else(|| error(Reason::StrayContinuation))?;
            last.text.push_str(content);
            continue;
        }
        let (kind, text) = split_sign(content).ok_or_else(|| error(Reason::UnknownLine))?;
        may_continue = matches!(kind, LineKind::Command | LineKind::Answer);
        lines.push(LogicalLine {
            number,
            kind,
            text: text.to_owned(),
        });
    }
    Ok(lines)
}

/// Free text as one line that reads back as itself: one blank between words,
/// and no word that would open a comment.
pub(crate) fn one_line(text: &str) -> String {
    let separator = |c: char| c.is_whitespace() || c.is_control();
    let words = text
        .split(separator)
        .map(|word| word.trim_start_matches('#'))
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Cuts a line at the first `#` that begins it or follows a blank; the `##`
/// that opens a step is no comment.
fn without_comment(line: &str) -> &str {
    let start = if line.starts_with("##") { 2 } else { 0 };
    let opens_comment = |(at, _): &(usize, &str)| {
        let before = line.get(..*at).unwrap_or_default();
        *at >= start && (before.is_empty() || before.ends_with(BLANKS))
    };
    let comment = line.match_indices('#').find(opens_comment);
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

/// The sign of a line and what follows it; all but `@` are followed by a blank.
fn split_sign(content: &str) -> Option<(LineKind, &str)> {
    if let Some(text) = content.strip_prefix('@') {
        return Some((LineKind::Header, text));
    }
    let (sign, text) = content.split_at(content.find(BLANKS).unwrap_or(content.len()));
    let kind = match sign {
        "##" => LineKind::Step,
        ">" => LineKind::Command,
        "<" => LineKind::Answer,
        "!" => LineKind::Event,
        _ => return None,
    };
    Some((kind, text))
}

const BLANKS: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<(usize, LineKind, String)> {
        let lines = logical_lines(text).unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        lines
            .iter()
            .map(|line| (line.number, line.kind, words(&line.text)))
            .collect()
    }

    #[test]
    fn joins_continuation_lines_and_drops_comments() {
        let text = "# a comment\n\n< 01 02   # first half\n# between\n  # indented\n  03 | 90 00\n";
        assert_eq!(
            joined(text),
            [(3, LineKind::Answer, "01 02 03 | 90 00".to_owned())]
        );
    }

    #[test]
    fn a_step_may_hold_a_hash_inside_a_word_and_a_comment_after_it() {
        assert_eq!(
            joined("## SE#3 is read # of the card"),
            [(1, LineKind::Step, "SE#3 is read".to_owned())]
        );
    }

    #[test]
    fn rejects_continuations_of_nothing() {
        for text in [
            "  01",
            "## step\n  more",
            "@what a\n  b",
            "> 00\n\n  01",
            "! reset\n  01",
        ] {
            let error = logical_lines(text).unwrap_err();
            assert_eq!(error.reason, Reason::StrayContinuation, "{text}");
        }
    }

    #[test]
    fn rejects_lines_without_sign() {
        for text in ["00 A4", ">00 A4", "###", "##step", "<|", "\u{a0}01"] {
            let error = logical_lines(text).unwrap_err();
            assert_eq!(error.reason, Reason::UnknownLine, "{text}");
        }
    }

    #[test]
    fn free_text_reads_back_as_itself() {
        assert_eq!(
            one_line(" issue\n #7\t# see\u{a0}SE#3 "),
            "issue 7 see SE#3"
        );
    }
}
