//! Whether a new code holds, shown by its use.

use card_profiles::{CardError, HashAlgorithm, Identity};
use igc_sante::KeyRole;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use secrets::Pin;

use super::ModuleCard;
use crate::fault::{Ckr, ModuleFault};
use crate::protocol::{PinFlags, Request, SignMechanism, User};

/// What a use of a new code showed.
#[derive(Debug)]
pub(super) enum Proof {
    /// It is the holder's code now.
    Holds,
    /// It is not: the one before still is.
    DoesNotHold,
    /// It is not, and the code that was typed as the one before is not either.
    OldRefused(ModuleFault),
    /// Nobody knows.
    Unknown(CardError),
}

impl ModuleCard<'_> {
    /// Presents the new code once and lets the authentication key sign a random digest with it, as the
    /// agency's own tool for holders does (login after each change). A code that was just set has all its
    /// tries, so where one is missing none is spent on it.
    ///
    /// A new code that does not hold has cost a try of the one before: `old` sets that right.
    pub(super) fn prove_pin(&mut self, new: &Pin, old: Option<&Pin>) -> Proof {
        if let Err(fault) = self.connection.restart() {
            return Proof::Unknown(fault.into());
        }
        if self.connection.open.token.sure_pin_flags() != PinFlags::default() {
            return Proof::Unknown(not_shown());
        }
        match self.use_pin(new) {
            Ok(()) => Proof::Holds,
            Err(fault) => match fault.returned() {
                Some(Ckr::PinIncorrect | Ckr::PinLocked) => self.fall_back(old),
                Some(_) | None => Proof::Unknown(fault.into()),
            },
        }
    }

    /// The old code holds where the module takes it and no try is missing after it.
    fn fall_back(&mut self, old: Option<&Pin>) -> Proof {
        let Some(old) = old else {
            return Proof::DoesNotHold;
        };
        match self.use_pin(old) {
            Ok(()) => Proof::DoesNotHold,
            Err(fault) => match fault.returned() {
                Some(Ckr::PinIncorrect | Ckr::PinLocked) => Proof::OldRefused(fault),
                Some(_) | None => Proof::Unknown(fault.into()),
            },
        }
    }

    fn use_pin(&mut self, pin: &Pin) -> Result<(), ModuleFault> {
        let before = self.connection.look()?.sure_pin_flags();
        let login = Request::Login {
            user: User::Holder,
            codes: 1,
        };
        self.connection.ask(&login, &[pin.digits()])?;
        self.connection.note_login();
        let after = self.connection.look()?.sure_pin_flags();
        if after.are_worse_than(before) {
            self.connection.log_out();
            return Err(ModuleFault::Returned {
                function: "C_Login".into(),
                code: Ckr::PinIncorrect,
            });
        }
        let shown = self.sign_at_random();
        self.connection.log_out();
        shown
    }

    /// A signature over a digest of nothing that anybody could use. A token without an authentication key
    /// has shown by the login what it can show.
    fn sign_at_random(&mut self) -> Result<(), ModuleFault> {
        let identity = self.known_identity();
        let identity = identity.map_err(|error| ModuleFault::Nonsense(error.to_string()))?;
        let Some(key) = authentication_key(&identity) else {
            return Ok(());
        };
        if !self.connection.open.mechanisms.rsa_pkcs {
            return Ok(());
        }
        let mut message = [0; 32];
        SystemRandom::new()
            .fill(&mut message)
            .map_err(|_| ModuleFault::Nonsense("the system has no random numbers".into()))?;
        let digest_info =
            HashAlgorithm::Sha256.digest_info(&HashAlgorithm::Sha256.digest(&message));
        let role = KeyRole::Authentication;
        let signature = self.ask_to_sign(role, SignMechanism::RsaPkcs, digest_info)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(&message, &signature)
            .map_err(|_| ModuleFault::Nonsense("a signature that is none".into()))
    }
}

/// RSAPublicKey of the authentication certificate.
fn authentication_key(identity: &Identity) -> Option<Vec<u8>> {
    let mut certificates = identity.certificates.iter();
    let (_, certificate) = certificates.find(|(role, _)| *role == KeyRole::Authentication)?;
    Some(certificate.public_key_bits().to_vec())
}

fn not_shown() -> CardError {
    let why = "it said CKR_OK, and a try is missing after it, as of a code that was not set";
    ModuleFault::Nonsense(why.into()).into()
}
