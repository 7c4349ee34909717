//! PKCS#15 objects: a card with recorded files, one of which holds the fuzzer's bytes.

use card_apdu::Protocol;
use card_profiles::{CardMemory, Profile};

use crate::input::Input;
use crate::recorded_files::{EF_DIR, FileCard, cps3, cps4};

/// Profile, file, then its content.
pub(crate) fn read(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let profile = input.choice(&PROFILES).unwrap_or(Profile::Cps3);
    let file = input.choice(&FILES).unwrap_or(EF_DIR);
    let mut files = match profile {
        Profile::Cps4 => cps4().clone(),
        Profile::Cps3 | Profile::Cps3Contactless => cps3().clone(),
    };
    files.insert(file, input.rest().to_vec());
    let mut card = FileCard::new(files, Protocol::T1);
    let mut memory = CardMemory::default();
    let mut card = profile.open(&mut card, &mut memory);
    let _ = card.identity();
    let _ = card.pin_limits();
    let _ = card.code_states();
    if let Ok(capabilities) = card.capabilities() {
        assert!(capabilities.signature_algorithms.len() <= 3);
    }
}

pub(crate) const PROFILES: [Profile; 3] = [Profile::Cps3, Profile::Cps3Contactless, Profile::Cps4];

/// EF.DIR, ODF, AODF, PrKDF, CDF and the first certificate.
pub(crate) const FILES: [u16; 6] = [EF_DIR, 0x5031, 0x7001, 0x7002, 0x7005, 0xA001];
