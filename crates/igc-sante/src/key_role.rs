//! Which key of the card a certificate belongs to.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A key of a CPx card, and so the certificate that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// Proves who the holder is, after the PIN; it also deciphers.
    Authentication,
    /// Signs documents with legal effect, after the PIN.
    Signature,
    /// The contactless key, which needs no PIN and so proves that the card is there, not its holder.
    Technical,
}

/// A text that names no [`KeyRole`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no card key is called {0:?}: expected authentication, signature or technical")]
pub struct UnknownKeyRole(String);

impl KeyRole {
    /// `authentication`, `signature` or `technical`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Signature => "signature",
            Self::Technical => "technical",
        }
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for KeyRole {
    type Err = UnknownKeyRole;

    fn from_str(text: &str) -> Result<Self, UnknownKeyRole> {
        [Self::Authentication, Self::Signature, Self::Technical]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownKeyRole(text.to_owned()))
    }
}

/// The key usage extension (RFC 5280 section 4.2.1.3): what the key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage {
    /// Bit n is usage n of the RFC's list, `digitalSignature` being bit 0.
    flags: u16,
}

const DIGITAL_SIGNATURE: u16 = 1;
const NON_REPUDIATION: u16 = 1 << 1;
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const DATA_ENCIPHERMENT: u16 = 1 << 3;
const KEY_CERT_SIGN: u16 = 1 << 5;

impl KeyUsage {
    pub(crate) fn from_flags(flags: u16) -> Self {
        Self { flags }
    }

    /// Signs challenges: authentication.
    pub fn digital_signature(self) -> bool {
        self.flags & DIGITAL_SIGNATURE != 0
    }

    /// Signs documents with legal effect; RFC 5280 also calls it contentCommitment.
    pub fn non_repudiation(self) -> bool {
        self.flags & NON_REPUDIATION != 0
    }

    /// Deciphers keys.
    pub fn key_encipherment(self) -> bool {
        self.flags & KEY_ENCIPHERMENT != 0
    }

    /// Deciphers data.
    pub fn data_encipherment(self) -> bool {
        self.flags & DATA_ENCIPHERMENT != 0
    }

    /// Signs certificates: an authority, never a card.
    pub fn key_cert_sign(self) -> bool {
        self.flags & KEY_CERT_SIGN != 0
    }

    /// The role that the usages give; `None` for a mixture, so that no login is ever taken for a signature.
    pub(crate) fn role(self) -> Option<KeyRole> {
        if self.flags == NON_REPUDIATION {
            Some(KeyRole::Signature)
        } else if self.digital_signature() && !self.non_repudiation() && !self.key_cert_sign() {
            Some(KeyRole::Authentication)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in [
            KeyRole::Authentication,
            KeyRole::Signature,
            KeyRole::Technical,
        ] {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert_eq!(
            "Signature".parse::<KeyRole>(),
            Err(UnknownKeyRole("Signature".to_owned()))
        );
    }

    #[test]
    fn non_repudiation_alone_is_the_signature_key() {
        assert_eq!(
            KeyUsage::from_flags(NON_REPUDIATION).role(),
            Some(KeyRole::Signature)
        );
    }

    #[test]
    fn digital_signature_is_the_authentication_key_with_or_without_encipherment() {
        assert_eq!(
            KeyUsage::from_flags(DIGITAL_SIGNATURE).role(),
            Some(KeyRole::Authentication)
        );
        assert_eq!(
            KeyUsage::from_flags(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT).role(),
            Some(KeyRole::Authentication)
        );
    }

    #[test]
    fn a_mixture_of_usages_has_no_role() {
        for flags in [
            0,
            DIGITAL_SIGNATURE | NON_REPUDIATION,
            NON_REPUDIATION | KEY_ENCIPHERMENT,
            KEY_CERT_SIGN,
            0x61,
        ] {
            assert_eq!(KeyUsage::from_flags(flags).role(), None, "{flags:#x}");
        }
    }
}
