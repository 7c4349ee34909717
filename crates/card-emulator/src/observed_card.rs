//! A card whose dialogue somebody reads along.

use card_apdu::Protocol;

use crate::virtual_card::VirtualCard;

/// Sees every command and its answer, as they go over the line, codes included: for tests and
/// measurements.
pub type Observer = Box<dyn FnMut(&[u8], &[u8]) + Send>;

/// A virtual card with an [`Observer`].
pub struct ObservedCard {
    card: Box<dyn VirtualCard>,
    observer: Observer,
}

impl ObservedCard {
    /// Lets the observer see every command and answer of the card.
    #[must_use]
    pub fn new(card: Box<dyn VirtualCard>, observer: Observer) -> Self {
        Self { card, observer }
    }
}

impl VirtualCard for ObservedCard {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.process(command);
        (self.observer)(command, &answer);
        answer
    }
}

impl std::fmt::Debug for ObservedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObservedCard").finish_non_exhaustive()
    }
}
