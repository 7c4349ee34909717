//! What the module always does wrong, each as the official one was seen to do it.

use std::process::Command;

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use cpxd_tests::programs::test_module;
use serde_json::json;

use super::*;

#[test]
fn login_ok_though_refused_presents_no_code_and_the_card_does_not_sign() {
    let (reader, label) = reader_with_cps();
    reader.habit("login-ok-though-refused");
    let mut user = user_of(&reader);
    user.tell("login user 9999");
    assert_eq!(signs(&mut user).unwrap_err(), "UserNotLoggedIn");
    let memory = reader.memory(&label);
    assert_eq!(memory["presented"], 0);
    assert_eq!(memory["user_tries_left"], 3);
}

#[test]
fn set_pin_ok_though_refused_leaves_the_code() {
    let (reader, label) = reader_with_cps();
    reader.habit("set-pin-ok-though-refused");
    let mut user = user_of(&reader);
    user.tell("set-pin 1234 4321");
    assert_eq!(reader.memory(&label)["presented"], 0);
    user.tell("login user 1234");
}

#[test]
fn init_pin_ok_though_refused_leaves_the_block() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    for _ in 0..3 {
        refused(&mut user, "login user 9999");
    }
    reader.habit("init-pin-ok-though-refused");
    user.tell("login so 12345678");
    user.tell("init-pin 4321");
    user.tell("logout");
    assert_eq!(reader.memory(&label)["user_tries_left"], 0);
    assert_eq!(refused(&mut user, "login user 4321"), "PinLocked");
}

#[test]
fn replays_pin_signs_again_or_burns_a_try_after_another_program_changed_the_code() {
    let (reader, label) = reader_with_cps();
    reader.habit("replays-pin");
    let mut user = logged_in(&reader);
    reader.change_memory(&label, "verified", json!(false));
    signs(&mut user).unwrap();
    assert_eq!(reader.memory(&label)["presented"], 2);

    user_of(&reader).tell("set-pin 1234 4321");
    reader.change_memory(&label, "verified", json!(false));
    for tries_left in [2, 1, 0] {
        assert_eq!(signs(&mut user).unwrap_err(), "UserNotLoggedIn");
        assert_eq!(reader.memory(&label)["user_tries_left"], tries_left);
    }
}

#[test]
fn hash_and_sign_fails_with_the_authentication_key_alone() {
    let (reader, _) = reader_with_cps();
    reader.habit("hash-and-sign-fails");
    let mut user = logged_in(&reader);
    let refusal = refused(&mut user, "sign CPS_PRIV_AUT SHA256_RSA_PKCS 00");
    assert_eq!(refusal, "GeneralError");
    user.tell("sign CPS_PRIV_SIG SHA256_RSA_PKCS 00");
    signs(&mut user).unwrap();
}

#[test]
fn refuses_long_buffer_stops_pkcs11_tool() {
    let (reader, _) = reader_with_cps();
    assert!(pkcs11_tool_signs(&reader));
    reader.habit("refuses-long-buffer");
    assert!(!pkcs11_tool_signs(&reader));
    let last = reader
        .trace()
        .into_iter()
        .rfind(|line| line.starts_with("C_Sign "));
    assert_eq!(last.unwrap(), "C_Sign CKR_ARGUMENTS_BAD");
    signs(&mut logged_in(&reader)).unwrap();
}

#[test]
fn so_locked_by_mistake_shows_in_every_process_until_the_card_is_out() {
    let (reader, label) = reader_with_cps();
    reader.habit("so-locked-by-mistake");
    let mut user = user_of(&reader);
    assert_eq!(user.token()["soLocked"], false);
    user.tell("login so 12345678");
    assert_eq!(user.token()["soLocked"], true);
    assert_eq!(TokenUser::start(&reader).token()["soLocked"], true);
    assert_eq!(reader.memory(&label)["so_tries_left"], 3);
    reader.insert(&label);
    assert_eq!(user.token()["soLocked"], false);
}

#[test]
fn stale_token_info_lasts_until_the_module_is_initialised_again() {
    let (reader, first) = reader_with_cps();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.habit("stale-token-info");
    let mut user = TokenUser::start(&reader);
    let token = user.token();
    reader.insert(&second);
    let stale = user.token();
    assert_eq!(stale["label"], json!(first));
    assert_eq!(stale["serial"], token["serial"]);
    assert_eq!(TokenUser::start(&reader).token()["label"], json!(second));
}

#[test]
fn counts_silently_takes_a_try_and_says_ok() {
    let (reader, label) = reader_with_cps();
    reader.habit("counts-silently");
    let mut user = user_of(&reader);
    user.tell("login user 9999");
    assert_eq!(reader.memory(&label)["user_tries_left"], 2);
    assert_eq!(signs(&mut user).unwrap_err(), "UserNotLoggedIn");
}

#[test]
fn blocks_at_incorrect_says_locked_one_try_late() {
    let (reader, label) = reader_with_cps();
    reader.habit("blocks-at-incorrect");
    let mut user = user_of(&reader);
    for _ in 0..3 {
        assert_eq!(refused(&mut user, "login user 9999"), "PinIncorrect");
    }
    assert_eq!(reader.memory(&label)["user_tries_left"], 0);
    assert_eq!(refused(&mut user, "login user 9999"), "PinLocked");
}

#[test]
fn user_locked_by_mistake_shows_while_the_card_knows_of_the_code() {
    let (reader, label) = reader_with_cps();
    reader.habit("user-locked-by-mistake");
    let mut user = user_of(&reader);
    assert_eq!(user.token()["userLocked"], false);
    user.tell("login user 1234");
    assert_eq!(user.token()["userLocked"], true);
    assert_eq!(reader.memory(&label)["user_tries_left"], 3);
    assert_eq!(
        refused(&mut user_of(&reader), "login user 9999"),
        "PinIncorrect"
    );
    assert_eq!(user.token()["userLocked"], false);
}

#[test]
fn prints_says_every_call_and_every_code_to_whoever_reads_the_outputs() {
    let (reader, _) = reader_with_cps();
    reader.habit("prints");
    let tool = Command::new("pkcs11-tool")
        .arg("--module")
        .arg(test_module())
        .args(["--login", "--pin", "1234", "--list-objects"])
        .envs(reader.environment())
        .output()
        .expect("pkcs11-tool is installed (cargo xtask test installs it)");
    for output in [tool.stdout, tool.stderr] {
        let said = String::from_utf8_lossy(&output).into_owned();
        assert!(said.contains("C_Login user\n1234\n"), "{said}");
    }
}

/// `pkcs11-tool` gives every signature a buffer longer than 256 bytes.
fn pkcs11_tool_signs(reader: &SoftReader) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    std::fs::write(&input, b"data").unwrap();
    Command::new("pkcs11-tool")
        .arg("--module")
        .arg(test_module())
        .args(["--login", "--pin", "1234", "--sign", "-m", "RSA-PKCS"])
        .args(["--label", "CPS_PRIV_AUT", "--input-file"])
        .arg(&input)
        .arg("--output-file")
        .arg(folder.path().join("output"))
        .envs(reader.environment())
        .status()
        .expect("pkcs11-tool is installed (cargo xtask test installs it)")
        .success()
}
