//! What is read from a card without any code.

use card_apdu::StatusWord;
use card_profiles::{
    Capabilities, CardError, CodeCounters, CodeStates, Generation, HashAlgorithm, KeyRole,
    PinLimits, SignatureAlgorithm,
};

use crate::dialogue::{Dialogue, check};

#[test]
fn the_first_reading_tells_card_holder_and_codes() {
    let dialogue = Dialogue::with_new_card("first-reading.apdu");
    let (identity, states, limits) = check(dialogue, |card| {
        (card.identity(), card.code_states(), card.pin_limits())
    });
    let identity = identity.unwrap();
    assert_eq!(identity.generation, Some(Generation::Cps3));
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
    use SignatureAlgorithm::RsaPkcs1;
    let dialogue = Dialogue::with_card_read_once("read-keys.apdu");
    let capabilities = check(dialogue, |card| card.capabilities()).unwrap();
    let expected = Capabilities {
        signature_algorithms: vec![
            (
                KeyRole::Authentication,
                vec![RsaPkcs1(Sha256), RsaPkcs1(Sha384), RsaPkcs1(Sha512)],
            ),
            (KeyRole::Signature, vec![RsaPkcs1(Sha256)]),
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
fn a_certificate_longer_than_its_file_is_malformed() {
    let dialogue = Dialogue::with_new_card("first-reading-certificate-cut.apdu");
    let error = check(dialogue, |card| card.identity()).unwrap_err();
    let expected = matches!(
        error,
        CardError::Malformed {
            what: "a certificate",
            ..
        }
    );
    assert!(expected, "{error:?}");
}

#[test]
fn a_certificate_that_cannot_be_read_does_not_hide_the_other_one() {
    let mut reading = Dialogue::with_new_card("first-reading.apdu");
    let known = reading.transaction(|card| {
        let known = card.identity().unwrap();
        card.code_states().unwrap();
        known
    });
    reading.finish();
    let (_, certificate) = &known.certificates[1];
    let mut dialogue = Dialogue::with_new_card("first-reading-one-odd-certificate.apdu");
    for (index, block) in certificate.der().chunks(256).enumerate() {
        dialogue = dialogue.with_value(&format!("certificate-{}", index + 1), block);
    }
    let identity = check(dialogue, |card| card.identity()).unwrap();
    assert_eq!(identity.certificates, known.certificates[1..]);
}

#[test]
fn a_key_that_asks_for_another_code_than_the_holders_is_a_contradiction() {
    let dialogue = Dialogue::with_card_read_once("read-keys-other-code.apdu");
    let error = check(dialogue, |card| card.capabilities()).unwrap_err();
    assert!(matches!(error, CardError::CardUnsupported(_)), "{error:?}");
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
fn a_counter_that_get_data_does_not_tell_is_told_by_the_empty_verify() {
    let dialogue = Dialogue::with_known_card("read-code-states-no-counter.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    let pin = CodeCounters {
        tries_left: Some(2),
        tries_maximum: Some(3),
        uses_left: None,
        may_be_blocked: false,
    };
    assert_eq!((states.pin, states.unblock_code), (Some(pin), Some(UNTOLD)));
}

#[test]
fn counters_that_get_data_refuses_are_told_by_the_empty_verify_or_unknown() {
    let dialogue = Dialogue::with_known_card("read-code-states-refused.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    let pin = CodeCounters {
        tries_left: Some(3),
        ..UNTOLD
    };
    assert_eq!((states.pin, states.unblock_code), (Some(pin), Some(UNTOLD)));
}

#[test]
fn no_counter_is_invented_when_the_card_tells_none() {
    let dialogue = Dialogue::with_known_card("read-code-states-untold.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    assert_eq!(
        (states.pin, states.unblock_code),
        (Some(UNTOLD), Some(UNTOLD))
    );
}

#[test]
fn a_refused_selection_of_the_master_file_is_not_sent_again_as_it_was() {
    let dialogue = Dialogue::with_known_card("read-code-states-select-needs-fcp.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    assert_eq!(states, FRESH_CODES);
}

#[test]
fn a_card_without_short_identifiers_is_read_by_path_and_size() {
    let mut dialogue = Dialogue::with_new_card("read-by-path-and-size.apdu");
    let serial_numbers =
        [0; 2].map(|_| dialogue.transaction(|card| card.read_serial_number().unwrap()));
    let pin_limits = dialogue.transaction(|card| card.pin_limits());
    dialogue.finish();
    assert_eq!(serial_numbers, ["99123456", "99123456"]);
    assert_eq!(pin_limits.unwrap(), Some(FOUR_DIGITS));
}

#[test]
fn a_file_found_in_one_form_of_select_alone_is_found() {
    let dialogue = Dialogue::with_new_card("select-needs-fcp-not-found.apdu");
    let capabilities = check(dialogue, |card| {
        card.read_serial_number().unwrap();
        card.capabilities()
    });
    assert!(capabilities.unwrap().decipher);
}

#[test]
fn a_serial_number_has_its_whole_length() {
    let dialogue = Dialogue::with_new_card("read-serial-number-short.apdu");
    let error = check(dialogue, |card| card.read_serial_number()).unwrap_err();
    assert!(
        matches!(error, CardError::Malformed { what: "EF.SN", .. }),
        "{error:?}"
    );
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
        tries_left: Some(3),
        tries_maximum: Some(3),
        uses_left: None,
        may_be_blocked: false,
    }),
    unblock_code: Some(CodeCounters {
        tries_left: Some(10),
        tries_maximum: Some(10),
        uses_left: Some(100),
        may_be_blocked: false,
    }),
};

/// Of a code about which the card says nothing.
const UNTOLD: CodeCounters = CodeCounters {
    tries_left: None,
    tries_maximum: None,
    uses_left: None,
    may_be_blocked: false,
};

const FOUR_DIGITS: PinLimits = PinLimits {
    minimum_len: 4,
    maximum_len: 4,
};
