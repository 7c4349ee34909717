//! The functions that take a code. The card judges it, that is its memory; the real module is then
//! opened with the code that it has.

use cryptoki_sys::*;

use crate::calls::{Answer, Call, answer, print};
use crate::memory::Code;
use crate::plan::Habit;
use crate::process::state;
use crate::real::real;
use crate::sessions::session_state;
use crate::slots::SO_CODE_LEN;
use crate::tokens::{SO_CODE, USER_CODE};

pub(crate) unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    code: CK_UTF8CHAR_PTR,
    len: CK_ULONG,
) -> CK_RV {
    answer("C_Login", user_name(user), |call| {
        call.session(session)?;
        let which = which(user)?;
        may_log_in(session, which)?;
        let code = unsafe { typed(code, len) }
            .or_else(|| at_keypad(call, which))
            .ok_or(CKR_ARGUMENTS_BAD)?;
        if call.has(Habit::Prints) {
            print(&String::from_utf8_lossy(&code));
        }
        judge_login(call, which, &code)?;
        log_real_in(session, which)?;
        state().kept_code = (which == Code::User).then_some(code);
        Ok(())
    })
}

fn user_name(user: CK_USER_TYPE) -> &'static str {
    match user {
        CKU_USER => "user",
        CKU_SO => "so",
        CKU_CONTEXT_SPECIFIC => "context-specific",
        _ => "nobody",
    }
}

fn which(user: CK_USER_TYPE) -> Result<Code, CK_RV> {
    match user {
        CKU_USER => Ok(Code::User),
        CKU_SO => Ok(Code::So),
        _ => Err(CKR_USER_TYPE_INVALID),
    }
}

/// What the real module would refuse, before a try is lost for nothing.
fn may_log_in(session: CK_SESSION_HANDLE, which: Code) -> Answer {
    match (session_state(session)?, which) {
        (CKS_RO_USER_FUNCTIONS | CKS_RW_USER_FUNCTIONS, Code::User)
        | (CKS_RW_SO_FUNCTIONS, Code::So) => return Err(CKR_USER_ALREADY_LOGGED_IN),
        (CKS_RO_USER_FUNCTIONS | CKS_RW_USER_FUNCTIONS, Code::So)
        | (CKS_RW_SO_FUNCTIONS, Code::User) => return Err(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
        _ => {}
    }
    let has_read_only = state().sessions.values().any(|other| other.is_read_only);
    if which == Code::So && has_read_only {
        return Err(CKR_SESSION_READ_ONLY_EXISTS);
    }
    Ok(())
}

fn judge_login(call: &Call, which: Code, code: &[u8]) -> Answer {
    if call.has(Habit::LoginOkThoughRefused) {
        return call.card(|card| match which {
            Code::User => card.verified = false,
            Code::So => card.so_verified = false,
        });
    }
    if !has_right_len(call, which, code) {
        return Err(CKR_PIN_INCORRECT);
    }
    match present(call, which, code) {
        Err(_) if call.has(Habit::CountsSilently) => Ok(()),
        Ok(()) if which == Code::So && call.has(Habit::SoLockedByMistake) => {
            call.card(|card| card.so_shown_locked = true)
        }
        judged => judged,
    }
}

fn log_real_in(session: CK_SESSION_HANDLE, which: Code) -> Answer {
    let (user, code) = match which {
        Code::User => (CKU_USER, USER_CODE),
        Code::So => (CKU_SO, SO_CODE),
    };
    let len = CK_ULONG::try_from(code.len()).map_err(|_| CKR_GENERAL_ERROR)?;
    let mut code = code.as_bytes().to_vec();
    real!(C_Login(session, user, code.as_mut_ptr(), len))
}

pub(crate) unsafe extern "C" fn logout(session: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_Logout", "", |call| {
        call.session(session)?;
        state().kept_code = None;
        // The card is told nothing: it stays verified, for other programs, too.
        real!(C_Logout(session))
    })
}

