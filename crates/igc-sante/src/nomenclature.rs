//! French labels of the codes that certificates carry.
//!
//! The tables are data files, `nomenclature/*.csv`, whose format and sources their README gives.
//! A code that a table does not have is no error: it has no label.

/// A nomenclature table of the ANS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

/// The French label of a code, `None` when the table does not have it.
///
/// ```
/// use igc_sante::nomenclature::{Table, label};
/// assert_eq!(label(Table::Professions, "10"), Some("Médecin"));
/// assert_eq!(label(Table::Professions, "00"), None);
/// ```
pub fn label(table: Table, code: &str) -> Option<&'static str> {
    entries(table)
        .find(|(known, _)| *known == code)
        .map(|(_, label)| label)
}

/// The codes of a table and their labels, in ascending order of codes.
pub fn entries(table: Table) -> impl Iterator<Item = (&'static str, &'static str)> {
    content(table)
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(';'))
}

fn content(table: Table) -> &'static str {
    match table {
        Table::CardCategories => include_str!("../nomenclature/G01.csv"),
        Table::CardTypes => include_str!("../nomenclature/G02.csv"),
        Table::PersonIdentifiers => include_str!("../nomenclature/G08.csv"),
        Table::Professions => include_str!("../nomenclature/G15.csv"),
        Table::ProfessionsInTraining => include_str!("../nomenclature/G16.csv"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: [Table; 5] = [
        Table::CardCategories,
        Table::CardTypes,
        Table::PersonIdentifiers,
        Table::Professions,
        Table::ProfessionsInTraining,
    ];

    #[test]
    fn every_table_has_a_header_then_codes_in_ascending_order_with_labels() {
        for table in TABLES {
            let mut lines = content(table).lines();
            assert_eq!(lines.next(), Some("code;label"), "{table:?}");
            let mut previous = None;
            for line in lines {
                let (code, label) = line.split_once(';').unwrap();
                let number: u32 = code.parse().unwrap();
                assert!(previous < Some(number), "{table:?} {line}");
                assert!(
                    !label.is_empty() && label.trim() == label && !label.contains(';'),
                    "{table:?} {line}"
                );
                previous = Some(number);
            }
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
    fn a_label_does_not_leak_from_a_table_to_another() {
        assert_eq!(label(Table::ProfessionsInTraining, "60"), None);
        assert_eq!(label(Table::Professions, "code"), None);
    }
}
