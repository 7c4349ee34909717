//! Readers as slots, cards as tokens.

use std::sync::Arc;

use cryptoki_sys::{
    CK_FLAGS, CK_INFO, CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CK_SLOT_ID, CK_SLOT_INFO,
    CK_TOKEN_INFO, CK_ULONG, CK_VERSION, CKF_HW_SLOT, CKF_LOGIN_REQUIRED,
    CKF_PROTECTED_AUTHENTICATION_PATH, CKF_REMOVABLE_DEVICE, CKF_RNG, CKF_TOKEN_INITIALIZED,
    CKF_TOKEN_PRESENT, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_INITIALIZED,
    CKF_USER_PIN_LOCKED, CKR_DEVICE_REMOVED, CKR_MECHANISM_INVALID, CKR_SLOT_ID_INVALID,
    CKR_TOKEN_NOT_PRESENT,
};
use daemon_wire::PinBody;

use crate::answer::Answer;
use crate::manner::Manner;
use crate::mechanisms;
use crate::memory::{Output, Place};
use crate::module::Module;
use crate::token::Token;

pub(crate) fn get_info(info: Place<CK_INFO>) -> Answer {
    info.write(CK_INFO {
        cryptokiVersion: CK_VERSION {
            major: 2,
            minor: 40,
        },
        manufacturerID: padded("cpxd"),
        flags: 0,
        libraryDescription: padded("cpxd PKCS#11"),
        libraryVersion: library_version(),
    })
}

pub(crate) fn get_slot_list(module: &Module, with_token: bool, list: Output<CK_SLOT_ID>) -> Answer {
    refresh(module);
    let ids = module.tables().slot_ids(with_token);
    list.put(&ids)
}

pub(crate) fn get_slot_info(
    module: &Module,
    slot: CK_SLOT_ID,
    info: Place<CK_SLOT_INFO>,
) -> Answer {
    refresh(module);
    let tables = module.tables();
    let slot = tables.slot(slot)?;
    let present = slot.card().map_or(0, |_| CKF_TOKEN_PRESENT);
    info.write(CK_SLOT_INFO {
        slotDescription: padded(&slot.reader.name),
        manufacturerID: padded(""),
        flags: CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | present,
        hardwareVersion: NO_VERSION,
        firmwareVersion: NO_VERSION,
    })
}

pub(crate) fn get_token_info(
    module: &Module,
    slot: CK_SLOT_ID,
    info: Place<CK_TOKEN_INFO>,
) -> Answer {
    if info.is_null() {
        return Err(cryptoki_sys::CKR_ARGUMENTS_BAD);
    }
    let token = token_in(module, slot)?;
    let card = lost(module, slot, &token, module.agent.card(&token.card));
    let card = card.map_err(not_present)?;
    let (sessions, writing) = module.tables().session_counts(slot);
    let [sessions, writing] =
        [sessions, writing].map(|count| CK_ULONG::try_from(count).unwrap_or(UNAVAILABLE));
    info.write(CK_TOKEN_INFO {
        label: padded(&token.label),
        manufacturerID: padded(&token.manufacturer),
        model: padded(MODEL),
        serialNumber: padded(&token.serial_number),
        flags: flags(&card.pin, module.manner),
        ulMaxSessionCount: 0,
        ulSessionCount: sessions,
        ulMaxRwSessionCount: 0,
        ulRwSessionCount: writing,
        ulMaxPinLen: if has_code(&card.pin) { 8 } else { 0 },
        ulMinPinLen: if has_code(&card.pin) { 4 } else { 0 },
        ulTotalPublicMemory: UNAVAILABLE,
        ulFreePublicMemory: UNAVAILABLE,
        ulTotalPrivateMemory: UNAVAILABLE,
        ulFreePrivateMemory: UNAVAILABLE,
        hardwareVersion: NO_VERSION,
        firmwareVersion: NO_VERSION,
        utcTime: padded(""),
    })
}

