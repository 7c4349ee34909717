//! What a card does: tries, blocking, unblocking, objects, signatures.

use cpxd_tests::judge::openssl_verifies;
use serde_json::json;

use super::*;

#[test]
fn a_wrong_code_counts_the_third_blocks_and_the_unblock_code_gives_a_new_one() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    let flags = |user: &mut TokenUser| {
        let token = user.token();
        ["userLow", "userFinal", "userLocked"].map(|flag| token[flag].as_bool().unwrap())
    };
    assert_eq!(flags(&mut user), [false, false, false]);
    assert_eq!(refused(&mut user, "login user 9999"), "PinIncorrect");
    assert_eq!(flags(&mut user), [true, false, false]);
    assert_eq!(refused(&mut user, "set-pin 9999 4321"), "PinIncorrect");
    assert_eq!(flags(&mut user), [true, true, false]);
    assert_eq!(refused(&mut user, "login user 9999"), "PinLocked");
    assert_eq!(flags(&mut user), [false, false, true]);
    assert_eq!(refused(&mut user, "login user 1234"), "PinLocked");
    assert_eq!(reader.memory(&label)["presented"], 3);

    assert_eq!(refused(&mut user, "init-pin 4321"), "UserNotLoggedIn");
    user.tell("login so 12345678");
    user.tell("init-pin 4321");
    user.tell("logout");
    assert_eq!(flags(&mut user), [false, false, false]);
    assert_eq!(refused(&mut user, "login user 1234"), "PinIncorrect");
    user.tell("login user 4321");
    assert_eq!(reader.memory(&label)["user_tries_left"], 3);
}

#[test]
fn the_unblock_code_has_three_tries_of_its_own() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    assert_eq!(refused(&mut user, "login so 87654321"), "PinIncorrect");
    assert_eq!(user.token()["soLow"], true);
    assert_eq!(refused(&mut user, "login so 87654321"), "PinIncorrect");
    assert_eq!(user.token()["soFinal"], true);
    assert_eq!(refused(&mut user, "login so 87654321"), "PinLocked");
    assert_eq!(user.token()["soLocked"], true);
    assert_eq!(refused(&mut user, "login so 12345678"), "PinLocked");
    assert_eq!(reader.memory(&label)["user_tries_left"], 3);
}

#[test]
fn a_change_of_the_code_is_seen_by_every_process() {
    let (reader, _) = reader_with_cps();
    let mut other = user_of(&reader);
    user_of(&reader).tell("set-pin 1234 4321");
    assert_eq!(refused(&mut other, "login user 1234"), "PinIncorrect");
    other.tell("login user 4321");
    signs(&mut other).unwrap();
}

#[test]
fn a_code_of_another_length_reaches_no_card() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    assert_eq!(refused(&mut user, "login user 12345"), "PinIncorrect");
    assert_eq!(refused(&mut user, "set-pin 1234 12345"), "PinLenRange");
    user.tell("login so 12345678");
    assert_eq!(refused(&mut user, "init-pin 123"), "PinLenRange");
    let memory = reader.memory(&label);
    assert_eq!(memory["presented"], 1, "the unblock code");
    assert_eq!(memory["user_tries_left"], 3);
    assert_eq!(user.token()["lengths"], json!([4, 4]));
    reader.set("pinLengths", json!([4, 8]));
    assert_eq!(user.token()["lengths"], json!([4, 8]));
}

#[test]
fn a_code_can_be_typed_at_the_keypad() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    assert_eq!(user.token()["keypad"], false);
    assert_eq!(refused(&mut user, "login user"), "ArgumentsBad");
    reader.set("keypadCode", json!("9999"));
    assert_eq!(user.token()["keypad"], true);
    assert_eq!(refused(&mut user, "login user"), "PinIncorrect");
    assert_eq!(reader.memory(&label)["user_tries_left"], 2);
    reader.set("keypadCode", json!("1234"));
    user.tell("login user");
    signs(&mut user).unwrap();
}

#[test]
fn it_has_keys_certificates_and_data_as_a_cps_has() {
    let (reader, _) = reader_with_cps();
    let mut user = user_of(&reader);
    let public = [
        "CPS_DATA",
        "CPS_ID_CARD",
        "CPS_INFO_PS",
        "CPS_LANG_PS",
        "CPS_NAME_PS",
        "Certificat d'Authentification CPS",
        "Certificat de Signature CPS",
    ];
    let objects = |user: &mut TokenUser| -> Vec<String> {
        serde_json::from_str(&user.tell("objects")).unwrap()
    };
    assert_eq!(objects(&mut user), public);
    user.tell("login user 1234");
    let private = [
        "CPS_ACTIVITY_01_PS",
        "CPS_ACTIVITY_03_PS",
        "CPS_PRIV_AUT",
        "CPS_PRIV_SIG",
    ];
    let mut all = [&private[..], &public].concat();
    all.sort_unstable();
    assert_eq!(objects(&mut user), all);
    let name = hex::decode(user.tell("value CPS_NAME_PS")).unwrap();
    assert!(String::from_utf8_lossy(&name).contains("DUPONT"));
}

#[test]
fn openssl_verifies_what_both_keys_sign_with_their_certificates() {
    let (reader, _) = reader_with_cps();
    let mut user = logged_in(&reader);
    let message = b"a message";
    for (key, certificate) in [
        ("CPS_PRIV_AUT", "Certificat d'Authentification CPS"),
        ("CPS_PRIV_SIG", "Certificat de Signature CPS"),
    ] {
        let certificate = hex::decode(user.tell(&format!("value {certificate}"))).unwrap();
        let digest_info = user.tell(&sign_order(key, message));
        let hashed = user.tell(&format!(
            "sign {key} SHA256_RSA_PKCS {}",
            hex::encode(message)
        ));
        for signature in [digest_info, hashed] {
            let signature = hex::decode(signature).unwrap();
            assert!(openssl_verifies(
                &certificate,
                "-sha256",
                &signature,
                message
            ));
            assert!(!openssl_verifies(
                &certificate,
                "-sha256",
                &signature,
                b"another"
            ));
        }
    }
}

#[test]
fn a_card_that_forgot_the_code_does_not_sign() {
    let (reader, label) = reader_with_cps();
    let mut user = logged_in(&reader);
    reader.change_memory(&label, "verified", json!(false));
    assert_eq!(signs(&mut user).unwrap_err(), "UserNotLoggedIn");
    user.tell("logout");
    user.tell("login user 1234");
    signs(&mut user).unwrap();
}

#[test]
fn a_log_out_in_one_process_does_not_disturb_another() {
    let (reader, _) = reader_with_cps();
    let mut one = logged_in(&reader);
    let mut other = logged_in(&reader);
    other.tell("logout");
    drop(other);
    signs(&mut one).unwrap();
}

#[test]
fn the_trace_tells_each_call_and_never_a_code() {
    let (reader, _) = reader_with_cps();
    let mut user = user_of(&reader);
    refused(&mut user, "login user 9876");
    user.tell("login user 1234");
    signs(&mut user).unwrap();
    let trace = reader.trace();
    for line in [
        "C_Login user CKR_PIN_INCORRECT",
        "C_Login user CKR_OK",
        "C_SignInit CKM_RSA_PKCS CKR_OK",
        "C_Sign CKR_OK",
    ] {
        assert!(trace.iter().any(|other| other == line), "{line}");
    }
    let text = trace.join("\n");
    assert!(!text.contains("1234") && !text.contains("9876"));
}