/// Works on the holder's code whoever is logged in, like the official module.
pub(crate) unsafe extern "C" fn set_pin(
    session: CK_SESSION_HANDLE,
    old: CK_UTF8CHAR_PTR,
    old_len: CK_ULONG,
    new: CK_UTF8CHAR_PTR,
    new_len: CK_ULONG,
) -> CK_RV {
    answer("C_SetPIN", "", |call| {
        call.session(session)?;
        match session_state(session)? {
            CKS_RW_PUBLIC_SESSION | CKS_RW_USER_FUNCTIONS | CKS_RW_SO_FUNCTIONS => {}
            _ => return Err(CKR_SESSION_READ_ONLY),
        }
        let old = unsafe { typed(old, old_len) }
            .or_else(|| at_keypad(call, Code::User))
            .ok_or(CKR_ARGUMENTS_BAD)?;
        let new = unsafe { typed(new, new_len) }
            .or_else(|| new_at_keypad(call))
            .ok_or(CKR_ARGUMENTS_BAD)?;
        if call.has(Habit::SetPinOkThoughRefused) {
            return Ok(());
        }
        if ![&old, &new]
            .map(|code| has_right_len(call, Code::User, code))
            .iter()
            .all(|is| *is)
        {
            return Err(CKR_PIN_LEN_RANGE);
        }
        present(call, Code::User, &old)?;
        call.card(|card| card.set_user_code(&new))
    })
}

pub(crate) unsafe extern "C" fn init_pin(
    session: CK_SESSION_HANDLE,
    new: CK_UTF8CHAR_PTR,
    new_len: CK_ULONG,
) -> CK_RV {
    answer("C_InitPIN", "", |call| {
        call.session(session)?;
        if session_state(session)? != CKS_RW_SO_FUNCTIONS {
            return Err(CKR_USER_NOT_LOGGED_IN);
        }
        let new = unsafe { typed(new, new_len) }
            .or_else(|| new_at_keypad(call))
            .ok_or(CKR_ARGUMENTS_BAD)?;
        if call.has(Habit::InitPinOkThoughRefused) {
            return Ok(());
        }
        if !has_right_len(call, Code::User, &new) {
            return Err(CKR_PIN_LEN_RANGE);
        }
        call.card(|card| {
            if !card.so_verified {
                return Err(CKR_USER_NOT_LOGGED_IN);
            }
            card.set_user_code(&new);
            Ok(())
        })?
    })
}

/// Refuses unless the card knows of the holder's code; with the habit, the kept code is presented again.
pub(crate) fn need_verified_card(call: &Call) -> Answer {
    if call.card(|card| card.verified)? {
        return Ok(());
    }
    let kept = state().kept_code.clone();
    match kept {
        Some(code) if call.has(Habit::ReplaysPin) => {
            present(call, Code::User, &code).map_err(|_| CKR_USER_NOT_LOGGED_IN)
        }
        _ => Err(CKR_USER_NOT_LOGGED_IN),
    }
}

fn present(call: &Call, which: Code, code: &[u8]) -> Answer {
    let (was_blocked, judged) = call.card(|card| {
        let tries_left = match which {
            Code::User => card.user_tries_left,
            Code::So => card.so_tries_left,
        };
        (tries_left == 0, card.present(which, code))
    })?;
    match judged {
        Err(CKR_PIN_LOCKED) if !was_blocked && call.has(Habit::BlocksAtIncorrect) => {
            Err(CKR_PIN_INCORRECT)
        }
        judged => judged,
    }
}

fn has_right_len(call: &Call, which: Code, code: &[u8]) -> bool {
    let [shortest, longest] = match which {
        Code::User => call.plan.pin_lengths,
        Code::So => [SO_CODE_LEN; 2],
    };
    (shortest..=longest).contains(&code.len())
}

/// The code that a caller passed; none means that it is typed at the keypad.
unsafe fn typed(code: CK_UTF8CHAR_PTR, len: CK_ULONG) -> Option<Vec<u8>> {
    if code.is_null() {
        return None;
    }
    let len = usize::try_from(len).ok()?;
    Some(unsafe { std::slice::from_raw_parts(code, len) }.to_vec())
}

fn at_keypad(call: &Call, which: Code) -> Option<Vec<u8>> {
    let code = match which {
        Code::User => &call.plan.keypad_code,
        Code::So => &call.plan.keypad_unblock_code,
    };
    code.clone().map(String::into_bytes)
}

fn new_at_keypad(call: &Call) -> Option<Vec<u8>> {
    call.plan.keypad_new_code.clone().map(String::into_bytes)
}
