//! Signatures.

use cryptoki_sys::*;

use crate::calls::{Answer, Call, answer};
use crate::codes::need_verified_card;
use crate::objects::label;
use crate::plan::Habit;
use crate::process::{Signing, state};
use crate::real::real;

pub(crate) unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    let kind = unsafe { mechanism.as_ref() }.map(|mechanism| mechanism.mechanism);
    answer("C_SignInit", &mechanism_name(kind), |call| {
        call.session(session)?;
        let kind = kind.ok_or(CKR_ARGUMENTS_BAD)?;
        if !call.plan.offers(kind) {
            return Err(CKR_MECHANISM_INVALID);
        }
        real!(C_SignInit(session, mechanism, key))?;
        let signing = Signing {
            mechanism: kind,
            key_label: label(session, key)?,
        };
        if let Some(session) = state().sessions.get_mut(&session) {
            session.signing = Some(signing);
        }
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_Sign", "", |call| {
        call.session(session)?;
        let judged = unsafe { judge(call, session, signature, signature_len) };
        if judged.is_err() {
            let mut scratch = Scratch::new();
            let _ = real!(C_Sign(
                session,
                data,
                data_len,
                scratch.bytes.as_mut_ptr(),
                &raw mut scratch.len
            ));
            return judged;
        }
        real!(C_Sign(session, data, data_len, signature, signature_len))?;
        call.spoil(signature_len);
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn sign_update(
    session: CK_SESSION_HANDLE,
    part: CK_BYTE_PTR,
    part_len: CK_ULONG,
) -> CK_RV {
    answer("C_SignUpdate", "", |call| {
        call.session(session)?;
        real!(C_SignUpdate(session, part, part_len))
    })
}

pub(crate) unsafe extern "C" fn sign_final(
    session: CK_SESSION_HANDLE,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_SignFinal", "", |call| {
        call.session(session)?;
        let judged = unsafe { judge(call, session, signature, signature_len) };
        if judged.is_err() {
            let mut scratch = Scratch::new();
            let _ = real!(C_SignFinal(
                session,
                scratch.bytes.as_mut_ptr(),
                &raw mut scratch.len
            ));
            return judged;
        }
        real!(C_SignFinal(session, signature, signature_len))?;
        call.spoil(signature_len);
        Ok(())
    })
}

/// What the card and the habits say to a signature; a question for its length reaches neither.
unsafe fn judge(
    call: &Call,
    session: CK_SESSION_HANDLE,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG_PTR,
) -> Answer {
    if signature.is_null() || signature_len.is_null() {
        return Ok(());
    }
    let signing = state()
        .sessions
        .get(&session)
        .and_then(|session| session.signing.clone())
        .ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if call.has(Habit::HashAndSignFails)
        && HASHING.contains(&signing.mechanism)
        && signing.key_label == b"CPS_PRIV_AUT"
    {
        return Err(CKR_GENERAL_ERROR);
    }
    if call.has(Habit::RefusesLongBuffer) && unsafe { signature_len.read() } > SIGNATURE_LEN {
        return Err(CKR_ARGUMENTS_BAD);
    }
    need_verified_card(call)
}

/// Where a result goes that nobody gets: the real module must end what was begun.
pub(crate) struct Scratch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) len: CK_ULONG,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            bytes: vec![0; 1024],
            len: 1024,
        }
    }
}

/// Name of a mechanism for the trace; its number if it is no signature of a card.
pub(crate) fn mechanism_name(mechanism: Option<CK_MECHANISM_TYPE>) -> String {
    let Some(mechanism) = mechanism else {
        return "none".to_owned();
    };
    let name = match mechanism {
        CKM_RSA_PKCS => "CKM_RSA_PKCS",
        CKM_RSA_PKCS_PSS => "CKM_RSA_PKCS_PSS",
        CKM_RSA_X_509 => "CKM_RSA_X_509",
        CKM_SHA1_RSA_PKCS => "CKM_SHA1_RSA_PKCS",
        CKM_SHA1_RSA_PKCS_PSS => "CKM_SHA1_RSA_PKCS_PSS",
        CKM_SHA256_RSA_PKCS => "CKM_SHA256_RSA_PKCS",
        CKM_SHA256_RSA_PKCS_PSS => "CKM_SHA256_RSA_PKCS_PSS",
        _ => return format!("{mechanism:#x}"),
    };
    name.to_owned()
}

const HASHING: [CK_MECHANISM_TYPE; 4] = [
    CKM_SHA1_RSA_PKCS,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA384_RSA_PKCS,
    CKM_SHA512_RSA_PKCS,
];
const SIGNATURE_LEN: CK_ULONG = 256;
