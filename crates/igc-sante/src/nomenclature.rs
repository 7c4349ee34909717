//! French labels of the codes that cards carry.
//!
//! The built-in tables are data files, `nomenclature/*.csv`, whose format and sources their README gives.
//! A [`Nomenclature`] is these tables with the lines of newer files over them, whose text the caller reads.
//! A code that no table has is no error: it has no label.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::attribute_text::may_mislead;

/// A nomenclature table of the ANS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// G01: category of the product, in hexadecimal.
    CardCategories,
    /// G02: type of card.
    CardTypes,
    /// G08: kind of national identifier of a person.
    PersonIdentifiers,
    /// G15: professions.
    Professions,
    /// G16: professions in training.
    ProfessionsInTraining,
    /// R01: know-how, of which the specialties are built in.
    KnowHow,
    /// R02: sectors of activity.
    Sectors,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::CardCategories,
        Self::CardTypes,
        Self::PersonIdentifiers,
        Self::Professions,
        Self::ProfessionsInTraining,
        Self::KnowHow,
        Self::Sectors,
    ];

    /// The name of the table, which its file has too: `G15`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CardCategories => "G01",
            Self::CardTypes => "G02",
            Self::PersonIdentifiers => "G08",
            Self::Professions => "G15",
            Self::ProfessionsInTraining => "G16",
            Self::KnowHow => "R01",
            Self::Sectors => "R02",
        }
    }
}

/// The tables, built in and newer; the default is the built-in ones alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nomenclature {
    newer: BTreeMap<(Table, String), String>,
}

impl Nomenclature {
    /// The built-in tables alone.
    pub const BUILT_IN: &'static Self = &Self {
        newer: BTreeMap::new(),
    };

    /// Takes the lines of a newer file over what is known; all of them or, where one is wrong, none.
    ///
    /// # Errors
    ///
    /// [`TableError`] names the line that is not in the format of the built-in files.
    pub fn update(&mut self, table: Table, csv: &str) -> Result<(), TableError> {
        let mut lines = csv.strip_prefix('\u{FEFF}').unwrap_or(csv).lines();
        if lines.next() != Some(HEADER) {
            return Err(TableError { line: 1 });
        }
        let mut newer = BTreeMap::new();
        for (line, text) in (2..).zip(lines) {
            let (code, label) = entry(text).ok_or(TableError { line })?;
            newer.insert((table, code.to_owned()), label.to_owned());
        }
        self.newer.extend(newer);
        Ok(())
    }

    /// The French label of a code, `None` when no table has it.
    pub fn label(&self, table: Table, code: &str) -> Option<&str> {
        let newer = self.newer.get(&(table, code.to_owned()));
        newer.map(String::as_str).or_else(|| label(table, code))
    }
}

/// A line that is not `code;label`, or a first one that is not the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line} is not \"code;label\"")]
pub struct TableError {
    /// Its number, from 1.
    pub line: usize,
}

/// The French label that is built in for a code, `None` when the table does not have it.
///
/// ```
/// use igc_sante::nomenclature::{Table, label};
/// assert_eq!(label(Table::Professions, "10"), Some("Médecin"));
/// assert_eq!(label(Table::Professions, "00"), None);
/// ```
pub fn label(table: Table, code: &str) -> Option<&'static str> {
    let mut entries = content(table).lines().skip(1).filter_map(entry);
    let (_, label) = entries.find(|(known, _)| *known == code)?;
    Some(label)
}

/// A line, unless part of it is missing or too long for a person to read.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (code, label) = line.split_once(';')?;
    let is_text = |text: &str, longest: usize| {
        (1..=longest).contains(&text.chars().count())
            && text.trim() == text
            && !text.contains(|character: char| character == ';' || may_mislead(character))
    };
    (is_text(code, LONGEST_CODE) && is_text(label, LONGEST_LABEL)).then_some((code, label))
}

fn content(table: Table) -> &'static str {
    match table {
        Table::CardCategories => include_str!("../nomenclature/G01.csv"),
        Table::CardTypes => include_str!("../nomenclature/G02.csv"),
        Table::PersonIdentifiers => include_str!("../nomenclature/G08.csv"),
        Table::Professions => include_str!("../nomenclature/G15.csv"),
        Table::ProfessionsInTraining => include_str!("../nomenclature/G16.csv"),
        Table::KnowHow => include_str!("../nomenclature/R01.csv"),
        Table::Sectors => include_str!("../nomenclature/R02.csv"),
    }
}

