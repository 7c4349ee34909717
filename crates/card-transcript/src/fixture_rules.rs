//! What every committed transcript keeps to besides the grammar.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::TranscriptError;
use crate::script_bytes::{Part, ScriptBytes};
use crate::transcript::{Act, Outcome, Transcript};

/// Why a transcript may not be committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureFault {
    /// It does not parse: headers, hex, Lc and codes are checked there.
    #[error("{0}")]
    NoTranscript(TranscriptError),
    /// The last line has no end.
    #[error("the file does not end with a newline")]
    NoFinalNewline,
    /// A card number of the issuer 8025000001 outside the test range.
    #[error("line {line}: a card number that does not begin with 99, so perhaps a real one")]
    CardNumber {
        /// Line of the command.
        line: usize,
    },
    /// Digits that may be the number of a person or an institution.
    #[error("line {line}: {len} digits in a row that lie in no test range")]
    PersonalNumber {
        /// Line of the text, or of the command.
        line: usize,
        /// Number of digits.
        len: usize,
    },
}

/// A file that may not stand in a folder of fixtures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFixture {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for BadFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// Checks a whole folder: `README.md` and `<card-family>/<what>.apdu`, nothing
/// else. Returns the number of transcripts.
///
/// # Errors
/// Every file at fault.
pub fn check_folder(folder: &Path) -> Result<usize, Vec<BadFixture>> {
    let mut bad = Vec::new();
    let mut count = 0;
    for path in entries(folder, &mut bad) {
        if path.is_dir() && is_plain_name(&path) {
            for file in entries(&path, &mut bad) {
                count += 1;
                bad.extend(check_file(&file).err());
            }
        } else if !path.ends_with("README.md") {
            bad.push(stray(path));
        }
    }
    if bad.is_empty() { Ok(count) } else { Err(bad) }
}

/// Checks the text of one transcript.
///
/// # Errors
/// [`FixtureFault`], the first one found.
pub fn check_fixture(text: &str) -> Result<Transcript, FixtureFault> {
    let transcript = Transcript::parse(text).map_err(FixtureFault::NoTranscript)?;
    if !text.ends_with('\n') {
        return Err(FixtureFault::NoFinalNewline);
    }
    for (index, line) in text.lines().enumerate() {
        check_digits(line.as_bytes(), TEXT_DIGITS, |_| index + 1)?;
    }
    for stream in byte_streams(&transcript) {
        stream.check()?;
    }
    Ok(transcript)
}

fn check_file(path: &Path) -> Result<(), BadFixture> {
    let is_apdu = path
        .extension()
        .is_some_and(|extension| extension == "apdu");
    if !is_apdu || !is_plain_name(path) {
        return Err(stray(path.to_owned()));
    }
    let bad = |reason: String| BadFixture {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    match check_fixture(&text) {
        Ok(_) => Ok(()),
        Err(fault) => Err(bad(fault.to_string())),
    }
}

fn stray(path: PathBuf) -> BadFixture {
    BadFixture {
        path,
        reason: "neither README.md nor <card-family>/<what>.apdu in lower case".to_owned(),
    }
}

/// What lies in a folder, sorted; a folder that cannot be read is at fault.
fn entries(folder: &Path, bad: &mut Vec<BadFixture>) -> Vec<PathBuf> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().unwrap_or_else(|error| {
        bad.push(BadFixture {
            path: folder.to_owned(),
            reason: error.to_string(),
        });
        Vec::new()
    });
    paths.sort();
    paths
}

/// Whether a file is named in lower-case words with hyphens.
fn is_plain_name(path: &Path) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .is_some_and(|stem| stem.bytes().all(allowed))
}

/// Literal bytes that belong together, each with the line of its command.
#[derive(Default)]
struct ByteStream {
    bytes: Vec<u8>,
    lines: Vec<usize>,
}

/// Each command by itself, and all answers as one stream, since a number may
/// be cut by the end of one answer.
fn byte_streams(transcript: &Transcript) -> Vec<ByteStream> {
    let mut answers = ByteStream::default();
    let mut streams = Vec::new();
    for act in transcript.steps.iter().flat_map(|step| &step.acts) {
        let Act::Exchange(exchange) = act else {
            continue;
        };
        let mut command = ByteStream::default();
        command.push(&exchange.command, exchange.line);
        streams.push(command);
        if let Outcome::Answer(answer) = &exchange.outcome {
            answers.push(&answer.data, exchange.line);
        }
    }
    streams.push(answers);
    streams
}

impl ByteStream {
    fn push(&mut self, script: &ScriptBytes, line: usize) {
        for part in script.parts() {
            match part {
                Part::Literal(bytes) => self.bytes.extend_from_slice(bytes),
                Part::Placeholder(_) => self.bytes.push(0),
            }
        }
        self.lines.resize(self.bytes.len(), line);
    }

    fn check(&self) -> Result<(), FixtureFault> {
        let line = |at: usize| self.lines.get(at).copied().unwrap_or_default();
        for (issuer, test_range) in [(ISSUER_BCD, [0x99, 0xFF]), (ISSUER_TEXT, *b"99")] {
            for (at, after) in occurrences(&self.bytes, issuer) {
                if after
                    .first()
                    .is_some_and(|first| !test_range.contains(first))
                {
                    return Err(FixtureFault::CardNumber { line: line(at) });
                }
            }
        }
        check_digits(&self.bytes, BYTE_DIGITS, line)
    }
}

