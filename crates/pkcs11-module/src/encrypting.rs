//! Encryption with a public key of the card, in one call.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CKM_RSA_PKCS, CKR_ARGUMENTS_BAD,
    CKR_DATA_LEN_RANGE, CKR_MECHANISM_INVALID, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
};
use rsa::RsaPublicKey;

use crate::answer::Answer;
use crate::memory::{Input, Output, Place, Room};
use crate::module::Module;
use crate::public_keys::{encrypt as encrypt_with, public_key};
use crate::sessions::session_token;
use crate::signing::SIGNATURE_LEN;

/// An encryption that was begun.
pub(crate) type Encrypting = RsaPublicKey;

pub(crate) fn encrypt_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: Place<CK_MECHANISM>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let token = session_token(module, session)?.token;
    let kind = mechanism.read()?.mechanism;
    if module.tables().session(session)?.encrypting.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    let key = public_key(&token, key)?;
    if kind != CKM_RSA_PKCS || !token.mechanisms.contains(&kind) {
        return Err(CKR_MECHANISM_INVALID);
    }
    module.tables().session_mut(session)?.encrypting = Some(key);
    Ok(())
}

pub(crate) fn encrypt(
    module: &Module,
    session: CK_SESSION_HANDLE,
    data: Input,
    cryptogram: Output<u8>,
) -> Answer {
    let key = module.tables().session(session)?.encrypting.clone();
    let key = key.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if data.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    // A cryptogram is as long as a signature: as long as the modulus.
    if cryptogram.room_for(SIGNATURE_LEN)? == Room::LengthAlone {
        return Ok(());
    }
    module.tables().session_mut(session)?.encrypting = None;
    let data = data.bytes(SIGNATURE_LEN, CKR_DATA_LEN_RANGE)?;
    cryptogram.put(&encrypt_with(&key, &data)?)
}
