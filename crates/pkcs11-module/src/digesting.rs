//! Digests, which need no card: programs that have all they need from one module ask it for these, too.

use cryptoki_sys::{
    CK_MECHANISM, CK_SESSION_HANDLE, CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID,
    CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
};

use crate::answer::Answer;
use crate::hashing::{Hash, Hashing};
use crate::mechanisms;
use crate::memory::{Input, Output, Place, Room};
use crate::module::Module;
use crate::sessions::session_token;

/// A digest that was begun.
#[derive(Clone)]
pub(crate) struct Digesting {
    hash: Hash,
    so_far: Hashing,
}

pub(crate) fn digest_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: Place<CK_MECHANISM>,
) -> Answer {
    let token = session_token(module, session)?.token;
    let kind = mechanism.read()?.mechanism;
    if module.tables().session(session)?.digesting.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    let hash = mechanisms::hash_of(kind).filter(|_| token.mechanisms.contains(&kind));
    let hash = hash.ok_or(CKR_MECHANISM_INVALID)?;
    module.tables().session_mut(session)?.digesting = Some(Digesting {
        hash,
        so_far: Hashing::of(hash),
    });
    Ok(())
}

pub(crate) fn digest(
    module: &Module,
    session: CK_SESSION_HANDLE,
    data: Input,
    digest: Output<u8>,
) -> Answer {
    finish(module, session, digest, Some(data))
}

pub(crate) fn digest_update(module: &Module, session: CK_SESSION_HANDLE, part: Input) -> Answer {
    let digesting = module.tables().session(session)?.digesting.clone();
    let mut digesting = digesting.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    part.in_parts(|part| digesting.so_far.take(part))?;
    module.tables().session_mut(session)?.digesting = Some(digesting);
    Ok(())
}

pub(crate) fn digest_final(
    module: &Module,
    session: CK_SESSION_HANDLE,
    digest: Output<u8>,
) -> Answer {
    finish(module, session, digest, None)
}

/// Ends a digest, unless the caller asks for its length alone or has too little room.
fn finish(
    module: &Module,
    session: CK_SESSION_HANDLE,
    digest: Output<u8>,
    data: Option<Input>,
) -> Answer {
    let digesting = module.tables().session(session)?.digesting.clone();
    let mut digesting = digesting.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if data.is_some_and(Input::is_null) {
        return Err(CKR_ARGUMENTS_BAD);
    }
    if digest.room_for(digesting.hash.len())? == Room::LengthAlone {
        return Ok(());
    }
    module.tables().session_mut(session)?.digesting = None;
    if let Some(data) = data {
        data.in_parts(|part| digesting.so_far.take(part))?;
    }
    digest.put(&digesting.so_far.digest())
}
