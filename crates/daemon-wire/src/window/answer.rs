//! What the holder answered, codes included.

use secrets::{CodeFormatError, Pin, SecretBytes, UnblockCode};

use super::{FrameError, FrameHeader, FrameKind};

/// The holder agreed, and typed what the question asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowAnswer {
    /// The code as it is.
    pub code: Option<Pin>,
    /// The unblock code.
    pub unblock_code: Option<UnblockCode>,
    /// The code that the holder chose.
    pub new_code: Option<Pin>,
    /// The holder knows that a wrong code blocks the card now.
    pub last_try_confirmed: bool,
}

impl WindowAnswer {
    /// The whole frame, in a buffer that is wiped.
    #[must_use]
    pub fn to_frame(&self) -> SecretBytes {
        let codes = [
            self.code.as_ref().map(Pin::digits),
            self.unblock_code.as_ref().map(UnblockCode::digits),
            self.new_code.as_ref().map(Pin::digits),
        ];
        // With this capacity from the start, no smaller copy is left behind.
        let mut content = Vec::with_capacity(FrameHeader::LEN + FrameKind::Answer.longest());
        content.resize(FrameHeader::LEN, 0);
        content.push(u8::from(self.last_try_confirmed));
        for code in codes {
            let digits = code.map(SecretBytes::expose).unwrap_or_default();
            content.push(u8::try_from(digits.len()).unwrap_or_default());
            content.extend_from_slice(digits);
        }
        let header = FrameHeader {
            kind: FrameKind::Answer,
            len: content.len() - FrameHeader::LEN,
        };
        for (place, byte) in content.iter_mut().zip(header.to_bytes()) {
            *place = byte;
        }
        SecretBytes::from_vec(content)
    }

    /// Reads the content of such a frame, which the caller wipes.
    ///
    /// # Errors
    /// [`FrameError::Content`] for anything that [`WindowAnswer::to_frame`] does not write.
    pub fn parse(content: &[u8]) -> Result<Self, FrameError> {
        let malformed = FrameError::Content(FrameKind::Answer);
        let (flags, rest) = content.split_first().ok_or(malformed)?;
        let (code, rest) = split_code(rest, Pin::new).ok_or(malformed)?;
        let (unblock_code, rest) = split_code(rest, UnblockCode::new).ok_or(malformed)?;
        let (new_code, rest) = split_code(rest, Pin::new).ok_or(malformed)?;
        if *flags > 1 || !rest.is_empty() {
            return Err(malformed);
        }
        Ok(Self {
            code,
            unblock_code,
            new_code,
            last_try_confirmed: *flags == 1,
        })
    }
}

type Split<'a, C> = (Option<C>, &'a [u8]);

fn split_code<C>(
    bytes: &[u8],
    read: fn(&[u8]) -> Result<C, CodeFormatError>,
) -> Option<Split<'_, C>> {
    let (len, rest) = bytes.split_first()?;
    let (digits, rest) = rest.split_at_checked(usize::from(*len))?;
    if digits.is_empty() {
        return Some((None, rest));
    }
    Some((Some(read(digits).ok()?), rest))
}

/// How the holder did not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They said no, or closed the window.
    Cancelled,
    /// They did not want to risk the last try.
    LastTryNotConfirmed,
}

impl Refusal {
    /// The whole frame.
    #[must_use]
    pub fn to_frame(self) -> [u8; FrameHeader::LEN + 1] {
        let header = FrameHeader {
            kind: FrameKind::Refusal,
            len: 1,
        };
        let [a, b, c, d, e, f] = header.to_bytes();
        let reason = match self {
            Self::Cancelled => 0,
            Self::LastTryNotConfirmed => 1,
        };
        [a, b, c, d, e, f, reason]
    }

    /// Reads the content of such a frame.
    ///
    /// # Errors
    /// [`FrameError::Content`].
    pub const fn parse(content: &[u8]) -> Result<Self, FrameError> {
        match content {
            [0] => Ok(Self::Cancelled),
            [1] => Ok(Self::LastTryNotConfirmed),
            _ => Err(FrameError::Content(FrameKind::Refusal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(answer: &WindowAnswer) -> SecretBytes {
        let frame = answer.to_frame();
        let (header, content) = frame.expose().split_at(FrameHeader::LEN);
        let header = FrameHeader::parse(header.try_into().unwrap()).unwrap();
        assert_eq!(
            (header.kind, header.len),
            (FrameKind::Answer, content.len())
        );
        SecretBytes::copy_from(content)
    }

    #[test]
    fn an_answer_prints_nothing_of_its_codes() {
        let answer = WindowAnswer {
            code: Pin::new(b"73918264").ok(),
            ..WindowAnswer::default()
        };
        let printed = format!("{answer:?} {:?}", answer.to_frame());
        assert!(!printed.contains("7391"), "{printed}");
        assert_eq!(content(&answer).expose(), b"\0\x0873918264\0\0");
    }

    #[test]
    fn what_is_no_code_is_no_answer() {
        for content in [
            &b""[..],
            b"\0",
            b"\0\0\0",
            b"\0\0\0\0\0",
            b"\x02\0\0\0",
            b"\0\x03123\0\0",
            b"\0\x0412a4\0\0",
            b"\0\x051234\0\0",
            b"\0\0\x041234\0",
            b"\0\x09123456789\0\0",
            b"\0\xff\0\0",
        ] {
            assert_eq!(
                WindowAnswer::parse(content),
                Err(FrameError::Content(FrameKind::Answer)),
                "{content:?}"
            );
        }
    }

    #[test]
    fn refusals_come_back() {
        for refusal in [Refusal::Cancelled, Refusal::LastTryNotConfirmed] {
            let frame = refusal.to_frame();
            let (_, content) = frame.split_at(FrameHeader::LEN);
            assert_eq!(Refusal::parse(content), Ok(refusal));
        }
        for content in [&b""[..], b"\x02", b"\0\0"] {
            assert!(Refusal::parse(content).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_answer_comes_back(
            code in proptest::option::of("[0-9]{4,8}"),
            unblock_code in proptest::option::of("[0-9]{8}"),
            new_code in proptest::option::of("[0-9]{4,8}"),
            last_try_confirmed: bool,
        ) {
            let pin = |text: Option<String>| text.map(|text| Pin::new(text.as_bytes()).unwrap());
            let answer = WindowAnswer {
                code: pin(code),
                unblock_code: unblock_code.map(|text| UnblockCode::new(text.as_bytes()).unwrap()),
                new_code: pin(new_code),
                last_try_confirmed,
            };
            prop_assert_eq!(WindowAnswer::parse(content(&answer).expose()), Ok(answer));
        }

        #[test]
        fn what_is_read_is_written_the_same(bytes: Vec<u8>) {
            if let Ok(answer) = WindowAnswer::parse(&bytes) {
                let written = content(&answer);
                prop_assert_eq!(written.expose(), &bytes[..]);
            }
        }
    }
}
