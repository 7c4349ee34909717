//! How a CPS4 is found, also where another program put it.

use card_apdu::StatusWord;
use card_profiles::{
    CardError, HashAlgorithm, KeyRole, LastTry, PinError, PinLimits, Profile, SignatureAlgorithm,
};

use crate::script::{Script, pin};

#[test]
fn the_directory_tells_keys_and_codes() {
    let read = Script::of(Profile::Cps4, "cps4/read-keys.apdu");
    let (capabilities, limits) =
        read.play(|card| (card.capabilities().unwrap(), card.pin_limits().unwrap()));
    let sha256 = [
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256),
    ];
    assert!(capabilities.pin && capabilities.decipher);
    for role in [KeyRole::Authentication, KeyRole::Signature] {
        let mut keys = capabilities.signature_algorithms.iter();
        let (_, algorithms) = keys.find(|(known, _)| *known == role).unwrap();
        assert!(sha256.iter().all(|wanted| algorithms.contains(wanted)));
    }
    assert_eq!(
        limits,
        Some(PinLimits {
            minimum_len: 4,
            maximum_len: 4
        })
    );
}

#[test]
fn a_card_may_want_to_be_read_by_size_or_have_its_application_elsewhere() {
    let usual = Script::of(Profile::Cps4, "cps4/read-keys.apdu");
    let expected = usual.play(|card| card.capabilities().unwrap());
    for name in ["read-keys-by-size", "read-keys-application-elsewhere"] {
        let script = Script::of(Profile::Cps4, &format!("cps4/{name}.apdu"));
        let capabilities = script.play(|card| card.capabilities());
        assert_eq!(capabilities.unwrap(), expected, "{name}");
    }
}

#[test]
fn the_serial_number_is_read_in_three_commands() {
    let script = Script::of(Profile::Cps4, "cps4/read-serial-number.apdu");
    let (serial_number, commands) = script.counted(|card| card.read_serial_number());
    assert_eq!(serial_number.unwrap(), "99400000");
    assert_eq!(commands, 3);
}

#[test]
fn a_card_with_t0_alone_offers_control_information_that_nobody_fetches() {
    let script = Script::of(Profile::Cps4, "cps4/read-serial-number-t0.apdu");
    let serial_number = script.play(|card| card.read_serial_number());
    assert_eq!(serial_number.unwrap(), "99400000");
}

#[test]
fn an_applet_on_channel_0_is_brought_back_by_the_detour() {
    let script = Script::of(
        Profile::Cps4,
        "cps4/read-serial-number-applet-elsewhere.apdu",
    );
    let serial_number = script.play(|card| card.read_serial_number());
    assert_eq!(serial_number.unwrap(), "99400000");
}

#[test]
fn a_card_that_was_moved_is_brought_back_before_the_code_is_sent_once() {
    for case in [
        "verify-card-moved-6985",
        "verify-card-moved-6e00",
        "verify-card-moved-6a86",
        "verify-card-moved-6881",
    ] {
        let script = Script::known_cps4(case);
        let verified = script
            .with("pin", b"1234")
            .play(|card| card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed));
        assert!(!verified.unwrap().was_verified_before, "{case}");
    }
    let script = Script::known_cps4("verify-card-moved-and-applet-elsewhere");
    let verified = script
        .with("pin", b"1234")
        .play(|card| card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed));
    assert!(verified.is_ok());
}

#[test]
fn a_card_that_does_not_come_back_gets_no_code() {
    let script = Script::known_cps4("verify-card-lost");
    let error = script.play(|card| card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed));
    assert!(matches!(
        error,
        Err(PinError::Card(CardError::Refused {
            command: "SELECT",
            sw: StatusWord::FILE_NOT_FOUND
        }))
    ));
}
