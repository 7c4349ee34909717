//! The functions of C: each makes its caller's pointers safe to use, and nothing else.
#![expect(
    unsafe_code,
    reason = "a C interface: every pointer is as good as its caller's promise"
)]

use std::ffi::c_void;

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_BBOOL, CK_BYTE_PTR, CK_C_INITIALIZE_ARGS, CK_FLAGS,
    CK_FUNCTION_LIST_PTR_PTR, CK_INFO_PTR, CK_MECHANISM_INFO_PTR, CK_MECHANISM_PTR,
    CK_MECHANISM_TYPE, CK_MECHANISM_TYPE_PTR, CK_NOTIFY, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR,
    CK_RV, CK_SESSION_HANDLE, CK_SESSION_HANDLE_PTR, CK_SESSION_INFO_PTR, CK_SLOT_ID,
    CK_SLOT_ID_PTR, CK_SLOT_INFO_PTR, CK_TOKEN_INFO_PTR, CK_TRUE, CK_ULONG, CK_ULONG_PTR,
    CK_USER_TYPE, CK_UTF8CHAR_PTR, CK_VOID_PTR, CKR_ARGUMENTS_BAD,
};

use crate::answer::{answer, answer_always};
use crate::memory::{Input, Output, Place, Space, Template};
use crate::{
    codes, decrypting, digesting, encrypting, events, function_list, module, objects, random,
    sessions, signing, slots, verifying,
};

/// The one function by which a PKCS#11 module is entered.
///
/// # Safety
/// `list` is null or can be written.
pub(crate) unsafe extern "C" fn get_function_list(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    // SAFETY: PKCS#11: null or good for a pointer.
    let list = unsafe { Place::new(list) };
    answer_always(|| list.write(function_list::pointer()))
}

pub(crate) unsafe extern "C" fn initialize(arguments: *mut c_void) -> CK_RV {
    // SAFETY: PKCS#11: null or a CK_C_INITIALIZE_ARGS.
    let arguments = unsafe { Place::new(arguments.cast::<CK_C_INITIALIZE_ARGS>()) };
    answer_always(|| {
        if !arguments.is_null() {
            // Windows packs this structure (PKCS#11 2.40, 2.1), so its parts are copied and not referred to.
            let CK_C_INITIALIZE_ARGS {
                CreateMutex: create,
                DestroyMutex: destroy,
                LockMutex: lock,
                UnlockMutex: unlock,
                pReserved: reserved,
                ..
            } = arguments.read()?;
            let given = [
                create.is_some(),
                destroy.is_some(),
                lock.is_some(),
                unlock.is_some(),
            ];
            // All four or none of them (5.4); the system's own locks serve in both cases.
            let is_whole = given == [true; 4] || given == [false; 4];
            if !reserved.is_null() || !is_whole {
                return Err(CKR_ARGUMENTS_BAD);
            }
        }
        module::initialise()
    })
}

pub(crate) unsafe extern "C" fn finalize(reserved: *mut c_void) -> CK_RV {
    answer_always(|| {
        if reserved.is_null() {
            module::finalise()
        } else {
            Err(CKR_ARGUMENTS_BAD)
        }
    })
}

pub(crate) unsafe extern "C" fn get_info(info: CK_INFO_PTR) -> CK_RV {
    // SAFETY: PKCS#11: null or good for the information.
    let info = unsafe { Place::new(info) };
    answer(|_| slots::get_info(info))
}

pub(crate) unsafe extern "C" fn get_slot_list(
    with_token: CK_BBOOL,
    list: CK_SLOT_ID_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for as many as stand in `count`.
    let list = unsafe { Output::new(list, Place::new(count)) };
    answer(|module| slots::get_slot_list(module, with_token == CK_TRUE, list))
}

pub(crate) unsafe extern "C" fn get_slot_info(slot: CK_SLOT_ID, info: CK_SLOT_INFO_PTR) -> CK_RV {
    // SAFETY: PKCS#11: null or good for the information.
    let info = unsafe { Place::new(info) };
    answer(|module| slots::get_slot_info(module, slot, info))
}

pub(crate) unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    // SAFETY: PKCS#11: null or good for the information.
    let info = unsafe { Place::new(info) };
    answer(|module| slots::get_token_info(module, slot, info))
}

pub(crate) unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    list: CK_MECHANISM_TYPE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for as many as stand in `count`.
    let list = unsafe { Output::new(list, Place::new(count)) };
    answer(|module| slots::get_mechanism_list(module, slot, list))
}

pub(crate) unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for the information.
    let info = unsafe { Place::new(info) };
    answer(|module| slots::get_mechanism_info(module, slot, mechanism, info))
}

