//! What each function may return: the lists of PKCS#11 2.40, section 5, and where the module says more than they do.

use cryptoki_sys::*;

/// Whether a function may return this. One that is not known may return nothing.
pub(crate) fn is_allowed(function: &str, value: CK_RV) -> bool {
    let known = FUNCTIONS.iter().chain(&BEYOND);
    let mut lists = known.filter(|(names, _)| names.contains(&function));
    lists.any(|(_, lists)| lists.iter().any(|list| list.contains(&value)))
}

type Lists = (&'static [&'static str], &'static [&'static [CK_RV]]);

/// What any function may return but for a fault of its own (`CKR_GENERAL_ERROR`, which stands for a panic here).
const ANY: &[CK_RV] = &[
    CKR_OK,
    CKR_HOST_MEMORY,
    CKR_FUNCTION_FAILED,
    CKR_ARGUMENTS_BAD,
    CKR_CRYPTOKI_NOT_INITIALIZED,
];
const DEVICE: &[CK_RV] = &[
    CKR_DEVICE_ERROR,
    CKR_DEVICE_MEMORY,
    CKR_DEVICE_REMOVED,
    CKR_FUNCTION_CANCELED,
];
const SLOT: &[CK_RV] = &[
    CKR_SLOT_ID_INVALID,
    CKR_TOKEN_NOT_PRESENT,
    CKR_TOKEN_NOT_RECOGNIZED,
];
const SESSION: &[CK_RV] = &[CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED];
const ROOM: &[CK_RV] = &[CKR_BUFFER_TOO_SMALL];
const BEGUN: &[CK_RV] = &[CKR_OPERATION_NOT_INITIALIZED];
const LOGGED_IN: &[CK_RV] = &[CKR_USER_NOT_LOGGED_IN];
const BEGINS: &[CK_RV] = &[
    CKR_OPERATION_ACTIVE,
    CKR_PIN_EXPIRED,
    CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID,
    CKR_USER_NOT_LOGGED_IN,
];
const BEGINS_WITH_KEY: &[CK_RV] = &[
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID,
    CKR_KEY_SIZE_RANGE,
    CKR_KEY_TYPE_INCONSISTENT,
];
const DATA: &[CK_RV] = &[CKR_DATA_LEN_RANGE];
const WHOLE_DATA: &[CK_RV] = &[CKR_DATA_INVALID, CKR_DATA_LEN_RANGE];
const SIGNED: &[CK_RV] = &[CKR_FUNCTION_REJECTED];
const ENCRYPTED: &[CK_RV] = &[CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE];
const SIGNATURE: &[CK_RV] = &[CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE];

