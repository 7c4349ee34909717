//! 1 to 13: the module itself.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_C_INITIALIZE_ARGS, CK_INFO, CK_RV, CKF_OS_LOCKING_OK, CKR_ARGUMENTS_BAD,
    CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK,
};

use crate::list::{Line, number, step};
use crate::run::{Run, call};

pub(crate) const TABLE: &[Line] = &[
    number(
        1,
        "C_Finalize",
        "nothing is initialised",
        CKR_CRYPTOKI_NOT_INITIALIZED,
        finalize,
    ),
    number(
        2,
        "C_GetInfo",
        "nothing is initialised",
        CKR_CRYPTOKI_NOT_INITIALIZED,
        get_info,
    ),
    number(
        4,
        "C_Initialize",
        "locks of the program, none of the system",
        CKR_OK,
        |run| initialize(run, [true; 4], false),
    ),
    step(Run::finalize),
    number(
        5,
        "C_Initialize",
        "locks of the program or of the system",
        CKR_OK,
        |run| initialize(run, [true; 4], true),
    ),
    step(Run::finalize),
    number(
        6,
        "C_Initialize",
        "no locks: the program has one thread",
        CKR_OK,
        |run| initialize(run, [false; 4], false),
    ),
    step(Run::finalize),
    number(7, "C_Initialize", "locks of the system", CKR_OK, |run| {
        initialize(run, [false; 4], true)
    }),
    step(Run::finalize),
    number(
        8,
        "C_Initialize",
        "two of the four functions of a lock",
        CKR_ARGUMENTS_BAD,
        |run| initialize(run, [true, false, false, true], true),
    ),
    number(9, "C_Initialize", "no arguments", CKR_OK, |run| {
        call!(run, C_Initialize(ptr::null_mut()))
    }),
    number(
        10,
        "C_Initialize",
        "a second time",
        CKR_CRYPTOKI_ALREADY_INITIALIZED,
        |run| call!(run, C_Initialize(ptr::null_mut())),
    ),
    number(
        11,
        "C_GetInfo",
        "no place for the answer",
        CKR_ARGUMENTS_BAD,
        |run| call!(run, C_GetInfo(ptr::null_mut())),
    ),
    number(12, "C_GetInfo", "as it should be", CKR_OK, get_info),
    number(13, "C_Finalize", "as it should be", CKR_OK, finalize),
];

fn finalize(run: &mut Run) -> CK_RV {
    call!(run, C_Finalize(ptr::null_mut()))
}

fn get_info(run: &mut Run) -> CK_RV {
    let mut info = CK_INFO::default();
    call!(run, C_GetInfo(&raw mut info))
}

fn initialize(run: &mut Run, given: [bool; 4], is_system_fine: bool) -> CK_RV {
    let [create, destroy, lock, unlock] = given;
    let mut arguments = CK_C_INITIALIZE_ARGS {
        CreateMutex: create.then_some(create_lock),
        DestroyMutex: destroy.then_some(with_lock),
        LockMutex: lock.then_some(with_lock),
        UnlockMutex: unlock.then_some(with_lock),
        flags: if is_system_fine { CKF_OS_LOCKING_OK } else { 0 },
        pReserved: ptr::null_mut(),
    };
    call!(run, C_Initialize((&raw mut arguments).cast()))
}

extern "C" fn create_lock(_: *mut *mut c_void) -> CK_RV {
    CKR_OK
}

extern "C" fn with_lock(_: *mut c_void) -> CK_RV {
    CKR_OK
}
