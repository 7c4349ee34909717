//! The only types that may hold a code or other secret bytes.
//!
//! Each prints as `[redacted]`, is wiped when dropped, and has no way to be
//! serialised by accident: the bytes leave through [`SecretBytes::expose`],
//! a name that a reviewer can search for.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that must never be printed, kept or copied without need.
///
/// The buffer is wiped on drop. It is allocated once with its final size, so
/// that no smaller copy is left behind by growth. Two of them are compared in a
/// time that tells nothing but their lengths.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Box<[u8]>>);

impl SecretBytes {
    /// Copies `bytes` into a buffer that is wiped on drop.
    #[must_use]
    pub fn copy_from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(Box::from(bytes)))
    }

    /// Takes `bytes` over; whatever capacity the vector had beyond its length is wiped.
    #[must_use]
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self::copy_from(&Zeroizing::new(bytes))
    }

    /// The bytes themselves. Call it only where they leave for the card.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a typed code cannot be the code of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeFormatError {
    /// A character other than the ASCII digits 0 to 9.
    #[error("a code is made of digits only")]
    NotDigits,
    /// Too short or too long; nothing was sent and no try was spent.
    #[error("a code of this kind has {minimum} to {maximum} digits")]
    Length {
        /// Fewest digits allowed.
        minimum: usize,
        /// Most digits allowed.
        maximum: usize,
    },
}

/// The holder's code ("code porteur"): 4 to 8 ASCII digits.
///
/// The card may allow fewer lengths than this type; the profile checks the
/// card's own limits before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin(SecretBytes);

impl Pin {
    /// Fewest digits of any card of the family.
    pub const MINIMUM_LEN: usize = 4;
    /// Most digits of any card of the family.
    pub const MAXIMUM_LEN: usize = 8;

    /// Checks the digits and takes a wiped copy of them.
    ///
    /// # Errors
    /// [`CodeFormatError`] when a character is no ASCII digit or the length is out of 4 to 8.
    pub fn new(digits: &[u8]) -> Result<Self, CodeFormatError> {
        checked_digits(digits, Self::MINIMUM_LEN, Self::MAXIMUM_LEN).map(Self)
    }

    /// The digits as they go into VERIFY.
    #[must_use]
    pub fn digits(&self) -> &SecretBytes {
        &self.0
    }
}

/// The unblock code (PUK): exactly 8 ASCII digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnblockCode(SecretBytes);

impl UnblockCode {
    /// Number of digits.
    pub const LEN: usize = 8;

    /// Checks the digits and takes a wiped copy of them.
    ///
    /// # Errors
    /// [`CodeFormatError`] when a character is no ASCII digit or there are not 8 of them.
    pub fn new(digits: &[u8]) -> Result<Self, CodeFormatError> {
        checked_digits(digits, Self::LEN, Self::LEN).map(Self)
    }

    /// The digits as they go into VERIFY of the unblock code.
    #[must_use]
    pub fn digits(&self) -> &SecretBytes {
        &self.0
    }
}

fn checked_digits(
    digits: &[u8],
    minimum: usize,
    maximum: usize,
) -> Result<SecretBytes, CodeFormatError> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(CodeFormatError::NotDigits);
    }
    if !(minimum..=maximum).contains(&digits.len()) {
        return Err(CodeFormatError::Length { minimum, maximum });
    }
    Ok(SecretBytes::copy_from(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_nothing_of_a_code() {
        let pin = Pin::new(b"73918264").unwrap();
        let unblock_code = UnblockCode::new(b"73918264").unwrap();
        assert_eq!(format!("{pin:?}"), "Pin([redacted])");
        assert_eq!(format!("{unblock_code:?}"), "UnblockCode([redacted])");
    }

    #[test]
    fn two_codes_are_the_same_only_digit_for_digit() {
        let pin = |digits: &[u8]| Pin::new(digits).unwrap();
        assert_eq!(pin(b"1234"), pin(b"1234"));
        for other in [&b"1235"[..], b"0234", b"12345"] {
            assert_ne!(pin(b"1234"), pin(other));
        }
    }

    #[test]
    fn accepts_four_to_eight_digits() {
        for digits in ["1234", "12345", "12345678"] {
            assert_eq!(
                Pin::new(digits.as_bytes()).unwrap().digits().expose(),
                digits.as_bytes()
            );
        }
    }

    #[test]
    fn rejects_lengths_out_of_four_to_eight() {
        let error = CodeFormatError::Length {
            minimum: 4,
            maximum: 8,
        };
        for digits in ["", "123", "123456789"] {
            assert_eq!(Pin::new(digits.as_bytes()), Err(error));
        }
    }

    #[test]
    fn rejects_letters_and_unicode_digits() {
        for text in ["12a4", "١٢٣٤", "１２３４", "1 34", "12\n4"] {
            assert_eq!(Pin::new(text.as_bytes()), Err(CodeFormatError::NotDigits));
        }
    }

    #[test]
    fn an_unblock_code_has_exactly_eight_digits() {
        assert!(UnblockCode::new(b"1234567").is_err());
        assert!(UnblockCode::new(b"123456789").is_err());
        assert!(UnblockCode::new(b"12345678").is_ok());
    }

    proptest! {
        #[test]
        fn no_input_panics_and_only_digits_pass(bytes: Vec<u8>) {
            if let Ok(pin) = Pin::new(&bytes) {
                prop_assert_eq!(pin.digits().expose(), bytes.as_slice());
                prop_assert!(bytes.iter().all(u8::is_ascii_digit));
            }
        }
    }
}
