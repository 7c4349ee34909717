//! What is kept of the cards seen before, so that the next insertion is quick.
//!
//! An entry is believed only while it is whole, of this installation, of this card and its interface,
//! and younger than [`LIFETIME`]; any other counts as none, and is replaced. Whether the card still
//! holds the same certificates is asked of the card itself, before a key is used.

mod record;

use std::time::{Duration, SystemTime};

use card_profiles::CardFiles;
use ring::hmac;

use self::record::Record;

/// Where entries are kept, each by a name that tells nothing; implemented in `daemon/`.
///
/// An entry may be lost or damaged at any time: it is only there to save time.
pub trait EntryStore: Send + Sync {
    /// The entry of this name, if there is one.
    fn read(&self, name: &str) -> Option<Vec<u8>>;

    /// Puts an entry in the place of the one before.
    fn write(&self, name: &str, entry: &[u8]);

    /// Drops an entry.
    fn remove(&self, name: &str);
}

/// The cards seen before.
pub struct SeenCards {
    store: Box<dyn EntryStore>,
    now: fn() -> SystemTime,
}

/// Which card an entry is of: the two interfaces of one card show different files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenCard {
    pub(crate) serial_number: String,
    pub(crate) atr: String,
}

impl SeenCards {
    /// The cards that a store has entries of; `now` is the clock by which they expire.
    #[must_use]
    pub fn new(store: Box<dyn EntryStore>, now: fn() -> SystemTime) -> Self {
        Self { store, now }
    }

    /// What is kept of a card.
    pub(crate) fn recall(&self, salt: &[u8; 32], card: &SeenCard) -> Option<CardFiles> {
        let entry = self.store.read(&name(salt, card))?;
        let record = Record::parse(&entry, &entry_key(salt))
            .inspect_err(|error| tracing::warn!(event = "card-memory-not-believed", %error, "what was kept of a card is not believed"))
            .ok()?;
        let age = (self.now)().duration_since(record.read_at).ok()?;
        (record.card == *card && age < LIFETIME).then_some(record.files)
    }

    /// Keeps what was read of a card just now.
    pub(crate) fn keep(&self, salt: &[u8; 32], card: &SeenCard, files: &CardFiles) {
        let record = Record {
            card: card.clone(),
            read_at: (self.now)(),
            files: files.clone(),
        };
        match record.encode(&entry_key(salt)) {
            Ok(entry) => self.store.write(&name(salt, card), &entry),
            Err(error) => {
                tracing::error!(event = "card-not-encoded", %error, "a card cannot be kept")
            }
        }
    }

    /// Drops what is kept of a card.
    pub(crate) fn forget(&self, salt: &[u8; 32], card: &SeenCard) {
        self.store.remove(&name(salt, card));
    }
}

impl std::fmt::Debug for SeenCards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeenCards").finish_non_exhaustive()
    }
}

/// Whoever reads the names of the files learns neither whose cards these are nor their numbers.
fn name(salt: &[u8; 32], card: &SeenCard) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
    let named = format!("seen card\0{}\0{}", card.serial_number, card.atr);
    let tag = hmac::sign(&key, named.as_bytes());
    let bytes = tag.as_ref().iter().take(NAME_LEN);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The key of the entries' tags, which is no key for anything else.
fn entry_key(salt: &[u8; 32]) -> hmac::Key {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
    let derived = hmac::sign(&key, b"entry of a seen card");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

/// After this time a card is read in full again, whatever its beginnings of files say, so that what
/// they do not show (another code, another key, one more certificate) is seen at last.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const NAME_LEN: usize = 16;
