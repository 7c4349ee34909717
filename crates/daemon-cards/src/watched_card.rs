//! A card each of whose calls is watched, so that one that does not come back is noticed, and so is
//! a card that answers in time and never comes to an end.

use std::sync::Arc;
use std::time::Instant;

use card_apdu::{
    Atr, CardChannel, Keypad, KeypadAbilities, KeypadEntry, Protocol, ReaderFault, WireBytes,
};

use crate::call_watch::{Calls, WaitsFor};
use crate::source::{CardConnection, CardTransaction, ConnectCard, WayToCard};

/// Opens cards of another connector.
pub(crate) struct WatchedConnector {
    pub(crate) connector: Arc<dyn ConnectCard>,
    pub(crate) calls: Arc<Calls>,
}

impl ConnectCard for WatchedConnector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let connect = || self.connector.connect(reader);
        Ok(Box::new(WatchedConnection {
            connection: self.calls.during(WaitsFor::Turn, connect)?,
            calls: Arc::clone(&self.calls),
        }))
    }
}

struct WatchedConnection {
    connection: Box<dyn CardConnection>,
    calls: Arc<Calls>,
}

impl CardConnection for WatchedConnection {
    fn atr(&self) -> Option<&Atr> {
        self.connection.atr()
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        let mut transaction = self
            .calls
            .during(WaitsFor::Turn, || self.connection.transaction())?;
        let WayToCard::Channel(channel) = transaction.way() else {
            // Whoever drives the card watches its calls.
            return Ok(transaction);
        };
        Ok(Box::new(WatchedTransaction {
            protocol: channel.protocol(),
            transaction,
            keypad: KeypadAbilities::NONE,
            began: Instant::now(),
            calls: Arc::clone(&self.calls),
        }))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        let reconnect = || self.connection.reconnect();
        self.calls.during(WaitsFor::Turn, reconnect)
    }
}

struct WatchedTransaction<'a> {
    transaction: Box<dyn CardTransaction + 'a>,
    protocol: Protocol,
    keypad: KeypadAbilities,
    began: Instant,
    calls: Arc<Calls>,
}

impl WatchedTransaction<'_> {
    fn channel(&mut self) -> Result<&mut dyn CardChannel, ReaderFault> {
        match self.transaction.way() {
            WayToCard::Channel(channel) => Ok(channel),
            WayToCard::Card(_) => Err(ReaderFault::ReaderGone),
        }
    }
}

impl CardTransaction for WatchedTransaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        let Self {
            transaction, calls, ..
        } = *self;
        calls.during(WaitsFor::Card, || transaction.end_with_reset())
    }
}

impl CardChannel for WatchedTransaction<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        if self.began.elapsed() > self.calls.transaction_time() {
            tracing::warn!(event = "card-endless", "a card does not come to an end");
            return Err(ReaderFault::Mute);
        }
        let calls = Arc::clone(&self.calls);
        let channel = self.channel()?;
        calls.during(WaitsFor::Card, || channel.exchange(command))
    }

    fn keypad(&mut self) -> Option<&mut dyn Keypad> {
        self.keypad = self.channel().ok()?.keypad()?.abilities();
        Some(self)
    }
}

