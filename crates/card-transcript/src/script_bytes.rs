//! Bytes as a script writes them: literal ones, and places that the test fills.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use secrets::SecretBytes;
use zeroize::Zeroizing;

use crate::error::Reason;

/// Literal bytes and placeholders, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptBytes {
    parts: Vec<Part>,
}

/// A piece of [`ScriptBytes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes that stand in the file.
    Literal(Vec<u8>),
    /// Bytes that the test supplies.
    Placeholder(Placeholder),
}

/// `{name:len}`: bytes that the test supplies under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    name: String,
    len: usize,
}

impl Placeholder {
    /// A placeholder for 1 to 65536 bytes. The name is made of a–z, 0–9 and
    /// hyphens and begins with a letter; anything else gives `None`.
    #[must_use]
    pub fn new(name: &str, len: usize) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(allowed)
            && (1..=MAXIMUM_PLACEHOLDER_LEN).contains(&len);
        valid.then(|| Self {
            name: name.to_owned(),
            len,
        })
    }

    /// Name under which the test supplies the bytes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of bytes, never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a placeholder is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    fn parse(word: &str) -> Option<Self> {
        let (name, len) = word.strip_prefix('{')?.strip_suffix('}')?.split_once(':')?;
        let digits = len.starts_with(|first: char| matches!(first, '1'..='9'));
        Self::new(name, len.parse().ok().filter(|_| digits)?)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}:{}}}", self.name, self.len)
    }
}

impl ScriptBytes {
    /// Bytes without placeholder.
    #[must_use]
    pub fn literal(bytes: &[u8]) -> Self {
        let mut script = Self::default();
        script.push_literal(bytes);
        script
    }

    /// Appends bytes that stand in the file.
    pub fn push_literal(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(Part::Literal(last)) = self.parts.last_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.parts.push(Part::Literal(bytes.to_vec()));
        }
    }

    /// Appends bytes that the test supplies.
    pub fn push_placeholder(&mut self, placeholder: Placeholder) {
        self.parts.push(Part::Placeholder(placeholder));
    }

    /// The pieces, in order; two literal ones never follow each other.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Number of bytes, supplied ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// Whether there is no byte at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The placeholders and where their bytes are.
    pub fn placeholders(&self) -> impl Iterator<Item = (Range<usize>, &Placeholder)> {
        let mut end = 0;
        self.parts.iter().filter_map(move |part| {
            let start = end;
            end += part.len();
            match part {
                Part::Literal(_) => None,
                Part::Placeholder(placeholder) => Some((start..end, placeholder)),
            }
        })
    }

    /// The bytes with 00 wherever the test supplies them: enough to know
    /// command and lengths.
    #[must_use]
    pub fn zero_filled(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        for part in &self.parts {
            match part {
                Part::Literal(literal) => bytes.extend_from_slice(literal),
                Part::Placeholder(placeholder) => bytes.resize(bytes.len() + placeholder.len, 0),
            }
        }
        bytes
    }

    /// The bytes with everything that the test supplied.
    ///
    /// # Errors
    /// The placeholder for which there is no value of its length.
    pub(crate) fn filled(
        &self,
        values: &BTreeMap<String, SecretBytes>,
    ) -> Result<Zeroizing<Vec<u8>>, &Placeholder> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.len()));
        for part in &self.parts {
            match part {
                Part::Literal(literal) => bytes.extend_from_slice(literal),
                Part::Placeholder(placeholder) => {
                    let value = values
                        .get(placeholder.name())
                        .filter(|value| value.len() == placeholder.len)
                        .ok_or(placeholder)?;
                    bytes.extend_from_slice(value.expose());
                }
            }
        }
        Ok(bytes)
    }

    /// Reads hex pairs and placeholders, separated by blanks.
    pub(crate) fn parse(text: &str) -> Result<Self, Reason> {
        let mut script = Self::default();
        let mut len = 0;
        for word in text.split_ascii_whitespace() {
            if let Some(byte) = parse_pair(word) {
                script.push_literal(&[byte]);
                len += 1;
            } else if let Some(placeholder) = Placeholder::parse(word) {
                len += placeholder.len;
                script.push_placeholder(placeholder);
            } else {
                return Err(Reason::NoByte(word.to_owned()));
            }
            if len > MAXIMUM_LEN {
                return Err(Reason::TooManyBytes);
            }
        }
        Ok(script)
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Literal(bytes) => bytes.len(),
            Self::Placeholder(placeholder) => placeholder.len,
        }
    }
}

/// Reads `word` as one byte in two upper-case hex digits.
pub(crate) fn parse_pair(word: &str) -> Option<u8> {
    let upper_case = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    let valid = word.len() == 2 && word.bytes().all(upper_case);
    valid.then(|| u8::from_str_radix(word, 16).ok()).flatten()
}

const MAXIMUM_PLACEHOLDER_LEN: usize = 65536;
/// Header, extended Lc, 65535 bytes of data and extended Le.
const MAXIMUM_LEN: usize = 4 + 3 + 65535 + 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_and_placeholders() {
        let script = ScriptBytes::parse("00 20 00 82 08  {pin-wrong:8}  00").unwrap();
        let pin = Placeholder::new("pin-wrong", 8).unwrap();
        assert_eq!(script.len(), 14);
        assert_eq!(script.placeholders().collect::<Vec<_>>(), [(5..13, &pin)]);
        assert_eq!(script.zero_filled()[..6], [0, 0x20, 0, 0x82, 8, 0]);
    }

    #[test]
    fn rejects_lower_case_glued_pairs_and_crooked_placeholders() {
        for word in [
            "a4",
            "00A4",
            "A",
            "+1",
            "{pin}",
            "{pin:0}",
            "{pin:08}",
            "{pin:+8}",
            "{Pin:8}",
            "{8:8}",
            "{:8}",
            "{pin:65537}",
            "{pin:8",
            "é",
        ] {
            let error = ScriptBytes::parse(word).unwrap_err();
            assert_eq!(error, Reason::NoByte(word.to_owned()));
        }
    }

    #[test]
    fn rejects_more_bytes_than_a_command_can_have() {
        let error = ScriptBytes::parse("{a:65536} {b:65536}").unwrap_err();
        assert_eq!(error, Reason::TooManyBytes);
    }

    #[test]
    fn fills_in_what_the_test_supplied_and_names_what_is_missing() {
        let script = ScriptBytes::parse("01 {x:2} 04").unwrap();
        let mut values = BTreeMap::new();
        assert_eq!(script.filled(&values).unwrap_err().name(), "x");
        values.insert("x".to_owned(), SecretBytes::copy_from(&[2, 3]));
        assert_eq!(*script.filled(&values).unwrap(), [1, 2, 3, 4]);
    }
}
