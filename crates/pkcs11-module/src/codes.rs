//! A new code for the holder, who types the old one and the new one where they always do.

use cryptoki_sys::{
    CK_SESSION_HANDLE, CKR_FUNCTION_NOT_SUPPORTED, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_SESSION_READ_ONLY, CKR_USER_PIN_NOT_INITIALIZED,
};

use crate::answer::Answer;
use crate::manner::Manner;
use crate::module::Module;
use crate::sessions::session_token;
use crate::slots::lost;

/// Has the holder replace the code; what comes of it is the card's answer. Codes that the program may have given never
/// come here: they are not even looked at.
pub(crate) fn set_pin(module: &Module, session: CK_SESSION_HANDLE) -> Answer {
    let of = session_token(module, session)?;
    if !module.tables().session(session)?.is_read_write {
        return Err(CKR_SESSION_READ_ONLY);
    }
    // A browser would have both codes typed in a box of its own first, and nobody takes them.
    if module.manner == Manner::Browser {
        return Err(CKR_FUNCTION_NOT_SUPPORTED);
    }
    let changed = module.agent.change_pin(&of.token.card, TIME_TO_TYPE);
    match lost(module, of.slot, &of.token, changed) {
        // The contactless side of a card has no code.
        Err(CKR_KEY_FUNCTION_NOT_PERMITTED) => Err(CKR_USER_PIN_NOT_INITIALIZED),
        changed => changed,
    }
}

/// Seconds that a holder has for the old code and the new one.
const TIME_TO_TYPE: u32 = 120;
