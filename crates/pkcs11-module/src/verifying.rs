//! Verification of signatures, in one call or in parts.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_SESSION_HANDLE, CKR_ARGUMENTS_BAD,
    CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_LEN_RANGE,
};
use rsa::RsaPublicKey;

use crate::answer::Answer;
use crate::mechanisms::{self, Scheme};
use crate::memory::{Input, Place};
use crate::module::Module;
use crate::public_keys::{public_key, verify as verify_with};
use crate::sessions::session_token;
use crate::signing::{SIGNATURE_LEN, SoFar};

/// A verification that was begun.
#[derive(Clone)]
pub(crate) struct Verifying {
    key: RsaPublicKey,
    scheme: Scheme,
    so_far: SoFar,
}

pub(crate) fn verify_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: Place<CK_MECHANISM>,
    parameters: impl FnOnce(&CK_MECHANISM) -> Place<CK_RSA_PKCS_PSS_PARAMS>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let token = session_token(module, session)?.token;
    let mechanism = mechanism.read()?;
    if module.tables().session(session)?.verifying.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    let key = public_key(&token, key)?;
    let scheme = mechanisms::scheme_on(&token, &mechanism, parameters)?;
    module.tables().session_mut(session)?.verifying = Some(Verifying {
        key,
        scheme,
        so_far: SoFar::of(scheme),
    });
    Ok(())
}

pub(crate) fn verify(
    module: &Module,
    session: CK_SESSION_HANDLE,
    data: Input,
    signature: Input,
) -> Answer {
    finish(module, session, signature, Some(data))
}

pub(crate) fn verify_update(module: &Module, session: CK_SESSION_HANDLE, part: Input) -> Answer {
    let begun = module.tables().session(session)?.verifying.clone();
    let mut begun = begun.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    let taken = begun.so_far.take(part);
    // A pointer to nothing is no end, as for signatures.
    if taken == Err(CKR_ARGUMENTS_BAD) {
        return taken;
    }
    module.tables().session_mut(session)?.verifying = taken.is_ok().then_some(begun);
    taken
}

pub(crate) fn verify_final(
    module: &Module,
    session: CK_SESSION_HANDLE,
    signature: Input,
) -> Answer {
    finish(module, session, signature, None)
}

/// Ends a verification, whatever comes of it; a pointer to nothing is no such end.
fn finish(
    module: &Module,
    session: CK_SESSION_HANDLE,
    signature: Input,
    data: Option<Input>,
) -> Answer {
    let verifying = module.tables().session(session)?.verifying.clone();
    let mut verifying = verifying.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if signature.is_null() || data.is_some_and(Input::is_null) {
        return Err(CKR_ARGUMENTS_BAD);
    }
    module.tables().session_mut(session)?.verifying = None;
    if let Some(data) = data {
        verifying.so_far.take(data)?;
    }
    let signature = signature.bytes(SIGNATURE_LEN, CKR_SIGNATURE_LEN_RANGE)?;
    if signature.len() != SIGNATURE_LEN {
        return Err(CKR_SIGNATURE_LEN_RANGE);
    }
    let value = verifying.so_far.value();
    verify_with(&verifying.key, verifying.scheme, &value, &signature)
}
