//! What the cards remember, in a file that all processes share: codes, tries, what was presented.
//!
//! The codes stand here, since SoftHSM reads its own but once in a process: there a change by another
//! process would go unseen, which no card does.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::Path;

use cryptoki_sys::{CK_RV, CKR_PIN_INCORRECT, CKR_PIN_LOCKED};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::tokens::{SO_CODE, USER_CODE};

/// What one card remembers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Card {
    pub(crate) user_code: String,
    pub(crate) so_code: String,
    /// Tries of the holder's code, 3 to 0.
    pub(crate) user_tries_left: u8,
    /// Tries of the unblock code, 3 to 0.
    pub(crate) so_tries_left: u8,
    /// Whether the holder's code was presented since the card was put in, and is not forgotten.
    pub(crate) verified: bool,
    /// The same of the unblock code.
    pub(crate) so_verified: bool,
    /// How many codes reached the card, right or wrong.
    pub(crate) presented: u64,
    /// Whether the unblock code shows as blocked by mistake.
    pub(crate) so_shown_locked: bool,
    /// The insertion at which it was last seen.
    pub(crate) insertion: u64,
}

/// One of the codes of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    User,
    So,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            user_code: USER_CODE.to_owned(),
            so_code: SO_CODE.to_owned(),
            user_tries_left: TRIES,
            so_tries_left: TRIES,
            verified: false,
            so_verified: false,
            presented: 0,
            so_shown_locked: false,
            insertion: 0,
        }
    }
}

impl Card {
    /// Presents a code of a length that the card takes.
    pub(crate) fn present(&mut self, which: Code, code: &[u8]) -> Result<(), CK_RV> {
        let is_right = code == self.code(which).as_bytes();
        let (tries_left, verified) = match which {
            Code::User => (&mut self.user_tries_left, &mut self.verified),
            Code::So => (&mut self.so_tries_left, &mut self.so_verified),
        };
        if *tries_left == 0 {
            return Err(CKR_PIN_LOCKED);
        }
        self.presented += 1;
        *verified = is_right;
        if is_right {
            *tries_left = TRIES;
            return Ok(());
        }
        *tries_left -= 1;
        Err(match *tries_left {
            0 => CKR_PIN_LOCKED,
            _ => CKR_PIN_INCORRECT,
        })
    }

    fn code(&self, which: Code) -> &str {
        match which {
            Code::User => &self.user_code,
            Code::So => &self.so_code,
        }
    }

    /// Gives the holder a new code, with all its tries.
    pub(crate) fn set_user_code(&mut self, code: &[u8]) {
        self.user_code = String::from_utf8_lossy(code).into_owned();
        self.user_tries_left = TRIES;
    }

    fn reset(&mut self, insertion: u64) {
        self.insertion = insertion;
        self.verified = false;
        self.so_verified = false;
        self.so_shown_locked = false;
    }
}

/// Shows the card of this label to `act`, alone among all processes, and keeps what it changes.
pub(crate) fn with_card<T>(
    path: &Path,
    label: &str,
    insertion: u64,
    act: impl FnOnce(&mut Card) -> T,
) -> T {
    let _lock = lock(path);
    let mut cards: BTreeMap<String, Card> = match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).expect("the memory is one"),
        Err(_) => BTreeMap::new(),
    };
    let card = cards.entry(label.to_owned()).or_default();
    if card.insertion != insertion {
        card.reset(insertion);
    }
    let result = act(card);
    let text = serde_json::to_vec_pretty(&cards).expect("the memory is JSON");
    let draft = path.with_extension("draft");
    fs::write(&draft, text)
        .and_then(|()| fs::rename(&draft, path))
        .expect("the memory can be written");
    result
}

/// Held as long as the file is open; the memory itself is replaced and cannot be the lock.
fn lock(path: &Path) -> File {
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path.with_extension("lock"))
        .expect("the lock of the memory opens");
    flock(&lock, FlockOperation::LockExclusive).expect("the memory can be locked");
    lock
}

const TRIES: u8 = 3;
