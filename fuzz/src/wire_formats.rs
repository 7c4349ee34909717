//! The formats of ISO/IEC 7816: ATR, APDU, BER-TLV, file control parameters.

use card_apdu::tlv::{self, Tag, Tlv};
use card_apdu::{
    Atr, CommandApdu, Fcp, KeypadAbilities, KeypadAnswer, KeypadCodes, KeypadFeatures,
    KeypadFormat, KeypadProperties, Protocol, ResponseApdu,
};
use card_profiles::recognise;

pub(crate) fn atr(bytes: &[u8]) {
    let Ok(atr) = Atr::parse(bytes) else { return };
    assert_eq!(atr.as_bytes(), bytes);
    assert!(atr.historical_bytes().len() <= 15);
    assert!(atr.offers(Protocol::T0) || atr.offers(Protocol::T1) || atr.as_bytes().len() > 2);
    let _ = recognise(&atr);
}

pub(crate) fn apdu(bytes: &[u8]) {
    if let Ok(command) = CommandApdu::parse(bytes) {
        let Ok(wire) = command.to_wire(Protocol::T1) else {
            unwritable(&command)
        };
        assert_eq!(wire.expose(), bytes);
        let _ = command.to_wire(Protocol::T0);
    }
    if let Ok(response) = ResponseApdu::parse(bytes) {
        assert_eq!(response.to_bytes(), bytes);
        let sw = response.sw();
        let _ = (sw.tries_left(), sw.available_len(), sw.exact_len());
    }
}

#[expect(
    clippy::panic,
    reason = "a broken promise is what a fuzz target looks for"
)]
fn unwritable(command: &CommandApdu) -> ! {
    panic!("{command:?} was parsed and cannot be written")
}

pub(crate) fn tlv(bytes: &[u8]) {
    let _ = tlv::find(bytes, Tag(0x30));
    let _ = tlv::find_path(bytes, &[Tag(0x30), Tag(0xA1), Tag(0x04)]);
    let whole_len = tlv::object_len(bytes);
    if let Ok((object, rest)) = Tlv::parse(bytes) {
        assert_eq!(whole_len, Ok(bytes.len() - rest.len()));
        let written = tlv::encode(object.tag, object.value);
        assert_eq!(Tlv::parse(&written), Ok((object, &[][..])));
    }
    walk(bytes, DEEPEST);
}

/// Every object that is inside another one.
fn walk(bytes: &[u8], depth_left: u8) {
    if depth_left == 0 {
        return;
    }
    for object in tlv::objects(bytes).flatten() {
        if object.tag.is_constructed() {
            walk(object.value, depth_left - 1);
        }
    }
}

pub(crate) fn fcp(bytes: &[u8]) {
    if let Ok(fcp) = Fcp::parse(bytes) {
        assert!(fcp.sfi.is_none_or(|sfi| (1..=30).contains(&sfi)));
        assert!(
            fcp.df_name
                .is_none_or(|name| (1..=16).contains(&name.len()))
        );
    }
}

const DEEPEST: u8 = 32;

/// What a driver says of a keypad: its first byte is the length of the list of features, then come the list,
/// the PIN properties of four bytes, and the TLV properties.
pub(crate) fn keypad(bytes: &[u8]) {
    let [features_len, rest @ ..] = bytes else {
        return;
    };
    let features_len = usize::from(*features_len).min(rest.len());
    let (features, rest) = rest.split_at(features_len);
    let features = KeypadFeatures::parse(features);
    let (pin_properties, tlv_properties) = rest.split_at(rest.len().min(4));
    let mut properties = KeypadProperties::default();
    properties.read_pin_properties(pin_properties);
    properties.read_tlv_properties(tlv_properties);
    let abilities = KeypadAbilities::of(&features, &properties);
    let format = KeypadFormat {
        minimum_len: 4,
        maximum_len: 8,
        block: None,
    };
    // Two codes of unknown length have no place in one command, whatever a reader says.
    assert!(!abilities.take(KeypadCodes::OldThenNewTwice, &format));
    assert!(!abilities.take(KeypadCodes::Present, &format) || features.has_keypad());
    if let Ok(response) = ResponseApdu::parse(bytes) {
        let answer = KeypadAnswer::of(response.sw());
        let counts_a_try = response.sw().tries_left().is_some() || response.sw().is_success();
        assert!(!counts_a_try || answer == KeypadAnswer::Card(response.sw()));
    }
}
