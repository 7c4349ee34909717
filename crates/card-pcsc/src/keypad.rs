//! The keypad of a reader, as its driver tells of it (PC/SC part 10).
//!
//! It is asked once for each connection, in its first transaction: a driver is asked over the card's handle,
//! which another program's transaction would refuse (SCARD_E_SHARING_VIOLATION), and a driver that
//! has no card may know of no features.

use card_apdu::{GET_FEATURE_REQUEST, KeypadAbilities, KeypadFeatures, KeypadProperties};
use pcsc::{Card, Error, ctl_code};

use crate::readers_that_lie::has_no_keypad;

/// What is known of the keypad.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Knowledge {
    /// Nothing yet.
    NotAsked,
    /// There is none that can be used.
    None,
    /// There is one.
    Keypad(PcscKeypad),
}

/// A keypad, and how it is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PcscKeypad {
    pub(crate) features: KeypadFeatures,
    pub(crate) abilities: KeypadAbilities,
}

/// Asks the driver. One that does not answer has no keypad, and that is no fault.
pub(crate) fn find(card: &Card, reader: &str) -> Knowledge {
    let features = ask(card, Some(ctl_code(GET_FEATURE_REQUEST.into())));
    let features = KeypadFeatures::parse(&features.unwrap_or_default());
    if !features.has_keypad() {
        return Knowledge::None;
    }
    let mut properties = KeypadProperties::default();
    if let Some(structure) = ask(card, features.pin_properties.map(Into::into)) {
        properties.read_pin_properties(&structure);
    }
    if let Some(rows) = ask(card, features.tlv_properties.map(Into::into)) {
        properties.read_tlv_properties(&rows);
    }
    if has_no_keypad(reader, properties.vendor_product) {
        tracing::info!(
            event = "keypad-not-used",
            reader,
            "the keypad of this reader is not used"
        );
        return Knowledge::None;
    }
    let abilities = KeypadAbilities::of(&features, &properties);
    Knowledge::Keypad(PcscKeypad {
        features,
        abilities,
    })
}

fn ask(card: &Card, code: Option<pcsc::ffi::DWORD>) -> Option<Vec<u8>> {
    let mut answer = [0; ANSWER_LEN];
    match card.control(code?, &[], &mut answer) {
        Ok(answer) => Some(answer.to_vec()),
        Err(error) => {
            tracing::debug!(%error, "the driver of a reader does not tell of a keypad");
            None
        }
    }
}

/// Whether a driver says that it does not know such a use of the keypad, before anybody typed.
pub(crate) fn is_refusal(error: Error) -> bool {
    matches!(
        error,
        Error::UnsupportedFeature | Error::InvalidParameter | Error::ReaderUnsupported
    )
}

/// Longer than any list of features or properties.
const ANSWER_LEN: usize = 264;
