//! What READ BINARY does with the content of a transparent file (ISO/IEC 7816-4, 11.2).

use card_apdu::{CommandApdu, ExpectedLen, StatusWord};

use crate::codes::Codes;
use crate::transmission::Outcome;

/// Where the bytes of a file are.
#[derive(Debug)]
pub(crate) enum Content {
    /// Written by the issuer.
    Fixed(Vec<u8>),
    /// CPS_DATA, which the holder may write: it lives in the card's persistent state.
    HolderData {
        /// Size of the file, in bytes.
        len: usize,
    },
}

impl Content {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Fixed(bytes) => bytes.len(),
            Self::HolderData { len } => *len,
        }
    }

    /// What READ BINARY returns from this offset.
    pub(crate) fn read(&self, codes: &Codes, offset: usize, asked: usize) -> Outcome {
        let content = match self {
            Self::Fixed(content) => content,
            Self::HolderData { .. } => &codes.state().holder_data,
        };
        let from_offset = content.get(offset..).unwrap_or_default();
        if from_offset.is_empty() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        Ok(from_offset.iter().copied().take(asked).collect())
    }
}

/// How many bytes a READ BINARY asks for; it must not bring any.
pub(crate) fn asked_len(command: &CommandApdu) -> Result<usize, StatusWord> {
    if !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    match command.le() {
        ExpectedLen::Exactly(count) => Ok(usize::from(count)),
        ExpectedLen::AsMuchAsPossible => Ok(256),
        ExpectedLen::Nothing => Err(StatusWord::WRONG_LENGTH),
    }
}

/// 6986: command not allowed, no current EF.
pub(crate) const NO_CURRENT_FILE: StatusWord = StatusWord(0x6986);
