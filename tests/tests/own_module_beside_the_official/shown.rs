//! What a program can read of a module and a card.

use cpxd_tests::cryptoki_calls::Cryptoki;
use cryptoki_sys::*;

/// One thing that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) card: String,
    pub(crate) what: String,
    pub(crate) value: String,
}

/// All of them, of the card in a slot; its holder logs in in between.
pub(crate) fn rows(module: &Cryptoki, slot: CK_SLOT_ID, kind: &str) -> Vec<Row> {
    let mut shown = of_slot_and_token(module, slot);
    let session = module.open_session(slot).unwrap();
    let before = objects(module, session);
    shown.extend(before.clone());
    module.log_in_with(session, "1234").unwrap();
    for (what, value) in objects(module, session) {
        if !before.iter().any(|(known, _)| *known == what) {
            shown.push((format!("{what}, after the log-in"), value));
        }
    }
    module.close_session(session).unwrap();
    let row = |(what, value)| Row {
        card: kind.to_owned(),
        what,
        value,
    };
    shown.into_iter().map(row).collect()
}

fn of_slot_and_token(module: &Cryptoki, slot: CK_SLOT_ID) -> Vec<(String, String)> {
    let of_slot = module.slot_info(slot).unwrap();
    let of_token = module.token_info(slot).unwrap();
    let shown = [
        ("slot: description", text(&of_slot.slotDescription)),
        ("slot: manufacturer", text(&of_slot.manufacturerID)),
        ("slot: flags", words(of_slot.flags, SLOT_FLAGS)),
        ("token: label", text(&of_token.label)),
        ("token: manufacturer", text(&of_token.manufacturerID)),
        ("token: model", text(&of_token.model)),
        ("token: serial number", text(&of_token.serialNumber)),
        ("token: flags", words(of_token.flags, TOKEN_FLAGS)),
        ("token: shortest code", of_token.ulMinPinLen.to_string()),
        ("token: longest code", of_token.ulMaxPinLen.to_string()),
    ];
    let mut shown = shown.map(|(what, value)| (what.to_owned(), value)).to_vec();
    for mechanism in module.mechanisms(slot).unwrap() {
        let info = module.mechanism_info(slot, mechanism).unwrap();
        let what = format!("mechanism {}", mechanism_name(mechanism));
        shown.push((what, mechanism_words(&info)));
    }
    shown
}

/// Each object by its class and label, with its attributes.
fn objects(module: &Cryptoki, session: CK_SESSION_HANDLE) -> Vec<(String, String)> {
    let found = module.find(session, &mut []).unwrap().into_iter();
    let mut objects: Vec<_> = found
        .map(|object| one_object(module, session, object))
        .collect();
    objects.sort();
    objects
}

fn one_object(
    module: &Cryptoki,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
) -> (String, String) {
    let value = |kind| module.value(session, object, kind).ok();
    let number = |kind| value(kind).map(|bytes| little_endian(&bytes));
    let class = match number(CKA_CLASS) {
        Some(CKO_DATA) => "data",
        Some(CKO_CERTIFICATE) => "certificate",
        Some(CKO_PUBLIC_KEY) => "public key",
        Some(CKO_PRIVATE_KEY) => "private key",
        _ => "object of no known class",
    };
    let mut said = Vec::new();
    for (kind, name) in YES_OR_NO {
        match value(*kind).as_deref() {
            Some([1]) => said.push((*name).to_owned()),
            Some([0]) => said.push(format!("not {name}")),
            _ => {}
        }
    }
    for (kind, name) in BYTES {
        if let Some(bytes) = value(*kind).filter(|bytes| !bytes.is_empty()) {
            // The official module has 64 bytes that say nothing.
            let shown = if bytes.len() > 32 {
                format!("of {} bytes", bytes.len())
            } else {
                hex::encode(bytes)
            };
            said.push(format!("{name} {shown}"));
        }
    }
    for (kind, name) in NUMBERS {
        if let Some(number) = number(*kind) {
            said.push(format!("{name} {number}"));
        }
    }
    if let Some(application) = value(CKA_APPLICATION) {
        said.push(format!("application “{}”", printable(&application)));
    }
    let has_value = class == "data" || class == "certificate";
    if let Some(bytes) = value(CKA_VALUE).filter(|_| has_value) {
        said.push(format!("value of {} bytes", bytes.len()));
    }
    let label = printable(&value(CKA_LABEL).unwrap_or_default());
    (format!("{class} “{label}”"), said.join(", "))
}

fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\\0")
}

fn text(field: &[u8]) -> String {
    format!("“{}”", printable(field).trim_end())
}

fn words(flags: CK_FLAGS, names: &[(CK_FLAGS, &str)]) -> String {
    let set = names.iter().filter(|(flag, _)| flags & flag != 0);
    let mut words: Vec<_> = set.map(|(_, name)| (*name).to_owned()).collect();
    let unknown = names.iter().fold(flags, |rest, (flag, _)| rest & !flag);
    if unknown != 0 {
        words.push(format!("{unknown:#x}"));
    }
    words.join(", ")
}

fn mechanism_words(info: &CK_MECHANISM_INFO) -> String {
    let flags = words(info.flags, MECHANISM_FLAGS);
    format!("{} to {}: {flags}", info.ulMinKeySize, info.ulMaxKeySize)
}

fn mechanism_name(mechanism: CK_MECHANISM_TYPE) -> String {
    let known = MECHANISMS.iter().find(|(known, _)| *known == mechanism);
    known.map_or_else(|| format!("{mechanism:#x}"), |(_, name)| (*name).to_owned())
}

fn little_endian(bytes: &[u8]) -> CK_ULONG {
    let place = |number, byte: &u8| (number << 8) | CK_ULONG::from(*byte);
    bytes.iter().rev().fold(0, place)
}

const YES_OR_NO: &[(CK_ATTRIBUTE_TYPE, &str)] = &[
    (CKA_TOKEN, "on the token"),
    (CKA_PRIVATE, "private"),
    (CKA_MODIFIABLE, "modifiable"),
    (CKA_SIGN, "sign"),
    (CKA_SIGN_RECOVER, "sign-recover"),
    (CKA_DECRYPT, "decrypt"),
    (CKA_UNWRAP, "unwrap"),
    (CKA_VERIFY, "verify"),
    (CKA_ENCRYPT, "encrypt"),
    (CKA_WRAP, "wrap"),
    (CKA_SENSITIVE, "sensitive"),
    (CKA_EXTRACTABLE, "extractable"),
];
const BYTES: &[(CK_ATTRIBUTE_TYPE, &str)] = &[(CKA_ID, "id"), (CKA_OBJECT_ID, "object id")];
const NUMBERS: &[(CK_ATTRIBUTE_TYPE, &str)] = &[
    (CKA_KEY_TYPE, "key type"),
    (CKA_CERTIFICATE_TYPE, "certificate type"),
    (CKA_MODULUS_BITS, "bits"),
];

macro_rules! named {
    ($($name:ident),* $(,)?) => { &[$(($name, stringify!($name))),*] };
}

const SLOT_FLAGS: &[(CK_FLAGS, &str)] =
    named![CKF_TOKEN_PRESENT, CKF_REMOVABLE_DEVICE, CKF_HW_SLOT];
const TOKEN_FLAGS: &[(CK_FLAGS, &str)] = named![
    CKF_RNG,
    CKF_WRITE_PROTECTED,
    CKF_LOGIN_REQUIRED,
    CKF_USER_PIN_INITIALIZED,
    CKF_PROTECTED_AUTHENTICATION_PATH,
    CKF_TOKEN_INITIALIZED,
    CKF_USER_PIN_COUNT_LOW,
    CKF_USER_PIN_FINAL_TRY,
    CKF_USER_PIN_LOCKED,
];
const MECHANISM_FLAGS: &[(CK_FLAGS, &str)] = named![
    CKF_HW,
    CKF_ENCRYPT,
    CKF_DECRYPT,
    CKF_DIGEST,
    CKF_SIGN,
    CKF_VERIFY,
    CKF_WRAP,
    CKF_UNWRAP,
    CKF_GENERATE_KEY_PAIR,
];
const MECHANISMS: &[(CK_MECHANISM_TYPE, &str)] = named![
    CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKM_RSA_PKCS,
    CKM_RSA_X_509,
    CKM_RSA_PKCS_PSS,
    CKM_MD5,
    CKM_SHA_1,
    CKM_SHA256,
    CKM_SHA384,
    CKM_SHA512,
    CKM_SHA1_RSA_PKCS,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA384_RSA_PKCS,
    CKM_SHA512_RSA_PKCS,
    CKM_SHA1_RSA_PKCS_PSS,
    CKM_SHA256_RSA_PKCS_PSS,
];
