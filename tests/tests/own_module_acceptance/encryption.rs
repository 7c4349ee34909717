//! 401 to 409: encryption with the public key of the authentication certificate.

use std::ptr;

use cryptoki_sys::{
    CK_RV, CKF_RW_SESSION, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID,
    CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
};

use crate::list::{Line, number, step};
use crate::run::{NO_SESSION, Run, call, mechanism};

pub(crate) const TABLE: &[Line] = &[
    step(Run::initialize),
    number(
        401,
        "C_EncryptInit",
        "a handle of no session",
        CKR_SESSION_HANDLE_INVALID,
        |run| encrypt_init(run, NO_SESSION, CKM_RSA_PKCS, 0),
    ),
    step(|run| run.session = run.open(CKF_RW_SESSION)),
    number(
        402,
        "C_EncryptInit",
        "a handle of no object",
        CKR_KEY_HANDLE_INVALID,
        |run| encrypt_init(run, run.session, CKM_RSA_PKCS, 0),
    ),
    step(Run::find_keys_of_certificate),
    number(
        403,
        "C_EncryptInit",
        "a mechanism that encrypts nothing",
        CKR_MECHANISM_INVALID,
        |run| encrypt_init(run, run.session, CKM_RSA_PKCS_KEY_PAIR_GEN, run.public_key),
    ),
    number(
        404,
        "C_EncryptInit",
        "the private key",
        CKR_KEY_TYPE_INCONSISTENT,
        |run| encrypt_init(run, run.session, CKM_RSA_PKCS, run.key),
    ),
    step(|run| {
        run.close_all();
        run.session = run.open(CKF_RW_SESSION);
        run.find_keys_of_certificate();
    }),
    number(
        405,
        "C_Encrypt",
        "nothing was begun",
        CKR_OPERATION_NOT_INITIALIZED,
        |run| encrypt(run, None),
    ),
    number(406, "C_EncryptInit", "the public key", CKR_OK, |run| {
        encrypt_init(run, run.session, CKM_RSA_PKCS, run.public_key)
    }),
    number(
        407,
        "C_Encrypt",
        "no place for the length",
        CKR_ARGUMENTS_BAD,
        |run| {
            let mut text = PLAIN_TEXT.to_vec();
            call!(
                run,
                C_Encrypt(
                    run.session,
                    text.as_mut_ptr(),
                    0,
                    ptr::null_mut(),
                    ptr::null_mut()
                )
            )
        },
    ),
    number(
        408,
        "C_Encrypt",
        "room for 12 bytes",
        CKR_BUFFER_TOO_SMALL,
        |run| encrypt(run, Some(12)),
    ),
    number(
        409,
        "C_Encrypt",
        "as it should be: the length, then the bytes",
        CKR_OK,
        |run| {
            let asked = encrypt(run, None);
            assert_eq!((asked, run.len), (CKR_OK, 256));
            encrypt(run, Some(256))
        },
    ),
    step(|run| {
        run.cryptogram = run.value.clone();
        run.close_all();
        run.finalize();
    }),
];

fn encrypt_init(run: &Run, session: u64, kind: u64, key: u64) -> CK_RV {
    let mut mechanism = mechanism(kind);
    call!(run, C_EncryptInit(session, &raw mut mechanism, key))
}

/// Encrypts with so much room, or asks for the length.
fn encrypt(run: &mut Run, room: Option<u64>) -> CK_RV {
    let mut text = PLAIN_TEXT.to_vec();
    let mut place = vec![0; 256];
    let start = room.map_or(ptr::null_mut(), |_| place.as_mut_ptr());
    run.len = room.unwrap_or_default();
    let value = call!(
        run,
        C_Encrypt(
            run.session,
            text.as_mut_ptr(),
            text.len() as u64,
            start,
            &raw mut run.len
        )
    );
    run.value = place;
    value
}

/// What number 512 has to find again.
pub(crate) const PLAIN_TEXT: &[u8; 16] = b"clef de session ";
