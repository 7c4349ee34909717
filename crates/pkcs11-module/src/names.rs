//! The functions by their names, for the one that gives the list, and for programs that look up each of them instead.
//!
//! They stand apart from what the list points to: the program itself, or another module that it is linked with, may have
//! functions of the same names, which the system's linker would put into the list in place of ours.
#![expect(unsafe_code, reason = "the names and signatures of a C interface")]

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_BBOOL, CK_BYTE_PTR, CK_FLAGS, CK_FUNCTION_LIST_PTR_PTR, CK_INFO_PTR,
    CK_MECHANISM_INFO_PTR, CK_MECHANISM_PTR, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE_PTR, CK_NOTIFY,
    CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_SESSION_HANDLE_PTR,
    CK_SESSION_INFO_PTR, CK_SLOT_ID, CK_SLOT_ID_PTR, CK_SLOT_INFO_PTR, CK_TOKEN_INFO_PTR, CK_ULONG,
    CK_ULONG_PTR, CK_USER_TYPE, CK_UTF8CHAR_PTR, CK_VOID_PTR,
};

use crate::{entry, unsupported};

macro_rules! names {
    ($($name:ident = $module:ident::$function:ident($($argument:ident: $kind:ty),*),)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $kind),*) -> CK_RV {
            // SAFETY: the caller promises to this function what it promises to that one.
            unsafe { $module::$function($($argument),*) }
        }
    )*};
}

