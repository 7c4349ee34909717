//! The calls on one token.

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use secrets::SecretBytes;

use super::objects;
use super::returned::fault_of;
use crate::fault::{Ckr, ModuleFault};
use crate::protocol::{
    Answer, KeyChoice, Mechanisms, OpenToken, PinFlags, Request, SignMechanism, Token, User,
};

/// A loaded module and, once it is open, the session on its token.
pub(super) struct Calls {
    pkcs11: Pkcs11,
    open: Option<Open>,
}

struct Open {
    slot: Slot,
    /// None on a token that was never initialised.
    session: Option<Session>,
}

type Answered = Result<(Answer, Option<SecretBytes>), ModuleFault>;

impl Calls {
    pub(super) fn new(pkcs11: Pkcs11) -> Self {
        Self { pkcs11, open: None }
    }

    pub(super) fn answer(&mut self, request: Request, codes: Vec<SecretBytes>) -> Answered {
        let mut codes = codes.iter();
        let mut next_code = || {
            let code = codes.next();
            code.ok_or_else(|| ModuleFault::Nonsense("a code is missing".into()))
        };
        let answer = match request {
            Request::Open { reader } => Answer::Opened(self.open(&reader)?),
            Request::Token => Answer::Token(self.token()?),
            Request::Certificates => Answer::Certificates(self.in_session(objects::certificates)?),
            Request::Data { prefix } => {
                Answer::Data(self.in_session(|session| objects::data(session, &prefix))?)
            }
            Request::Login { user, codes: 0, .. } => self.login(user, None)?,
            Request::Login { user, .. } => self.login(user, Some(next_code()?))?,
            Request::Logout => {
                self.session()?.logout().map_err(fault_of)?;
                Answer::Done
            }
            Request::SetPin => {
                let (old, new) = (auth_pin(next_code()?)?, auth_pin(next_code()?)?);
                self.session()?.set_pin(&old, &new).map_err(fault_of)?;
                Answer::Done
            }
            Request::InitPin => {
                let new = auth_pin(next_code()?)?;
                self.session()?.init_pin(&new).map_err(fault_of)?;
                Answer::Done
            }
            Request::Sign {
                key,
                mechanism,
                data,
            } => {
                Answer::Signature(self.in_session(|session| sign(session, &key, mechanism, &data))?)
            }
            Request::Decipher { key, cryptogram } => {
                let secret = self.in_session(|session| decipher(session, &key, &cryptogram))?;
                return Ok((Answer::Deciphered, Some(secret)));
            }
        };
        Ok((answer, None))
    }

    fn open(&mut self, reader: &str) -> Result<OpenToken, ModuleFault> {
        self.open = None;
        let (slot, info) = self.token_in(reader)?;
        let (session, can_write) = if info.token_initialized() {
            let (session, can_write) = self.open_session(slot)?;
            (Some(session), can_write)
        } else {
            (None, false)
        };
        let mechanisms = self.pkcs11.get_mechanism_list(slot).map_err(fault_of)?;
        self.open = Some(Open { slot, session });
        Ok(OpenToken {
            token: token_of(&info),
            mechanisms: mechanisms_of(&mechanisms),
            can_write,
        })
    }

    /// One that can write, for the security officer may not log in beside one that only reads.
    fn open_session(&self, slot: Slot) -> Result<(Session, bool), ModuleFault> {
        match self.pkcs11.open_rw_session(slot) {
            Ok(session) => Ok((session, true)),
            Err(_) => {
                let session = self.pkcs11.open_ro_session(slot).map_err(fault_of)?;
                Ok((session, false))
            }
        }
    }

    /// A reader may have several slots, of which others than the first may have the token. Each look at a token
    /// costs commands to the card.
    fn token_in(&self, reader: &str) -> Result<(Slot, TokenInfo), ModuleFault> {
        let mut is_known = false;
        let mut found = None;
        let mut failed = None;
        for slot in self.pkcs11.get_all_slots().map_err(fault_of)? {
            let info = match self.pkcs11.get_slot_info(slot) {
                Ok(info) => info,
                Err(error) => {
                    failed = failed.or(Some(fault_of(error)));
                    continue;
                }
            };
            if info.slot_description() != reader {
                continue;
            }
            is_known = true;
            if !info.token_present() {
                continue;
            }
            match self.pkcs11.get_token_info(slot) {
                Ok(token) if token.token_initialized() => return Ok((slot, token)),
                Ok(token) => found = found.or(Some((slot, token))),
                Err(error) => return Err(fault_of(error)),
            }
        }
        found.ok_or(match failed {
            _ if is_known => ModuleFault::NoToken,
            Some(fault) => fault,
            None => ModuleFault::NoReader,
        })
    }

    /// The session first: a module that still has the token information of a card that left has no session
    /// of it any more.
    fn token(&self) -> Result<Token, ModuleFault> {
        let open = self.opened()?;
        if let Some(session) = &open.session {
            session.get_session_info().map_err(fault_of)?;
        }
        let info = self.pkcs11.get_token_info(open.slot).map_err(fault_of)?;
        Ok(token_of(&info))
    }

