//! 600 to 644: signatures with both keys.

use std::ptr;

use cryptoki_sys::{
    CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA1_RSA_PKCS, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DATA_LEN_RANGE, CKR_KEY_HANDLE_INVALID,
    CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
};

use crate::data::{digest_info_of_sha1, digest_info_of_sha256, long_text, sha1, sha256};
use crate::list::{Line, number, step};
use crate::run::{NO_SESSION, Role, Run, SIGNATURE_LEN, call};

pub(crate) const TABLE: &[Line] = &[
    number(
        600,
        "C_SignInit",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| {
            run.session = NO_SESSION;
            run.sign_init(CKM_RSA_PKCS, 0)
        },
    ),
    number(601, "C_Sign", BEFORE, CKR_CRYPTOKI_NOT_INITIALIZED, |run| {
        run.sign_length(TEXT)
    }),
    number(
        602,
        "C_SignUpdate",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| run.sign_update(TEXT),
    ),
    number(
        603,
        "C_SignFinal",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| run.sign_final_into(SIGNATURE_LEN),
    ),
    step(Run::initialize),
    number(
        604,
        "C_SignInit",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| run.sign_init(CKM_RSA_PKCS, 0),
    ),
    step(Run::open_read_only),
    number(605, "C_Login", "as user", CKR_OK, Run::log_in),
    // The agency's program gives a mechanism that it never set: the handle is what is looked at first.
    number(
        606,
        "C_SignInit",
        "a handle of no object, and no known mechanism",
        CKR_KEY_HANDLE_INVALID,
        |run| run.sign_init(NO_MECHANISM, 0),
    ),
    step(|run| {
        run.find_private_key("CPS_PRIV_AUT");
        run.find_public_key(Role::Authentication);
    }),
    number(
        607,
        "C_SignInit",
        "a mechanism that signs nothing",
        CKR_MECHANISM_INVALID,
        |run| run.sign_init(CKM_RSA_PKCS_KEY_PAIR_GEN, run.key),
    ),
    number(
        608,
        "C_SignInit",
        "the public key",
        CKR_KEY_TYPE_INCONSISTENT,
        |run| run.sign_init(CKM_SHA1_RSA_PKCS, run.public_key),
    ),
    step(Run::log_out),
    number(
        609,
        "C_SignInit",
        "nobody is logged in any more",
        CKR_USER_NOT_LOGGED_IN,
        |run| run.sign_init(CKM_RSA_PKCS, run.key),
    ),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_private_key("CPS_PRIV_AUT");
    }),
    number(
        610,
        "C_Sign",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.sign_length(TEXT),
    ),
    number(
        611,
        "C_Sign",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut text = TEXT.to_vec();
            call!(
                run,
                C_Sign(
                    NO_SESSION,
                    text.as_mut_ptr(),
                    16,
                    ptr::null_mut(),
                    &raw mut run.len
                )
            )
        },
    ),
    number(612, "C_SignInit", "the authentication key", CKR_OK, |run| {
        run.sign_init(CKM_RSA_PKCS, run.key)
    }),
    number(
        613,
        "C_Sign",
        "no bytes, no place for the length",
        CKR_ARGUMENTS_BAD,
        |run| {
            call!(
                run,
                C_Sign(
                    run.session,
                    ptr::null_mut(),
                    16,
                    ptr::null_mut(),
                    ptr::null_mut()
                )
            )
        },
    ),
    number(
        615,
        "C_Sign",
        "the length alone, of nothing",
        CKR_OK,
        |run| run.sign_length(&[]),
    ),
    number(
        616,
        "C_Sign",
        "no room for the signature",
        CKR_BUFFER_TOO_SMALL,
        |run| run.sign_into(&[], 0),
    ),
    number(
        617,
        "C_Sign",
        "no bytes, with room for the signature",
        CKR_ARGUMENTS_BAD,
        |run| {
            let mut signature = vec![0; SIGNATURE_LEN];
            let mut len = 256;
            call!(
                run,
                C_Sign(
                    run.session,
                    ptr::null_mut(),
                    0,
                    signature.as_mut_ptr(),
                    &raw mut len
                )
            )
        },
    ),
    number(618, "C_Sign", "513 bytes", CKR_DATA_LEN_RANGE, |run| {
        run.sign(&[0x5A; 513])
    }),
    number(619, "C_SignInit", "again, after a failure", CKR_OK, |run| {
        run.sign_init(CKM_RSA_PKCS, run.key)
    }),
    number(
        620,
        "C_Sign",
        "the length for a DigestInfo of SHA-1",
        CKR_OK,
        |run| run.sign_length(&digest_info_of_sha1()),
    ),
    number(621, "C_Sign", "a DigestInfo of SHA-1", CKR_OK, |run| {
        let value = run.sign(&digest_info_of_sha1());
        run.signatures.of_digest_info = run.signatures.last.clone();
        value
    }),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_private_key("CPS_PRIV_SIG");
    }),
    number(
        622,
        "C_SignUpdate",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.sign_update(TEXT),
    ),
    number(
        623,
        "C_SignUpdate",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut text = TEXT.to_vec();
            call!(run, C_SignUpdate(NO_SESSION, text.as_mut_ptr(), 16))
        },
    ),
    number(
        624,
        "C_SignInit",
        "the signature key, SHA-1 hashed by the module",
        CKR_OK,
        |run| run.sign_init(CKM_SHA1_RSA_PKCS, run.key),
    ),
    number(625, "C_SignUpdate", "no bytes", CKR_ARGUMENTS_BAD, |run| {
        call!(run, C_SignUpdate(run.session, ptr::null_mut(), 16))
    }),
    number(626, "C_SignUpdate", "1405 bytes", CKR_OK, |run| {
        run.sign_update(&long_text())
    }),
    number(627, "C_SignUpdate", "1405 more bytes", CKR_OK, |run| {
        run.sign_update(&long_text())
    }),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_private_key("CPS_PRIV_SIG");
    }),
    number(
        628,
        "C_SignFinal",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.sign_final_into(SIGNATURE_LEN),
    ),
    number(
        629,
        "C_SignInit",
        "the signature key, SHA-1 hashed by the module",
        CKR_OK,
        |run| run.sign_init(CKM_SHA1_RSA_PKCS, run.key),
    ),
    number(
        630,
        "C_SignFinal",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut signature = vec![0; SIGNATURE_LEN];
            let mut len = 256;
            call!(
                run,
                C_SignFinal(NO_SESSION, signature.as_mut_ptr(), &raw mut len)
            )
        },
    ),
    number(
        631,
        "C_SignFinal",
        "no place for the length",
        CKR_ARGUMENTS_BAD,
        |run| {
            let mut signature = vec![0; SIGNATURE_LEN];
            call!(
                run,
                C_SignFinal(run.session, signature.as_mut_ptr(), ptr::null_mut())
            )
        },
    ),
    number(632, "C_SignUpdate", "1405 bytes", CKR_OK, |run| {
        run.sign_update(&long_text())
    }),
    number(
        633,
        "C_SignFinal",
        "room for 250 bytes",
        CKR_BUFFER_TOO_SMALL,
        |run| run.sign_final_into(250),
    ),
    number(634, "C_SignFinal", "the length alone", CKR_OK, |run| {
        run.len = 0;
        let value = call!(
            run,
            C_SignFinal(run.session, ptr::null_mut(), &raw mut run.len)
        );
        assert_eq!(run.len, 256);
        value
    }),
    number(635, "C_SignFinal", "the signature", CKR_OK, |run| {
        let value = run.sign_final_into(SIGNATURE_LEN);
        run.signatures.in_parts = run.signatures.last.clone();
        value
    }),
    step(|run| {
        run.finalize();
        begin_with_signature_key(run);
    }),
    number(
        636,
        "C_SignInit",
        "the signature key, hashed by the program",
        CKR_OK,
        |run| run.sign_init(CKM_RSA_PKCS, run.key),
    ),
    number(
        637,
        "C_Sign",
        "the length for a bare digest of SHA-1",
        CKR_OK,
        |run| run.sign_length(&sha1(TEXT)),
    ),
    number(638, "C_Sign", "a bare digest of SHA-1", CKR_OK, |run| {
        let value = run.sign(&sha1(TEXT));
        run.signatures.of_sha1 = run.signatures.last.clone();
        value
    }),
    number(
        639,
        "C_SignInit",
        "the signature key, hashed by the program",
        CKR_OK,
        |run| run.sign_init(CKM_RSA_PKCS, run.key),
    ),
    number(
        640,
        "C_Sign",
        "the length for a bare digest of SHA-256",
        CKR_OK,
        |run| run.sign_length(&sha256(TEXT)),
    ),
    number(641, "C_Sign", "a bare digest of SHA-256", CKR_OK, |run| {
        let value = run.sign(&sha256(TEXT));
        run.signatures.of_sha256 = run.signatures.last.clone();
        value
    }),
    step(|run| {
        run.close_all();
        run.finalize();
        begin_with_signature_key(run);
    }),
    number(
        642,
        "C_SignInit",
        "the signature key, hashed by the program",
        CKR_OK,
        |run| run.sign_init(CKM_RSA_PKCS, run.key),
    ),
    number(
        643,
        "C_Sign",
        "the length for a DigestInfo of SHA-256",
        CKR_OK,
        |run| run.sign_length(&digest_info_of_sha256()),
    ),
    number(644, "C_Sign", "a DigestInfo of SHA-256", CKR_OK, |run| {
        run.sign(&digest_info_of_sha256())
    }),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

fn begin_with_signature_key(run: &mut Run) {
    run.initialize();
    run.open_read_only();
    run.find_private_key("CPS_PRIV_SIG");
}

pub(crate) const TEXT: &[u8; 16] = b"ordonnance n. 12";
const BEFORE: &str = "nothing is initialised";
const NO_HANDLE: &str = "a handle of no session";
const NOTHING_BEGUN: &str = "nothing was begun";
/// A mechanism of nobody.
const NO_MECHANISM: u64 = 0x7FFF_FFFF;
