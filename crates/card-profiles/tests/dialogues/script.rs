//! A transcript in the place of the card, and the values that it leaves open.

use std::path::Path;

use card_emulator::{CardParameters, Cps3Card, VirtualCard, VirtualReaders};
use card_profiles::{CardMemory, CpxCard, Profile};
use card_transcript::ReplayChannel;
use secrets::{Pin, UnblockCode};
use time::macros::datetime;

pub(crate) const HASH: [u8; 32] = [0xA7; 32];
pub(crate) const SIGNATURE: [u8; 256] = [0x51; 256];

/// A card of a transcript, played by a profile.
pub(crate) struct Script {
    profile: Profile,
    channel: ReplayChannel,
    memory: CardMemory,
}

impl Script {
    pub(crate) fn of(profile: Profile, name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apdu-fixtures");
        Self {
            profile,
            channel: ReplayChannel::load(&folder.join(name)).unwrap(),
            memory: CardMemory::default(),
        }
    }

    /// A CPS4 of which codes and keys were read already.
    pub(crate) fn known_cps4(name: &str) -> Self {
        let mut memory = CardMemory::default();
        let mut first = Self::of(Profile::Cps4, "cps4/read-keys.apdu").channel;
        let capabilities = Profile::Cps4.open(&mut first, &mut memory).capabilities();
        first.finish().unwrap();
        capabilities.unwrap();
        let mut script = Self::of(Profile::Cps4, &format!("cps4/{name}.apdu"));
        script.memory = memory;
        script
    }

    /// A CPS3 of which codes and keys were read already, on a virtual card of the same content.
    pub(crate) fn known_cps3(name: &str) -> Self {
        let card = Cps3Card::new(&parameters()).unwrap();
        Self::known(Profile::Cps3, Box::new(card), &format!("cps3/{name}.apdu"))
    }

    /// The same without contacts.
    pub(crate) fn known_contactless_cps3(name: &str) -> Self {
        let card = Cps3Card::contactless(&parameters()).unwrap();
        let name = format!("cps3/{name}.apdu");
        Self::known(Profile::Cps3Contactless, Box::new(card), &name)
    }

    fn known(profile: Profile, card: Box<dyn VirtualCard>, name: &str) -> Self {
        let readers = VirtualReaders::with_count(1);
        let reader = readers.state().readers.remove(0).name;
        readers.insert(&reader, card).unwrap();
        let mut channel = readers.connect(&reader).unwrap();
        let mut script = Self::of(profile, name);
        let mut card = profile.open(&mut channel, &mut script.memory);
        card.read_serial_number().unwrap();
        card.capabilities().unwrap();
        drop(card);
        script
    }

    pub(crate) fn with(mut self, name: &str, value: &[u8]) -> Self {
        self.channel = self.channel.with_value(name, value);
        self
    }

    /// Plays the whole script and fails if the profile left it; returns the number of commands too.
    pub(crate) fn counted<T>(mut self, act: impl FnOnce(&mut dyn CpxCard) -> T) -> (T, usize) {
        let outcome = act(&mut *self.profile.open(&mut self.channel, &mut self.memory));
        let commands = self.channel.commands();
        self.channel.finish().unwrap();
        (outcome, commands)
    }

    pub(crate) fn play<T>(self, act: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
        self.counted(act).0
    }
}

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

pub(crate) fn pin(digits: &[u8]) -> Pin {
    Pin::new(digits).unwrap()
}

pub(crate) fn unblock_code(digits: &[u8]) -> UnblockCode {
    UnblockCode::new(digits).unwrap()
}
