//! All functions of the module: its own, and the real module's for what it leaves as it is.

use std::sync::OnceLock;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR, CK_VERSION};

use crate::{codes, decryption, objects, real, sessions, signing, slots};

/// The list as C wants it; callers only read it.
pub(crate) fn pointer() -> CK_FUNCTION_LIST_PTR {
    static LIST: OnceLock<CK_FUNCTION_LIST> = OnceLock::new();
    std::ptr::from_ref(LIST.get_or_init(list)).cast_mut()
}

fn list() -> CK_FUNCTION_LIST {
    CK_FUNCTION_LIST {
        version: CK_VERSION {
            major: 2,
            minor: 40,
        },
        C_Initialize: Some(slots::initialize),
        C_Finalize: Some(slots::finalize),
        C_GetInfo: Some(slots::get_info),
        C_GetFunctionList: Some(crate::C_GetFunctionList),
        C_GetSlotList: Some(slots::get_slot_list),
        C_GetSlotInfo: Some(slots::get_slot_info),
        C_GetTokenInfo: Some(slots::get_token_info),
        C_GetMechanismList: Some(slots::get_mechanism_list),
        C_GetMechanismInfo: Some(slots::get_mechanism_info),
        C_InitToken: Some(slots::init_token),
        C_WaitForSlotEvent: Some(slots::wait_for_slot_event),
        C_OpenSession: Some(sessions::open_session),
        C_CloseSession: Some(sessions::close_session),
        C_CloseAllSessions: Some(sessions::close_all_sessions),
        C_GetSessionInfo: Some(sessions::get_session_info),
        C_Login: Some(codes::login),
        C_Logout: Some(codes::logout),
        C_SetPIN: Some(codes::set_pin),
        C_InitPIN: Some(codes::init_pin),
        C_FindObjectsInit: Some(objects::find_objects_init),
        C_FindObjects: Some(objects::find_objects),
        C_FindObjectsFinal: Some(objects::find_objects_final),
        C_GetAttributeValue: Some(objects::get_attribute_value),
        C_SetAttributeValue: Some(objects::set_attribute_value),
        C_GenerateRandom: Some(objects::generate_random),
        C_SignInit: Some(signing::sign_init),
        C_Sign: Some(signing::sign),
        C_SignUpdate: Some(signing::sign_update),
        C_SignFinal: Some(signing::sign_final),
        C_DecryptInit: Some(decryption::decrypt_init),
        C_Decrypt: Some(decryption::decrypt),
        ..*real::functions()
    }
}
