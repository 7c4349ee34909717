//! Searches, and what is found.

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS, CKA_VALUE, CKO_PRIVATE_KEY,
    CKR_ARGUMENTS_BAD, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
};

use crate::answer::Answer;
use crate::key_use::by_key;
use crate::memory::{Place, Space, Template};
use crate::module::Module;
use crate::sessions::{SessionToken, log_in_of, session_token};
use crate::slots::refresh;

pub(crate) fn find_objects_init(
    module: &Module,
    session: CK_SESSION_HANDLE,
    template: Template,
) -> Answer {
    if module.tables().session(session)?.search.is_some() {
        return Err(CKR_OPERATION_ACTIVE);
    }
    template.check()?;
    // Whoever looks for a key is about to use it: Firefox takes a card for present for a second after it left, and where
    // it then finds the key and gets no signature, its page waits until the server hangs up.
    if template.has(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())? {
        refresh(module);
    }
    let SessionToken { slot, token, .. } = session_token(module, session)?;
    let is_logged_in = log_in_of(module, slot)?.is_some();
    let mut found = Vec::new();
    for (handle, object) in token.objects() {
        let is_seen = is_logged_in || !object.is_private;
        if is_seen && template.all(|kind, value| object.has(kind, value))? {
            found.push(handle);
        }
    }
    // The next one is taken from the end.
    found.reverse();
    module.tables().session_mut(session)?.search = Some(found);
    Ok(())
}

pub(crate) fn find_objects(
    module: &Module,
    session: CK_SESSION_HANDLE,
    list: Space<CK_OBJECT_HANDLE>,
    count: Place<CK_ULONG>,
) -> Answer {
    if count.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    let mut tables = module.tables();
    let search = tables.session_mut(session)?.search.as_mut();
    let search = search.ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    let given = search.len().min(list.len());
    let found: Vec<_> = search.iter().rev().take(given).copied().collect();
    list.fill(&found)?;
    search.truncate(search.len() - given);
    count.write(CK_ULONG::try_from(given).unwrap_or_default())
}

pub(crate) fn find_objects_final(module: &Module, session: CK_SESSION_HANDLE) -> Answer {
    let mut tables = module.tables();
    let search = tables.session_mut(session)?.search.take();
    search.map(drop).ok_or(CKR_OPERATION_NOT_INITIALIZED)
}

pub(crate) fn get_attribute_value(
    module: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: Template,
) -> Answer {
    let of = session_token(module, session)?;
    let token = &of.token;
    let is_logged_in = log_in_of(module, of.slot)?.is_some();
    let handle = object;
    let object = token
        .object(handle)
        .filter(|object| is_logged_in || !object.is_private)
        .ok_or(CKR_OBJECT_HANDLE_INVALID)?;
    let kept = module.tables().session_mut(session)?.data.take();
    let Some(label) = &object.data else {
        return template.answer(|kind| object.attribute(kind));
    };
    let Some(asks_length) = template.asks_length_of(CKA_VALUE)? else {
        return template.answer(|kind| object.attribute(kind));
    };
    let value = match kept.filter(|(of, _)| *of == handle) {
        Some((_, value)) => value,
        None => by_key(module, &of, label, |session, _| {
            module.agent.data(&token.card, label, session)
        })?,
    };
    let answered = template.answer(|kind| match kind {
        CKA_VALUE => Ok(value.clone()),
        _ => object.attribute(kind),
    });
    if asks_length {
        module.tables().session_mut(session)?.data = Some((handle, value));
    }
    answered
}

pub(crate) fn get_object_size(
    module: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    size: Place<CK_ULONG>,
) -> Answer {
    let token = session_token(module, session)?.token;
    let object = token.object(object).ok_or(CKR_OBJECT_HANDLE_INVALID)?;
    size.write(CK_ULONG::try_from(object.size()).unwrap_or(CK_ULONG::MAX))
}
