//! The tokens of the real module behind the one slot.

use cryptoki_sys::{
    CK_RV, CK_SLOT_ID, CK_TOKEN_INFO, CK_TRUE, CKR_GENERAL_ERROR, CKR_SLOT_ID_INVALID,
    CKR_TOKEN_NOT_RECOGNIZED,
};

use crate::calls::{Answer, Call};
use crate::fields::text;
use crate::real::real;

/// The one slot; not 0, lest somebody takes an index for it.
pub(crate) const SLOT: CK_SLOT_ID = 7;

/// The codes with which tests initialise the real tokens, and which those keep: what a card takes for
/// its codes is in its memory.
pub(crate) const USER_CODE: &str = "1234";
pub(crate) const SO_CODE: &str = "12345678";

/// Refuses every slot but the one.
pub(crate) fn is_the_slot(slot: CK_SLOT_ID) -> Answer {
    if slot == SLOT {
        Ok(())
    } else {
        Err(CKR_SLOT_ID_INVALID)
    }
}

/// Slot of the real module with the token that is in the reader, and what it says of it.
pub(crate) fn real_token(call: &Call) -> Result<(CK_SLOT_ID, CK_TOKEN_INFO), CK_RV> {
    let label = call.token()?;
    for slot in real_slots()? {
        let mut info = CK_TOKEN_INFO::default();
        real!(C_GetTokenInfo(slot, &raw mut info))?;
        if text(&info.label) == label {
            return Ok((slot, info));
        }
    }
    Err(CKR_TOKEN_NOT_RECOGNIZED)
}

fn real_slots() -> Result<Vec<CK_SLOT_ID>, CK_RV> {
    let mut count = 0;
    real!(C_GetSlotList(CK_TRUE, std::ptr::null_mut(), &raw mut count))?;
    let len = usize::try_from(count).map_err(|_| CKR_GENERAL_ERROR)?;
    let mut slots = vec![0; len];
    real!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count))?;
    Ok(slots)
}
