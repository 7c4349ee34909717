//! Uses of a key by the card, in the log-in of this process or the one that a browser's holder is asked for.

use cryptoki_sys::CKR_USER_NOT_LOGGED_IN;

use crate::answer::Answer;
use crate::manner::Manner;
use crate::module::Module;
use crate::sessions::{SessionToken, forget_log_in, log_in_of, log_in_once};
use crate::slots::{check_is_there, lost};

/// Has the card use a key: `ask` is given the session of the log-in, and how many seconds the holder has. A browser's
/// first use of a key has the holder type the code; one whose log-in is over begins another, once.
pub(crate) fn by_key<T>(
    module: &Module,
    of: &SessionToken,
    role: &str,
    ask: impl Fn(Option<String>, u32) -> Answer<T>,
) -> Answer<T> {
    let seconds = match module.manner {
        Manner::LogIn => TIME_TO_TYPE,
        Manner::Browser => TIME_OF_BROWSERS,
    };
    let needs_log_in = module.manner == Manner::Browser && role == AUTHENTICATION;
    for is_last in [false, true] {
        let log_in = if needs_log_in {
            Some(log_in_once(module, of, seconds)?)
        } else {
            log_in_of(module, of.slot)?
        };
        let session = log_in.as_ref().and_then(|log_in| log_in.session());
        let outcome = ask(session, seconds);
        match (lost(module, of.slot, &of.token, outcome), log_in) {
            (Err(CKR_USER_NOT_LOGGED_IN), Some(ended)) => {
                forget_log_in(module, of.slot, &ended);
                check_is_there(module, of.slot, &of.token)?;
                if is_last || !needs_log_in {
                    break;
                }
            }
            (outcome, _) => return outcome,
        }
    }
    Err(CKR_USER_NOT_LOGGED_IN)
}

/// The role of the key that deciphers, too.
pub(crate) const AUTHENTICATION: &str = "authentication";
/// The role of the key that signs digests of SHA-256 and SHA-1 alone.
pub(crate) const SIGNATURE: &str = "signature";
/// The role of the key of a card's contactless side, which has no code.
pub(crate) const TECHNICAL: &str = "technical";
/// Seconds that a holder has where a program waits for a key.
const TIME_TO_TYPE: u32 = 120;
/// The same in a browser, which gives a connection up after thirty.
const TIME_OF_BROWSERS: u32 = 25;
