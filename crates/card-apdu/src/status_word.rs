//! SW1-SW2 (ISO/IEC 7816-4, 5.6), kept whole.

use std::fmt;

/// The two bytes that close every answer of a card; no value is ever lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: done.
    pub const SUCCESS: Self = Self(0x9000);
    /// 6300: the code was wrong; how many tries are left is not told.
    pub const VERIFICATION_FAILED: Self = Self(0x6300);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6881: logical channel not supported.
    pub const LOGICAL_CHANNEL_NOT_SUPPORTED: Self = Self(0x6881);
    /// 6981: the command does not fit the kind of the file.
    pub const INCOMPATIBLE_FILE: Self = Self(0x6981);
    /// 6982: a condition of access, such as the code, is missing.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// 6983: the code is blocked.
    pub const AUTHENTICATION_METHOD_BLOCKED: Self = Self(0x6983);
    /// 6984: the reference data cannot be used.
    pub const REFERENCE_DATA_NOT_USABLE: Self = Self(0x6984);
    /// 6985: the command does not fit the state of the card.
    pub const CONDITIONS_OF_USE_NOT_SATISFIED: Self = Self(0x6985);
    /// 6986: the command is not allowed, as no elementary file is current.
    pub const COMMAND_NOT_ALLOWED: Self = Self(0x6986);
    /// 6A80: the data field is wrong.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// 6A82: no such file or application.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// 6A86: P1 or P2 is wrong.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// 6A88: no such reference data.
    pub const REFERENCE_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// 6B00: the offset lies outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// 6D00: unknown instruction.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// 6E00: unknown class; on a CPS3 also the sign that the CPS2ter view is active.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);

    /// The word made of its two bytes.
    #[must_use]
    pub const fn new(sw1: u8, sw2: u8) -> Self {
        Self(u16::from_be_bytes([sw1, sw2]))
    }

    /// First byte.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Second byte.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Whether the word is 9000.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::SUCCESS
    }

    /// Tries left, when the word is 63Cx (ISO/IEC 7816-4, table 6).
    #[must_use]
    pub fn tries_left(self) -> Option<u8> {
        (self.sw1() == 0x63 && self.sw2() & 0xF0 == 0xC0).then_some(self.sw2() & 0x0F)
    }

    /// Bytes that GET RESPONSE would bring, when the word is 61xx; 61 00 stands for 256.
    #[must_use]
    pub fn available_len(self) -> Option<u16> {
        (self.sw1() == 0x61).then(|| or_256(self.sw2()))
    }

    /// The Le that the card wants instead, when the word is 6Cxx; 6C 00 stands for 256.
    #[must_use]
    pub fn exact_len(self) -> Option<u16> {
        (self.sw1() == 0x6C).then(|| or_256(self.sw2()))
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

fn or_256(byte: u8) -> u16 {
    if byte == 0 { 256 } else { u16::from(byte) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_both_bytes() {
        let sw = StatusWord::new(0x63, 0xC2);
        assert_eq!((sw.sw1(), sw.sw2()), (0x63, 0xC2));
        assert_eq!(sw.to_string(), "63C2");
    }

    #[test]
    fn tells_tries_left_only_from_63cx() {
        assert_eq!(StatusWord(0x63C2).tries_left(), Some(2));
        assert_eq!(StatusWord(0x63C0).tries_left(), Some(0));
        assert_eq!(StatusWord(0x6300).tries_left(), None);
        assert_eq!(StatusWord(0x6983).tries_left(), None);
    }

    #[test]
    fn zero_stands_for_256_in_61_and_6c() {
        assert_eq!(StatusWord(0x6100).available_len(), Some(256));
        assert_eq!(StatusWord(0x6119).available_len(), Some(0x19));
        assert_eq!(StatusWord(0x6C00).exact_len(), Some(256));
        assert_eq!(StatusWord(0x9000).available_len(), None);
    }
}
