//! The ready-made keys: TEST ONLY, NOT SECRET (`keys/README.md`).

use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;

use super::{KeyRole, Level, PkiError};

/// Which of the ready-made pairs of keys a card carries.
///
/// Two cards with different sets have different keys, as two real cards have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeySet {
    /// Set 1.
    #[default]
    First,
    /// Set 2.
    Second,
    /// Set 3.
    Third,
    /// Set 4.
    Fourth,
}

impl KeySet {
    /// All sets, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::First, Self::Second, Self::Third, Self::Fourth];

    /// The set with this number, 1 to 4.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|set| Some(set.index()) == number.checked_sub(1))
    }

    /// Its place among all sets, from 0.
    pub(crate) fn index(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => 1,
            Self::Third => 2,
            Self::Fourth => 3,
        }
    }

    /// The private key of one role.
    ///
    /// # Errors
    /// [`PkiError::Key`] when the committed file is no PKCS#8 key.
    pub(crate) fn private_key(self, role: KeyRole) -> Result<RsaPrivateKey, PkiError> {
        read_key(self.pkcs8(role))
    }

    fn pkcs8(self, role: KeyRole) -> &'static [u8] {
        use KeyRole::{Authentication, Signature, Technical};
        match (self, role) {
            (Self::First, Authentication) => {
                include_bytes!("../../keys/test-card-1-authentication.pk8")
            }
            (Self::First, Signature) => include_bytes!("../../keys/test-card-1-signature.pk8"),
            (Self::First, Technical) => include_bytes!("../../keys/test-card-1-technical.pk8"),
            (Self::Second, Authentication) => {
                include_bytes!("../../keys/test-card-2-authentication.pk8")
            }
            (Self::Second, Signature) => include_bytes!("../../keys/test-card-2-signature.pk8"),
            (Self::Second, Technical) => include_bytes!("../../keys/test-card-2-technical.pk8"),
            (Self::Third, Authentication) => {
                include_bytes!("../../keys/test-card-3-authentication.pk8")
            }
            (Self::Third, Signature) => include_bytes!("../../keys/test-card-3-signature.pk8"),
            (Self::Third, Technical) => include_bytes!("../../keys/test-card-3-technical.pk8"),
            (Self::Fourth, Authentication) => {
                include_bytes!("../../keys/test-card-4-authentication.pk8")
            }
            (Self::Fourth, Signature) => include_bytes!("../../keys/test-card-4-signature.pk8"),
            (Self::Fourth, Technical) => include_bytes!("../../keys/test-card-4-technical.pk8"),
        }
    }
}

pub(super) fn root_key(level: Level) -> Result<RsaPrivateKey, PkiError> {
    read_key(match level {
        Level::Fort => include_bytes!("../../keys/test-root.pk8"),
        Level::Standard => include_bytes!("../../keys/test-standard-root.pk8"),
    })
}

pub(super) fn intermediate_key(level: Level) -> Result<RsaPrivateKey, PkiError> {
    read_key(match level {
        Level::Fort => include_bytes!("../../keys/test-intermediate.pk8"),
        Level::Standard => include_bytes!("../../keys/test-standard-intermediate.pk8"),
    })
}

fn read_key(pkcs8: &[u8]) -> Result<RsaPrivateKey, PkiError> {
    Ok(RsaPrivateKey::from_pkcs8_der(pkcs8)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::traits::PublicKeyParts;

    #[test]
    fn no_two_keys_are_the_same() {
        let roles = [
            KeyRole::Authentication,
            KeyRole::Signature,
            KeyRole::Technical,
        ];
        let cards = KeySet::ALL
            .into_iter()
            .flat_map(|set| roles.map(|role| set.private_key(role).unwrap()));
        let authorities = Level::ALL
            .into_iter()
            .flat_map(|level| [root_key(level).unwrap(), intermediate_key(level).unwrap()]);
        let mut moduli: Vec<_> = cards
            .chain(authorities)
            .map(|key| key.n().clone())
            .collect();
        moduli.sort();
        moduli.dedup();
        assert_eq!(moduli.len(), 16);
        assert!(moduli.iter().all(|modulus| modulus.bits() == 2048));
    }

    #[test]
    fn a_set_is_found_by_its_number() {
        assert_eq!(KeySet::from_number(1), Some(KeySet::First));
        assert_eq!(KeySet::from_number(4), Some(KeySet::Fourth));
        assert_eq!(KeySet::from_number(0), None);
        assert_eq!(KeySet::from_number(5), None);
    }
}