/// Where `needle` stands, and what follows it.
fn occurrences<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8])> {
    (0..bytes.len()).filter_map(move |at| {
        let rest = bytes.get(at..)?;
        Some((at, rest.strip_prefix(needle)?))
    })
}

/// Refuses `limit` or more ASCII digits in a row, unless they are a time of
/// ASN.1, the issuer's number or a number in a test range.
fn check_digits(
    bytes: &[u8],
    limit: usize,
    line: impl Fn(usize) -> usize,
) -> Result<(), FixtureFault> {
    let mut end = 0;
    for run in bytes.split_inclusive(|byte| !byte.is_ascii_digit()) {
        let start = end;
        end += run.len();
        let digits = run.strip_suffix(b"Z").unwrap_or(run);
        let is_time = digits.len() < run.len() && matches!(digits.len(), 12 | 14);
        let digits = match digits {
            [digits @ .., last] if !last.is_ascii_digit() => digits,
            digits => digits,
        };
        let in_test_range = TEST_NUMBERS.iter().any(|prefix| digits.starts_with(prefix));
        if digits.len() >= limit && !is_time && !in_test_range {
            return Err(FixtureFault::PersonalNumber {
                line: line(start),
                len: digits.len(),
            });
        }
    }
    Ok(())
}

/// Card numbers and dates without hyphens have eight digits.
const TEXT_DIGITS: usize = 8;
/// The shortest number of a person or an institution has nine digits.
const BYTE_DIGITS: usize = 9;
/// Issuer of the CPx cards in EF.SN; FF after it makes it an AID.
const ISSUER_BCD: &[u8] = &[0x80, 0x25, 0x00, 0x00, 0x01];
/// The same in a certificate, where the card number follows.
const ISSUER_TEXT: &[u8] = b"8025000001/";
/// Test ranges of card numbers and, with their type digit, of ADELI, FINESS
/// and RPPS numbers; and the issuer.
const TEST_NUMBERS: [&[u8]; 5] = [b"99", b"099", b"399", b"899", b"8025000001"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    const HEADER: &str = "\
@what      Reading.
@card      CPS3, virtual
@source    test
@spec      ISO/IEC 7816-4
@atr       3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00
@protocol  T=0

## Read the serial number
> 00 B0 00 00 0C
";

    fn with_answer(answer: &str) -> Result<(), FixtureFault> {
        check_fixture(&format!("{HEADER}< {answer} | 90 00\n")).map(|_| ())
    }

    fn with_text_answer(text: &str) -> Result<(), FixtureFault> {
        let pairs: Vec<String> = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        with_answer(&pairs.join(" "))
    }

    #[test]
    fn accepts_test_numbers_and_aids() {
        with_answer("5A 0A 80 25 00 00 01 99 12 34 56 5F").unwrap();
        with_answer("4F 08 80 25 00 00 01 FF 01 00").unwrap();
        for text in [
            "8025000001/9999123456",
            "899700000013",
            "0990000001",
            "261121195549Z and 20261121195549Z",
            "12345678",
        ] {
            with_text_answer(text).unwrap();
        }
    }

    #[test]
    fn rejects_card_numbers_out_of_the_test_range() {
        let error = Err(FixtureFault::CardNumber { line: 9 });
        assert_eq!(with_answer("5A 0A 80 25 00 00 01 28 12 34 56 5F"), error);
        assert_eq!(with_text_answer("8025000001/2812345678"), error);
        let cut = format!("{HEADER}< 80 25 00 | 90 00\n> 00 B0 00 03 01\n< 00 01 28 | 90 00\n");
        assert_eq!(check_fixture(&cut).map(|_| ()), error);
    }

    #[test]
    fn rejects_numbers_that_may_belong_to_a_person() {
        for text in ["810001234567", "10001234567", "1850578006084", "260000001Z"] {
            let error = with_text_answer(text).unwrap_err();
            assert!(
                matches!(error, FixtureFault::PersonalNumber { line: 9, .. }),
                "{text}: {error}"
            );
        }
        let in_text = HEADER.replace("Reading.", "Reading card 28123456.") + "< | 90 00\n";
        let error = check_fixture(&in_text).unwrap_err();
        assert_eq!(error, FixtureFault::PersonalNumber { line: 1, len: 8 });
    }

    #[test]
    fn rejects_a_literal_code_and_a_missing_newline() {
        let text = format!("{HEADER}< | 90 00\n> 00 20 00 01 04  31 32 33 34\n< | 90 00\n");
        let error = check_fixture(&text).unwrap_err();
        let reason = Reason::LiteralData;
        let expected = TranscriptError { line: 11, reason };
        assert_eq!(error, FixtureFault::NoTranscript(expected));
        let error = check_fixture(&format!("{HEADER}< | 90 00")).unwrap_err();
        assert_eq!(error, FixtureFault::NoFinalNewline);
    }
}
