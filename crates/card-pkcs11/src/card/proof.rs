//! Whether a new code holds, shown by its use.

use card_profiles::{CardError, HashAlgorithm, Identity};
use igc_sante::KeyRole;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use secrets::Pin;

use super::ModuleCard;
use crate::connection::LastCode;
use crate::fault::{Ckr, ModuleFault};
use crate::protocol::{PinFlags, Request, SignMechanism, User};

/// What a use of a new code showed.
#[derive(Debug)]
pub(super) enum Proof {
    /// It is the holder's code now.
    Holds,
    /// It is not: the one before still is, with a try less than before.
    DoesNotHold,
    /// Nobody knows.
    Unknown(CardError),
}

impl ModuleCard<'_> {
    /// Presents the new code once and lets the authentication key sign a random digest with it, as the
    /// agency's own tool for holders does (login after each change). A code that was just set has all its
    /// tries, so where one is missing none is spent on it.
    ///
    /// A new code that does not hold has cost a try of the one before, whose next right use gives it back. It is
    /// not presented for that here: whoever mistyped it would lose another one.
    pub(super) fn prove_pin(&mut self, new: &Pin) -> Proof {
        self.connection.memory.last_pin = LastCode::NotPresented;
        if let Err(fault) = self.connection.restart() {
            return Proof::Unknown(fault.into());
        }
        if self.connection.open.token.sure_pin_flags() != PinFlags::default() {
            return Proof::Unknown(not_shown());
        }
        match self.use_pin(new) {
            Ok(()) => {
                self.connection.memory.last_pin = LastCode::Taken;
                Proof::Holds
            }
            Err(fault) => match fault.returned() {
                Some(Ckr::PinLocked) => {
                    self.connection.memory.last_pin = LastCode::Blocked;
                    Proof::DoesNotHold
                }
                Some(Ckr::PinIncorrect) => Proof::DoesNotHold,
                Some(_) | None => Proof::Unknown(fault.into()),
            },
        }
    }

    fn use_pin(&mut self, pin: &Pin) -> Result<(), ModuleFault> {
        let before = self.connection.open.token.sure_pin_flags();
        self.connection.memory.flags_before_login = before;
        let login = Request::login(User::Holder);
        self.connection.ask(&login, &[pin.digits()])?;
        self.connection.is_logged_in = true;
        let shown = self.check_no_try_was_lost();
        let shown = shown.and_then(|()| {
            self.sign_at_random().or_else(|fault| {
                // A module that presents the code by itself where the key asks for it may do so here.
                self.check_no_try_was_lost()?;
                Err(fault)
            })
        });
        self.connection.log_out();
        shown
    }

    /// Whether the flags are not worse than before the last login.
    fn check_no_try_was_lost(&mut self) -> Result<(), ModuleFault> {
        let before = self.connection.memory.flags_before_login;
        let after = self.connection.look()?.sure_pin_flags();
        if after.are_worse_than(before) {
            return Err(ModuleFault::Returned {
                function: "C_Login".into(),
                code: Ckr::PinIncorrect,
            });
        }
        Ok(())
    }

    /// A signature over a digest of nothing that anybody could use. A token without an authentication key
    /// has shown by the login what it can show.
    pub(super) fn sign_at_random(&mut self) -> Result<(), ModuleFault> {
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
