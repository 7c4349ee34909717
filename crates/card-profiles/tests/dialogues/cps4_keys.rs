//! The keys of a CPS4, and how many commands their use takes.

use card_apdu::StatusWord;
use card_profiles::{
    CardError, CpxCard, Digest, HashAlgorithm, KeyRole, LastTry, Signable, SignatureAlgorithm,
};

use crate::script::{HASH, SIGNATURE, Script, pin};

const PKCS1: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
const PSS: SignatureAlgorithm = SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256);

fn sign(
    card: &mut dyn CpxCard,
    role: KeyRole,
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, CardError> {
    card.sign(
        role,
        &Signable::Digest(Digest {
            algorithm,
            value: &HASH,
        }),
    )
}

/// What the host pads for the authentication key, cut as the chain cuts it.
fn padded_hash() -> Vec<u8> {
    let digest_info = HashAlgorithm::Sha256.digest_info(&HASH);
    [&[0x00, 0x01], [0xFF; 202].as_slice(), &[0x00], &digest_info].concat()
}

#[test]
fn a_known_card_authenticates_in_six_commands() {
    let block = padded_hash();
    let (head, tail) = block.split_at(255);
    let (signature, commands) = Script::known_cps4("authenticate")
        .with("pin", b"1234")
        .with("block-head", head)
        .with("block-tail", tail)
        .with("signature", &SIGNATURE)
        .counted(|card| {
            card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed)
                .unwrap();
            sign(card, KeyRole::Authentication, PKCS1)
        });
    assert_eq!(signature.unwrap(), SIGNATURE);
    assert_eq!(commands, 6);
}

#[test]
fn both_keys_sign_with_a_card_that_pads_in_three_commands() {
    for (name, role, algorithm) in [
        ("sign", KeyRole::Signature, PKCS1),
        ("sign-pss", KeyRole::Signature, PSS),
        ("authenticate-pss", KeyRole::Authentication, PSS),
    ] {
        let (signature, commands) = Script::known_cps4(name)
            .with("hash", &HASH)
            .with("signature", &SIGNATURE)
            .counted(|card| sign(card, role, algorithm));
        assert_eq!(signature.unwrap(), SIGNATURE, "{name}");
        assert_eq!(commands, 3, "{name}");
    }
}

#[test]
fn several_signatures_select_the_application_once() {
    let (_, commands) = Script::known_cps4("sign-several")
        .with("hash", &HASH)
        .with("signature", &SIGNATURE)
        .counted(|card| {
            sign(card, KeyRole::Signature, PKCS1).unwrap();
            sign(card, KeyRole::Signature, PKCS1).unwrap();
        });
    assert_eq!(commands, 5);
}

#[test]
fn a_moved_card_signs_again_or_says_that_it_forgot_the_code() {
    let signature = Script::known_cps4("sign-card-moved")
        .with("hash", &HASH)
        .with("signature", &SIGNATURE)
        .play(|card| sign(card, KeyRole::Signature, PKCS1));
    assert!(signature.is_ok());
    let forgotten = Script::known_cps4("sign-code-forgotten")
        .with("hash", &HASH)
        .play(|card| sign(card, KeyRole::Signature, PKCS1));
    assert!(matches!(
        forgotten,
        Err(CardError::Refused {
            sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            ..
        })
    ));
}

#[test]
fn nothing_is_selected_anew_behind_a_code() {
    let error = Script::known_cps4("sign-moved-after-verify")
        .with("pin", b"1234")
        .play(|card| {
            card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed)
                .unwrap();
            sign(card, KeyRole::Signature, PKCS1)
        });
    assert!(matches!(
        error,
        Err(CardError::Refused {
            command: "MSE SET",
            sw: StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED
        })
    ));
}

#[test]
fn without_the_code_and_with_a_short_answer_there_is_no_signature() {
    let block = padded_hash();
    let (head, tail) = block.split_at(255);
    let refused = Script::known_cps4("authenticate-without-pin")
        .with("block-head", head)
        .with("block-tail", tail)
        .play(|card| sign(card, KeyRole::Authentication, PKCS1));
    assert!(matches!(refused, Err(CardError::Refused { .. })));
    let short = Script::known_cps4("sign-short-signature")
        .with("hash", &HASH)
        .with("signature", &[0x51; 128])
        .play(|card| sign(card, KeyRole::Signature, PKCS1));
    assert!(matches!(short, Err(CardError::CardMisbehaved(_))));
}

fn decipher(plaintext: &[u8]) -> Result<Vec<u8>, CardError> {
    let cryptogram = [0x3C; 256];
    let (head, tail) = cryptogram.split_at(255);
    Script::known_cps4("decipher")
        .with("cryptogram-head", head)
        .with("cryptogram-tail", tail)
        .with("plaintext", plaintext)
        .play(|card| card.decipher(&cryptogram))
        .map(|secret| secret.expose().to_vec())
}

#[test]
fn the_padding_of_a_deciphered_block_is_removed_here() {
    let block = |head: [u8; 2]| [&head, [0x77; 249].as_slice(), &[0x00], b"text"].concat();
    assert_eq!(decipher(&block([0x00, 0x02])).unwrap(), b"text");
    for faulty in [block([0x00, 0x01]), block([0x01, 0x02]), vec![0x77; 256]] {
        assert!(matches!(decipher(&faulty), Err(CardError::NotDeciphered)));
    }
}

#[test]
fn what_a_key_does_not_do_sends_nothing() {
    use HashAlgorithm::{Sha384, Sha512};
    let selected = Script::known_cps4("sign").with("hash", &HASH);
    let outcome = selected.with("signature", &SIGNATURE).play(|card| {
        for algorithm in [
            SignatureAlgorithm::RsaPkcs1(Sha384),
            SignatureAlgorithm::RsaPkcs1(Sha512),
            SignatureAlgorithm::RsaPss(Sha384),
        ] {
            let value = [0xA7; 64];
            let value = value.get(..algorithm.hash().digest_len()).unwrap();
            let refused = card.sign(
                KeyRole::Signature,
                &Signable::Digest(Digest { algorithm, value }),
            );
            assert!(matches!(refused, Err(CardError::AlgorithmUnsupported)));
        }
        let technical = sign(card, KeyRole::Technical, PKCS1);
        assert!(matches!(technical, Err(CardError::KeyAbsent(_))));
        let short = card.decipher(&[0x3C; 255]);
        assert!(matches!(short, Err(CardError::AlgorithmUnsupported)));
        sign(card, KeyRole::Signature, PKCS1)
    });
    assert!(outcome.is_ok());
}
