//! Who was let in, by whom, and until when.

use std::fmt;

use time::OffsetDateTime;

use crate::{AllowedOrigins, Origin, PairedProgram, Rights};

/// Opaque name of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantId(pub String);

/// Opaque name of a pairing that waits for its holder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PairingId(pub String);

/// A site as its page is seen: the same page inside another site is another site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Origin of the page.
    pub origin: Origin,
    /// Origin of the page around it, where somebody trusted says that there is one.
    pub top_origin: Option<Origin>,
}

/// What a paired program may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramGrant {
    /// Name of the grant.
    pub id: GrantId,
    /// The program's own name for itself, which the holder agreed to.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// The sites that it may authenticate for.
    pub origins: Vec<Origin>,
    /// When the holder agreed.
    pub created: OffsetDateTime,
    /// When it last showed its token, to the day.
    pub last_use: Option<OffsetDateTime>,
    /// When it is over.
    pub end: OffsetDateTime,
}

/// What a request is decided by, once its token is known.
impl From<&ProgramGrant> for PairedProgram {
    fn from(grant: &ProgramGrant) -> Self {
        Self {
            name: grant.name.clone(),
            rights: grant.rights.clone(),
            origins: AllowedOrigins::Only(grant.origins.clone()),
            grant: Some(grant.id.clone()),
        }
    }
}

/// What a site may do because its holder said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteGrant {
    /// Name of the grant.
    pub id: GrantId,
    /// The site.
    pub site: Site,
    /// What it may do.
    pub rights: Rights,
    /// When the holder agreed.
    pub created: OffsetDateTime,
    /// When it is over.
    pub end: OffsetDateTime,
}

impl SiteGrant {
    /// Days that one lasts.
    pub const DAYS: u16 = 90;
}

/// What a site may do because the machine's policy says so, without end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedSite {
    /// The site, wherever its page is embedded.
    pub origin: Origin,
    /// What it may do.
    pub rights: Rights,
}

/// What a program wants when it asks to be paired, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingRequest {
    /// What it calls itself.
    pub name: String,
    /// What it wants to do.
    pub rights: Rights,
    /// The sites that it wants to authenticate for.
    pub origins: Vec<Origin>,
}

/// What both sides of a pairing show, so that the holder sees that they are the two sides of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingCode(String);

impl PairingCode {
    /// Characters of a code.
    pub const LEN: usize = 6;

    /// A code from fresh randomness, of which five bits of each byte are used.
    #[must_use]
    pub fn from_random(bytes: [u8; Self::LEN]) -> Self {
        let character = |byte: u8| ALPHABET.get(usize::from(byte & 0x1F)).copied();
        Self(
            bytes
                .into_iter()
                .filter_map(character)
                .map(char::from)
                .collect(),
        )
    }

    /// A code that [`PairingCode::as_str`] gave.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.len() == Self::LEN && text.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then(|| Self(text.to_owned()))
    }

    /// The text to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Crockford's base 32: no letter can be taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_has_no_character_that_is_taken_for_another() {
        for confused in ["I", "L", "O", "U"] {
            assert!(!ALPHABET.contains(&confused.as_bytes()[0]), "{confused}");
        }
        assert_eq!(
            PairingCode::from_random([0, 9, 10, 31, 32, 255]).as_str(),
            "09AZ0Z"
        );
    }

    proptest! {
        #[test]
        fn every_randomness_gives_a_whole_code(bytes: [u8; PairingCode::LEN]) {
            let code = PairingCode::from_random(bytes);
            prop_assert_eq!(code.as_str().len(), PairingCode::LEN);
            prop_assert_eq!(PairingCode::parse(code.as_str()), Some(code));
        }
    }
}
