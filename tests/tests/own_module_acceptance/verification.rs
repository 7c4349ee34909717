//! 700 to 737: signatures verified with the public keys.

use std::ptr;

use cryptoki_sys::{
    CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA1_RSA_PKCS, CKM_SHA256_RSA_PKCS,
    CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DATA_LEN_RANGE, CKR_KEY_HANDLE_INVALID,
    CKR_MECHANISM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
    CKR_SIGNATURE_LEN_RANGE,
};

use crate::data::{digest_info_of_sha1, long_text};
use crate::list::{Line, number, step};
use crate::run::{NO_SESSION, Role, Run, call};
use crate::signature::TEXT;

pub(crate) const TABLE: &[Line] = &[
    number(
        700,
        "C_VerifyInit",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| {
            run.session = NO_SESSION;
            run.verify_init(CKM_RSA_PKCS, 0)
        },
    ),
    number(
        701,
        "C_Verify",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| run.verify(TEXT, &[0; 256]),
    ),
    number(
        702,
        "C_VerifyUpdate",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| run.verify_update(TEXT),
    ),
    number(
        703,
        "C_VerifyFinal",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| run.verify_final(&[0; 256]),
    ),
    step(Run::initialize),
    number(
        704,
        "C_VerifyInit",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| run.verify_init(CKM_RSA_PKCS, 0),
    ),
    step(Run::open_read_only),
    number(
        705,
        "C_VerifyInit",
        "a handle of no object",
        CKR_KEY_HANDLE_INVALID,
        |run| run.verify_init(CKM_RSA_PKCS, 0),
    ),
    step(|run| run.find_public_key(Role::Authentication)),
    number(
        706,
        "C_VerifyInit",
        "a mechanism that verifies nothing",
        CKR_MECHANISM_INVALID,
        |run| run.verify_init(CKM_RSA_PKCS_KEY_PAIR_GEN, run.public_key),
    ),
    number(
        707,
        "C_VerifyInit",
        "no mechanism",
        CKR_ARGUMENTS_BAD,
        |run| {
            call!(
                run,
                C_VerifyInit(run.session, ptr::null_mut(), run.public_key)
            )
        },
    ),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_public_key(Role::Authentication);
    }),
    number(
        708,
        "C_Verify",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.verify(TEXT, &[0; 256]),
    ),
    number(
        709,
        "C_Verify",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let (mut text, mut signature) = (TEXT.to_vec(), vec![0; 256]);
            call!(
                run,
                C_Verify(
                    NO_SESSION,
                    text.as_mut_ptr(),
                    16,
                    signature.as_mut_ptr(),
                    256
                )
            )
        },
    ),
    number(
        710,
        "C_VerifyInit",
        "the public authentication key",
        CKR_OK,
        |run| run.verify_init(CKM_RSA_PKCS, run.public_key),
    ),
    number(
        711,
        "C_Verify",
        "no bytes, no signature",
        CKR_ARGUMENTS_BAD,
        |run| {
            call!(
                run,
                C_Verify(run.session, ptr::null_mut(), 16, ptr::null_mut(), 256)
            )
        },
    ),
    number(712, "C_Verify", "513 bytes", CKR_DATA_LEN_RANGE, |run| {
        run.verify(&[0x5A; 513], &[0; 128])
    }),
    number(
        713,
        "C_VerifyInit",
        "again, after a failure",
        CKR_OK,
        |run| run.verify_init(CKM_RSA_PKCS, run.public_key),
    ),
    number(
        714,
        "C_Verify",
        "a signature of 124 bytes",
        CKR_SIGNATURE_LEN_RANGE,
        |run| {
            let signature = run.signatures.of_digest_info.clone();
            run.verify(&[0x5A; 35], &signature[..124])
        },
    ),
    number(
        715,
        "C_Verify",
        "after a failure",
        CKR_OPERATION_NOT_INITIALIZED,
        |run| {
            let signature = run.signatures.of_digest_info.clone();
            run.verify(&[0x5A; 35], &signature)
        },
    ),
    number(
        716,
        "C_VerifyInit",
        "again, after a failure",
        CKR_OK,
        |run| run.verify_init(CKM_RSA_PKCS, run.public_key),
    ),
    number(
        717,
        "C_Verify",
        "the signature of number 621",
        CKR_OK,
        |run| {
            let signature = run.signatures.of_digest_info.clone();
            run.verify(&digest_info_of_sha1(), &signature)
        },
    ),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_public_key(Role::Signature);
    }),
    number(
        718,
        "C_VerifyUpdate",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.verify_update(TEXT),
    ),
    number(
        719,
        "C_VerifyUpdate",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut text = TEXT.to_vec();
            call!(run, C_VerifyUpdate(NO_SESSION, text.as_mut_ptr(), 16))
        },
    ),
    number(720, "C_VerifyInit", BY_SHA1, CKR_OK, |run| {
        run.verify_init(CKM_SHA1_RSA_PKCS, run.public_key)
    }),
    number(
        721,
        "C_VerifyUpdate",
        "no bytes",
        CKR_ARGUMENTS_BAD,
        |run| call!(run, C_VerifyUpdate(run.session, ptr::null_mut(), 16)),
    ),
    number(722, "C_VerifyUpdate", "1405 bytes", CKR_OK, |run| {
        run.verify_update(&long_text())
    }),
    number(723, "C_VerifyUpdate", "1405 more bytes", CKR_OK, |run| {
        run.verify_update(&long_text())
    }),
    step(|run| {
        run.close_all();
        run.open_read_only();
        run.find_public_key(Role::Signature);
    }),
    number(
        724,
        "C_VerifyFinal",
        NOTHING_BEGUN,
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.verify_final(&[0; 124]),
    ),
    number(
        725,
        "C_VerifyFinal",
        NO_HANDLE,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut signature = vec![0; 124];
            call!(run, C_VerifyFinal(NO_SESSION, signature.as_mut_ptr(), 124))
        },
    ),
    number(726, "C_VerifyInit", BY_SHA1, CKR_OK, |run| {
        run.verify_init(CKM_SHA1_RSA_PKCS, run.public_key)
    }),
    number(
        727,
        "C_VerifyFinal",
        "no signature",
        CKR_ARGUMENTS_BAD,
        |run| call!(run, C_VerifyFinal(run.session, ptr::null_mut(), 124)),
    ),
    number(728, "C_VerifyUpdate", "1405 bytes", CKR_OK, |run| {
        run.verify_update(&long_text())
    }),
    number(
        729,
        "C_VerifyFinal",
        "a signature of 250 bytes",
        CKR_SIGNATURE_LEN_RANGE,
        |run| run.verify_final(&[0; 250]),
    ),
    number(
        730,
        "C_VerifyFinal",
        "after a failure",
        CKR_OPERATION_NOT_INITIALIZED,
        |run| run.verify_final(&[0; 256]),
    ),
    number(731, "C_VerifyInit", BY_SHA1, CKR_OK, |run| {
        run.verify_init(CKM_SHA1_RSA_PKCS, run.public_key)
    }),
    number(732, "C_VerifyUpdate", "1405 bytes", CKR_OK, |run| {
        run.verify_update(&long_text())
    }),
    number(
        733,
        "C_VerifyFinal",
        "the signature of number 635",
        CKR_OK,
        |run| {
            let signature = run.signatures.in_parts.clone();
            run.verify_final(&signature)
        },
    ),
    step(|run| {
        run.finalize();
        run.initialize();
        run.open_read_only();
        run.find_public_key(Role::Signature);
    }),
    number(734, "C_VerifyInit", BY_SHA1, CKR_OK, |run| {
        run.verify_init(CKM_SHA1_RSA_PKCS, run.public_key)
    }),
    number(
        735,
        "C_Verify",
        "the signature of number 638",
        CKR_OK,
        |run| {
            let signature = run.signatures.of_sha1.clone();
            run.verify(TEXT, &signature)
        },
    ),
    number(
        736,
        "C_VerifyInit",
        "the public signature key, SHA-256 hashed by the module",
        CKR_OK,
        |run| run.verify_init(CKM_SHA256_RSA_PKCS, run.public_key),
    ),
    number(
        737,
        "C_Verify",
        "the signature of number 641",
        CKR_OK,
        |run| {
            let signature = run.signatures.of_sha256.clone();
            run.verify(TEXT, &signature)
        },
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

const BEFORE: &str = "nothing is initialised";
const NO_HANDLE: &str = "a handle of no session";
const NOTHING_BEGUN: &str = "nothing was begun";
const BY_SHA1: &str = "the public signature key, SHA-1 hashed by the module";
