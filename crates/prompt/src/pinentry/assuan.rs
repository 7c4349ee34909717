//! The lines of the Assuan protocol, as far as a client of a pinentry speaks it.

use std::fmt;

use secrets::SecretBytes;
use zeroize::Zeroizing;

/// Most bytes of a line, its end included.
pub(crate) const LONGEST_LINE: usize = 1000;

/// A line that a pinentry says.
#[derive(Debug, PartialEq, Eq)]
pub enum AssuanReply {
    /// What was asked is done.
    Ok,
    /// It is not, by the number of an error of libgpg-error, without its source.
    Err(u16),
    /// A piece of what was asked for.
    Data(SecretBytes),
    /// A remark or a status, which asks for nothing.
    Remark,
}

/// A line that is none of the protocol's. It is not repeated: it may hold what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssuanError {
    /// It begins with no word that a server says.
    #[error("the pinentry says something that the protocol does not know")]
    UnknownLine,
    /// An error without its number.
    #[error("the pinentry names an error without its number")]
    ErrorNumber,
    /// A percent sign without two hexadecimal digits.
    #[error("the pinentry escapes a byte in a wrong way")]
    Escape,
}

impl AssuanReply {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// [`AssuanError`] when it is none of the protocol's.
    pub fn parse(line: &[u8]) -> Result<Self, AssuanError> {
        let (word, rest) = match line.iter().position(|byte| *byte == b' ') {
            Some(end) => (line.get(..end), line.get(end + 1..)),
            None => (Some(line), None),
        };
        let rest = rest.unwrap_or_default();
        match word.unwrap_or_default() {
            b"OK" => Ok(Self::Ok),
            b"ERR" => error_number(rest).map(Self::Err),
            b"D" => unescape(rest).map(Self::Data),
            b"S" => Ok(Self::Remark),
            word if word.starts_with(b"#") => Ok(Self::Remark),
            _ => Err(AssuanError::UnknownLine),
        }
    }
}

/// The upper half of an error's number is its source, which differs from pinentry to pinentry.
fn error_number(rest: &[u8]) -> Result<u16, AssuanError> {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit());
    let digits = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    let number: u32 = digits.parse().map_err(|_| AssuanError::ErrorNumber)?;
    u16::try_from(number & 0xFFFF).map_err(|_| AssuanError::ErrorNumber)
}

/// Percent-escapes, which hide a byte from the protocol, are taken back.
fn unescape(text: &[u8]) -> Result<SecretBytes, AssuanError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                let value = value.and_then(|value| u8::try_from(value).ok());
                value.ok_or(AssuanError::Escape)?
            }
            byte => *byte,
        });
    }
    Ok(SecretBytes::copy_from(&bytes))
}

/// Text inside a command: what could end its line is escaped.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '%' | '\\' | '\0'..='\u{1f}' => write!(f, "%{:02X}", u32::from(character))?,
                character => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

/// A long text in pieces that each fit into one line of a command, cut between lines where that is
/// possible.
pub(crate) fn pages(text: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let (mut page, mut room) = (String::new(), ROOM);
    for line in text.split_inclusive('\n') {
        if escaped_len(line) > room && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            room = ROOM;
        }
        for character in line.chars() {
            let len = escaped_len(character.encode_utf8(&mut [0; 4]));
            if len > room {
                pages.push(std::mem::take(&mut page));
                room = ROOM;
            }
            page.push(character);
            room -= len;
        }
    }
    pages.push(page);
    pages
}

fn escaped_len(text: &str) -> usize {
    Escaped(text).to_string().len()
}

/// What a line has for the text beside `SETDESC `, the heading of a page and the end.
const ROOM: usize = LONGEST_LINE - 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pinentry_says_these_lines() {
        let data = |bytes: &[u8]| Ok(AssuanReply::Data(SecretBytes::copy_from(bytes)));
        for (line, reply) in [
            (&b"OK Pleased to meet you"[..], Ok(AssuanReply::Ok)),
            (b"OK", Ok(AssuanReply::Ok)),
            (
                b"ERR 83886179 Operation cancelled <Pinentry>",
                Ok(AssuanReply::Err(99)),
            ),
            (b"ERR 83886194", Ok(AssuanReply::Err(114))),
            (b"D 1234", data(b"1234")),
            (b"D", data(b"")),
            (b"D 12%2534%0a", data(b"12%34\n")),
            (b"S PASSWORD_FROM_CACHE", Ok(AssuanReply::Remark)),
            (b"# a comment", Ok(AssuanReply::Remark)),
            (b"ERR", Err(AssuanError::ErrorNumber)),
            (b"ERR 99999999999", Err(AssuanError::ErrorNumber)),
            (b"D 1%", Err(AssuanError::Escape)),
            (b"D 1%4", Err(AssuanError::Escape)),
            (b"D 1%+4", Err(AssuanError::Escape)),
            (b"INQUIRE QUALITY 1234", Err(AssuanError::UnknownLine)),
            (b"", Err(AssuanError::UnknownLine)),
        ] {
            assert_eq!(AssuanReply::parse(line), reply);
        }
    }

    #[test]
    fn neither_a_reply_nor_an_error_shows_what_was_typed() {
        let reply = AssuanReply::parse(b"D 73918264");
        let wrong = AssuanReply::parse(b"73918264");
        let printed = format!("{reply:?} {wrong:?} {}", AssuanError::UnknownLine);
        assert!(!printed.contains("7391"), "{printed}");
    }

    proptest! {
        #[test]
        fn no_line_panics(line: Vec<u8>) {
            let _ = AssuanReply::parse(&line);
        }

        #[test]
        fn what_is_escaped_is_one_line_and_comes_back(text: String) {
            let escaped = Escaped(&text).to_string();
            prop_assert!(!escaped.chars().any(|character| character < ' '));
            let line = format!("D {escaped}");
            let back = AssuanReply::parse(line.as_bytes());
            prop_assert_eq!(back, Ok(AssuanReply::Data(SecretBytes::copy_from(text.as_bytes()))));
        }

        #[test]
        fn pages_hold_the_whole_text_and_each_fits_into_a_line(text in "(.|\n|%){0,3000}") {
            let pages = pages(&text);
            prop_assert_eq!(pages.concat(), text);
            for page in pages {
                let line = format!("SETDESC {}\n", Escaped(&page));
                prop_assert!(line.len() + 180 <= LONGEST_LINE, "{}", line.len());
            }
        }
    }
}
