//! Objects and random bytes.

use cryptoki_sys::*;

use crate::calls::answer;
use crate::process::state;
use crate::real::real;

pub(crate) unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    answer("C_FindObjectsInit", "", |call| {
        call.session(session)?;
        real!(C_FindObjectsInit(session, template, count))?;
        let finds_data = unsafe { class(template, count) } == Some(CKO_DATA);
        if let Some(session) = state().sessions.get_mut(&session) {
            session.finds_data = finds_data;
        }
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    objects: CK_OBJECT_HANDLE_PTR,
    room: CK_ULONG,
    count: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_FindObjects", "", |call| {
        call.session(session)?;
        real!(C_FindObjects(session, objects, room, count))?;
        let finds_data = state()
            .sessions
            .get(&session)
            .is_some_and(|session| session.finds_data);
        // All of a card's are private: it gives them out once it knows of the code.
        if finds_data && !call.card(|card| card.verified)? {
            unsafe { count.write(0) };
        }
        call.spoil(count);
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn find_objects_final(session: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_FindObjectsFinal", "", |call| {
        call.session(session)?;
        real!(C_FindObjectsFinal(session))
    })
}

pub(crate) unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    answer("C_GetAttributeValue", "", |call| {
        call.session(session)?;
        real!(C_GetAttributeValue(session, object, template, count))?;
        for index in 0..usize::try_from(count).unwrap_or_default() {
            call.spoil(unsafe { &raw mut (*template.add(index)).ulValueLen });
        }
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn set_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    answer("C_SetAttributeValue", "", |call| {
        call.session(session)?;
        real!(C_SetAttributeValue(session, object, template, count))
    })
}

pub(crate) unsafe extern "C" fn generate_random(
    session: CK_SESSION_HANDLE,
    bytes: CK_BYTE_PTR,
    len: CK_ULONG,
) -> CK_RV {
    answer("C_GenerateRandom", "", |call| {
        call.session(session)?;
        real!(C_GenerateRandom(session, bytes, len))
    })
}

/// CKA_CLASS of a template.
unsafe fn class(template: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> Option<CK_OBJECT_CLASS> {
    (0..usize::try_from(count).ok()?)
        .map(|index| unsafe { template.add(index).read() })
        .find(|attribute| attribute.type_ == CKA_CLASS)
        .map(|attribute| unsafe { attribute.pValue.cast::<CK_OBJECT_CLASS>().read_unaligned() })
}

/// Label of an object.
pub(crate) fn label(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
) -> Result<Vec<u8>, CK_RV> {
    let mut bytes = vec![0_u8; 256];
    let mut attribute = CK_ATTRIBUTE {
        type_: CKA_LABEL,
        pValue: bytes.as_mut_ptr().cast(),
        ulValueLen: 256,
    };
    real!(C_GetAttributeValue(session, object, &raw mut attribute, 1))?;
    bytes.truncate(usize::try_from(attribute.ulValueLen).unwrap_or_default());
    Ok(bytes)
}