impl Keypad for WatchedTransaction<'_> {
    fn abilities(&self) -> KeypadAbilities {
        self.keypad
    }

    /// A human is waited for here, for a time that does not count as the card's.
    fn enter(&mut self, entry: &KeypadEntry) -> Result<Vec<u8>, ReaderFault> {
        let since = Instant::now();
        let calls = Arc::clone(&self.calls);
        let channel = self.channel()?;
        let enter = || match channel.keypad() {
            Some(keypad) => keypad.enter(entry),
            None => Err(ReaderFault::ReaderGone),
        };
        let answer = calls.during_entry(entry.longest_time(), enter);
        self.began += since.elapsed();
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use card_apdu::{
        ChannelError, CommandApdu, ExpectedLen, KeypadAnswer, KeypadCodes, KeypadFormat,
        KeypadTime, StatusWord,
    };
    use daemon_types::ReaderId;

    use super::*;
    use crate::call_watch::CallWatch;

    const CALL_TIME: Duration = Duration::from_millis(1);

    /// Gives a byte a call, each in time, of an answer that is never whole.
    struct Endless;

    impl CardChannel for Endless {
        fn protocol(&self) -> Protocol {
            Protocol::T0
        }

        fn exchange(&mut self, _command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
            thread::sleep(CALL_TIME);
            Ok(vec![0x00, 0x61, 0x01])
        }
    }

    impl CardTransaction for Endless {
        fn way(&mut self) -> WayToCard<'_> {
            WayToCard::Channel(self)
        }

        fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
            Ok(())
        }
    }

    #[test]
    fn a_card_that_answers_in_time_and_never_ends_counts_as_mute_and_is_still_reset() {
        let watch = CallWatch::new(CALL_TIME);
        let mut transaction = Box::new(WatchedTransaction {
            transaction: Box::new(Endless),
            protocol: Protocol::T0,
            keypad: KeypadAbilities::NONE,
            began: Instant::now(),
            calls: Calls::of_worker(ReaderId("reader".into()), &watch),
        });
        let read = CommandApdu::new(0x00, 0xB0, 0x00, 0x00);
        let read = read.with_le(ExpectedLen::AsMuchAsPossible);
        let outcome = transaction.transmit(&read);
        assert_eq!(outcome, Err(ChannelError::Reader(ReaderFault::Mute)));
        assert!(transaction.end_with_reset().is_ok());
    }

    /// A reader at which somebody types for longer than a transaction may last.
    struct SlowHands;

    impl CardChannel for SlowHands {
        fn protocol(&self) -> Protocol {
            Protocol::T1
        }

        fn exchange(&mut self, _command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
            Ok(vec![0x90, 0x00])
        }

        fn keypad(&mut self) -> Option<&mut dyn Keypad> {
            Some(self)
        }
    }

    impl Keypad for SlowHands {
        fn abilities(&self) -> KeypadAbilities {
            KeypadAbilities {
                verifies: true,
                ..KeypadAbilities::NONE
            }
        }

        fn enter(&mut self, _entry: &KeypadEntry) -> Result<Vec<u8>, ReaderFault> {
            thread::sleep(CALL_TIME * 100);
            Ok(vec![0x63, 0xC2])
        }
    }

    impl CardTransaction for SlowHands {
        fn way(&mut self) -> WayToCard<'_> {
            WayToCard::Channel(self)
        }

        fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
            Ok(())
        }
    }

    #[test]
    fn the_time_in_which_somebody_types_is_not_the_cards() {
        let watch = CallWatch::new(CALL_TIME);
        let mut transaction = WatchedTransaction {
            transaction: Box::new(SlowHands),
            protocol: Protocol::T1,
            keypad: KeypadAbilities::NONE,
            began: Instant::now(),
            calls: Calls::of_worker(ReaderId("reader".into()), &watch),
        };
        let entry = KeypadEntry {
            command: [0x00, 0x20, 0x00, 0x01],
            codes: KeypadCodes::Present,
            format: KeypadFormat {
                minimum_len: 4,
                maximum_len: 4,
                block: None,
            },
            time: KeypadTime::of(Duration::from_secs(30)),
        };
        let wrong = KeypadAnswer::Card(StatusWord(0x63C2));
        assert_eq!(transaction.enter_at_keypad(&entry), Ok(wrong));
        assert!(
            transaction
                .keypad()
                .is_some_and(|keypad| keypad.abilities().verifies)
        );
        let command = CommandApdu::new(0x00, 0x20, 0x00, 0x01);
        assert!(transaction.transmit(&command).is_ok());
    }
}
