//! The form of a line, and how one holds the next.
//!
//! A line is one JSON object and a line feed:
//!
//! ```text
//! {"seq":7,"time":"2026-11-21T10:00:00.123Z","previous":"<hash of line 6>","kind":"…",…,"hash":"<its own>"}
//! ```
//!
//! `seq` begins with 1 and grows by one. A hash is SHA-256, in hexadecimal, over
//! the 32 bytes of the previous hash followed by the bytes of the line as they
//! are written, up to and without `,"hash":`. The hash before the first line is
//! 32 zero bytes.

use std::fmt;
use std::str::FromStr;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Entry;

/// Longest line, in bytes, line feed included: several times what any entry needs.
pub const MAXIMUM_LINE: usize = 16 * 1024;

const BEFORE_HASH: &[u8] = b",\"hash\":\"";
const AFTER_HASH: &[u8] = b"\"}";

/// SHA-256 of a line and of all lines before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LineHash([u8; 32]);

impl LineHash {
    /// What stands for the line before the first one.
    pub const NONE: Self = Self([0; 32]);

    fn over(previous: Self, body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&previous.0);
        context.update(body);
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().zip(context.finish().as_ref()) {
            *place = *byte;
        }
        Self(hash)
    }
}

impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LineHash {
    type Err = NotALine;

    /// Takes the one form that this version writes, so that no two texts are the same hash.
    fn from_str(text: &str) -> Result<Self, NotALine> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| NotALine)?;
        let hash = Self(hash);
        (hash.to_string() == text).then_some(hash).ok_or(NotALine)
    }
}

impl Serialize for LineHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LineHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The last line of a chain, which stands for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its sequence number; 0 before the first line.
    pub seq: u64,
    /// Its hash.
    pub hash: LineHash,
}

impl Head {
    /// Before the first line.
    pub const NONE: Self = Self {
        seq: 0,
        hash: LineHash::NONE,
    };
}

/// One line as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its sequence number.
    pub seq: u64,
    /// When it was written, RFC 3339 in UTC.
    pub time: String,
    /// The hash that it says the line before it has.
    pub previous: LineHash,
    /// What it tells.
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash that it says it has.
    pub hash: LineHash,
}

/// These bytes are no line of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of a journal")]
pub struct NotALine;

#[derive(Serialize, Deserialize)]
struct Body {
    seq: u64,
    time: String,
    previous: LineHash,
    #[serde(flatten)]
    entry: Entry,
}

/// The line after `head`, with its line feed, and the head that it makes.
///
/// # Errors
/// [`NotALine`] when sequence numbers are used up, the time has no RFC 3339 form, or the entry
/// is too long.
pub(crate) fn seal(
    head: Head,
    time: OffsetDateTime,
    entry: Entry,
) -> Result<(Vec<u8>, Head), NotALine> {
    let seq = head.seq.checked_add(1).ok_or(NotALine)?;
    let body = Body {
        seq,
        time: in_milliseconds(time)?,
        previous: head.hash,
        entry,
    };
    let mut line = serde_json::to_vec(&body).map_err(|_| NotALine)?;
    line.pop();
    let hash = LineHash::over(head.hash, &line);
    line.extend_from_slice(BEFORE_HASH);
    line.extend_from_slice(hash.to_string().as_bytes());
    line.extend_from_slice(AFTER_HASH);
    line.push(b'\n');
    if line.len() > MAXIMUM_LINE {
        return Err(NotALine);
    }
    Ok((line, Head { seq, hash }))
}

/// A time as lines and answers have it: RFC 3339, UTC, to the millisecond.
fn in_milliseconds(time: OffsetDateTime) -> Result<String, NotALine> {
    let utc = time.to_offset(time::UtcOffset::UTC);
    let nanosecond = u32::from(utc.millisecond()) * 1_000_000;
    utc.replace_nanosecond(nanosecond)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .ok_or(NotALine)
}

impl Line {
    /// Reads a line without its line feed. Whether its hashes are true is another question:
    /// [`Line::is_unchanged`].
    ///
    /// # Errors
    /// [`NotALine`] when the bytes do not have the form.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NotALine> {
        let (_, hash) = split_hash(bytes).ok_or(NotALine)?;
        let hash = std::str::from_utf8(hash).map_err(|_| NotALine)?.parse()?;
        let text = std::str::from_utf8(bytes).map_err(|_| NotALine)?;
        let body: Body = serde_json::from_str(text).map_err(|_| NotALine)?;
        Ok(Self {
            seq: body.seq,
            time: body.time,
            previous: body.previous,
            entry: body.entry,
            hash,
        })
    }

    /// Whether `bytes`, which this line was read from, are those that its own hash was made over.
    pub(crate) fn is_unchanged(&self, bytes: &[u8]) -> bool {
        split_hash(bytes).is_some_and(|(body, _)| LineHash::over(self.previous, body) == self.hash)
    }

    /// The head that a chain ending here has.
    pub(crate) const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

/// What a line's hash is made over, and the hash.
fn split_hash(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_suffix(AFTER_HASH)?;
    let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    Some((rest.strip_suffix(BEFORE_HASH)?, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_line_reads_as_the_format_says() {
        let time = datetime!(2026-11-21 11:00:00.123456 +1);
        let (line, head) = seal(Head::NONE, time, Entry::AgentStopped).unwrap();
        let text = String::from_utf8(line.clone()).unwrap();
        let zeros = "0".repeat(64);
        let body = format!(
            r#"{{"seq":1,"time":"2026-11-21T10:00:00.123Z","previous":"{zeros}","kind":"agent-stopped""#
        );
        assert_eq!(text, format!("{body},\"hash\":\"{}\"}}\n", head.hash));
        let parsed = Line::parse(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(parsed.head(), head);
        assert_eq!(parsed.entry, Entry::AgentStopped);
    }

    #[test]
    fn a_hash_is_sha256_over_the_previous_hash_and_the_bytes() {
        // Judged by another implementation: printf 'abc' | openssl dgst -sha256, after 32 zero bytes.
        let hash = LineHash::over(LineHash::NONE, b"abc");
        assert_eq!(hash.to_string(), HASH_OF_ZEROS_AND_ABC);
    }

    #[test]
    fn a_hash_has_one_text_only() {
        let text = "ab".repeat(32);
        assert!(text.parse::<LineHash>().is_ok());
        assert!(text.to_uppercase().parse::<LineHash>().is_err());
        assert!("ab".parse::<LineHash>().is_err());
    }

    #[test]
    fn the_last_sequence_number_is_not_followed_by_another() {
        let last = Head {
            seq: u64::MAX,
            hash: LineHash::NONE,
        };
        let time = datetime!(2026-11-21 10:00 UTC);
        assert_eq!(seal(last, time, Entry::AgentStopped), Err(NotALine));
    }

    #[test]
    fn a_kind_of_a_later_version_is_read_as_unknown() {
        let (line, _) = seal(
            Head::NONE,
            datetime!(2026-11-21 10:00 UTC),
            Entry::AgentStopped,
        )
        .unwrap();
        let line = String::from_utf8(line).unwrap();
        let later = line.replace("agent-stopped", "agent-dreamt");
        let parsed = Line::parse(later.trim_end().as_bytes()).unwrap();
        assert_eq!(parsed.entry, Entry::Unknown);
    }

    const HASH_OF_ZEROS_AND_ABC: &str =
        "365aa7d8f7f9402c4b9434502b4cc89ddb09fe50d7cd95b493b834c62d5a5370";
}
