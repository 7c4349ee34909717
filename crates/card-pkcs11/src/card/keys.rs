//! The keys of the token, which a module shows after the login alone.

use card_apdu::StatusWord;
use card_profiles::{
    Capabilities, CardError, HashAlgorithm, Identity, Signable, SignatureAlgorithm,
};
use igc_sante::KeyRole;
use secrets::SecretBytes;

use super::ModuleCard;
use crate::fault::{Ckr, ModuleFault};
use crate::protocol::{Answer, KeyChoice, Mechanisms, OpenToken, Request, SignMechanism};

/// A key for each certificate, and what the token's mechanisms let it do.
pub(super) fn capabilities(identity: &Identity, open: &OpenToken) -> Capabilities {
    let roles = identity.certificates.iter().map(|(role, _)| *role);
    let algorithms = roles.map(|role| (role, algorithms(role, open.mechanisms)));
    let has_authentication = identity
        .certificates
        .iter()
        .any(|(role, _)| *role == KeyRole::Authentication);
    Capabilities {
        signature_algorithms: algorithms.collect(),
        decipher: has_authentication && open.mechanisms.rsa_pkcs,
        pin: open.token.has_pin(),
    }
}

/// A signature key may take the DigestInfo of SHA-256 apart and put it together again: of a longer hash
/// function it must have heard.
fn algorithms(role: KeyRole, mechanisms: Mechanisms) -> Vec<SignatureAlgorithm> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{RsaPkcs1, RsaPss};
    let pkcs1 = mechanisms.rsa_pkcs;
    let any_digest = pkcs1 && role != KeyRole::Signature;
    let listed = [
        (pkcs1, RsaPkcs1(Sha256)),
        (
            any_digest || pkcs1 && mechanisms.sha384_rsa_pkcs,
            RsaPkcs1(Sha384),
        ),
        (
            any_digest || pkcs1 && mechanisms.sha512_rsa_pkcs,
            RsaPkcs1(Sha512),
        ),
        (mechanisms.rsa_pss, RsaPss(Sha256)),
        (
            mechanisms.rsa_pss && mechanisms.sha384_rsa_pss,
            RsaPss(Sha384),
        ),
        (
            mechanisms.rsa_pss && mechanisms.sha512_rsa_pss,
            RsaPss(Sha512),
        ),
    ];
    let known = listed.into_iter().filter(|(is_there, _)| *is_there);
    known.map(|(_, algorithm)| algorithm).collect()
}

