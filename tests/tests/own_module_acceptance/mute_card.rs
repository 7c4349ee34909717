//! 1200 and 1201: a card the wrong way round, which says nothing.

use std::ptr;

use cryptoki_sys::{CK_FALSE, CK_SLOT_INFO, CKR_OK};

use crate::list::{Line, number, step};
use crate::run::{Run, call};

pub(crate) const TABLE: &[Line] = &[
    step(|run| assert_eq!(call!(run, C_Initialize(ptr::null_mut())), CKR_OK)),
    number(
        1200,
        "C_GetSlotList",
        "all readers, a mute card in one",
        CKR_OK,
        |run| {
            let mut slots = [0; 8];
            let mut count = 8;
            let value = call!(
                run,
                C_GetSlotList(CK_FALSE, slots.as_mut_ptr(), &raw mut count)
            );
            run.slot = slots[0];
            value
        },
    ),
    number(
        1201,
        "C_GetSlotInfo",
        "the reader with the mute card",
        CKR_OK,
        |run| {
            let mut info = CK_SLOT_INFO::default();
            call!(run, C_GetSlotInfo(run.slot, &raw mut info))
        },
    ),
    step(Run::finalize),
];
