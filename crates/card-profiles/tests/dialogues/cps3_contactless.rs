//! The technical key of a CPS3 without contacts.

use card_profiles::{Digest, HashAlgorithm, KeyRole, Signable, SignatureAlgorithm};

use crate::script::{HASH, SIGNATURE, Script};

#[test]
fn the_technical_key_signs_in_three_commands_without_a_code() {
    let digest = Digest {
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        value: &HASH,
    };
    let (signature, commands) = Script::known_contactless_cps3("contactless-sign")
        .with("hash", &HASH)
        .with("signature", &SIGNATURE)
        .counted(|card| card.sign(KeyRole::Technical, &Signable::Digest(digest)));
    assert_eq!(signature.unwrap(), SIGNATURE);
    assert_eq!(commands, 3);
}