const FUNCTIONS: [Lists; 33] = [
    (
        &["C_Initialize"],
        &[ANY, &[CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CANT_LOCK]],
    ),
    (&["C_Finalize", "C_GetInfo", "C_GetFunctionList"], &[ANY]),
    (&["C_GetSlotList"], &[ANY, ROOM]),
    (
        &["C_GetSlotInfo"],
        &[ANY, &[CKR_DEVICE_ERROR, CKR_SLOT_ID_INVALID]],
    ),
    (&["C_GetTokenInfo"], &[ANY, DEVICE, SLOT]),
    (&["C_WaitForSlotEvent"], &[ANY, &[CKR_NO_EVENT]]),
    (&["C_GetMechanismList"], &[ANY, DEVICE, SLOT, ROOM]),
    (
        &["C_GetMechanismInfo"],
        &[ANY, DEVICE, SLOT, &[CKR_MECHANISM_INVALID]],
    ),
    (
        &["C_InitToken"],
        &[
            ANY,
            DEVICE,
            SLOT,
            &[
                CKR_PIN_INCORRECT,
                CKR_PIN_LOCKED,
                CKR_SESSION_EXISTS,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ],
    ),
    (
        &["C_SetPIN"],
        &[
            ANY,
            DEVICE,
            SESSION,
            &[
                CKR_PIN_INCORRECT,
                CKR_PIN_INVALID,
                CKR_PIN_LEN_RANGE,
                CKR_PIN_LOCKED,
                CKR_SESSION_READ_ONLY,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ],
    ),
    (
        &["C_OpenSession"],
        &[
            ANY,
            DEVICE,
            SLOT,
            &[
                CKR_SESSION_COUNT,
                CKR_SESSION_PARALLEL_NOT_SUPPORTED,
                CKR_SESSION_READ_WRITE_SO_EXISTS,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ],
    ),
    (
        &["C_CloseSession", "C_GetSessionInfo"],
        &[ANY, DEVICE, SESSION],
    ),
    (&["C_CloseAllSessions"], &[ANY, DEVICE, SLOT]),
    (
        &["C_Login"],
        &[
            ANY,
            DEVICE,
            SESSION,
            &[
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PIN_INCORRECT,
                CKR_PIN_LOCKED,
                CKR_SESSION_READ_ONLY_EXISTS,
                CKR_USER_ALREADY_LOGGED_IN,
                CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
                CKR_USER_PIN_NOT_INITIALIZED,
                CKR_USER_TOO_MANY_TYPES,
                CKR_USER_TYPE_INVALID,
            ],
        ],
    ),
    (&["C_Logout"], &[ANY, DEVICE, SESSION, LOGGED_IN]),
    (
        &["C_GetObjectSize"],
        &[
            ANY,
            DEVICE,
            SESSION,
            &[CKR_INFORMATION_SENSITIVE, CKR_OBJECT_HANDLE_INVALID],
        ],
    ),
    (
        &["C_GetAttributeValue"],
        &[
            ANY,
            DEVICE,
            SESSION,
            ROOM,
            &[
                CKR_ATTRIBUTE_SENSITIVE,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_OBJECT_HANDLE_INVALID,
            ],
        ],
    ),
    (
        &["C_SetAttributeValue", "C_DestroyObject"],
        &[ANY, DEVICE, SESSION, &[CKR_TOKEN_WRITE_PROTECTED]],
    ),
    (
        &["C_FindObjectsInit"],
        &[
            ANY,
            DEVICE,
            SESSION,
            &[
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
            ],
        ],
    ),
    (
        &["C_FindObjects", "C_FindObjectsFinal", "C_DigestUpdate"],
        &[ANY, DEVICE, SESSION, BEGUN],
    ),
    (
        &[
            "C_EncryptInit",
            "C_DecryptInit",
            "C_SignInit",
            "C_VerifyInit",
        ],
        &[ANY, DEVICE, SESSION, BEGINS, BEGINS_WITH_KEY],
    ),
    (&["C_DigestInit"], &[ANY, DEVICE, SESSION, BEGINS]),
    (
        &["C_Encrypt"],
        &[ANY, DEVICE, SESSION, ROOM, BEGUN, WHOLE_DATA],
    ),
    (
        &["C_Decrypt", "C_DecryptUpdate", "C_DecryptFinal"],
        &[ANY, DEVICE, SESSION, ROOM, BEGUN, ENCRYPTED, LOGGED_IN],
    ),
    (
        &["C_Digest", "C_DigestFinal"],
        &[ANY, DEVICE, SESSION, ROOM, BEGUN],
    ),
    (
        &["C_Sign"],
        &[
            ANY, DEVICE, SESSION, ROOM, BEGUN, WHOLE_DATA, LOGGED_IN, SIGNED,
        ],
    ),
    (
        &["C_SignUpdate"],
        &[ANY, DEVICE, SESSION, BEGUN, DATA, LOGGED_IN],
    ),
    (
        &["C_SignFinal"],
        &[ANY, DEVICE, SESSION, ROOM, BEGUN, DATA, LOGGED_IN, SIGNED],
    ),
    (
        &["C_Verify"],
        &[ANY, DEVICE, SESSION, BEGUN, WHOLE_DATA, SIGNATURE],
    ),
    (&["C_VerifyUpdate"], &[ANY, DEVICE, SESSION, BEGUN, DATA]),
    (
        &["C_VerifyFinal"],
        &[ANY, DEVICE, SESSION, BEGUN, DATA, SIGNATURE],
    ),
    (
        &["C_GenerateRandom"],
        &[
            ANY,
            DEVICE,
            SESSION,
            &[
                CKR_OPERATION_ACTIVE,
                CKR_RANDOM_NO_RNG,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ],
    ),
    (
        &["C_SeedRandom"],
        &[ANY, DEVICE, SESSION, &[CKR_RANDOM_SEED_NOT_SUPPORTED]],
    ),
];

/// Whoever uses a key may have its holder type a code, which these lists do not know of, or refuse; a code may be too short, and the
/// contactless side of a card has none.
const OF_A_CODE: &[CK_RV] = &[
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_PIN_INCORRECT,
    CKR_PIN_LOCKED,
    CKR_PIN_LEN_RANGE,
    CKR_FUNCTION_REJECTED,
];
/// A single call where parts came is refused as the operation that it would not end.
const HAS_PARTS: &[CK_RV] = &[CKR_OPERATION_ACTIVE];
/// There, and saying so (5.1).
const UNSUPPORTED: &[CK_RV] = &[CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED];

const BEYOND: [Lists; 10] = [
    (
        &[
            "C_Sign",
            "C_SignFinal",
            "C_Decrypt",
            "C_DecryptFinal",
            "C_GetAttributeValue",
        ],
        &[OF_A_CODE],
    ),
    (
        &["C_Login", "C_SetPIN"],
        &[&[CKR_PIN_LEN_RANGE, CKR_FUNCTION_REJECTED]],
    ),
    // The contactless side of a card, which has no code.
    (&["C_SetPIN"], &[&[CKR_USER_PIN_NOT_INITIALIZED]]),
    (&["C_Sign", "C_Decrypt"], &[HAS_PARTS]),
    // The agent says it of the whole, whose parts are put together here.
    (&["C_SignFinal"], &[WHOLE_DATA]),
    // Data are private, and the agent has ended the log-in meanwhile.
    (&["C_GetAttributeValue"], &[LOGGED_IN]),
    // A browser, whose holder would not know where to type the code.
    (&["C_SetPIN"], &[UNSUPPORTED]),
    (
        &["C_GetFunctionStatus", "C_CancelFunction"],
        &[&[CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_PARALLEL]],
    ),
    (
        &["C_InitPIN", "C_GetOperationState", "C_SetOperationState"],
        &[UNSUPPORTED],
    ),
    (
        &["C_EncryptUpdate", "C_EncryptFinal", "C_DigestKey"],
        &[UNSUPPORTED],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_module_and_what_no_list_has_is_not_allowed() {
        assert!(is_allowed("C_Sign", CKR_OK));
        assert!(!is_allowed("C_Sign", CKR_GENERAL_ERROR));
        assert!(!is_allowed("C_Sign", CKR_SLOT_ID_INVALID));
        assert!(!is_allowed("C_InitPIN", CKR_OK));
        assert!(!is_allowed("C_Unknown", CKR_OK));
    }
}
