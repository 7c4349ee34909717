//! National identifiers of persons (ANS table G08).

/// The register that a national identifier comes from: its first digit (table G08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NationalIdKind {
    /// 0: ADELI number; the register is closed, old cards may still show it.
    Adeli,
    /// 1: ADELI practice and a number in its own register.
    AdeliPractice,
    /// 2: DRASS number of former house officers.
    Drass,
    /// 3: FINESS establishment and a number in its own register.
    Finess,
    /// 4: SIREN company and a number in its own register.
    Siren,
    /// 5: SIRET establishment and a number in its own register.
    Siret,
    /// 6: RPPS practice and a number in its own register.
    RppsPractice,
    /// 8: RPPS number.
    Rpps,
    /// 9: student number.
    Student,
    /// 10: MSSanté address.
    MsSante,
}

impl NationalIdKind {
    /// `RPPS`, `ADELI`, `FINESS`… in ASCII capitals; the kinds without a French acronym have an English word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adeli => "ADELI",
            Self::AdeliPractice => "ADELI-PRACTICE",
            Self::Drass => "DRASS",
            Self::Finess => "FINESS",
            Self::Siren => "SIREN",
            Self::Siret => "SIRET",
            Self::RppsPractice => "RPPS-PRACTICE",
            Self::Rpps => "RPPS",
            Self::Student => "STUDENT",
            Self::MsSante => "MSSANTE",
        }
    }

    /// The code in table G08.
    pub fn code(self) -> &'static str {
        match self {
            Self::Adeli => "0",
            Self::AdeliPractice => "1",
            Self::Drass => "2",
            Self::Finess => "3",
            Self::Siren => "4",
            Self::Siret => "5",
            Self::RppsPractice => "6",
            Self::Rpps => "8",
            Self::Student => "9",
            Self::MsSante => "10",
        }
    }

    fn of_value(value: &str) -> Option<Self> {
        // Table G08's only two-digit code shares its first digit with another; an address always has its sign.
        if value.starts_with("10") && value.contains('@') {
            return Some(Self::MsSante);
        }
        match value.chars().next()? {
            '0' => Some(Self::Adeli),
            '1' => Some(Self::AdeliPractice),
            '2' => Some(Self::Drass),
            '3' => Some(Self::Finess),
            '4' => Some(Self::Siren),
            '5' => Some(Self::Siret),
            '6' => Some(Self::RppsPractice),
            '8' => Some(Self::Rpps),
            '9' => Some(Self::Student),
            _ => None,
        }
    }
}

/// The national identifier of a person: kind digit, then the number in that register.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NationalId {
    /// The identifier as the certificate writes it, kind digit included: `8` and an RPPS number has 12 digits.
    pub value: String,
    /// The register that its first digit names.
    pub kind: NationalIdKind,
}

impl NationalId {
    /// Reads an identifier; `None` for a text that begins with no kind of table G08, or is not printable ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text
            .chars()
            .all(|character| character.is_ascii_graphic() || character == ' ');
        let kind = NationalIdKind::of_value(text).filter(|_| printable)?;
        Some(Self {
            value: text.to_owned(),
            kind,
        })
    }

    /// Whether the check digit of an RPPS number is right (Luhn over its 11 digits); `None` for the other kinds.
    ///
    /// A reason to warn, never to refuse: test identifiers do not all respect it, and some have letters.
    pub fn luhn_is_valid(&self) -> Option<bool> {
        const RPPS_DIGITS: usize = 11;
        if self.kind != NationalIdKind::Rpps {
            return None;
        }
        let number = self.value.get(1..).unwrap_or_default();
        let digits: Option<Vec<u32>> = number
            .chars()
            .map(|character| character.to_digit(10))
            .collect();
        Some(digits.is_some_and(|digits| {
            digits.len() == RPPS_DIGITS && luhn_sum(&digits).is_multiple_of(10)
        }))
    }
}

/// Sum of the Luhn algorithm (ISO/IEC 7812-1 annex B): every second digit from the right counts double, less 9 above 9.
fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, &digit)| {
            if position % 2 == 1 {
                doubled(digit)
            } else {
                digit
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nomenclature::{Table, label};

    fn kind(text: &str) -> Option<NationalIdKind> {
        NationalId::parse(text).map(|id| id.kind)
    }

    #[test]
    fn the_first_digit_names_the_register() {
        assert_eq!(kind("899700000001"), Some(NationalIdKind::Rpps));
        assert_eq!(kind("0990000001"), Some(NationalIdKind::Adeli));
        assert_eq!(kind("00B9900001"), Some(NationalIdKind::Adeli));
        assert_eq!(kind("3990000001/0000000042"), Some(NationalIdKind::Finess));
        assert_eq!(kind("1990000001/42"), Some(NationalIdKind::AdeliPractice));
        assert_eq!(
            kind("10camille.dupont@exemple.mssante.fr"),
            Some(NationalIdKind::MsSante)
        );
    }

    #[test]
    fn what_no_register_names_is_no_identifier() {
        for text in ["", "7990000001", "ACCUEIL URGENCES", "8\u{FFFD}1", "é"] {
            assert_eq!(NationalId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_kind_has_a_code_that_reads_back_and_a_label() {
        for code in ["0", "1", "2", "3", "4", "5", "6", "8", "9"] {
            assert_eq!(kind(code).unwrap().code(), code);
            assert!(label(Table::PersonIdentifiers, code).is_some(), "{code}");
        }
        let address = NationalIdKind::MsSante.code();
        let label = label(Table::PersonIdentifiers, address);
        assert_eq!(label, Some("Adresse MSSanté"));
    }

    #[test]
    fn luhn_is_checked_for_rpps_only() {
        let luhn = |text| NationalId::parse(text).unwrap().luhn_is_valid();
        assert_eq!(luhn("899700000005"), Some(true));
        assert_eq!(luhn("899700000001"), Some(false));
        assert_eq!(luhn("80B000000001"), Some(false), "letters");
        assert_eq!(luhn("8"), Some(false), "too short");
        assert_eq!(luhn("0990000001"), None);
    }
}
