//! 500 to 517: decryption with the authentication key.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_C_INITIALIZE_ARGS, CK_RV, CKF_LIBRARY_CANT_CREATE_OS_THREADS, CKF_OS_LOCKING_OK,
    CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_FAILED, CKR_KEY_HANDLE_INVALID,
    CKR_MECHANISM_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
};

use crate::encryption::PLAIN_TEXT;
use crate::list::{Line, number, step};
use crate::run::{NO_SESSION, Run, Whose, call, mechanism};

pub(crate) const TABLE: &[Line] = &[
    number(
        500,
        "C_DecryptInit",
        "nothing is initialised",
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| decrypt_init(run, NO_SESSION, CKM_RSA_PKCS, 0),
    ),
    step(initialize_for_decryption),
    number(
        501,
        "C_DecryptInit",
        "a handle of no session",
        CKR_SESSION_HANDLE_INVALID,
        |run| decrypt_init(run, NO_SESSION, CKM_RSA_PKCS, 0),
    ),
    step(Run::open_read_only),
    number(502, "C_Login", "as user", CKR_OK, Run::log_in),
    number(
        503,
        "C_DecryptInit",
        "a handle of no object",
        CKR_OBJECT_HANDLE_INVALID,
        |run| decrypt_init(run, run.session, CKM_RSA_PKCS, 0),
    )
    .better(
        CKR_KEY_HANDLE_INVALID,
        "PKCS#11 knows this code for the function, and not the other one.",
    ),
    step(Run::find_keys_of_certificate),
    number(
        504,
        "C_DecryptInit",
        "a mechanism that decrypts nothing",
        CKR_MECHANISM_INVALID,
        |run| decrypt_init(run, run.session, CKM_RSA_PKCS_KEY_PAIR_GEN, run.key),
    ),
    step(Run::log_out),
    number(
        505,
        "C_DecryptInit",
        "nobody is logged in any more",
        CKR_USER_NOT_LOGGED_IN,
        |run| decrypt_init(run, run.session, CKM_RSA_PKCS, run.key),
    ),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_keys_of_certificate();
    }),
    number(
        506,
        "C_Decrypt",
        "nothing was begun",
        CKR_OPERATION_NOT_INITIALIZED,
        |run| decrypt(run, None),
    ),
    number(
        507,
        "C_Decrypt",
        "a handle of no session",
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut len = 0;
            let start = run.cryptogram.as_mut_ptr();
            call!(
                run,
                C_Decrypt(NO_SESSION, start, 256, ptr::null_mut(), &raw mut len)
            )
        },
    ),
    number(
        508,
        "C_DecryptInit",
        "the authentication key",
        CKR_OK,
        |run| decrypt_init(run, run.session, CKM_RSA_PKCS, run.key),
    ),
    number(509, "C_Decrypt", "no bytes", CKR_ARGUMENTS_BAD, |run| {
        let mut len = 0;
        call!(
            run,
            C_Decrypt(
                run.session,
                ptr::null_mut(),
                256,
                ptr::null_mut(),
                &raw mut len
            )
        )
    }),
    number(
        510,
        "C_Decrypt",
        "room for 2 bytes",
        CKR_BUFFER_TOO_SMALL,
        |run| decrypt(run, Some(2)),
    ),
    number(511, "C_Decrypt", "the length alone", CKR_OK, |run| {
        decrypt(run, None)
    }),
    number(
        512,
        "C_Decrypt",
        "the text that was encrypted",
        CKR_OK,
        decrypt_and_compare,
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
    number(513, "C_Initialize", "no arguments", CKR_OK, |run| {
        call!(run, C_Initialize(ptr::null_mut()))
    }),
    step(|run| {
        run.find_slot();
        run.open_read_only();
    }),
    number(
        514,
        "C_Login",
        "as user, without the arguments of 501",
        CKR_OK,
        Run::log_in,
    ),
    step(Run::find_keys_of_certificate),
    number(
        515,
        "C_DecryptInit",
        "without the arguments of 501",
        CKR_OK,
        |run| decrypt_init(run, run.session, CKM_RSA_PKCS, run.key),
    ),
    number(
        516,
        "C_Decrypt",
        "the length alone, without the arguments of 501",
        CKR_OK,
        |run| decrypt(run, None),
    ),
    number(
        517,
        "C_Decrypt",
        "the text that was encrypted, without the arguments of 501",
        CKR_OK,
        decrypt_and_compare,
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

/// The official module knows a word for Windows' log-on with a card; ours knows none.
fn initialize_for_decryption(run: &mut Run) {
    if run.whose == Whose::Own {
        return run.initialize();
    }
    let mut arguments = CK_C_INITIALIZE_ARGS {
        CreateMutex: None,
        DestroyMutex: None,
        LockMutex: None,
        UnlockMutex: None,
        flags: CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS,
        pReserved: c"winlogonDecrypt".as_ptr().cast::<c_void>().cast_mut(),
    };
    assert_eq!(
        call!(run, C_Initialize((&raw mut arguments).cast())),
        CKR_OK
    );
    run.find_slot();
}

fn decrypt_init(run: &Run, session: u64, kind: u64, key: u64) -> CK_RV {
    let mut mechanism = mechanism(kind);
    call!(run, C_DecryptInit(session, &raw mut mechanism, key))
}

/// Decrypts with so much room, or asks for the length.
fn decrypt(run: &mut Run, room: Option<u64>) -> CK_RV {
    let mut place = vec![0; 256];
    let start = room.map_or(ptr::null_mut(), |_| place.as_mut_ptr());
    run.len = room.unwrap_or_default();
    let bytes = run.cryptogram.as_mut_ptr();
    let value = call!(
        run,
        C_Decrypt(run.session, bytes, 256, start, &raw mut run.len)
    );
    run.value = place;
    value
}

/// As a program does that has room for what it was told.
fn decrypt_and_compare(run: &mut Run) -> CK_RV {
    let value = decrypt(run, Some(run.len));
    let len = usize::try_from(run.len).unwrap();
    if value == CKR_OK && run.value.get(..len) != Some(&PLAIN_TEXT[..]) {
        return CKR_FUNCTION_FAILED;
    }
    value
}