impl ModuleCard<'_> {
    /// The digest is finished here: the official module's hash-and-sign fails on the authentication key.
    pub(super) fn sign_digest(
        &mut self,
        role: KeyRole,
        input: &Signable<'_>,
    ) -> Result<Vec<u8>, CardError> {
        let (algorithm, digest) = input.to_digest()?;
        let known = self.known_identity()?;
        let capabilities = capabilities(&known, &self.connection.open);
        let mut keys = capabilities.signature_algorithms.iter();
        let key = keys.find(|(known, _)| *known == role);
        let (_, algorithms) = key.ok_or(CardError::KeyAbsent(role))?;
        if !algorithms.contains(&algorithm) {
            return Err(CardError::AlgorithmUnsupported);
        }
        self.check_logged_in(role, "C_Sign")?;
        let (mechanism, data) = match algorithm {
            SignatureAlgorithm::RsaPkcs1(hash) => {
                (SignMechanism::RsaPkcs, hash.digest_info(&digest))
            }
            SignatureAlgorithm::RsaPss(hash) => (pss_mechanism(hash), digest),
        };
        self.ask_to_sign(role, mechanism, data)
            .map_err(|fault| self.key_error(fault, role))
    }

    /// A module that took a code which the card had not, presents it by itself when the key asks for it.
    fn key_error(&mut self, fault: ModuleFault, role: KeyRole) -> CardError {
        if fault == ModuleFault::NoKey {
            return CardError::KeyAbsent(role);
        }
        match fault.returned() {
            Some(Ckr::UserNotLoggedIn) => {
                let before = self.connection.memory.flags_before_login;
                match self.connection.look().map(|token| token.sure_pin_flags()) {
                    Ok(flags) if flags.are_worse_than(before) => CardError::CodeWasWrong {
                        tries_left: flags.tries_left(),
                    },
                    Ok(_) | Err(_) => fault.into(),
                }
            }
            Some(_) | None => fault.into(),
        }
    }

    pub(super) fn ask_to_sign(
        &mut self,
        role: KeyRole,
        mechanism: SignMechanism,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, ModuleFault> {
        let request = Request::Sign {
            key: self.key_choice(role),
            mechanism,
            data,
        };
        let Answer::Signature(signature) = self.connection.ask(&request, &[])? else {
            return Err(self.connection.answered_something_else());
        };
        Ok(signature)
    }

    pub(super) fn decipher_with_authentication_key(
        &mut self,
        cryptogram: &[u8],
    ) -> Result<SecretBytes, CardError> {
        let role = KeyRole::Authentication;
        let known = self.known_identity()?;
        if !capabilities(&known, &self.connection.open).decipher {
            return Err(CardError::KeyAbsent(role));
        }
        self.check_logged_in(role, "C_Decrypt")?;
        let request = Request::Decipher {
            key: self.key_choice(role),
            cryptogram: cryptogram.to_vec(),
        };
        match self.connection.ask(&request, &[]) {
            Ok(Answer::Deciphered) => Ok(self.connection.secret(&request)?),
            Ok(_) => Err(self.connection.answered_something_else().into()),
            Err(fault) => Err(decipher_error(fault)),
        }
    }

    /// A key that no code protects is there without a login.
    fn check_logged_in(&self, role: KeyRole, command: &'static str) -> Result<(), CardError> {
        let needs_login = self.connection.open.token.has_pin() && role != KeyRole::Technical;
        if needs_login && !self.connection.is_logged_in {
            return Err(CardError::Refused {
                command,
                sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            });
        }
        Ok(())
    }

    fn key_choice(&self, role: KeyRole) -> KeyChoice {
        let mut ids = self.connection.memory.ids.iter();
        let id = ids.find(|(known, _)| *known == role);
        KeyChoice {
            label: key_label(role).into(),
            id: id.map(|(_, id)| id.clone()).unwrap_or_default(),
        }
    }
}

/// Labels of the official module, which are those on the card.
const fn key_label(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Authentication => "CPS_PRIV_AUT",
        KeyRole::Signature => "CPS_PRIV_SIG",
        KeyRole::Technical => "CPS_PRIV_TECH_AUT",
    }
}

const fn pss_mechanism(hash: HashAlgorithm) -> SignMechanism {
    match hash {
        HashAlgorithm::Sha256 => SignMechanism::RsaPssSha256,
        HashAlgorithm::Sha384 => SignMechanism::RsaPssSha384,
        HashAlgorithm::Sha512 => SignMechanism::RsaPssSha512,
    }
}

/// What is wrong with a cryptogram is one fault, whatever it is.
fn decipher_error(fault: ModuleFault) -> CardError {
    match (&fault, fault.returned()) {
        (ModuleFault::NoKey, _) => CardError::KeyAbsent(KeyRole::Authentication),
        (_, Some(Ckr::TokenGone)) | (_, None) => fault.into(),
        (_, Some(Ckr::UserNotLoggedIn)) => CardError::Refused {
            command: "C_Decrypt",
            sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
        },
        (_, Some(_)) => CardError::NotDeciphered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_offered_where_the_mechanisms_of_the_token_do_it() {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        use SignatureAlgorithm::{RsaPkcs1, RsaPss};
        let official = Mechanisms {
            rsa_pkcs: true,
            rsa_pss: true,
            ..Mechanisms::default()
        };
        assert_eq!(
            algorithms(KeyRole::Authentication, official),
            [Sha256, Sha384, Sha512]
                .map(RsaPkcs1)
                .into_iter()
                .chain([RsaPss(Sha256)])
                .collect::<Vec<_>>()
        );
        assert_eq!(
            algorithms(KeyRole::Signature, official),
            [RsaPkcs1(Sha256), RsaPss(Sha256)]
        );
        let without_pss = Mechanisms {
            rsa_pss: false,
            ..official
        };
        assert_eq!(
            algorithms(KeyRole::Signature, without_pss),
            [RsaPkcs1(Sha256)]
        );
        assert_eq!(algorithms(KeyRole::Signature, Mechanisms::default()), []);
    }
}
