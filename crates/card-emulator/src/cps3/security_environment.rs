//! MANAGE SECURITY ENVIRONMENT, SET (ISO/IEC 7816-4, 11.5.11): which key and algorithm next.

use card_apdu::tlv::{Tag, objects};
use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::file_system::Directory;
use super::private_keys::key_of_reference;
use crate::key_pairs::HashAlgorithm;
use crate::pki::KeyRole;
use crate::transmission::Outcome;

/// The templates that were set since the last reset or change of directory.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct SecurityEnvironment {
    /// A4: INTERNAL AUTHENTICATE.
    pub(super) authentication: Option<KeyRole>,
    /// B6: PSO COMPUTE DIGITAL SIGNATURE.
    pub(super) signature: Option<(KeyRole, HashAlgorithm)>,
    /// B8: PSO DECIPHER.
    pub(super) confidentiality: Option<KeyRole>,
    /// AA: PSO HASH.
    pub(super) hash: Option<HashAlgorithm>,
    /// What PSO HASH left for PSO COMPUTE DIGITAL SIGNATURE.
    pub(super) finished_hash: Option<(HashAlgorithm, Vec<u8>)>,
}

/// Algorithm (80) and key (84) of a template, in either order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Template {
    algorithm: Option<u8>,
    key: Option<u8>,
}

impl Applet {
    /// MSE SET (P1 = 41). A template that is refused leaves the one before it.
    pub(super) fn manage_security_environment(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != SET {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let template = Template::parse(command.data()).ok_or(StatusWord::WRONG_DATA)?;
        match (command.p2(), template.algorithm) {
            (AUTHENTICATION, Some(RSA_PKCS)) => {
                self.volatile.environment.authentication = Some(self.local_key(template)?);
            }
            (SIGNATURE, Some(SHA1_RSA_PKCS)) => {
                self.volatile.environment.signature =
                    Some((self.local_key(template)?, HashAlgorithm::Sha1));
            }
            (SIGNATURE, Some(SHA256_RSA_PKCS)) => {
                self.volatile.environment.signature =
                    Some((self.local_key(template)?, HashAlgorithm::Sha256));
            }
            (CONFIDENTIALITY, Some(RSA_PKCS_DECIPHER)) => {
                self.volatile.environment.confidentiality = Some(self.local_key(template)?);
            }
            (HASH, Some(SHA1)) => self.set_hash(HashAlgorithm::Sha1, template)?,
            (HASH, Some(SHA256)) => self.set_hash(HashAlgorithm::Sha256, template)?,
            (AUTHENTICATION | SIGNATURE | CONFIDENTIALITY | HASH, _) => {
                return Err(StatusWord::WRONG_DATA);
            }
            _ => return Err(StatusWord::WRONG_P1_P2),
        }
        Ok(Vec::new())
    }

    /// A hash template names no key; it begins a new hash.
    fn set_hash(&mut self, algorithm: HashAlgorithm, template: Template) -> Result<(), StatusWord> {
        if template.key.is_some() {
            return Err(StatusWord::WRONG_DATA);
        }
        self.volatile.environment.hash = Some(algorithm);
        self.volatile.environment.finished_hash = None;
        Ok(())
    }

    /// References 8x are local to a directory: each application has keys of its own.
    fn local_key(&self, template: Template) -> Result<KeyRole, StatusWord> {
        let reference = template.key.ok_or(StatusWord::WRONG_DATA)?;
        key_of_reference(reference)
            .filter(|key| self.key_pairs.has(*key))
            .filter(|key| self.volatile.selection.directory == directory_of(*key))
            .ok_or(StatusWord::REFERENCE_DATA_NOT_FOUND)
    }
}

impl Template {
    fn parse(data: &[u8]) -> Option<Self> {
        let mut template = Self::default();
        for object in objects(data) {
            let object = object.ok()?;
            let [value] = object.value else {
                return None;
            };
            let place = match object.tag {
                Tag(0x80) => &mut template.algorithm,
                Tag(0x84) => &mut template.key,
                _ => return None,
            };
            if place.replace(*value).is_some() {
                return None;
            }
        }
        Some(template)
    }
}

fn directory_of(key: KeyRole) -> Directory {
    match key {
        KeyRole::Authentication | KeyRole::Signature => Directory::Contact,
        KeyRole::Technical => Directory::Contactless,
    }
}

/// P1: set, for computation, decipherment, internal authentication.
const SET: u8 = 0x41;

/// P2: the template.
const AUTHENTICATION: u8 = 0xA4;
const HASH: u8 = 0xAA;
const SIGNATURE: u8 = 0xB6;
const CONFIDENTIALITY: u8 = 0xB8;

/// Algorithm references, as TokenInfo lists them.
const RSA_PKCS: u8 = 0x02;
const SHA1: u8 = 0x10;
const SHA1_RSA_PKCS: u8 = 0x12;
const RSA_PKCS_DECIPHER: u8 = 0x1A;
const SHA256: u8 = 0x40;
const SHA256_RSA_PKCS: u8 = 0x42;
