//! The virtual cards of the demo.

use anyhow::Context as _;
use card_emulator::pki::KeySet;
use card_emulator::{DemoCard, VirtualReaders};
use time::OffsetDateTime;

/// One reader for each card, each card with a number of its own.
pub(crate) fn insert_demo_cards(
    kinds: &[DemoCard],
    now: OffsetDateTime,
) -> anyhow::Result<VirtualReaders> {
    let readers = VirtualReaders::with_count(kinds.len());
    let names = readers
        .state()
        .readers
        .into_iter()
        .map(|reader| reader.name);
    for ((kind, key_set), reader) in key_sets(kinds)?.into_iter().zip(names) {
        readers.insert(&reader, kind.make(key_set, now)?)?;
    }
    Ok(readers)
}

/// A set of keys for each card, and with it a holder: another one for each card as long as there
/// are some, and never the same card twice.
fn key_sets(kinds: &[DemoCard]) -> anyhow::Result<Vec<(DemoCard, KeySet)>> {
    let mut given: Vec<(DemoCard, KeySet)> = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        let is_free = |key_set: &KeySet| {
            let taken = (one_card(*kind), *key_set);
            given
                .iter()
                .all(|(kind, key_set)| (one_card(*kind), *key_set) != taken)
        };
        let in_turn = KeySet::ALL.into_iter().cycle().skip(place);
        let free = in_turn.take(KeySet::ALL.len()).find(is_free);
        let free = free.with_context(|| {
            let count = KeySet::ALL.len();
            format!("there are test keys for {count} virtual cards of the kind {kind}")
        })?;
        given.push((*kind, free));
    }
    Ok(given)
}

/// Both sides of a CPS3 are one card.
fn one_card(kind: DemoCard) -> DemoCard {
    match kind {
        DemoCard::Cps3Contactless => DemoCard::Cps3,
        DemoCard::Cps3
        | DemoCard::Cps4
        | DemoCard::Cpf
        | DemoCard::Cpe
        | DemoCard::CpeNonNominative
        | DemoCard::Cpa => kind,
    }
}

/// The code of every demo card, which stands in the README.
pub(crate) const DEMO_PIN: &[u8] = b"1234";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_card_is_there_twice() {
        let kinds = [DemoCard::ALL, DemoCard::ALL].concat();
        let given = key_sets(&kinds).unwrap();
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut numbers: Vec<_> = given
            .iter()
            .map(|(kind, key_set)| kind.parameters(*key_set, now).number.to_string())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), kinds.len());
    }

    #[test]
    fn the_first_cards_have_holders_of_their_own() {
        let kinds = [
            DemoCard::Cps3,
            DemoCard::Cps4,
            DemoCard::Cps3Contactless,
            DemoCard::Cpe,
        ];
        let given = key_sets(&kinds).unwrap();
        let holders: Vec<_> = given.into_iter().map(|(_, key_set)| key_set).collect();
        assert_eq!(holders, KeySet::ALL);
    }

    #[test]
    fn a_fifth_card_of_one_kind_is_one_too_many() {
        assert!(key_sets(&[DemoCard::Cpa; 4]).is_ok());
        let error = key_sets(&[DemoCard::Cpa; 5]).unwrap_err().to_string();
        assert!(error.contains("of the kind cpa"), "{error}");
    }
}