names! {
    C_Initialize = entry::initialize(a: CK_VOID_PTR),
    C_Finalize = entry::finalize(a: CK_VOID_PTR),
    C_GetInfo = entry::get_info(a: CK_INFO_PTR),
    C_GetFunctionList = entry::get_function_list(a: CK_FUNCTION_LIST_PTR_PTR),
    C_GetSlotList = entry::get_slot_list(a: CK_BBOOL, b: CK_SLOT_ID_PTR, c: CK_ULONG_PTR),
    C_GetSlotInfo = entry::get_slot_info(a: CK_SLOT_ID, b: CK_SLOT_INFO_PTR),
    C_GetTokenInfo = entry::get_token_info(a: CK_SLOT_ID, b: CK_TOKEN_INFO_PTR),
    C_GetMechanismList = entry::get_mechanism_list(a: CK_SLOT_ID, b: CK_MECHANISM_TYPE_PTR, c: CK_ULONG_PTR),
    C_GetMechanismInfo = entry::get_mechanism_info(a: CK_SLOT_ID, b: CK_MECHANISM_TYPE, c: CK_MECHANISM_INFO_PTR),
    C_InitToken = unsupported::init_token(a: CK_SLOT_ID, b: CK_UTF8CHAR_PTR, c: CK_ULONG, d: CK_UTF8CHAR_PTR),
    C_InitPIN = unsupported::init_pin(a: CK_SESSION_HANDLE, b: CK_UTF8CHAR_PTR, c: CK_ULONG),
    C_SetPIN = entry::set_pin(a: CK_SESSION_HANDLE, b: CK_UTF8CHAR_PTR, c: CK_ULONG, d: CK_UTF8CHAR_PTR, e: CK_ULONG),
    C_OpenSession = entry::open_session(a: CK_SLOT_ID, b: CK_FLAGS, c: CK_VOID_PTR, d: CK_NOTIFY, e: CK_SESSION_HANDLE_PTR),
    C_CloseSession = entry::close_session(a: CK_SESSION_HANDLE),
    C_CloseAllSessions = entry::close_all_sessions(a: CK_SLOT_ID),
    C_GetSessionInfo = entry::get_session_info(a: CK_SESSION_HANDLE, b: CK_SESSION_INFO_PTR),
    C_GetOperationState = unsupported::get_operation_state(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG_PTR),
    C_SetOperationState = unsupported::set_operation_state(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_OBJECT_HANDLE, e: CK_OBJECT_HANDLE),
    C_Login = entry::login(a: CK_SESSION_HANDLE, b: CK_USER_TYPE, c: CK_UTF8CHAR_PTR, d: CK_ULONG),
    C_Logout = entry::logout(a: CK_SESSION_HANDLE),
    C_CreateObject = unsupported::create_object(a: CK_SESSION_HANDLE, b: CK_ATTRIBUTE_PTR, c: CK_ULONG, d: CK_OBJECT_HANDLE_PTR),
    C_CopyObject = unsupported::copy_object(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE, c: CK_ATTRIBUTE_PTR, d: CK_ULONG, e: CK_OBJECT_HANDLE_PTR),
    C_DestroyObject = unsupported::destroy_object(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE),
    C_GetObjectSize = entry::get_object_size(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE, c: CK_ULONG_PTR),
    C_GetAttributeValue = entry::get_attribute_value(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE, c: CK_ATTRIBUTE_PTR, d: CK_ULONG),
    C_SetAttributeValue = unsupported::set_attribute_value(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE, c: CK_ATTRIBUTE_PTR, d: CK_ULONG),
    C_FindObjectsInit = entry::find_objects_init(a: CK_SESSION_HANDLE, b: CK_ATTRIBUTE_PTR, c: CK_ULONG),
    C_FindObjects = entry::find_objects(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE_PTR, c: CK_ULONG, d: CK_ULONG_PTR),
    C_FindObjectsFinal = entry::find_objects_final(a: CK_SESSION_HANDLE),
    C_EncryptInit = entry::encrypt_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_Encrypt = entry::encrypt(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_EncryptUpdate = unsupported::encrypt_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_EncryptFinal = unsupported::encrypt_final(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG_PTR),
    C_DecryptInit = entry::decrypt_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_Decrypt = entry::decrypt(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DecryptUpdate = entry::decrypt_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DecryptFinal = entry::decrypt_final(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG_PTR),
    C_DigestInit = entry::digest_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR),
    C_Digest = entry::digest(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DigestUpdate = entry::digest_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_DigestKey = unsupported::digest_key(a: CK_SESSION_HANDLE, b: CK_OBJECT_HANDLE),
    C_DigestFinal = entry::digest_final(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG_PTR),
    C_SignInit = entry::sign_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_Sign = entry::sign(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_SignUpdate = entry::sign_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_SignFinal = entry::sign_final(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG_PTR),
    C_SignRecoverInit = unsupported::sign_recover_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_SignRecover = unsupported::sign_recover(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_VerifyInit = entry::verify_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_Verify = entry::verify(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG),
    C_VerifyUpdate = entry::verify_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_VerifyFinal = entry::verify_final(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_VerifyRecoverInit = unsupported::verify_recover_init(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE),
    C_VerifyRecover = unsupported::verify_recover(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DigestEncryptUpdate = unsupported::digest_encrypt_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DecryptDigestUpdate = unsupported::decrypt_digest_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_SignEncryptUpdate = unsupported::sign_encrypt_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_DecryptVerifyUpdate = unsupported::decrypt_verify_update(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG, d: CK_BYTE_PTR, e: CK_ULONG_PTR),
    C_GenerateKey = unsupported::generate_key(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_ATTRIBUTE_PTR, d: CK_ULONG, e: CK_OBJECT_HANDLE_PTR),
    C_GenerateKeyPair = unsupported::generate_key_pair(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_ATTRIBUTE_PTR, d: CK_ULONG, e: CK_ATTRIBUTE_PTR, f: CK_ULONG, g: CK_OBJECT_HANDLE_PTR, h: CK_OBJECT_HANDLE_PTR),
    C_WrapKey = unsupported::wrap_key(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE, d: CK_OBJECT_HANDLE, e: CK_BYTE_PTR, f: CK_ULONG_PTR),
    C_UnwrapKey = unsupported::unwrap_key(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE, d: CK_BYTE_PTR, e: CK_ULONG, f: CK_ATTRIBUTE_PTR, g: CK_ULONG, h: CK_OBJECT_HANDLE_PTR),
    C_DeriveKey = unsupported::derive_key(a: CK_SESSION_HANDLE, b: CK_MECHANISM_PTR, c: CK_OBJECT_HANDLE, d: CK_ATTRIBUTE_PTR, e: CK_ULONG, f: CK_OBJECT_HANDLE_PTR),
    C_SeedRandom = unsupported::seed_random(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_GenerateRandom = entry::generate_random(a: CK_SESSION_HANDLE, b: CK_BYTE_PTR, c: CK_ULONG),
    C_GetFunctionStatus = unsupported::get_function_status(a: CK_SESSION_HANDLE),
    C_CancelFunction = unsupported::cancel_function(a: CK_SESSION_HANDLE),
    C_WaitForSlotEvent = entry::wait_for_slot_event(a: CK_FLAGS, b: CK_SLOT_ID_PTR, c: CK_VOID_PTR),
}
