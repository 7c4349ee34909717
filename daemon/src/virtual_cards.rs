//! The virtual cards of the demo.

use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, Cps3Card, VirtualReaders};
use time::OffsetDateTime;

use crate::command_line::CardKind;

/// One reader for each card, each card with a holder of its own.
pub(crate) fn insert_demo_cards(
    kinds: &[CardKind],
    now: OffsetDateTime,
) -> anyhow::Result<VirtualReaders> {
    if kinds.len() > KEY_SETS.len() {
        anyhow::bail!("there are test keys for {} virtual cards", KEY_SETS.len());
    }
    let readers = VirtualReaders::with_count(kinds.len());
    let names = readers
        .state()
        .readers
        .into_iter()
        .map(|reader| reader.name);
    for ((kind, key_set), reader) in kinds.iter().zip(KEY_SETS).zip(names) {
        let parameters = CardParameters::demo_card(key_set, now);
        let card = match kind {
            CardKind::Cps3 => Cps3Card::new(&parameters)?,
        };
        readers.insert(&reader, Box::new(card))?;
    }
    Ok(readers)
}

/// The code of every demo card, which stands in the README.
pub(crate) const DEMO_PIN: &[u8] = b"1234";

const KEY_SETS: [KeySet; 4] = [KeySet::First, KeySet::Second, KeySet::Third, KeySet::Fourth];
