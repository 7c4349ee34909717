//! The type of a card of the CPx family.

use crate::distinguished_name::attribute_texts;
use crate::oids;
use thiserror::Error;
use x509_parser::x509::X509Name;

/// The type of card (ANS table G02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardType {
    /// Health professional.
    Cps,
    /// Health professional in training.
    Cpf,
    /// Staff of a health establishment; a CDE is a CPE under its former name.
    Cpe,
    /// Authorised staff; a CDA is a CPA under its former name.
    Cpa,
    /// A code that this version of the table does not have.
    Unknown(u32),
}

impl CardType {
    /// The type that a code of table G02 means.
    pub fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Cps,
            1 => Self::Cpf,
            2 => Self::Cpe,
            3 => Self::Cpa,
            other => Self::Unknown(other),
        }
    }

    /// The code in table G02.
    pub fn code(self) -> u32 {
        match self {
            Self::Cps => 0,
            Self::Cpf => 1,
            Self::Cpe => 2,
            Self::Cpa => 3,
            Self::Unknown(code) => code,
        }
    }

    /// `CPS`, `CPF`, `CPE`, `CPA`, or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cps => "CPS",
            Self::Cpf => "CPF",
            Self::Cpe => "CPE",
            Self::Cpa => "CPA",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The type that the extension says, unless the issuer is an authority of other types.
    ///
    /// An authority issues two types each, so its name alone decides none.
    pub(crate) fn decide(
        extension: Option<Self>,
        issuer: Option<IssuedTypes>,
    ) -> Result<Option<Self>, CardTypeContradiction> {
        match (extension, issuer) {
            (Some(extension), Some(issuer)) if issuer.excludes(extension) => {
                Err(CardTypeContradiction { extension, issuer })
            }
            _ => Ok(extension),
        }
    }
}

/// The types of card that an authority of the IGC-Santé issues.
///
/// That the level of an authority tells them was read in a public program, not in a document of the ANS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedTypes {
    /// FORT PERSONNES: professionals, CPS and CPF.
    Professionals,
    /// STANDARD PERSONNES: staff without a profession, CPE and CPA.
    Staff,
}

impl IssuedTypes {
    /// What the issuer's name says; the name of another authority says nothing.
    pub(crate) fn of_issuer(issuer: &X509Name<'_>) -> Option<Self> {
        let common_names = attribute_texts(issuer, oids::COMMON_NAME);
        let mut said = common_names.iter().filter_map(|name| {
            match name.strip_prefix("TEST ").unwrap_or(name) {
                "AC IGC-SANTE FORT PERSONNES" => Some(Self::Professionals),
                "AC IGC-SANTE STANDARD PERSONNES" => Some(Self::Staff),
                _ => None,
            }
        });
        said.next()
    }

    /// A type that no table has may come from anybody.
    fn excludes(self, card_type: CardType) -> bool {
        match card_type {
            CardType::Cps | CardType::Cpf => self == Self::Staff,
            CardType::Cpe | CardType::Cpa => self == Self::Professionals,
            CardType::Unknown(_) => false,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Professionals => "CPS and CPF",
            Self::Staff => "CPE and CPA",
        }
    }
}

/// The issuer is not one that issues cards of the type that the extension says, so the type is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "type of the card is undecided: its extension says {}, its issuer issues {}",
    .extension.as_str(),
    .issuer.as_str()
)]
pub struct CardTypeContradiction {
    /// What the extension `1.2.250.1.71.1.2.2` says.
    pub extension: CardType,
    /// What the issuer's name says.
    pub issuer: IssuedTypes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for code in [0, 1, 2, 3, 4, u32::MAX] {
            assert_eq!(CardType::from_code(code).code(), code);
        }
    }

    #[test]
    fn issuer_and_extension_decide_together() {
        use CardType::{Cpa, Cpe, Cpf, Cps, Unknown};
        use IssuedTypes::{Professionals, Staff};
        for (issuer, its_own, others) in [
            (Professionals, [Cps, Cpf], [Cpe, Cpa]),
            (Staff, [Cpe, Cpa], [Cps, Cpf]),
        ] {
            for extension in its_own.into_iter().chain([Unknown(9)]) {
                let decided = CardType::decide(Some(extension), Some(issuer));
                assert_eq!(decided, Ok(Some(extension)));
            }
            for extension in others {
                let decided = CardType::decide(Some(extension), Some(issuer));
                assert_eq!(decided, Err(CardTypeContradiction { extension, issuer }));
                assert_eq!(CardType::decide(Some(extension), None), Ok(Some(extension)));
            }
            assert_eq!(CardType::decide(None, Some(issuer)), Ok(None));
        }
    }
}
