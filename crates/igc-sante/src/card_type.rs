//! The type of a card of the CPx family.

use crate::nomenclature::{Table, label};

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

    /// The French name of the type, `None` for an unknown one.
    pub fn label(self) -> Option<&'static str> {
        label(Table::CardTypes, &format!("{:02}", self.code()))
    }
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
    fn the_table_has_every_known_type() {
        assert_eq!(CardType::Cpe.as_str(), "CPE");
        assert_eq!(
            CardType::Cps.label(),
            Some("Carte de professionnel de santé")
        );
        assert!((0..4).all(|code| CardType::from_code(code).label().is_some()));
        assert_eq!(CardType::Unknown(9).label(), None);
    }
}
