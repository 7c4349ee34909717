//! What a reader holds, made of the bits that SCardGetStatusChange reports.

use card_apdu::Atr;
use pcsc::State;

/// One reader, as it was when something last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// Name by which PC/SC knows the reader; [`connect`](crate::connect) takes it.
    pub name: String,
    /// What is in the reader.
    pub presence: Presence,
    /// Another program holds the reader for itself. PC/SC tells it together
    /// with the next change and not at once: to be sure, connect.
    pub in_use_exclusively: bool,
    /// Number of insertions and removals that PC/SC counted, modulo 65536 (always
    /// 0 on macOS). A card taken out and put back between two looks shows here.
    pub card_changes: u32,
}

/// What is in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// No card.
    Empty,
    /// A card that answered its reset.
    Card {
        /// Its answer to reset; `None` when it does not parse, or when the card
        /// has not been powered yet.
        atr: Option<Atr>,
    },
    /// A card that does not answer: put in the wrong way round, or broken.
    Mute,
    /// The reader itself does not answer, or is about to leave the list.
    Unreachable,
}

impl ReaderState {
    /// Reads the event state of one reader (SCARD_READERSTATE in PC/SC part 5).
    pub(crate) fn from_event(name: String, event: State, card_changes: u32, atr: &[u8]) -> Self {
        Self {
            name,
            presence: presence(event, atr),
            in_use_exclusively: event.contains(State::EXCLUSIVE),
            card_changes,
        }
    }
}

fn presence(event: State, atr: &[u8]) -> Presence {
    if event.intersects(State::UNKNOWN | State::UNAVAILABLE) {
        Presence::Unreachable
    } else if event.contains(State::EMPTY) {
        Presence::Empty
    } else if event.contains(State::MUTE) {
        Presence::Mute
    } else if event.contains(State::PRESENT) {
        Presence::Card {
            atr: Atr::parse(atr).ok(),
        }
    } else {
        Presence::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATR: [u8; 4] = [0x3B, 0x02, 0x14, 0x50];

    fn presence_of(event: State, atr: &[u8]) -> Presence {
        ReaderState::from_event("Reader".to_owned(), event, 0, atr).presence
    }

    #[test]
    fn a_card_that_answered_is_shown_with_its_atr() {
        let atr = Some(Atr::parse(&ATR).unwrap());
        let event = State::CHANGED | State::PRESENT | State::INUSE;
        assert_eq!(presence_of(event, &ATR), Presence::Card { atr });
    }

    #[test]
    fn a_card_whose_atr_does_not_parse_is_still_a_card() {
        let card = Presence::Card { atr: None };
        assert_eq!(presence_of(State::PRESENT, &[0x00, 0x01]), card);
        let unpowered = State::PRESENT | State::UNPOWERED;
        assert_eq!(presence_of(unpowered, &[]), card);
    }

    #[test]
    fn a_mute_card_is_not_shown_as_a_card() {
        let event = State::PRESENT | State::MUTE;
        assert_eq!(presence_of(event, &[]), Presence::Mute);
    }

    #[test]
    fn an_empty_reader_is_empty_whatever_atr_is_left_in_the_buffer() {
        assert_eq!(presence_of(State::EMPTY, &ATR), Presence::Empty);
    }

    #[test]
    fn a_reader_that_is_unknown_unavailable_or_says_nothing_is_unreachable() {
        let leaving = State::UNKNOWN | State::UNAVAILABLE | State::CHANGED;
        for event in [leaving, State::UNAVAILABLE | State::EMPTY, State::CHANGED] {
            assert_eq!(presence_of(event, &[]), Presence::Unreachable, "{event:?}");
        }
    }

    #[test]
    fn only_exclusive_use_makes_a_reader_busy() {
        let state = |event| ReaderState::from_event("Reader".to_owned(), event, 0, &ATR);
        assert!(state(State::PRESENT | State::EXCLUSIVE).in_use_exclusively);
        assert!(!state(State::PRESENT | State::INUSE).in_use_exclusively);
    }

    #[test]
    fn a_card_out_and_in_again_makes_a_different_state() {
        let state =
            |changes| ReaderState::from_event("Reader".to_owned(), State::PRESENT, changes, &ATR);
        assert_ne!(state(1), state(3));
    }
}
