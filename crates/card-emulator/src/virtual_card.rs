//! What every virtual card offers, whatever its generation.

use card_apdu::Protocol;

/// A card as a reader sees it: it is powered, reset, and answers bytes with bytes.
pub trait VirtualCard: Send {
    /// The answer to reset.
    fn atr(&self) -> &[u8];

    /// The protocol that the card speaks with its reader.
    fn protocol(&self) -> Protocol;

    /// Warm reset, or power off and on: what the card knew since the last one is forgotten,
    /// verified codes first; what it holds in its memory stays.
    fn reset(&mut self);

    /// Answers one command as it came over the line.
    ///
    /// Every command gets an answer with a status word; a malformed one gets 6700 and changes nothing.
    fn process(&mut self, command: &[u8]) -> Vec<u8>;
}