    fn login(&self, user: User, code: Option<&SecretBytes>) -> Result<Answer, ModuleFault> {
        let user = match user {
            User::Holder => UserType::User,
            User::SecurityOfficer => UserType::So,
        };
        let code = code.map(auth_pin).transpose()?;
        let session = self.session()?;
        session.login(user, code.as_ref()).map_err(fault_of)?;
        Ok(Answer::Done)
    }

    /// A search or a signature that a module could not end dies with its session: the work goes on in another.
    fn in_session<T>(
        &mut self,
        work: impl Fn(&Session) -> Result<T, ModuleFault>,
    ) -> Result<T, ModuleFault> {
        match work(self.session()?) {
            Err(fault) if fault.returned() == Some(&Ckr::OperationActive) => {
                self.renew_session()?;
                work(self.session()?)
            }
            worked => worked,
        }
    }

    /// The login lasts as long as any session does, and the one before shows that the card still is the same.
    fn renew_session(&mut self) -> Result<(), ModuleFault> {
        let slot = self.opened()?.slot;
        let (session, _) = self.open_session(slot)?;
        self.session()?.get_session_info().map_err(fault_of)?;
        self.open = Some(Open {
            slot,
            session: Some(session),
        });
        Ok(())
    }

    fn session(&self) -> Result<&Session, ModuleFault> {
        let session = self.opened()?.session.as_ref();
        session.ok_or(ModuleFault::NotInitialised)
    }

    fn opened(&self) -> Result<&Open, ModuleFault> {
        self.open.as_ref().ok_or(ModuleFault::NoToken)
    }
}

fn sign(
    session: &Session,
    key: &KeyChoice,
    mechanism: SignMechanism,
    data: &[u8],
) -> Result<Vec<u8>, ModuleFault> {
    let key = objects::private_key(session, key)?;
    let mechanism = mechanism_of(mechanism)?;
    session.sign(&mechanism, key, data).map_err(fault_of)
}

fn decipher(
    session: &Session,
    key: &KeyChoice,
    cryptogram: &[u8],
) -> Result<SecretBytes, ModuleFault> {
    let key = objects::private_key(session, key)?;
    let deciphered = session.decrypt(&Mechanism::RsaPkcs, key, cryptogram);
    deciphered.map(SecretBytes::from_vec).map_err(fault_of)
}

/// The wrapper's own type for a code, which it wipes as well.
fn auth_pin(code: &SecretBytes) -> Result<AuthPin, ModuleFault> {
    let digits = str::from_utf8(code.expose());
    let digits =
        digits.map_err(|_| ModuleFault::Nonsense("a code is not made of digits".into()))?;
    Ok(AuthPin::from(Box::<str>::from(digits)))
}

fn token_of(info: &TokenInfo) -> Token {
    Token {
        label: info.label().to_owned(),
        serial_number: info.serial_number().to_owned(),
        initialized: info.token_initialized(),
        user_pin_initialized: info.user_pin_initialized(),
        protected_path: info.protected_authentication_path(),
        minimum_pin_len: info.min_pin_length(),
        maximum_pin_len: info.max_pin_length(),
        user_pin: PinFlags {
            count_low: info.user_pin_count_low(),
            final_try: info.user_pin_final_try(),
            locked: info.user_pin_locked(),
        },
        so_pin: PinFlags {
            count_low: info.so_pin_count_low(),
            final_try: info.so_pin_final_try(),
            locked: info.so_pin_locked(),
        },
    }
}

fn mechanisms_of(listed: &[MechanismType]) -> Mechanisms {
    let has = |mechanism| listed.contains(&mechanism);
    Mechanisms {
        rsa_pkcs: has(MechanismType::RSA_PKCS),
        rsa_pss: has(MechanismType::RSA_PKCS_PSS),
        sha384_rsa_pkcs: has(MechanismType::SHA384_RSA_PKCS),
        sha512_rsa_pkcs: has(MechanismType::SHA512_RSA_PKCS),
        sha384_rsa_pss: has(MechanismType::SHA384_RSA_PKCS_PSS),
        sha512_rsa_pss: has(MechanismType::SHA512_RSA_PKCS_PSS),
    }
}

fn mechanism_of(mechanism: SignMechanism) -> Result<Mechanism<'static>, ModuleFault> {
    let pss = |hash_alg, mgf, salt_len: usize| {
        let s_len = salt_len.try_into().map_err(fault_of)?;
        Ok(Mechanism::RsaPkcsPss(PkcsPssParams {
            hash_alg,
            mgf,
            s_len,
        }))
    };
    match mechanism {
        SignMechanism::RsaPkcs => Ok(Mechanism::RsaPkcs),
        SignMechanism::RsaPssSha256 => pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
        SignMechanism::RsaPssSha384 => pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
        SignMechanism::RsaPssSha512 => pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
    }
}
