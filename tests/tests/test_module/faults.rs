//! Calls that go wrong.

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use cpxd_tests::waiting;

use super::*;

const SIGN: &str = "sign CPS_PRIV_AUT RSA_PKCS 00";

#[test]
fn a_crash_ends_the_process_and_no_other() {
    let (reader, _) = reader_with_cps();
    let mut user = logged_in(&reader);
    let mut other = logged_in(&reader);
    reader.fault("C_Sign", 0, "crash");
    assert_eq!(signs(&mut user).unwrap_err(), "signal 6");
    reader.no_faults();
    signs(&mut other).unwrap();
}

#[test]
fn a_hang_lasts_and_counts_nothing() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    reader.fault("C_Login", 1, "hang");
    user.order("login user 9999");
    waiting::until("the hang", || {
        reader
            .trace()
            .last()
            .filter(|line| *line == "C_Login user hang")
            .cloned()
    });
    drop(user);
    reader.no_faults();
    logged_in(&reader);
    assert_eq!(reader.memory(&label)["presented"], 1);
}

#[test]
fn a_return_value_comes_at_the_call_that_was_named() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    reader.fault("C_Login", 2, "CKR_DEVICE_REMOVED");
    assert_eq!(refused(&mut user, "login user 9999"), "PinIncorrect");
    assert_eq!(refused(&mut user, "login user 9999"), "DeviceRemoved");
    assert_eq!(refused(&mut user, "login user 9999"), "PinIncorrect");
    assert_eq!(reader.memory(&label)["presented"], 2);
}

#[test]
fn a_call_can_do_its_work_and_say_that_it_did_not() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    reader.fault("C_Login", 1, "works-and-CKR_GENERAL_ERROR");
    assert_eq!(refused(&mut user, "login user 1234"), "GeneralError");
    assert_eq!(refused(&mut user, "login user 1234"), "UserAlreadyLoggedIn");
    assert_eq!(reader.memory(&label)["presented"], 1);
}

#[test]
fn a_call_can_wait_until_the_plan_lets_it_go_on() {
    let (reader, label) = reader_with_cps();
    let mut user = user_of(&reader);
    reader.fault("C_Login", 0, "wait");
    user.order("login user 1234");
    waiting::until("the wait", || {
        let trace = reader.trace();
        (trace.last()? == "C_Login user wait").then_some(())
    });
    assert_eq!(reader.memory(&label)["presented"], 0);
    reader.no_faults();
    user.answer().unwrap();
    assert_eq!(reader.memory(&label)["presented"], 1);
}

#[test]
fn any_function_by_which_a_card_is_used_can_crash() {
    let (reader, _) = reader_with_cps();
    for (function, orders) in [
        ("C_GetFunctionList", &[][..]),
        ("C_Initialize", &["initialize"]),
        ("C_GetSlotList", &["initialize", "slots"]),
        ("C_GetSlotInfo", &["initialize", "slot"]),
        ("C_GetTokenInfo", &["initialize", "token"]),
        ("C_GetMechanismList", &["initialize", "mechanisms"]),
        ("C_WaitForSlotEvent", &["initialize", "event"]),
        ("C_OpenSession", &["initialize", "open rw"]),
        ("C_SetPIN", &["initialize", "open rw", "set-pin 1234 1234"]),
        (
            "C_InitPIN",
            &[
                "initialize",
                "open rw",
                "login so 12345678",
                "init-pin 1234",
            ],
        ),
        ("C_FindObjectsInit", &["initialize", "open rw", "objects"]),
        ("C_FindObjects", &["initialize", "open rw", "objects"]),
        ("C_FindObjectsFinal", &["initialize", "open rw", "objects"]),
        ("C_GetAttributeValue", &["initialize", "open rw", "objects"]),
        ("C_GenerateRandom", &["initialize", "open rw", "random"]),
        ("C_Login", &["initialize", "open rw", "login user 1234"]),
        (
            "C_SignInit",
            &["initialize", "open rw", "login user 1234", SIGN],
        ),
        (
            "C_Sign",
            &["initialize", "open rw", "login user 1234", SIGN],
        ),
        ("C_CloseSession", &["initialize", "open rw", "close"]),
        (
            "C_Logout",
            &["initialize", "open rw", "login user 1234", "logout"],
        ),
    ] {
        reader.fault(function, 0, "crash");
        let mut user = TokenUser::start_without_initialize(&reader);
        let end = match orders.split_last() {
            Some((last, before)) => {
                for order in before {
                    user.tell(order);
                }
                user.ask(last)
            }
            None => user.answer(),
        };
        assert_eq!(end, Err("signal 6".to_owned()), "{function}");
        assert_eq!(
            reader.trace().last().unwrap().split(' ').next(),
            Some(function)
        );
        reader.no_faults();
    }
}

#[test]
fn absurd_lengths_are_given_out() {
    let (reader, _) = reader_with_cps();
    for (function, order) in [
        ("C_GetSlotList", "slots"),
        ("C_FindObjects", "objects"),
        ("C_GetAttributeValue", "objects"),
        ("C_Sign", SIGN),
    ] {
        let mut user = logged_in(&reader);
        user.tell(order);
        reader.fault(function, 0, "nonsense-length");
        assert!(user.ask(order).is_err(), "{function}");
        reader.no_faults();
    }
}

#[test]
fn an_exchange_comes_with_the_answer_of_a_call() {
    let (reader, first) = reader_with_cps();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.exchange_for(&second);
    let mut user = user_of(&reader);
    reader.fault("C_Login", 1, "exchange");
    user.tell("login user 1234");
    assert_eq!(signs(&mut user).unwrap_err(), "SessionHandleInvalid");
    assert_eq!(user.token()["label"], second.as_str());
    assert_eq!(reader.memory(&first)["presented"], 1);
    assert_eq!(reader.memory(&second)["presented"], 0);
}

#[test]
fn calls_are_counted_anew_when_a_test_says_so() {
    let (reader, _) = reader_with_cps();
    let mut user = user_of(&reader);
    user.token();
    reader.count_calls_anew();
    reader.fault("C_GetTokenInfo", 2, "CKR_GENERAL_ERROR");
    user.token();
    assert_eq!(refused(&mut user, "token"), "GeneralError");
}
