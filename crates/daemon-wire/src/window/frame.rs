//! The frame around each message.

/// First byte of every frame. It changes when anything in a message does.
const VERSION: u8 = 1;
/// A question about 100 documents, each of its characters escaped, is far below.
const LONGEST_JSON: usize = 1 << 20;
/// Flags, then three codes of at most 8 digits, each after its length.
const LONGEST_ANSWER: usize = 1 + 3 * (1 + 8);

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// To the window: a question, as JSON.
    Question,
    /// To the window: what became of the answer, as JSON.
    Outcome,
    /// To the window: nothing is typed at the keypad of the reader any more. No content.
    Entered,
    /// To the agent: the window is on the screen. No content.
    Shown,
    /// To the agent: the holder agrees; the codes that were typed.
    Answer,
    /// To the agent: the holder does not agree. One byte.
    Refusal,
}

impl FrameKind {
    const ALL: [Self; 6] = [
        Self::Question,
        Self::Outcome,
        Self::Entered,
        Self::Shown,
        Self::Answer,
        Self::Refusal,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Question => 1,
            Self::Outcome => 2,
            Self::Entered => 3,
            Self::Shown => 0x81,
            Self::Answer => 0x82,
            Self::Refusal => 0x83,
        }
    }

    /// Most bytes of its content.
    #[must_use]
    pub const fn longest(self) -> usize {
        match self {
            Self::Question | Self::Outcome => LONGEST_JSON,
            Self::Entered | Self::Shown => 0,
            Self::Answer => LONGEST_ANSWER,
            Self::Refusal => 1,
        }
    }
}

/// Why bytes are no message. Neither end goes on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The other end is of another build.
    #[error("version {0} of the window's protocol is not ours")]
    Version(u8),
    /// No message has this number.
    #[error("there is no message {0}")]
    Kind(u8),
    /// More than such a message can have.
    #[error("{len} bytes are too many for {kind:?}")]
    TooLong {
        /// Which message.
        kind: FrameKind,
        /// The bytes announced.
        len: usize,
    },
    /// The content is not what the kind says.
    #[error("the content of {0:?} cannot be read")]
    Content(FrameKind),
}

/// The first bytes of a frame: what follows, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the content is.
    pub kind: FrameKind,
    /// Its bytes, never more than [`FrameKind::longest`].
    pub len: usize,
}

impl FrameHeader {
    /// Bytes of a header: version, kind, and the length, high byte first.
    pub const LEN: usize = 6;

    /// Reads a header; a length that no such message can have is an error before anything is
    /// allocated for it.
    ///
    /// # Errors
    /// [`FrameError`] of version, kind or length.
    pub fn parse(bytes: [u8; Self::LEN]) -> Result<Self, FrameError> {
        let [version, kind, len @ ..] = bytes;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let known = FrameKind::ALL.into_iter();
        let kind = known
            .into_iter()
            .find(|known| known.byte() == kind)
            .ok_or(FrameError::Kind(kind))?;
        Self::of(
            kind,
            usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX),
        )
    }

    /// The header of a content of `len` bytes.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub const fn of(kind: FrameKind, len: usize) -> Result<Self, FrameError> {
        if len > kind.longest() {
            return Err(FrameError::TooLong { kind, len });
        }
        Ok(Self { kind, len })
    }

    /// The header of a message that says all by its kind.
    #[must_use]
    pub const fn alone(kind: FrameKind) -> Self {
        Self { kind, len: 0 }
    }

    /// The header in bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        // No kind is longer than a `u32` tells.
        let [a, b, c, d] = u32::try_from(self.len).unwrap_or(u32::MAX).to_be_bytes();
        [VERSION, self.kind.byte(), a, b, c, d]
    }
}

/// A whole frame around a content without secrets.
pub(super) fn framed(kind: FrameKind, content: &[u8]) -> Result<Vec<u8>, FrameError> {
    let header = FrameHeader::of(kind, content.len())?;
    Ok([&header.to_bytes(), content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_version_kind_or_length_is_refused() {
        let good = FrameHeader::of(FrameKind::Answer, 28).unwrap().to_bytes();
        assert_eq!(good, [1, 0x82, 0, 0, 0, 28]);
        let parse = FrameHeader::parse;
        assert_eq!(parse([2, 0x82, 0, 0, 0, 28]), Err(FrameError::Version(2)));
        assert_eq!(parse([1, 0x84, 0, 0, 0, 0]), Err(FrameError::Kind(0x84)));
        for (kind, longest) in [
            (FrameKind::Answer, 28),
            (FrameKind::Entered, 0),
            (FrameKind::Shown, 0),
            (FrameKind::Refusal, 1),
            (FrameKind::Question, 1 << 20),
            (FrameKind::Outcome, 1 << 20),
        ] {
            assert!(FrameHeader::of(kind, longest).is_ok());
            let len = longest + 1;
            assert_eq!(
                FrameHeader::of(kind, len),
                Err(FrameError::TooLong { kind, len })
            );
        }
    }

    proptest! {
        #[test]
        fn a_header_that_is_read_is_written_the_same_and_within_its_limit(bytes: [u8; 6]) {
            if let Ok(header) = FrameHeader::parse(bytes) {
                prop_assert_eq!(header.to_bytes(), bytes);
                prop_assert!(header.len <= header.kind.longest());
            }
        }

        #[test]
        fn every_length_that_fits_comes_back(place in 0..FrameKind::ALL.len(), len: usize) {
            let kind = FrameKind::ALL[place];
            let len = len % (kind.longest() + 1);
            let header = FrameHeader::of(kind, len).unwrap();
            prop_assert_eq!(FrameHeader::parse(header.to_bytes()), Ok(header));
        }
    }
}
