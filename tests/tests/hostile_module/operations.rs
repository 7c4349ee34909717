//! What a holder does with a card, and what it leaves behind.

use card_profiles::{CpxCard, Digest, HashAlgorithm, LastTry, Signable, SignatureAlgorithm};
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;
use igc_sante::KeyRole;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use secrets::{Pin, UnblockCode};
use serde_json::json;

use crate::stay::Stay;
use crate::told::{Told, told_of_card, told_of_pin, told_of_unblocking};

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// Who it is, what it can do, how its codes are; from the connection on.
    Look,
    Sign,
    WrongCode,
    Change,
    Unblock,
    Decipher,
    Activities,
}

impl Operation {
    pub(crate) const ALL: [Self; 7] = [
        Self::Look,
        Self::Sign,
        Self::WrongCode,
        Self::Change,
        Self::Unblock,
        Self::Decipher,
        Self::Activities,
    ];

    /// Makes the card ready for it, and looks at it as the agent does at its insertion. A slow machine is no
    /// module that hangs.
    pub(crate) fn prepare(self, reader: &SoftReader, label: &str, stay: &mut Stay) {
        if self == Self::Look {
            return;
        }
        until("a card that is there", || look(stay).ok());
        if self == Self::Unblock {
            reader.change_memory(label, "user_tries_left", json!(0));
        }
    }

    pub(crate) fn run(self, stay: &mut Stay) -> Result<(), Told> {
        match self {
            Self::Look => look(stay),
            Self::Sign => sign(stay, PIN, KeyRole::Signature),
            Self::WrongCode => sign(stay, WRONG_PIN, KeyRole::Authentication),
            Self::Change => change(stay, PIN, NEW_PIN),
            Self::Unblock => unblock(stay, UNBLOCK_CODE, NEW_PIN),
            Self::Decipher => decipher(stay),
            Self::Activities => activities(stay),
        }
    }

    /// Codes that the holder types, and the one that shows that a new code holds.
    pub(crate) fn codes(self) -> u64 {
        match self {
            Self::Look => 0,
            Self::Sign | Self::WrongCode | Self::Decipher | Self::Activities => 1,
            Self::Change | Self::Unblock => 2,
        }
    }

    pub(crate) fn sets_a_code(self) -> bool {
        matches!(self, Self::Change | Self::Unblock)
    }
}

pub(crate) fn look(stay: &mut Stay) -> Result<(), Told> {
    stay.use_card(|card| {
        card.read_serial_number().map_err(told_of_card)?;
        let identity = card.identity().map_err(told_of_card)?;
        assert_eq!(
            identity.certificates.len(),
            2,
            "a card with less than it has"
        );
        card.code_states().map_err(told_of_card)?;
        card.capabilities().map_err(told_of_card)?;
        Ok(())
    })
}

/// Signs with the code, and verifies it.
pub(crate) fn sign(stay: &mut Stay, pin: &str, role: KeyRole) -> Result<(), Told> {
    stay.use_card(|card| {
        card.verify_pin(&code(pin), LastTry::NotConfirmed)
            .map_err(told_of_pin)?;
        sign_verified(card, role)
    })
}

/// Signs with a code that was presented.
pub(crate) fn sign_verified(card: &mut impl CpxCard, role: KeyRole) -> Result<(), Told> {
    let message = b"Ordonnance du 21/11/2026";
    let value = HashAlgorithm::Sha256.digest(message);
    let algorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let digest = Digest {
        algorithm,
        value: &value,
    };
    let identity = card.identity().map_err(told_of_card)?;
    let signature = card
        .sign(role, &Signable::Digest(digest))
        .map_err(told_of_card)?;
    let mut certificates = identity.certificates.iter();
    let (_, certificate) = certificates
        .find(|(known, _)| *known == role)
        .ok_or(Told::KeyAbsent)?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate.public_key_bits());
    // The agent tells of it as of a card that is mute.
    key.verify(message, &signature)
        .map_err(|_| Told::ModuleFailed)
}

pub(crate) fn change(stay: &mut Stay, old: &str, new: &str) -> Result<(), Told> {
    stay.use_card(|card| {
        card.change_pin(&code(old), &code(new), LastTry::NotConfirmed)
            .map_err(told_of_pin)
    })
}

pub(crate) fn unblock(stay: &mut Stay, unblock_code: &str, new: &str) -> Result<(), Told> {
    let unblock_code = UnblockCode::new(unblock_code.as_bytes());
    stay.use_card(|card| {
        card.unblock_pin(
            unblock_code.as_ref().expect("eight digits"),
            &code(new),
            LastTry::NotConfirmed,
        )
        .map_err(told_of_unblocking)
    })
}

fn decipher(stay: &mut Stay) -> Result<(), Told> {
    stay.use_card(|card| {
        let identity = card.identity().map_err(told_of_card)?;
        let mut certificates = identity.certificates.iter();
        let role = KeyRole::Authentication;
        let certificate = certificates.find(|(known, _)| *known == role);
        let (_, certificate) = certificate.ok_or(Told::KeyAbsent)?;
        let cryptogram = encrypted(certificate.public_key_der());
        card.verify_pin(&code(PIN), LastTry::NotConfirmed)
            .map_err(told_of_pin)?;
        let plain = card.decipher(&cryptogram).map_err(told_of_card)?;
        if plain.expose() == MESSAGE {
            Ok(())
        } else {
            Err(Told::ModuleFailed)
        }
    })
}

pub(crate) fn activities(stay: &mut Stay) -> Result<(), Told> {
    stay.use_card(|card| {
        card.verify_pin(&code(PIN), LastTry::NotConfirmed)
            .map_err(told_of_pin)?;
        let activities = card.activities().map_err(told_of_card)?;
        assert!(!activities.is_empty(), "no place of work");
        Ok(())
    })
}

/// By RSAES-PKCS1-v1_5, as a sender does.
fn encrypted(public_key: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let message = folder.path().join("message");
    std::fs::write(&key, public_key).unwrap();
    std::fs::write(&message, MESSAGE).unwrap();
    let output = std::process::Command::new("openssl")
        .args(["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey"])
        .arg(&key)
        .arg("-in")
        .arg(&message)
        .output()
        .expect("openssl is installed (cargo xtask test installs it)");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

pub(crate) fn code(digits: &str) -> Pin {
    Pin::new(digits.as_bytes()).unwrap()
}

/// The code of a card that was just made.
pub(crate) const PIN: &str = "1234";
pub(crate) const WRONG_PIN: &str = "9999";
pub(crate) const NEW_PIN: &str = "4321";
pub(crate) const UNBLOCK_CODE: &str = "12345678";
const MESSAGE: &[u8] = b"a session key";
