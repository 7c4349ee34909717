//! A virtual card that no program of ours makes, plugged into vpcd by the test itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use card_emulator::vpcd::VpcdReader;
use card_emulator::{CardParameters, ClaimedEnvironment, Cps3Card, ObservedCard};
use time::OffsetDateTime;

/// A CPS3 in a reader for as long as the service of the reader runs, with a count of codes sent to it.
#[derive(Debug)]
pub struct OddCard {
    codes: Arc<AtomicUsize>,
}

impl OddCard {
    /// Plugs in a card whose certificates claim this environment.
    #[must_use]
    pub fn plug(address: &str, claimed: ClaimedEnvironment) -> Self {
        let mut parameters = CardParameters::new(OffsetDateTime::now_utc());
        parameters.claimed_environment = claimed;
        let card = Cps3Card::new(&parameters).expect("a card");
        let codes = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&codes);
        let observer = move |command: &[u8], _: &[u8]| {
            if carries_a_code(command) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        };
        let mut card = ObservedCard::new(Box::new(card), Box::new(observer));
        let reader = VpcdReader::connect(address).expect("vpcd");
        thread::spawn(move || reader.serve(&mut card));
        Self { codes }
    }

    /// How many commands with a code reached it.
    #[must_use]
    pub fn codes_sent(&self) -> usize {
        self.codes.load(Ordering::SeqCst)
    }
}

/// VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER with data; a VERIFY without asks for the counter.
fn carries_a_code(command: &[u8]) -> bool {
    matches!(command, [_, 0x20 | 0x24 | 0x2C, _, _, _, _, ..])
}
