//! Cards that come and go.

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use serde_json::{Value, json};

use super::*;

#[test]
fn sessions_die_with_the_card_and_a_new_one_works() {
    let (reader, label) = reader_with_cps();
    let mut user = logged_in(&reader);
    reader.remove();
    assert_eq!(signs(&mut user).unwrap_err(), "SessionHandleInvalid");
    assert_eq!(refused(&mut user, "token"), "TokenNotPresent");
    assert_eq!(refused(&mut user, "open rw"), "TokenNotPresent");
    assert_eq!(user.tell("slots"), "0");
    let slot: Value = serde_json::from_str(&user.tell("slot")).unwrap();
    assert_eq!(
        slot,
        json!({ "description": SoftReader::NAME, "present": false })
    );
    reader.insert(&label);
    assert_eq!(user.tell("slots"), "1");
    user.tell("open rw");
    user.tell("login user 1234");
    signs(&mut user).unwrap();
}

#[test]
fn out_and_in_again_unseen_kills_the_session_and_the_card_forgets() {
    let (reader, label) = reader_with_cps();
    let mut user = logged_in(&reader);
    assert_eq!(reader.memory(&label)["verified"], true);
    reader.insert(&label);
    assert_eq!(signs(&mut user).unwrap_err(), "SessionHandleInvalid");
    user.tell("token");
    assert_eq!(reader.memory(&label)["verified"], false);
}

#[test]
fn a_waiting_process_is_told_of_an_insertion() {
    let (reader, label) = reader_with_cps();
    reader.remove();
    let mut user = TokenUser::start(&reader);
    assert_eq!(user.tell("event"), "none");
    user.order("wait");
    reader.insert(&label);
    assert_eq!(user.answer(), Ok(String::new()));
    assert_eq!(user.tell("event"), "none");
    reader.remove();
    assert_eq!(user.tell("event"), "event");
}

#[test]
fn a_module_need_not_wait_nor_tell_events_at_all() {
    let (reader, label) = reader_with_cps();
    reader.set("events", json!("dont-block"));
    let mut user = TokenUser::start(&reader);
    reader.insert(&label);
    assert_eq!(refused(&mut user, "wait"), "FunctionNotSupported");
    assert_eq!(user.tell("event"), "event");
    reader.set("events", json!("unsupported"));
    assert_eq!(refused(&mut user, "event"), "FunctionNotSupported");
    assert_eq!(refused(&mut user, "wait"), "FunctionNotSupported");
}

#[test]
fn another_card_has_tries_and_a_name_of_its_own() {
    let (reader, first) = reader_with_cps();
    let second = reader.add(DemoCard::Cps4, KeySet::Second);
    let mut user = user_of(&reader);
    refused(&mut user, "login user 9999");
    reader.insert(&second);
    user.tell("open rw");
    assert_eq!(user.token()["label"], json!(second));
    assert_eq!(user.token()["userLow"], false);
    reader.insert(&first);
    assert_eq!(user.token()["label"], json!(first));
    assert_eq!(user.token()["userLow"], true);
}