pub(crate) unsafe extern "C" fn wait_for_slot_event(
    flags: CK_FLAGS,
    slot: CK_SLOT_ID_PTR,
    reserved: CK_VOID_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for a number.
    let slot = unsafe { Place::new(slot) };
    let is_null = reserved.is_null();
    answer(|module| events::wait_for_slot_event(module, flags, slot, is_null))
}

/// The program is never called back, so what it gave for that is not kept.
pub(crate) unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    _: CK_VOID_PTR,
    _: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for a handle.
    let session = unsafe { Place::new(session) };
    answer(|module| sessions::open_session(module, slot, flags, session))
}

pub(crate) unsafe extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|module| sessions::close_session(module, session))
}

pub(crate) unsafe extern "C" fn close_all_sessions(slot: CK_SLOT_ID) -> CK_RV {
    answer(|module| sessions::close_all_sessions(module, slot))
}

pub(crate) unsafe extern "C" fn get_session_info(
    session: CK_SESSION_HANDLE,
    info: CK_SESSION_INFO_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for the information.
    let info = unsafe { Place::new(info) };
    answer(|module| sessions::get_session_info(module, session, info))
}

/// What stands behind the pointer to a code is never read.
pub(crate) unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    _: CK_UTF8CHAR_PTR,
    _: CK_ULONG,
) -> CK_RV {
    answer(|module| sessions::log_in(module, session, user))
}

/// What stands behind the pointers to codes is never read.
pub(crate) unsafe extern "C" fn set_pin(
    session: CK_SESSION_HANDLE,
    _: CK_UTF8CHAR_PTR,
    _: CK_ULONG,
    _: CK_UTF8CHAR_PTR,
    _: CK_ULONG,
) -> CK_RV {
    answer(|module| codes::set_pin(module, session))
}

pub(crate) unsafe extern "C" fn logout(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|module| sessions::log_out(module, session))
}

pub(crate) unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for `count` attributes and their values.
    let template = unsafe { Template::new(template, count) };
    answer(|module| objects::find_objects_init(module, session, template))
}

pub(crate) unsafe extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    list: CK_OBJECT_HANDLE_PTR,
    room: CK_ULONG,
    count: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for `room` handles, and for a number.
    let (list, count) = unsafe { (Space::new(list, room), Place::new(count)) };
    answer(|module| objects::find_objects(module, session, list, count))
}

pub(crate) unsafe extern "C" fn find_objects_final(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|module| objects::find_objects_final(module, session))
}

pub(crate) unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for `count` attributes and their values.
    let template = unsafe { Template::new(template, count) };
    answer(|module| objects::get_attribute_value(module, session, object, template))
}

pub(crate) unsafe extern "C" fn get_object_size(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    size: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for a number.
    let size = unsafe { Place::new(size) };
    answer(|module| objects::get_object_size(module, session, object, size))
}

pub(crate) unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11: null or a mechanism, whose parameters are null or as long as it says.
    let mechanism = unsafe { Place::new(mechanism) };
    answer(|module| {
        // SAFETY: as above; nobody reads more than the length that the mechanism says.
        let parameters =
            |of: &cryptoki_sys::CK_MECHANISM| unsafe { Place::new(of.pParameter.cast()) };
        signing::sign_init(module, session, mechanism, parameters, key)
    })
}

pub(crate) unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (data, signature) = unsafe {
        let len = Place::new(signature_len);
        (
            Input::new(data.cast_const(), data_len),
            Output::new(signature, len),
        )
    };
    answer(|module| signing::sign(module, session, data, signature))
}

pub(crate) unsafe extern "C" fn sign_update(
    session: CK_SESSION_HANDLE,
    part: CK_BYTE_PTR,
    part_len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let part = unsafe { Input::new(part.cast_const(), part_len) };
    answer(|module| signing::sign_update(module, session, part))
}

pub(crate) unsafe extern "C" fn sign_final(
    session: CK_SESSION_HANDLE,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let signature = unsafe { Output::new(signature, Place::new(signature_len)) };
    answer(|module| signing::sign_final(module, session, signature))
}

pub(crate) unsafe extern "C" fn generate_random(
    session: CK_SESSION_HANDLE,
    place: CK_BYTE_PTR,
    len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or good for `len` bytes.
    let place = unsafe { Space::new(place, len) };
    answer(|module| random::generate_random(module, session, place))
}

