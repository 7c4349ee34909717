//! What is read from a card without any code.

use card_apdu::StatusWord;
use card_profiles::{
    Capabilities, CardError, CodeCounters, CodeStates, Generation, HashAlgorithm, KeyRole,
    PinLimits,
};

use crate::dialogue::{Dialogue, check};

#[test]
fn the_first_reading_tells_card_holder_and_codes() {
    let dialogue = Dialogue::with_new_card("first-reading.apdu");
    let (identity, states, limits) = check(dialogue, |card| {
        (card.identity(), card.code_states(), card.pin_limits())
    });
    let identity = identity.unwrap();
    assert_eq!(identity.generation, Generation::Cps3);
    assert_eq!(identity.serial_number, "99123456");
    let roles: Vec<KeyRole> = identity
        .certificates
        .iter()
        .map(|(role, _)| *role)
        .collect();
    assert_eq!(roles, [KeyRole::Signature, KeyRole::Authentication]);
    for (_, certificate) in &identity.certificates {
        let holder = certificate.holder();
        assert_eq!(holder.family_name.as_deref(), Some("DUPONT"));
        assert_eq!(certificate.card_number(), Some("9999123456"));
    }
    assert_eq!(states.unwrap(), FRESH_CODES);
    assert_eq!(limits.unwrap(), Some(FOUR_DIGITS));
}

#[test]
fn the_keys_and_what_they_do_are_read_ahead_of_their_use() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let dialogue = Dialogue::with_card_read_once("read-keys.apdu");
    let capabilities = check(dialogue, |card| card.capabilities()).unwrap();
    let expected = Capabilities {
        signature_hashes: vec![
            (KeyRole::Authentication, vec![Sha256, Sha384, Sha512]),
            (KeyRole::Signature, vec![Sha256]),
        ],
        decipher: true,
        pin: true,
    };
    assert_eq!(capabilities, expected);
}

#[test]
fn the_counters_are_read_anew_each_time() {
    let dialogue = Dialogue::with_known_card("read-code-states.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    assert_eq!(states, FRESH_CODES);
}

#[test]
fn what_was_read_once_is_not_read_again() {
    let dialogue = Dialogue::with_known_card("read-serial-number.apdu");
    let (serial_number, identity) = check(dialogue, |card| {
        card.capabilities().unwrap();
        card.pin_limits().unwrap();
        (card.read_serial_number(), card.identity())
    });
    assert_eq!(serial_number.unwrap(), identity.unwrap().serial_number);
}

#[test]
fn a_card_that_wants_another_form_of_select_is_asked_once_and_remembered() {
    let dialogue = Dialogue::with_new_card("select-needs-fcp.apdu");
    let (serial_number, capabilities) = check(dialogue, |card| {
        (card.read_serial_number(), card.capabilities())
    });
    assert_eq!(serial_number.unwrap(), "99123456");
    assert!(capabilities.unwrap().decipher);
}

#[test]
fn a_card_of_another_issuer_is_not_read_further() {
    let dialogue = Dialogue::with_new_card("read-serial-number-other-issuer.apdu");
    let error = check(dialogue, |card| card.identity()).unwrap_err();
    assert!(matches!(error, CardError::CardMisbehaved(_)), "{error:?}");
}

#[test]
fn a_serial_number_has_decimal_digits() {
    let dialogue = Dialogue::with_new_card("read-serial-number-no-digits.apdu");
    let error = check(dialogue, |card| card.read_serial_number()).unwrap_err();
    assert!(
        matches!(error, CardError::Malformed { what: "EF.SN", .. }),
        "{error:?}"
    );
}

#[test]
fn a_card_without_the_contact_application_is_not_supported() {
    let dialogue = Dialogue::with_new_card("first-reading-no-application.apdu");
    let error = check(dialogue, |card| card.identity()).unwrap_err();
    assert!(matches!(error, CardError::CardUnsupported(_)), "{error:?}");
}

#[test]
fn a_file_that_holds_no_certificate_is_malformed() {
    let dialogue = Dialogue::with_new_card("first-reading-no-certificate.apdu");
    let error = check(dialogue, |card| card.identity()).unwrap_err();
    let expected = matches!(
        error,
        CardError::Malformed {
            what: "a certificate",
            source: Some(_)
        }
    );
    assert!(expected, "{error:?}");
}

#[test]
fn a_certificate_longer_than_its_file_ends_the_reading() {
    let dialogue = Dialogue::with_new_card("first-reading-certificate-cut.apdu");
    let error = check(dialogue, |card| card.identity()).unwrap_err();
    assert_refused(&error, "READ BINARY", StatusWord::WRONG_OFFSET);
}

#[test]
fn a_list_of_keys_that_ends_too_early_is_malformed() {
    let dialogue = Dialogue::with_card_read_once("read-keys-cut.apdu");
    let error = check(dialogue, |card| card.capabilities()).unwrap_err();
    let expected = matches!(
        error,
        CardError::Malformed {
            what: "the list of private keys",
            ..
        }
    );
    assert!(expected, "{error:?}");
}

#[test]
fn no_counter_is_invented_when_the_card_tells_none() {
    let dialogue = Dialogue::with_known_card("read-code-states-no-counter.apdu");
    let error = check(dialogue, |card| card.code_states()).unwrap_err();
    let expected = matches!(
        error,
        CardError::Malformed {
            what: "the counters of a code",
            ..
        }
    );
    assert!(expected, "{error:?}");
}

#[test]
fn a_refused_counter_names_the_command() {
    let dialogue = Dialogue::with_known_card("read-code-states-refused.apdu");
    let error = check(dialogue, |card| card.code_states()).unwrap_err();
    assert_refused(&error, "GET DATA", StatusWord::REFERENCE_DATA_NOT_FOUND);
}

/// Fails unless the card refused this command with this word.
pub(crate) fn assert_refused(error: &CardError, expected: &str, word: StatusWord) {
    let CardError::Refused { command, sw } = error else {
        panic!("no refusal of the card: {error:?}");
    };
    assert_eq!((*command, *sw), (expected, word));
}

/// Both codes as a card is posted: three tries for the holder, ten for whoever unblocks, a hundred times.
pub(crate) const FRESH_CODES: CodeStates = CodeStates {
    pin: Some(CodeCounters {
        tries_left: 3,
        tries_maximum: Some(3),
        uses_left: None,
    }),
    unblock_code: Some(CodeCounters {
        tries_left: 10,
        tries_maximum: Some(10),
        uses_left: Some(100),
    }),
};

const FOUR_DIGITS: PinLimits = PinLimits {
    minimum_len: 4,
    maximum_len: 4,
};