pub(crate) fn get_mechanism_list(
    module: &Module,
    slot: CK_SLOT_ID,
    list: Output<CK_MECHANISM_TYPE>,
) -> Answer {
    list.put(&token_in(module, slot)?.mechanisms)
}

pub(crate) fn get_mechanism_info(
    module: &Module,
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: Place<CK_MECHANISM_INFO>,
) -> Answer {
    let token = token_in(module, slot)?;
    if !token.mechanisms.contains(&mechanism) {
        return Err(CKR_MECHANISM_INVALID);
    }
    info.write(mechanisms::info(mechanism, &token, module.manner))
}

/// Looks at the readers again. Without an agent there are none; while it cannot be asked, they are as before, since a
/// reader that is gone takes all sessions along.
pub(crate) fn refresh(module: &Module) {
    let look = module.tables().begin_look();
    if let Ok(readers) = module.agent.readers() {
        module.tables().update(look, readers);
    }
}

/// The token in a slot, read once for each stay of a card.
///
/// # Errors
/// `CKR_SLOT_ID_INVALID`, `CKR_TOKEN_NOT_PRESENT`, and what the agent says.
pub(crate) fn token_in(module: &Module, slot: CK_SLOT_ID) -> Answer<Arc<Token>> {
    if module.tables().slot(slot).is_err() {
        refresh(module);
        module
            .tables()
            .slot(slot)
            .map_err(|_| CKR_SLOT_ID_INVALID)?;
    }
    refresh(module);
    let card = {
        let tables = module.tables();
        let slot = tables.slot(slot)?;
        if let Some(token) = &slot.token {
            return Ok(Arc::clone(token));
        }
        slot.card().ok_or(CKR_TOKEN_NOT_PRESENT)?.to_owned()
    };
    let list = module.agent.objects(&card).map_err(not_present)?;
    let card = module.agent.card(&card).map_err(not_present)?;
    let token = Arc::new(Token::new(&card, &list, module.manner)?);
    let mut tables = module.tables();
    let slot = tables.slot_mut(slot)?;
    if slot.card() != Some(token.card.as_str()) {
        return Err(CKR_TOKEN_NOT_PRESENT);
    }
    Ok(Arc::clone(slot.token.get_or_insert(token)))
}

/// What came of a call about a card; where it is gone, so are its sessions, and not those of the next one in its slot.
pub(crate) fn lost<T>(
    module: &Module,
    slot: CK_SLOT_ID,
    token: &Arc<Token>,
    outcome: Answer<T>,
) -> Answer<T> {
    if matches!(outcome, Err(CKR_DEVICE_REMOVED)) {
        refresh(module);
        module.tables().lose(slot, token);
    }
    outcome
}

/// Whether the card of a log-in that is over is there still: an agent that was started again knows neither.
///
/// # Errors
/// `CKR_DEVICE_REMOVED`.
pub(crate) fn check_is_there(module: &Module, slot: CK_SLOT_ID, token: &Token) -> Answer {
    refresh(module);
    let tables = module.tables();
    let there = tables.slot(slot)?.card();
    if there == Some(token.card.as_str()) {
        Ok(())
    } else {
        Err(CKR_DEVICE_REMOVED)
    }
}

fn not_present(value: CK_ULONG) -> CK_ULONG {
    if value == CKR_DEVICE_REMOVED {
        CKR_TOKEN_NOT_PRESENT
    } else {
        value
    }
}

/// The contactless side of a card has no code.
fn has_code(pin: &PinBody) -> bool {
    pin.state != "absent"
}

/// What a token says of its holder's code; a card that tells no number counts as full.
fn flags(pin: &PinBody, manner: Manner) -> CK_FLAGS {
    let mut flags = CKF_RNG | CKF_TOKEN_INITIALIZED;
    // Of a token without a code, too: a program that logs in all the same would have one typed for nobody.
    if manner == Manner::LogIn {
        flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    }
    if !has_code(pin) {
        return flags;
    }
    flags |= CKF_USER_PIN_INITIALIZED;
    if manner == Manner::LogIn {
        flags |= CKF_LOGIN_REQUIRED;
    }
    let maximum = pin.tries_maximum.unwrap_or(TRIES_OF_A_CPS4);
    let is_full = pin.tries_left.is_none_or(|left| left >= maximum);
    match (pin.state.as_str(), pin.tries_left) {
        ("blocked" | "definitivelyBlocked", _) | (_, Some(0)) => flags | CKF_USER_PIN_LOCKED,
        (_, Some(1)) => flags | CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY,
        _ if !is_full => flags | CKF_USER_PIN_COUNT_LOW,
        _ => flags,
    }
}

