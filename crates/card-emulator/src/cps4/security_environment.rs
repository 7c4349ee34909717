//! MANAGE SECURITY ENVIRONMENT, SET (ISO/IEC 7816-4, 11.5.11): which key and algorithm next.

use card_apdu::tlv::{Tag, Tlv};
use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::file_system::Directory;
use crate::key_pairs::HashAlgorithm;
use crate::pki::KeyRole;
use crate::transmission::Outcome;

/// The templates that were set since the last reset or change of directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct SecurityEnvironment {
    /// B6: PSO COMPUTE DIGITAL SIGNATURE.
    pub(super) signature: Option<SignatureTemplate>,
    /// B8: PSO DECIPHER.
    pub(super) confidentiality: Option<KeyRole>,
}

/// Key and algorithm of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignatureTemplate {
    pub(super) key: KeyRole,
    pub(super) hash: HashAlgorithm,
    pub(super) padding: Padding,
}

/// Padding of a signature (RFC 8017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    Pkcs1,
    Pss,
}

impl Applet {
    /// MSE SET. A template that is refused leaves the one before it.
    pub(super) fn manage_security_environment(&mut self, command: &CommandApdu) -> Outcome {
        let environment = self.volatile.environment;
        self.volatile.environment = match (command.p1(), command.p2()) {
            SET_SIGNATURE => SecurityEnvironment {
                signature: Some(self.signature_template(command.data())?),
                ..environment
            },
            SET_CONFIDENTIALITY => SecurityEnvironment {
                confidentiality: Some(self.confidentiality_key(command.data())?),
                ..environment
            },
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        Ok(Vec::new())
    }

    /// `91 02 <algorithm> <key with bit 80>`. The authentication key signs with PSS alone: with
    /// PKCS#1 the official module goes another way (OURS: it could be refused or not).
    fn signature_template(&self, data: &[u8]) -> Result<SignatureTemplate, StatusWord> {
        let [algorithm, reference] = value(data, SIGNATURE_ALGORITHM_AND_KEY)?;
        let (hash, padding) = match algorithm {
            0x0A => (HashAlgorithm::Sha1, Padding::Pkcs1),
            0x28 => (HashAlgorithm::Sha256, Padding::Pkcs1),
            0x15 => (HashAlgorithm::Sha1, Padding::Pss),
            0x2C => (HashAlgorithm::Sha256, Padding::Pss),
            _ => return Err(StatusWord::WRONG_DATA),
        };
        let key = self.key_of_reference(reference & !LOCAL)?;
        if reference & LOCAL == 0 {
            return Err(StatusWord::REFERENCE_DATA_NOT_FOUND);
        }
        if (key, padding) == (KeyRole::Authentication, Padding::Pkcs1) {
            return Err(StatusWord::WRONG_DATA);
        }
        Ok(SignatureTemplate { key, hash, padding })
    }

    /// `83 01 <key>`: the authentication key alone deciphers.
    fn confidentiality_key(&self, data: &[u8]) -> Result<KeyRole, StatusWord> {
        let [reference] = value(data, KEY)?;
        match self.key_of_reference(reference)? {
            KeyRole::Authentication => Ok(KeyRole::Authentication),
            KeyRole::Signature | KeyRole::Technical => Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        }
    }

    /// The keys belong to the PKCS#15 application.
    fn key_of_reference(&self, reference: u8) -> Result<KeyRole, StatusWord> {
        let key = match reference {
            SIGNATURE_KEY => Some(KeyRole::Signature),
            AUTHENTICATION_KEY => Some(KeyRole::Authentication),
            _ => None,
        };
        key.filter(|key| self.key_pairs.has(*key))
            .filter(|_| self.volatile.selection.directory == Directory::Application)
            .ok_or(StatusWord::REFERENCE_DATA_NOT_FOUND)
    }
}

/// The value of the one object that the data field holds.
fn value<const N: usize>(data: &[u8], tag: Tag) -> Result<[u8; N], StatusWord> {
    Tlv::parse(data)
        .ok()
        .filter(|(object, rest)| object.tag == tag && rest.is_empty())
        .and_then(|(object, _)| object.value.try_into().ok())
        .ok_or(StatusWord::WRONG_DATA)
}

/// References of the keys in PrKDF and in commands.
pub(super) const SIGNATURE_KEY: u8 = 0x10;
pub(super) const AUTHENTICATION_KEY: u8 = 0x20;

/// P1 and P2.
const SET_SIGNATURE: (u8, u8) = (0x81, 0xB6);
const SET_CONFIDENTIALITY: (u8, u8) = (0x41, 0xB8);
const SIGNATURE_ALGORITHM_AND_KEY: Tag = Tag(0x91);
const KEY: Tag = Tag(0x83);
/// Bit of a reference: of the application, not of the whole card.
const LOCAL: u8 = 0x80;
