//! R-APDU (ISO/IEC 7816-4, 5.1).

use std::fmt;

use zeroize::Zeroizing;

use crate::StatusWord;
use crate::wire::write_hex;

/// The answer of a card: its data and its status word.
///
/// The data is wiped on drop. It prints as `[redacted n bytes]` when the
/// command said that its answer is secret (a deciphered text, for one).
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseApdu {
    data: Zeroizing<Vec<u8>>,
    sw: StatusWord,
    secret: bool,
}

/// Fewer than the two bytes of a status word came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer of {len} bytes has no status word")]
pub struct MalformedResponse {
    /// Number of bytes received.
    pub len: usize,
}

impl ResponseApdu {
    /// An answer with data and status word.
    #[must_use]
    pub fn new(data: impl Into<Vec<u8>>, sw: StatusWord) -> Self {
        Self {
            data: Zeroizing::new(data.into()),
            sw,
            secret: false,
        }
    }

    /// Splits the bytes that the reader returned.
    ///
    /// # Errors
    /// [`MalformedResponse`] when there are fewer than two bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedResponse> {
        match bytes {
            [data @ .., sw1, sw2] => Ok(Self::new(data, StatusWord::new(*sw1, *sw2))),
            [] | [_] => Err(MalformedResponse { len: bytes.len() }),
        }
    }

    /// The bytes as a card would send them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.data.to_vec();
        bytes.extend([self.sw.sw1(), self.sw.sw2()]);
        bytes
    }

    /// The data field.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The status word.
    #[must_use]
    pub fn sw(&self) -> StatusWord {
        self.sw
    }

    pub(crate) fn redacted(mut self, secret: bool) -> Self {
        self.secret = secret;
        self
    }
}

impl fmt::Debug for ResponseApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret {
            write!(f, "[redacted {} bytes]", self.data.len())?;
        } else {
            write_hex(f, &self.data)?;
        }
        let blank = if self.data.is_empty() { "" } else { " " };
        write!(f, "{blank}| {}", self.sw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rejects_an_answer_without_a_status_word() {
        assert_eq!(ResponseApdu::parse(&[]), Err(MalformedResponse { len: 0 }));
        assert_eq!(
            ResponseApdu::parse(&[0x90]),
            Err(MalformedResponse { len: 1 })
        );
    }

    #[test]
    fn prints_a_secret_answer_without_its_data() {
        let response = ResponseApdu::new([0xAA, 0xBB], StatusWord::SUCCESS).redacted(true);
        assert_eq!(format!("{response:?}"), "[redacted 2 bytes] | 9000");
    }

    proptest! {
        #[test]
        fn serialising_what_was_parsed_gives_the_same_bytes(bytes: Vec<u8>) {
            match ResponseApdu::parse(&bytes) {
                Ok(response) => prop_assert_eq!(response.to_bytes(), bytes),
                Err(error) => prop_assert_eq!(error.len, bytes.len()),
            }
        }
    }
}