pub(crate) unsafe extern "C" fn verify_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11: null or a mechanism, whose parameters are null or as long as it says.
    let mechanism = unsafe { Place::new(mechanism) };
    answer(|module| {
        // SAFETY: as above; nobody reads more than the length that the mechanism says.
        let parameters =
            |of: &cryptoki_sys::CK_MECHANISM| unsafe { Place::new(of.pParameter.cast()) };
        verifying::verify_init(module, session, mechanism, parameters, key)
    })
}

pub(crate) unsafe extern "C" fn verify(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (data, signature) = unsafe {
        (
            Input::new(data.cast_const(), data_len),
            Input::new(signature.cast_const(), signature_len),
        )
    };
    answer(|module| verifying::verify(module, session, data, signature))
}

pub(crate) unsafe extern "C" fn verify_update(
    session: CK_SESSION_HANDLE,
    part: CK_BYTE_PTR,
    part_len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let part = unsafe { Input::new(part.cast_const(), part_len) };
    answer(|module| verifying::verify_update(module, session, part))
}

pub(crate) unsafe extern "C" fn verify_final(
    session: CK_SESSION_HANDLE,
    signature: CK_BYTE_PTR,
    signature_len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let signature = unsafe { Input::new(signature.cast_const(), signature_len) };
    answer(|module| verifying::verify_final(module, session, signature))
}

pub(crate) unsafe extern "C" fn digest_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or a mechanism.
    let mechanism = unsafe { Place::new(mechanism) };
    answer(|module| digesting::digest_init(module, session, mechanism))
}

pub(crate) unsafe extern "C" fn digest(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    digest: CK_BYTE_PTR,
    digest_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (data, digest) = unsafe { bytes_in_and_out(data, data_len, digest, digest_len) };
    answer(|module| digesting::digest(module, session, data, digest))
}

pub(crate) unsafe extern "C" fn digest_update(
    session: CK_SESSION_HANDLE,
    part: CK_BYTE_PTR,
    part_len: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let part = unsafe { Input::new(part.cast_const(), part_len) };
    answer(|module| digesting::digest_update(module, session, part))
}

pub(crate) unsafe extern "C" fn digest_final(
    session: CK_SESSION_HANDLE,
    digest: CK_BYTE_PTR,
    digest_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let digest = unsafe { Output::new(digest, Place::new(digest_len)) };
    answer(|module| digesting::digest_final(module, session, digest))
}

pub(crate) unsafe extern "C" fn encrypt_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11: null or a mechanism.
    let mechanism = unsafe { Place::new(mechanism) };
    answer(|module| encrypting::encrypt_init(module, session, mechanism, key))
}

pub(crate) unsafe extern "C" fn encrypt(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    cryptogram: CK_BYTE_PTR,
    cryptogram_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (data, cryptogram) =
        unsafe { bytes_in_and_out(data, data_len, cryptogram, cryptogram_len) };
    answer(|module| encrypting::encrypt(module, session, data, cryptogram))
}

pub(crate) unsafe extern "C" fn decrypt_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11: null or a mechanism.
    let mechanism = unsafe { Place::new(mechanism) };
    answer(|module| decrypting::decrypt_init(module, session, mechanism, key))
}

pub(crate) unsafe extern "C" fn decrypt(
    session: CK_SESSION_HANDLE,
    cryptogram: CK_BYTE_PTR,
    cryptogram_len: CK_ULONG,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (cryptogram, data) =
        unsafe { bytes_in_and_out(cryptogram, cryptogram_len, data, data_len) };
    answer(|module| decrypting::decrypt(module, session, cryptogram, data))
}

pub(crate) unsafe extern "C" fn decrypt_update(
    session: CK_SESSION_HANDLE,
    part: CK_BYTE_PTR,
    part_len: CK_ULONG,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as their lengths say.
    let (part, data) = unsafe { bytes_in_and_out(part, part_len, data, data_len) };
    answer(|module| decrypting::decrypt_update(module, session, part, data))
}

pub(crate) unsafe extern "C" fn decrypt_final(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG_PTR,
) -> CK_RV {
    // SAFETY: PKCS#11: null or as long as it says.
    let data = unsafe { Output::new(data, Place::new(data_len)) };
    answer(|module| decrypting::decrypt_final(module, session, data))
}

/// # Safety
/// Each is null, or as long as its length says.
unsafe fn bytes_in_and_out(
    data: CK_BYTE_PTR,
    data_len: CK_ULONG,
    place: CK_BYTE_PTR,
    place_len: CK_ULONG_PTR,
) -> (Input, Output<u8>) {
    // SAFETY: the caller's promise.
    unsafe {
        (
            Input::new(data.cast_const(), data_len),
            Output::new(place, Place::new(place_len)),
        )
    }
}