const HEADER: &str = "code;label";
const LONGEST_CODE: usize = 16;
const LONGEST_LABEL: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_header_then_codes_in_ascending_order_with_labels() {
        for table in Table::ALL {
            let mut lines = content(table).lines();
            assert_eq!(lines.next(), Some(HEADER), "{table:?}");
            let codes: Vec<&str> = lines
                .map(|line| entry(line).unwrap_or_else(|| panic!("{table:?} {line}")).0)
                .collect();
            let is_ascending = |pair: &[&str]| (pair[0].len(), pair[0]) < (pair[1].len(), pair[1]);
            assert!(codes.windows(2).all(is_ascending), "{table:?}");
            let is_code = |code: &&str| code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(codes.iter().all(is_code), "{table:?}");
        }
    }

    #[test]
    fn the_professions_that_hold_cards_have_their_labels() {
        for (code, expected) in [
            ("10", "Médecin"),
            ("21", "Pharmacien"),
            ("26", "Audioprothésiste"),
            ("28", "Opticien-lunetier"),
            ("40", "Chirurgien-dentiste"),
            ("50", "Sage-femme"),
            ("60", "Infirmier"),
            ("70", "Masseur-kinésithérapeute"),
            ("80", "Pédicure-podologue"),
            ("91", "Orthophoniste"),
            ("92", "Orthoptiste"),
        ] {
            assert_eq!(label(Table::Professions, code), Some(expected));
        }
    }

    #[test]
    fn specialties_and_sectors_have_their_labels() {
        let specialty = label(Table::KnowHow, "SM26");
        assert_eq!(specialty, Some("Qualifié en médecine générale"));
        assert_eq!(
            label(Table::KnowHow, "SCD01"),
            Some("Orthopédie dento-faciale")
        );
        assert_eq!(label(Table::Sectors, "SA05"), Some("Centre de santé"));
        assert_eq!(label(Table::Sectors, "SA07"), Some("Cabinet individuel"));
    }

    #[test]
    fn a_label_does_not_leak_from_a_table_to_another() {
        assert_eq!(label(Table::ProfessionsInTraining, "60"), None);
        assert_eq!(label(Table::Professions, "code"), None);
    }

    #[test]
    fn a_newer_file_adds_and_replaces_and_takes_nothing_away() {
        let mut nomenclature = Nomenclature::default();
        let update = "\u{FEFF}code;label\r\n10;Docteur\r\n97;Profession nouvelle\r\n";
        nomenclature.update(Table::Professions, update).unwrap();
        let label = |table, code| nomenclature.label(table, code);
        assert_eq!(label(Table::Professions, "10"), Some("Docteur"));
        assert_eq!(label(Table::Professions, "97"), Some("Profession nouvelle"));
        assert_eq!(label(Table::Professions, "21"), Some("Pharmacien"));
        assert_eq!(label(Table::Professions, "99"), None);
        let other = label(Table::ProfessionsInTraining, "10");
        assert_eq!(other, Some("Médecin en formation"));
    }

    #[test]
    fn a_file_with_a_wrong_line_changes_nothing_and_the_line_is_named() {
        for (csv, line) in [
            ("", 1),
            ("10;Docteur", 1),
            ("code;label\n10;Docteur\n11", 3),
            ("code;label\n10;Docteur\n\n", 3),
            ("code;label\n10;Docteur\n11;a;b", 3),
            ("code;label\n10;Docteur\n;a", 3),
            ("code;label\n10;Docteur\n11;\u{1B}[2J", 3),
            ("code;label\n10;Docteur\n11;\u{202E}ruetcoD", 3),
            ("code;label\n10;Docteur\n11;Doc\u{200B}teur", 3),
        ] {
            let mut nomenclature = Nomenclature::default();
            let refused = nomenclature.update(Table::Professions, csv);
            assert_eq!(refused, Err(TableError { line }), "{csv:?}");
            assert_eq!(nomenclature, Nomenclature::default());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(csv: String, code: String) {
            let mut nomenclature = Nomenclature::default();
            for csv in [csv.as_str(), &format!("{HEADER}\n{csv}")] {
                let _ = nomenclature.update(Table::Sectors, csv);
            }
            let _ = nomenclature.label(Table::Sectors, &code);
        }
    }
}
