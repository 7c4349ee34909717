//! 100 to 127: readers, the card in one, what it can do.

use std::ptr;

use cryptoki_sys::{
    CK_FALSE, CK_MECHANISM_INFO, CK_RV, CK_SLOT_INFO, CK_TOKEN_INFO, CK_TRUE, CKF_DONT_BLOCK,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_NO_EVENT, CKR_OK,
    CKR_SLOT_ID_INVALID,
};

use crate::list::{Line, number, step};
use crate::run::{Run, call};

pub(crate) const TABLE: &[Line] = &[
    number(
        100,
        "C_GetSlotList",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| {
            call!(
                run,
                C_GetSlotList(CK_FALSE, ptr::null_mut(), &raw mut run.slots)
            )
        },
    ),
    number(
        101,
        "C_GetSlotInfo",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_GetSlotInfo(0, ptr::null_mut())),
    ),
    number(
        102,
        "C_GetTokenInfo",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_GetTokenInfo(0, ptr::null_mut())),
    ),
    number(
        103,
        "C_WaitForSlotEvent",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| {
            call!(
                run,
                C_WaitForSlotEvent(CKF_DONT_BLOCK, ptr::null_mut(), ptr::null_mut())
            )
        },
    ),
    number(
        104,
        "C_GetMechanismList",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_GetMechanismList(0, ptr::null_mut(), ptr::null_mut())),
    ),
    number(
        105,
        "C_GetMechanismInfo",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_GetMechanismInfo(0, 0, ptr::null_mut())),
    ),
    number(
        106,
        "C_InitToken",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_InitToken(0, ptr::null_mut(), 0, ptr::null_mut())),
    ),
    number(
        107,
        "C_InitPIN",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_InitPIN(0, ptr::null_mut(), 0)),
    ),
    number(
        108,
        "C_SetPIN",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_SetPIN(0, ptr::null_mut(), 0, ptr::null_mut(), 0)),
    ),
    step(Run::initialize),
    number(
        109,
        "C_GetSlotList",
        "no place for their number",
        CKR_ARGUMENTS_BAD,
        |run| {
            call!(
                run,
                C_GetSlotList(CK_FALSE, ptr::null_mut(), ptr::null_mut())
            )
        },
    ),
    number(
        110,
        "C_GetSlotList",
        "how many readers there are",
        CKR_OK,
        |run| {
            call!(
                run,
                C_GetSlotList(CK_FALSE, ptr::null_mut(), &raw mut run.slots)
            )
        },
    ),
    number(111, "C_GetSlotList", "all readers", CKR_OK, |run| {
        let room = run.slots;
        list_slots(run, CK_FALSE, room)
    }),
    number(
        112,
        "C_GetSlotList",
        "room for one reader less",
        CKR_BUFFER_TOO_SMALL,
        |run| {
            let room = run.slots - 1;
            list_slots(run, CK_FALSE, room)
        },
    ),
    number(
        113,
        "C_GetSlotList",
        "how many readers have a card",
        CKR_OK,
        |run| {
            call!(
                run,
                C_GetSlotList(CK_TRUE, ptr::null_mut(), &raw mut run.slots)
            )
        },
    ),
    number(
        114,
        "C_GetSlotList",
        "the readers that have a card",
        CKR_OK,
        |run| {
            let room = run.slots;
            list_slots(run, CK_TRUE, room)
        },
    ),
    number(
        115,
        "C_GetSlotInfo",
        "no place for the answer",
        CKR_ARGUMENTS_BAD,
        |run| call!(run, C_GetSlotInfo(run.slot, ptr::null_mut())),
    ),
    number(
        116,
        "C_GetSlotInfo",
        "a slot that is not there",
        CKR_SLOT_ID_INVALID,
        |run| {
            let mut info = CK_SLOT_INFO::default();
            call!(run, C_GetSlotInfo(99, &raw mut info))
        },
    ),
    number(
        117,
        "C_GetSlotInfo",
        "the reader with the card",
        CKR_OK,
        |run| {
            let mut info = CK_SLOT_INFO::default();
            call!(run, C_GetSlotInfo(run.slot, &raw mut info))
        },
    ),
    number(
        118,
        "C_GetTokenInfo",
        "no place for the answer",
        CKR_ARGUMENTS_BAD,
        |run| call!(run, C_GetTokenInfo(run.slot, ptr::null_mut())),
    ),
    number(
        119,
        "C_GetTokenInfo",
        "a slot that is not there",
        CKR_SLOT_ID_INVALID,
        |run| {
            let mut info = CK_TOKEN_INFO::default();
            call!(run, C_GetTokenInfo(999_999_999, &raw mut info))
        },
    ),
    number(120, "C_GetTokenInfo", "the card", CKR_OK, |run| {
        let mut info = CK_TOKEN_INFO::default();
        call!(run, C_GetTokenInfo(run.slot, &raw mut info))
    }),
    number(
        123,
        "C_WaitForSlotEvent",
        "nothing happened, and no waiting",
        CKR_NO_EVENT,
        |run| {
            let mut slot = 0;
            call!(
                run,
                C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, ptr::null_mut())
            )
        },
    ),
    number(
        124,
        "C_GetMechanismList",
        "room for one mechanism",
        CKR_BUFFER_TOO_SMALL,
        |run| list_mechanisms(run, 1).0,
    ),
    number(
        125,
        "C_GetMechanismList",
        "how many mechanisms there are",
        CKR_OK,
        |run| {
            call!(
                run,
                C_GetMechanismList(run.slot, ptr::null_mut(), &raw mut run.len)
            )
        },
    ),
    number(126, "C_GetMechanismList", "all mechanisms", CKR_OK, |run| {
        list_mechanisms(run, run.len).0
    }),
    number(
        127,
        "C_GetMechanismInfo",
        "each mechanism in turn",
        CKR_OK,
        |run| {
            let (_, mechanisms) = list_mechanisms(run, run.len);
            assert!(!mechanisms.is_empty());
            mechanisms.iter().fold(CKR_OK, |before, mechanism| {
                let mut info = CK_MECHANISM_INFO::default();
                let value = call!(run, C_GetMechanismInfo(run.slot, *mechanism, &raw mut info));
                if before == CKR_OK { value } else { before }
            })
        },
    ),
    step(Run::finalize),
];

fn list_slots(run: &Run, with_token: u8, room: u64) -> CK_RV {
    let mut slots = [0; 16];
    let mut count = room;
    call!(
        run,
        C_GetSlotList(with_token, slots.as_mut_ptr(), &raw mut count)
    )
}

fn list_mechanisms(run: &Run, room: u64) -> (CK_RV, Vec<u64>) {
    let mut mechanisms = vec![0; 64];
    let mut count = room;
    let value = call!(
        run,
        C_GetMechanismList(run.slot, mechanisms.as_mut_ptr(), &raw mut count)
    );
    mechanisms.truncate(crate::run::length(count));
    (value, mechanisms)
}

const BEFORE: &str = "nothing is initialised";
