//! Deciphering with the authentication key: in one call, or in parts that are put together here.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CKM_RSA_PKCS, CKO_PRIVATE_KEY,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
    CKR_USER_NOT_LOGGED_IN,
};
use daemon_wire::DecipherBody;
use secrets::SecretBytes;

use crate::answer::Answer;
use crate::key_use::{AUTHENTICATION, by_key};
use crate::memory::{Input, Output, Place};
use crate::module::Module;
use crate::sessions::{SessionToken, log_in_of, session_token};

/// A deciphering that was begun.
#[derive(Clone, Default)]
pub(crate) struct Decrypting {
    so_far: Vec<u8>,
    /// Parts came: it is not ended by a single call any more.
    has_parts: bool,
    /// What the card gave while the caller had no room for it, so that it is not asked twice.
    kept: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    cryptogram: Vec<u8>,
    plaintext: SecretBytes,
}

pub(crate) fn decrypt_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: Place<CK_MECHANISM>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let SessionToken { slot, token, .. } = session_token(module, session)?;
    let kind = mechanism.read()?.mechanism;
    if module.tables().session(session)?.decrypting.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    // The key before the mechanism, as for signatures.
    let object = token.object(key).ok_or(CKR_KEY_HANDLE_INVALID)?;
    if kind != CKM_RSA_PKCS || !token.mechanisms.contains(&kind) {
        return Err(CKR_MECHANISM_INVALID);
    }
    if object.class != CKO_PRIVATE_KEY {
        return Err(CKR_KEY_TYPE_INCONSISTENT);
    }
    if object.is_private && log_in_of(module, slot)?.is_none() {
        return Err(CKR_USER_NOT_LOGGED_IN);
    }
    // What the official module says of the signature key.
    if object.role.as_deref() != Some(AUTHENTICATION) {
        return Err(CKR_KEY_TYPE_INCONSISTENT);
    }
    if !object.deciphers() {
        return Err(CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
    module.tables().session_mut(session)?.decrypting = Some(Decrypting::default());
    Ok(())
}

pub(crate) fn decrypt(
    module: &Module,
    session: CK_SESSION_HANDLE,
    cryptogram: Input,
    plaintext: Output<u8>,
) -> Answer {
    if decrypting_of(module, session)?.has_parts {
        return Err(CKR_OPERATION_ACTIVE);
    }
    finish(module, session, Some(cryptogram), plaintext)
}

/// Takes a part; nothing of what is deciphered comes before the end.
pub(crate) fn decrypt_update(
    module: &Module,
    session: CK_SESSION_HANDLE,
    part: Input,
    plaintext: Output<u8>,
) -> Answer {
    let mut tables = module.tables();
    let decrypting = &mut tables.session_mut(session)?.decrypting;
    let begun = decrypting.as_mut().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if plaintext.asks_for_length()? {
        return plaintext.put(&[]);
    }
    let room = DecipherBody::CRYPTOGRAM_LEN.saturating_sub(begun.so_far.len());
    match part.bytes(room, CKR_ENCRYPTED_DATA_LEN_RANGE) {
        Ok(part) => begun.so_far.extend(part),
        // A pointer to nothing is no end, as for signatures.
        Err(CKR_ARGUMENTS_BAD) => return Err(CKR_ARGUMENTS_BAD),
        Err(value) => {
            // What went wrong in the middle has no good end (PKCS#11 2.40, 5.9).
            *decrypting = None;
            return Err(value);
        }
    }
    begun.has_parts = true;
    plaintext.put(&[])
}

pub(crate) fn decrypt_final(
    module: &Module,
    session: CK_SESSION_HANDLE,
    plaintext: Output<u8>,
) -> Answer {
    finish(module, session, None, plaintext)
}

/// Ends a deciphering, unless the caller asks for a length alone, has too little room, or points to nothing.
fn finish(
    module: &Module,
    session: CK_SESSION_HANDLE,
    cryptogram: Option<Input>,
    plaintext: Output<u8>,
) -> Answer {
    let of = session_token(module, session)?;
    let mut decrypting = decrypting_of(module, session)?;
    if cryptogram.is_some_and(Input::is_null) {
        return Err(CKR_ARGUMENTS_BAD);
    }
    if plaintext.asks_for_length()? {
        // At most so much: how much it is, the card alone knows (5.2).
        let kept = decrypting.kept.as_ref();
        let len = kept.map_or(MOST_BYTES, |kept| kept.plaintext.len());
        return plaintext.room_for(len).map(drop);
    }
    module.tables().session_mut(session)?.decrypting = None;
    let cryptogram = match cryptogram {
        Some(cryptogram) => {
            cryptogram.bytes(DecipherBody::CRYPTOGRAM_LEN, CKR_ENCRYPTED_DATA_LEN_RANGE)?
        }
        None => decrypting.so_far.clone(),
    };
    if cryptogram.len() != DecipherBody::CRYPTOGRAM_LEN {
        return Err(CKR_ENCRYPTED_DATA_LEN_RANGE);
    }
    let is_logged_in = log_in_of(module, of.slot)?.is_some();
    let kept = decrypting.kept.take();
    let kept = kept.filter(|kept| is_logged_in && kept.cryptogram == cryptogram);
    let deciphered = match kept {
        Some(kept) => kept.plaintext,
        None => by_key(module, &of, AUTHENTICATION, |session, seconds| {
            let body = DecipherBody::new(&cryptogram, session, seconds);
            module.agent.decipher(&of.token.card, &body)
        })?,
    };
    let put = plaintext.put(deciphered.expose());
    if put == Err(CKR_BUFFER_TOO_SMALL) {
        decrypting.kept = Some(Kept {
            cryptogram,
            plaintext: deciphered,
        });
        module.tables().session_mut(session)?.decrypting = Some(decrypting);
    }
    put
}

fn decrypting_of(module: &Module, session: CK_SESSION_HANDLE) -> Answer<Decrypting> {
    let decrypting = module.tables().session(session)?.decrypting.clone();
    decrypting.ok_or(CKR_OPERATION_NOT_INITIALIZED)
}

/// What leaves eight bytes of padding and three others (RFC 8017, 7.2).
const MOST_BYTES: usize = DecipherBody::CRYPTOGRAM_LEN - 11;
