//! 1000 to 1008: a message in parts of 80 bytes, hashed with SHA-256 and signed.

use std::ptr;

use cryptoki_sys::{CK_RV, CKM_SHA256_RSA_PKCS, CKR_OK};

use crate::data::long_text;
use crate::list::{Line, number, step};
use crate::run::{Role, Run, SIGNATURE_LEN, call};

pub(crate) const TABLE: &[Line] = &[
    step(Run::initialize),
    number(1000, "C_OpenSession", "one that reads", CKR_OK, |run| {
        run.open_read_only();
        CKR_OK
    }),
    number(1001, "C_Login", "as user", CKR_OK, Run::log_in),
    step(|run| run.find_private_key("CPS_PRIV_SIG")),
    number(
        1002,
        "C_SignInit",
        "the signature key, SHA-256 hashed by the module",
        CKR_OK,
        |run| run.sign_init(CKM_SHA256_RSA_PKCS, run.key),
    ),
    number(1003, "C_SignUpdate", "each part in turn", CKR_OK, |run| {
        each_part(|part| run.sign_update(part))
    }),
    number(1004, "C_SignFinal", "the length alone", CKR_OK, |run| {
        call!(
            run,
            C_SignFinal(run.session, ptr::null_mut(), &raw mut run.len)
        )
    }),
    number(1005, "C_SignFinal", "the signature", CKR_OK, |run| {
        run.sign_final_into(SIGNATURE_LEN)
    }),
    step(|run| {
        run.assert_openssl_verifies("Certificat de Signature CPS", "RS256", &long_text()[..845]);
    }),
    step(|run| run.find_public_key(Role::Signature)),
    number(1006, "C_VerifyInit", "its public key", CKR_OK, |run| {
        run.verify_init(CKM_SHA256_RSA_PKCS, run.public_key)
    }),
    number(1007, "C_VerifyUpdate", "each part in turn", CKR_OK, |run| {
        each_part(|part| run.verify_update(part))
    }),
    number(
        1008,
        "C_VerifyFinal",
        "the signature of number 1005",
        CKR_OK,
        |run| {
            let signature = run.signatures.last.clone();
            run.verify_final(&signature)
        },
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

/// The first code that is not `CKR_OK`.
fn each_part(mut take: impl FnMut(&[u8]) -> CK_RV) -> CK_RV {
    let text = long_text();
    let mut parts = text[..845].chunks(80).map(&mut take);
    parts.find(|value| *value != CKR_OK).unwrap_or(CKR_OK)
}
