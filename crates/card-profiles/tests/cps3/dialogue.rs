//! A fixture in the place of a card, and the profile in front of it.

use std::path::{Path, PathBuf};

use card_profiles::{CardMemory, CpxCard, Recognition, recognise};
use card_transcript::{ReplayChannel, Transcript};

/// A card made of one fixture, and what the program remembers of it.
pub(crate) struct Dialogue {
    transcript: Transcript,
    channel: ReplayChannel,
    memory: CardMemory,
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Commands, GET RESPONSE included.
    pub(crate) commands: usize,
    /// Bytes both ways, status words included.
    pub(crate) bytes: usize,
}

impl Dialogue {
    /// With a card that was never seen.
    pub(crate) fn with_new_card(fixture: &str) -> Self {
        Self::begin(fixture, CardMemory::default())
    }

    /// With a card of which identity, codes and keys are known, as the agent knows them once it is idle.
    pub(crate) fn with_known_card(fixture: &str) -> Self {
        let mut reading = Self::with_card_read_once("read-keys.apdu");
        reading.transaction(|card| card.capabilities()).unwrap();
        Self::begin(fixture, reading.into_memory())
    }

    /// With a card of which identity and codes are known.
    pub(crate) fn with_card_read_once(fixture: &str) -> Self {
        let mut reading = Self::with_new_card("first-reading.apdu");
        reading.transaction(|card| {
            card.identity().unwrap();
            card.code_states().unwrap();
        });
        Self::begin(fixture, reading.into_memory())
    }

    fn begin(fixture: &str, memory: CardMemory) -> Self {
        let transcript = Transcript::load(&folder().join(fixture)).unwrap();
        Self {
            channel: ReplayChannel::new(transcript.clone(), fixture),
            transcript,
            memory,
        }
    }

    /// Supplies the bytes of a placeholder.
    pub(crate) fn with_value(mut self, name: &str, value: &[u8]) -> Self {
        self.channel = self.channel.with_value(name, value);
        self
    }

    /// The work of one transaction, by the profile that the ATR names.
    pub(crate) fn transaction<T>(&mut self, work: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
        let Recognition::Known(profile) = recognise(&self.transcript.header.atr) else {
            panic!("no profile for the ATR of the fixture");
        };
        work(&mut *profile.open(&mut self.channel, &mut self.memory))
    }

    /// Ends the dialogue, which must have been held as it is written.
    pub(crate) fn finish(self) -> Traffic {
        let traffic = Traffic {
            commands: self.channel.commands(),
            bytes: self.channel.bytes(),
        };
        if let Err(error) = self.channel.finish() {
            panic!("{error}");
        }
        traffic
    }

    fn into_memory(self) -> CardMemory {
        self.channel.finish().unwrap();
        self.memory
    }
}

/// Holds a dialogue of one transaction; what came of it is worth a look only when every command was the
/// one written.
pub(crate) fn check<T>(mut dialogue: Dialogue, work: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
    let outcome = dialogue.transaction(work);
    dialogue.finish();
    outcome
}

/// Folder of the fixtures.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apdu-fixtures/cps3")
}
