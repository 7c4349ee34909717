//! The readers of a module, and when something happens in them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::slot::Slot;

use super::load;
use super::returned::fault_of;
use crate::fault::ModuleFault;
use crate::protocol::{Seen, SeenReader, send_json};

/// Tells the readers as they are, then what changes first.
///
/// The process ends with the first change: the next one begins with a module that has nothing in its memory
/// of the card before, and counts the slots anew (known faults of the official module).
pub(super) fn watch(module: &Path, waiting: Waiting, mut told: File) -> io::Result<()> {
    let end = match try_to_watch(module, waiting, &mut told) {
        Ok(changed) => Seen::Changed(changed),
        Err(fault) => Seen::Failed(fault),
    };
    send_json(&mut told, &end)
}

/// Whether C_WaitForSlotEvent may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Where the module can do that.
    MayBlock,
    /// Never: it comes back at once for nothing.
    Looks,
}

fn try_to_watch(
    module: &Path,
    waiting: Waiting,
    told: &mut File,
) -> Result<Vec<String>, ModuleFault> {
    let pkcs11 = load(module)?;
    forget_events_before(&pkcs11);
    let readers = readers(&pkcs11)?;
    let with_tokens = with_tokens(&pkcs11, readers.clone())?;
    tell(told, &Seen::Readers(with_tokens))?;
    if waiting == Waiting::MayBlock {
        tell(told, &Seen::Waits)?;
        let event = pkcs11.wait_for_slot_event();
        tell(told, &Seen::Lives)?;
        if let Ok(slot) = event {
            return Ok(name_of(&pkcs11, slot));
        }
    }
    look_for_changes(&pkcs11, &readers, waiting == Waiting::MayBlock, told)
}

fn tell(told: &mut File, seen: &Seen) -> Result<(), ModuleFault> {
    send_json(told, seen).map_err(|error| ModuleFault::Nonsense(error.to_string()))
}

/// Cards that are there already are events to some modules.
fn forget_events_before(pkcs11: &Pkcs11) {
    for _ in 0..MAXIMUM_EVENTS_BEFORE {
        if !matches!(pkcs11.get_slot_event(), Ok(Some(_))) {
            return;
        }
    }
}

/// Asks the module again and again, with pauses, and tells that it comes back from its calls.
fn look_for_changes(
    pkcs11: &Pkcs11,
    before: &[SeenReader],
    mut tells_events: bool,
    told: &mut File,
) -> Result<Vec<String>, ModuleFault> {
    let mut last_told = Instant::now();
    let mut events_asked_for = 0_u32;
    loop {
        if last_told.elapsed() >= BETWEEN_SIGNS_OF_LIFE {
            tell(told, &Seen::Lives)?;
            last_told = Instant::now();
        }
        thread::sleep(if tells_events {
            BETWEEN_EVENTS
        } else {
            BETWEEN_LOOKS
        });
        if tells_events {
            match pkcs11.get_slot_event() {
                Ok(Some(slot)) => return Ok(name_of(pkcs11, slot)),
                // One that never tells of an event is looked after all the same.
                Ok(None) => {
                    events_asked_for = events_asked_for.wrapping_add(1);
                    if !events_asked_for.is_multiple_of(EVENTS_BETWEEN_LOOKS) {
                        continue;
                    }
                }
                // Whether it works at all, its slots show.
                Err(_) => tells_events = false,
            }
        }
        let now = readers(pkcs11)?;
        if now != before {
            return Ok(differences(before, &now));
        }
    }
}

fn name_of(pkcs11: &Pkcs11, slot: Slot) -> Vec<String> {
    let info = pkcs11.get_slot_info(slot);
    let name = info.map(|info| info.slot_description().to_owned());
    name.into_iter().collect()
}

fn differences(before: &[SeenReader], now: &[SeenReader]) -> Vec<String> {
    let moved = now.iter().filter(|reader| !before.contains(reader));
    moved.map(|reader| reader.name.clone()).collect()
}

/// The slots by the names of their readers: a reader with several slots is one reader.
fn readers(pkcs11: &Pkcs11) -> Result<Vec<SeenReader>, ModuleFault> {
    let mut readers: Vec<SeenReader> = Vec::new();
    for slot in pkcs11.get_all_slots().map_err(fault_of)? {
        let info = pkcs11.get_slot_info(slot).map_err(fault_of)?;
        let name = info.slot_description();
        let known = readers.iter_mut().find(|reader| reader.name == name);
        match known {
            Some(reader) => reader.has_token |= info.token_present(),
            None => readers.push(SeenReader {
                name: name.to_owned(),
                has_token: info.token_present(),
                tokens: Vec::new(),
            }),
        }
    }
    Ok(readers)
}

/// Adds which tokens are in them, which costs commands to each card.
fn with_tokens(
    pkcs11: &Pkcs11,
    mut readers: Vec<SeenReader>,
) -> Result<Vec<SeenReader>, ModuleFault> {
    for slot in pkcs11.get_slots_with_token().map_err(fault_of)? {
        let (Ok(slot_info), Ok(token)) = (pkcs11.get_slot_info(slot), pkcs11.get_token_info(slot))
        else {
            continue;
        };
        let name = slot_info.slot_description();
        if let Some(reader) = readers.iter_mut().find(|reader| reader.name == name) {
            let token = (token.label().to_owned(), token.serial_number().to_owned());
            reader.tokens.push(token);
        }
    }
    Ok(readers)
}

/// A look at the slots for so many questions for events.
const EVENTS_BETWEEN_LOOKS: u32 = 5;
const MAXIMUM_EVENTS_BEFORE: usize = 64;
/// Between two calls of C_WaitForSlotEvent with CKF_DONT_BLOCK, which ask the reader's driver alone.
const BETWEEN_EVENTS: Duration = Duration::from_millis(400);
/// Between two signs of life.
pub(crate) const BETWEEN_SIGNS_OF_LIFE: Duration = Duration::from_secs(2);
/// Between two looks at all slots.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
