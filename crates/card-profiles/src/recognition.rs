//! Which profile fits a card, told by its ATR alone.

use card_apdu::{Atr, AtrPattern, CardChannel};

use crate::{CardMemory, Cps3, Cps4, CpxCard};

/// What an ATR says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// A card that a profile drives.
    Known(Profile),
    /// A card of the family that no profile drives yet: it is named, never written to.
    UnsupportedCpx,
    /// Some other card.
    Unknown,
}

/// A generation of cards that this crate drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// CPS3, contact interface.
    Cps3,
    /// CPS3, contactless interface: the technical key alone.
    Cps3Contactless,
    /// CPS4, contact interface.
    Cps4,
}

impl Profile {
    /// The card behind `channel`, for the length of a transaction.
    pub fn open<'t>(
        self,
        channel: &'t mut dyn CardChannel,
        memory: &'t mut CardMemory,
    ) -> Box<dyn CpxCard + 't> {
        match self {
            Self::Cps3 => Box::new(Cps3::new(channel, memory)),
            Self::Cps3Contactless => Box::new(Cps3::contactless(channel, memory)),
            Self::Cps4 => Box::new(Cps4::new(channel, memory)),
        }
    }
}

/// Compares an ATR with the known ones, then looks for the mark of the family.
#[must_use]
pub fn recognise(atr: &Atr) -> Recognition {
    if CPS3_CONTACT.matches(atr) {
        Recognition::Known(Profile::Cps3)
    } else if CPS4_CONTACT.iter().any(|pattern| pattern.matches(atr)) {
        Recognition::Known(Profile::Cps4)
    } else if CPS3_CONTACTLESS.matches(atr) {
        Recognition::Known(Profile::Cps3Contactless)
    } else if atr
        .historical_bytes()
        .windows(FAMILY_MARK.len())
        .any(|window| window == FAMILY_MARK)
    {
        Recognition::UnsupportedCpx
    } else {
        Recognition::Unknown
    }
}

/// ATR of every CPS3 seen (cards.md, 1), compared whole as the official module does.
const CPS3_CONTACT: AtrPattern = AtrPattern {
    bytes: &[
        0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00,
        0x90, 0x00,
    ],
    mask: &[0xFF; 17],
};

/// The three ATRs of a CPS4, compared whole as the official module does: the current series, an
/// early one, and one that offers T=0 alone.
const CPS4_CONTACT: [AtrPattern; 3] = [
    AtrPattern {
        bytes: &[
            0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x04, 0x01, 0x00,
            0x00, 0x90, 0x44,
        ],
        mask: &[0xFF; 17],
    },
    AtrPattern {
        bytes: &[
            0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x04, 0x01,
            0x00, 0x90, 0x44,
        ],
        mask: &[0xFF; 17],
    },
    AtrPattern {
        bytes: &[
            0x3B, 0xDC, 0x18, 0xFF, 0x00, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x04, 0x01,
            0x00, 0x90, 0x00,
        ],
        mask: &[0xFF; 17],
    },
];

/// The contactless ATR, which has no mark of the family.
const CPS3_CONTACTLESS: AtrPattern = AtrPattern {
    bytes: &[
        0x3B, 0x8F, 0x80, 0x01, 0x00, 0x31, 0xB8, 0x64, 0x04, 0xB0, 0xEC, 0xC1, 0x73, 0x94, 0x01,
        0x80, 0x82, 0x90, 0x00, 0x0E,
    ],
    mask: &[0xFF; 20],
};

/// Country 250 and the tag of the pre-issuing data, common to all contact ATRs of the family.
const FAMILY_MARK: [u8; 6] = [0x00, 0x12, 0x25, 0x00, 0x64, 0x80];

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise_hex(hex: &str) -> Recognition {
        let bytes: Vec<u8> = hex
            .split_whitespace()
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        recognise(&Atr::parse(&bytes).unwrap())
    }

    #[test]
    fn a_cps3_is_known() {
        assert_eq!(
            recognise_hex("3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00"),
            Recognition::Known(Profile::Cps3)
        );
    }

    #[test]
    fn a_cps3_without_contacts_is_known() {
        assert_eq!(
            recognise_hex("3B 8F 80 01 00 31 B8 64 04 B0 EC C1 73 94 01 80 82 90 00 0E"),
            Recognition::Known(Profile::Cps3Contactless)
        );
    }

    #[test]
    fn each_atr_of_a_cps4_is_known() {
        for atr in [
            "3B 9B 18 80 01 00 12 25 00 64 80 04 01 00 00 90 44",
            "3B 9B 18 80 01 00 12 25 00 64 80 00 04 01 00 90 44",
            "3B DC 18 FF 00 00 12 25 00 64 80 00 04 01 00 90 00",
        ] {
            assert_eq!(
                recognise_hex(atr),
                Recognition::Known(Profile::Cps4),
                "{atr}"
            );
        }
    }

    #[test]
    fn other_cards_of_the_family_are_named_but_not_driven() {
        for atr in [
            "3B 9B 18 80 01 00 12 25 00 64 80 00 05 01 00 90 45",
            "3B AC 00 40 2A 00 12 25 00 64 80 82 02 12 00 90 00",
        ] {
            assert_eq!(recognise_hex(atr), Recognition::UnsupportedCpx, "{atr}");
        }
    }

    #[test]
    fn any_other_card_is_unknown() {
        assert_eq!(recognise_hex("3B 00"), Recognition::Unknown);
        assert_eq!(
            recognise_hex("3B 65 00 00 20 63 CB 68 00"),
            Recognition::Unknown
        );
    }
}