/// Text as PKCS#11 has it: filled up with spaces, cut at a character.
fn padded<const LEN: usize>(text: &str) -> [u8; LEN] {
    let mut bytes = [b' '; LEN];
    let mut end = text.len().min(LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    for (place, byte) in bytes.iter_mut().zip(text.as_bytes().iter().take(end)) {
        *place = *byte;
    }
    bytes
}

fn library_version() -> CK_VERSION {
    let part = |text: &str| text.parse().unwrap_or_default();
    CK_VERSION {
        major: part(env!("CARGO_PKG_VERSION_MAJOR")),
        minor: part(env!("CARGO_PKG_VERSION_MINOR")),
    }
}

const NO_VERSION: CK_VERSION = CK_VERSION { major: 0, minor: 0 };
/// What a full counter of a CPS4 tells, which tells no maximum.
const TRIES_OF_A_CPS4: u8 = 3;
/// What the official module calls cards of both generations.
const MODEL: &str = "IAS ECC";
/// `CK_UNAVAILABLE_INFORMATION`.
const UNAVAILABLE: CK_ULONG = CK_ULONG::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(state: &str, tries_left: Option<u8>) -> PinBody {
        PinBody {
            state: state.into(),
            tries_left,
            tries_maximum: Some(3),
        }
    }

    #[test]
    fn flags_tell_the_tries_that_are_left() {
        let count = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
        for (state, tries_left, expected) in [
            ("ready", Some(3), 0),
            ("ready", Some(2), CKF_USER_PIN_COUNT_LOW),
            (
                "ready",
                Some(1),
                CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY,
            ),
            ("blocked", Some(0), CKF_USER_PIN_LOCKED),
            ("ready", None, 0),
        ] {
            let flags = flags(&pin(state, tries_left), Manner::LogIn);
            assert_eq!(flags & count, expected, "{state} {tries_left:?}");
        }
    }

    #[test]
    fn a_card_that_tells_no_maximum_has_three_tries() {
        for (tries_left, expected) in [(3, 0), (2, CKF_USER_PIN_COUNT_LOW)] {
            let told = PinBody {
                tries_maximum: None,
                ..pin("ready", Some(tries_left))
            };
            let flags = flags(&told, Manner::LogIn);
            assert_eq!(flags & CKF_USER_PIN_COUNT_LOW, expected, "{tries_left}");
        }
    }

    #[test]
    fn only_a_program_that_logs_in_is_told_to() {
        let log_in = CKF_LOGIN_REQUIRED | CKF_PROTECTED_AUTHENTICATION_PATH;
        assert_eq!(
            flags(&pin("ready", Some(3)), Manner::LogIn) & log_in,
            log_in
        );
        assert_eq!(flags(&pin("ready", Some(3)), Manner::Browser) & log_in, 0);
    }

    #[test]
    fn a_token_without_a_code_wants_no_log_in_and_has_no_program_ask_for_one() {
        let about_codes =
            CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_PROTECTED_AUTHENTICATION_PATH;
        let absent = pin("absent", None);
        assert_eq!(
            flags(&absent, Manner::LogIn) & about_codes,
            CKF_PROTECTED_AUTHENTICATION_PATH
        );
        assert_eq!(flags(&absent, Manner::Browser) & about_codes, 0);
    }

    #[test]
    fn text_is_filled_with_spaces_and_cut_at_a_character() {
        assert_eq!(padded::<4>("ab"), *b"ab  ");
        assert_eq!(padded::<4>("abcé"), *b"abc ");
    }
}
