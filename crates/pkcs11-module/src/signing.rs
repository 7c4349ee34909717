//! Signatures: in one call, or in parts whose hash is done here.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_SESSION_HANDLE, CKO_PRIVATE_KEY,
    CKR_ARGUMENTS_BAD, CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN,
};
use daemon_wire::KeySignBody;

use crate::answer::Answer;
use crate::hashing::{Hash, Hashing};
use crate::key_use::{SIGNATURE, by_key};
use crate::mechanisms::{self, Scheme};
use crate::memory::{Input, Output, Place, Room};
use crate::module::Module;
use crate::sessions::{SessionToken, log_in_of, session_token};

/// A signature that was begun.
#[derive(Clone)]
pub(crate) struct Signing {
    role: String,
    scheme: Scheme,
    so_far: SoFar,
    /// Parts came: it is not ended by a single call any more.
    has_parts: bool,
}

/// What was given to be signed so far.
#[derive(Clone)]
pub(crate) enum SoFar {
    Bytes(Vec<u8>),
    Hashing(Box<Hashing>),
}

pub(crate) fn sign_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: Place<CK_MECHANISM>,
    parameters: impl FnOnce(&CK_MECHANISM) -> Place<CK_RSA_PKCS_PSS_PARAMS>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let SessionToken { slot, token, .. } = session_token(module, session)?;
    let mechanism = mechanism.read()?;
    if module.tables().session(session)?.signing.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    // The key before the mechanism, as the agency's list has it.
    let object = token.object(key).ok_or(CKR_KEY_HANDLE_INVALID)?;
    let scheme = mechanisms::scheme_on(&token, &mechanism, parameters)?;
    if object.class != CKO_PRIVATE_KEY {
        return Err(CKR_KEY_TYPE_INCONSISTENT);
    }
    if object.is_private && log_in_of(module, slot)?.is_none() {
        return Err(CKR_USER_NOT_LOGGED_IN);
    }
    let role = object.role.clone();
    let role = role.ok_or(CKR_KEY_FUNCTION_NOT_PERMITTED)?;
    if role == SIGNATURE && matches!(scheme.hash, Some(Hash::Sha384 | Hash::Sha512)) {
        return Err(CKR_MECHANISM_INVALID);
    }
    module.tables().session_mut(session)?.signing = Some(Signing {
        role,
        scheme,
        so_far: SoFar::of(scheme),
        has_parts: false,
    });
    Ok(())
}

pub(crate) fn sign(
    module: &Module,
    session: CK_SESSION_HANDLE,
    data: Input,
    signature: Output<u8>,
) -> Answer {
    let has_parts = |signing: &Signing| signing.has_parts;
    if signing_of(module, session)?.is_some_and(|signing| has_parts(&signing)) {
        return Err(CKR_OPERATION_ACTIVE);
    }
    finish(module, session, signature, Some(data))
}

pub(crate) fn sign_update(module: &Module, session: CK_SESSION_HANDLE, part: Input) -> Answer {
    let begun = module.tables().session(session)?.signing.clone();
    let mut begun = begun.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    let taken = begun.so_far.take(part);
    let goes_on = match taken {
        Ok(()) => {
            begun.has_parts = true;
            Some(begun)
        }
        // A pointer to nothing, after which the agency's list goes on.
        Err(CKR_ARGUMENTS_BAD) => return taken,
        // What went wrong in the middle has no good end (PKCS#11 2.40, 5.11).
        Err(_) => None,
    };
    module.tables().session_mut(session)?.signing = goes_on;
    taken
}

pub(crate) fn sign_final(
    module: &Module,
    session: CK_SESSION_HANDLE,
    signature: Output<u8>,
) -> Answer {
    finish(module, session, signature, None)
}

/// Ends a signature, unless the caller asks for its length alone, has too little room, or points to nothing: the
/// agency's list goes on after each of these.
fn finish(
    module: &Module,
    session: CK_SESSION_HANDLE,
    signature: Output<u8>,
    data: Option<Input>,
) -> Answer {
    let of = session_token(module, session)?;
    let signing = signing_of(module, session)?;
    let mut signing = signing.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if signature.room_for(SIGNATURE_LEN)? == Room::LengthAlone {
        return Ok(());
    }
    if data.is_some_and(Input::is_null) {
        return Err(CKR_ARGUMENTS_BAD);
    }
    module.tables().session_mut(session)?.signing = None;
    if let Some(data) = data {
        signing.so_far.take(data)?;
    }
    let value = signing.value();
    if value.is_empty() {
        return Err(CKR_DATA_LEN_RANGE);
    }
    let signed = by_key(module, &of, &signing.role, |session, seconds| {
        let body = KeySignBody::new(signing.scheme.algorithm, &value, session, seconds);
        module.agent.sign(&of.token.card, &signing.role, &body)
    });
    match signed {
        Err(CKR_MECHANISM_INVALID) => Err(CKR_DATA_INVALID),
        signed => signature.put(&signed?),
    }
}

fn signing_of(module: &Module, session: CK_SESSION_HANDLE) -> Answer<Option<Signing>> {
    Ok(module.tables().session(session)?.signing.clone())
}

impl Signing {
    /// What the key is given: SHA-1 has no algorithm of its own in the API, and goes as a DigestInfo.
    fn value(&self) -> Vec<u8> {
        let value = self.so_far.clone().value();
        match self.scheme.hash {
            Some(Hash::Sha1) => [SHA1_DIGEST_INFO, &value].concat(),
            _ => value,
        }
    }
}

impl SoFar {
    pub(crate) fn of(scheme: Scheme) -> Self {
        match scheme.hash {
            None => Self::Bytes(Vec::new()),
            Some(hash) => Self::Hashing(Box::new(Hashing::of(hash))),
        }
    }

    /// # Errors
    /// `CKR_DATA_LEN_RANGE` for more bytes than can be padded.
    pub(crate) fn take(&mut self, part: Input) -> Answer {
        match self {
            Self::Bytes(bytes) => {
                let room = MOST_BYTES.saturating_sub(bytes.len());
                bytes.extend(part.bytes(room, CKR_DATA_LEN_RANGE)?);
                Ok(())
            }
            Self::Hashing(hashing) => part.in_parts(|part| hashing.take(part)),
        }
    }

    /// The digest, or the bytes.
    pub(crate) fn value(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Hashing(hashing) => hashing.digest(),
        }
    }
}

/// Every key of these cards has 2048 bits.
pub(crate) const SIGNATURE_LEN: usize = 256;
/// What leaves eight bytes of padding and three others (RFC 8017, 9.2).
const MOST_BYTES: usize = SIGNATURE_LEN - 11;
/// DigestInfo of SHA-1 up to the digest (RFC 8017, 9.2, note 1).
const SHA1_DIGEST_INFO: &[u8] = &[
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14,
];
