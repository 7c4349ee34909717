//! Answer to reset (ISO/IEC 7816-3, 8.2).

use std::fmt;

use crate::channel::Protocol;
use crate::wire::write_hex;

/// A checked answer to reset.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Atr {
    bytes: Vec<u8>,
    historical: std::ops::Range<usize>,
    protocols: Vec<u8>,
}

/// Why bytes are no answer to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AtrError {
    /// The first byte is neither 3B nor 3F.
    #[error("an answer to reset begins with 3B or 3F")]
    InitialCharacter,
    /// It ends before its own announced length.
    #[error("the answer to reset is cut short")]
    TooShort,
    /// More than 33 bytes, or bytes after the announced end.
    #[error("the answer to reset is longer than it says")]
    TooLong,
    /// The check byte TCK is wrong.
    #[error("the check byte of the answer to reset is wrong")]
    CheckByte,
}

impl Atr {
    /// Reads an ATR and checks its announced lengths and, where there is one, its TCK.
    ///
    /// # Errors
    /// [`AtrError`] says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, AtrError> {
        let [ts, t0, ..] = *bytes else {
            return Err(AtrError::TooShort);
        };
        if !matches!(ts, 0x3B | 0x3F) {
            return Err(AtrError::InitialCharacter);
        }
        let (protocols, start) = interface_bytes(bytes, t0)?;
        let end = start + usize::from(t0 & 0x0F);
        let has_check_byte = protocols.iter().any(|t| *t != 0);
        let total = end + usize::from(has_check_byte);
        if bytes.len() < total {
            return Err(AtrError::TooShort);
        }
        if bytes.len() > total || total > MAXIMUM_LEN {
            return Err(AtrError::TooLong);
        }
        if has_check_byte && bytes.iter().skip(1).fold(0, |sum, byte| sum ^ byte) != 0 {
            return Err(AtrError::CheckByte);
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            historical: start..end,
            protocols,
        })
    }

    /// All bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The historical bytes (ISO/IEC 7816-4, 12.1.1), without the TCK.
    #[must_use]
    pub fn historical_bytes(&self) -> &[u8] {
        self.bytes.get(self.historical.clone()).unwrap_or_default()
    }

    /// Whether the card offers this protocol; an ATR without TD1 offers T=0.
    #[must_use]
    pub fn offers(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::T0 => self.protocols.is_empty() || self.protocols.contains(&0),
            Protocol::T1 => self.protocols.contains(&1),
        }
    }
}

impl fmt::Debug for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.bytes)
    }
}

/// Bytes and a mask that an ATR is compared with.
#[derive(Clone, Copy, Debug)]
pub struct AtrPattern {
    /// The bytes wanted.
    pub bytes: &'static [u8],
    /// Which bits of each byte count; it has the length of `bytes`.
    pub mask: &'static [u8],
}

impl AtrPattern {
    /// Whether the ATR has the pattern's length and agrees with it under the mask.
    #[must_use]
    pub fn matches(&self, atr: &Atr) -> bool {
        let bytes = atr.as_bytes();
        let pairs = self.bytes.iter().zip(self.mask);
        self.bytes.len() == self.mask.len()
            && bytes.len() == self.bytes.len()
            && bytes
                .iter()
                .zip(pairs)
                .all(|(byte, (want, mask))| (byte ^ want) & mask == 0)
    }
}

/// The protocols named by the TDi bytes, and where the historical bytes begin.
fn interface_bytes(bytes: &[u8], t0: u8) -> Result<(Vec<u8>, usize), AtrError> {
    let mut protocols = Vec::new();
    let mut present = t0 >> 4;
    let mut position = 2;
    loop {
        let before_td = (present & 0b0111).count_ones();
        position += usize::try_from(before_td).map_err(|_| AtrError::TooLong)?;
        if present & 0b1000 == 0 {
            return Ok((protocols, position));
        }
        let td = bytes.get(position).ok_or(AtrError::TooShort)?;
        protocols.push(td & 0x0F);
        present = td >> 4;
        position += 1;
    }
}

const MAXIMUM_LEN: usize = 33;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CPS3: [u8; 17] = [
        0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00,
        0x90, 0x00,
    ];
    const CPS3_CONTACTLESS: [u8; 20] = [
        0x3B, 0x8F, 0x80, 0x01, 0x00, 0x31, 0xB8, 0x64, 0x04, 0xB0, 0xEC, 0xC1, 0x73, 0x94, 0x01,
        0x80, 0x82, 0x90, 0x00, 0x0E,
    ];
    const CPS4: [u8; 17] = [
        0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x04, 0x01, 0x00, 0x00,
        0x90, 0x44,
    ];

    #[test]
    fn reads_the_contact_atr_of_a_cps3() {
        let atr = Atr::parse(&CPS3).unwrap();
        assert!(atr.offers(Protocol::T0) && !atr.offers(Protocol::T1));
        assert_eq!(atr.historical_bytes(), &CPS3[5..]);
    }

    #[test]
    fn reads_the_contactless_atr_of_a_cps3() {
        let atr = Atr::parse(&CPS3_CONTACTLESS).unwrap();
        assert!(atr.offers(Protocol::T1));
        assert_eq!(atr.historical_bytes(), &CPS3_CONTACTLESS[4..19]);
    }

    #[test]
    fn reads_the_atr_of_a_cps4_which_offers_both_protocols() {
        let atr = Atr::parse(&CPS4).unwrap();
        assert!(atr.offers(Protocol::T0) && atr.offers(Protocol::T1));
        assert_eq!(atr.historical_bytes().len(), 11);
    }

    #[test]
    fn rejects_a_wrong_check_byte() {
        let mut bytes = CPS4;
        bytes[16] ^= 1;
        assert_eq!(Atr::parse(&bytes), Err(AtrError::CheckByte));
    }

    #[test]
    fn rejects_an_atr_cut_at_any_byte_or_with_one_too_many() {
        for len in 0..CPS4.len() {
            assert_eq!(Atr::parse(&CPS4[..len]), Err(AtrError::TooShort), "{len}");
        }
        let longer = [&CPS3[..], &[0]].concat();
        assert_eq!(Atr::parse(&longer), Err(AtrError::TooLong));
    }

    #[test]
    fn a_pattern_compares_only_what_its_mask_covers() {
        let pattern = AtrPattern {
            bytes: &[0x3B, 0x00, 0x01],
            mask: &[0xFF, 0x0F, 0x00],
        };
        assert!(pattern.matches(&Atr::parse(&[0x3B, 0x10, 0x77]).unwrap()));
        assert!(!pattern.matches(&Atr::parse(&[0x3B, 0x11, 0x77, 0x00]).unwrap()));
    }

    proptest! {
        #[test]
        fn no_input_panics_and_what_parses_is_kept(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(atr) = Atr::parse(&bytes) {
                prop_assert_eq!(atr.as_bytes(), bytes.as_slice());
                prop_assert!(bytes.ends_with(atr.historical_bytes())
                    || bytes[..bytes.len() - 1].ends_with(atr.historical_bytes()));
            }
        }
    }
}
