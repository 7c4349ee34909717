//! What one CPS4 may have different from another.

use card_apdu::{Protocol, StatusWord};

/// What only a CPS4 has, and what is not known about real ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Cps4Parameters {
    /// Its answer to reset.
    pub atr: Cps4Atr,
    /// How its codes are called in commands.
    pub references: CodeReferences,
    /// What commands on channel 1 get while the applet is not there because of another program.
    ///
    /// `None`: 6881 while the channel is closed, 6985 while the applet is on channel 0, 6E00 while
    /// another application is on channel 1 (OURS). The official module handles 6A86 too.
    pub lost_applet_answer: Option<StatusWord>,
    /// Whether the codes must be presented again after the applet was deselected. Not known of
    /// real cards; without it they stay presented until a reset.
    pub forgets_codes_when_deselected: bool,
}

/// The three answers to reset of CPS4 cards that the official module knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cps4Atr {
    /// T=0 and T=1; readers take T=1.
    #[default]
    Issued,
    /// The same of a release candidate.
    ReleaseCandidate,
    /// A release candidate with T=0 alone.
    ReleaseCandidateT0,
}

/// References of the holder's code and the unblock code in VERIFY and CHANGE REFERENCE DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CodeReferences {
    /// 01 and 02.
    #[default]
    Plain,
    /// 81 and 82, as ISO/IEC 7816-4 marks what belongs to an application.
    Local,
}

impl Cps4Atr {
    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Issued => &[
                0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x04, 0x01, 0x00,
                0x00, 0x90, 0x44,
            ],
            Self::ReleaseCandidate => &[
                0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x04, 0x01,
                0x00, 0x90, 0x44,
            ],
            Self::ReleaseCandidateT0 => &[
                0x3B, 0xDC, 0x18, 0xFF, 0x00, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x04, 0x01,
                0x00, 0x90, 0x00,
            ],
        }
    }

    /// The protocol that a reader takes.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Issued | Self::ReleaseCandidate => Protocol::T1,
            Self::ReleaseCandidateT0 => Protocol::T0,
        }
    }
}

impl CodeReferences {
    /// Reference of the holder's code.
    #[must_use]
    pub fn pin(self) -> u8 {
        match self {
            Self::Plain => 0x01,
            Self::Local => 0x81,
        }
    }

    /// Reference of the unblock code.
    #[must_use]
    pub fn unblock_code(self) -> u8 {
        match self {
            Self::Plain => 0x02,
            Self::Local => 0x82,
        }
    }
}
