//! Cards known from before their insertion, and cards that turn out to be others.

use card_profiles::CardFiles;
use daemon_types::{Happening, ReaderId};

use super::{Inventory, current};
use crate::seen_cards::SeenCard;

impl Inventory {
    /// What is kept of a card.
    pub(crate) fn recall(&self, card: &SeenCard) -> Option<CardFiles> {
        let seen_cards = self.seen_cards.as_ref()?;
        seen_cards.recall(&self.settings.id_salt, card)
    }

    /// Keeps what was read of a card.
    pub(crate) fn keep(&self, card: &SeenCard, files: &CardFiles) {
        if let Some(seen_cards) = &self.seen_cards {
            seen_cards.keep(&self.settings.id_salt, card, files);
        }
    }

    /// Drops what is kept of a card.
    pub(crate) fn forget(&self, card: &SeenCard) {
        if let Some(seen_cards) = &self.seen_cards {
            seen_cards.forget(&self.settings.id_salt, card);
        }
    }

    /// Takes back a card that was not shown as it is, and gives the number of the stay that begins in
    /// its place, so that no work reaches the card that was meant for what was shown.
    pub(crate) fn begin_anew(&self, id: &ReaderId, insertion: u64) -> Option<u64> {
        let mut state = self.lock();
        current(&mut state, id, insertion)?;
        state.last_insertion += 1;
        let insertion = state.last_insertion;
        let reader = state.readers.get_mut(id)?;
        reader.insertion = insertion;
        reader.objects = None;
        let card = reader.card.take().map(|card| card.id);
        let reader = id.clone();
        self.events.push(Happening::CardRemoved { reader, card });
        Some(insertion)
    }
}
