//! The slot, its token, and what happens to them.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;
use std::time::Duration;

use cryptoki_sys::*;

use crate::calls::{Answer, Call, answer, sleep_for_ever};
use crate::fields::fill;
use crate::memory::Card;
use crate::plan::{Events, Habit, Plan};
use crate::process::{Presence, state};
use crate::real::real;
use crate::tokens::{SLOT, SO_CODE, is_the_slot, real_token};

pub(crate) unsafe extern "C" fn initialize(arguments: CK_VOID_PTR) -> CK_RV {
    answer("C_Initialize", "", |call| {
        real!(C_Initialize(arguments))?;
        if call.has(Habit::Forks) {
            fork();
        }
        state().initialize(Presence::of(&call.plan));
        Ok(())
    })
}

/// The copy of this process sleeps on the way to a program that never starts, and so does the thread that waits for
/// it. It is made before the module has a lock of the memory, which the copy would keep.
fn fork() {
    let (mut made, mut tells) = io::pipe().expect("a pipe");
    let mut command = Command::new("true");
    unsafe {
        command.pre_exec(move || {
            tells.write_all(&[0])?;
            sleep_for_ever()
        })
    };
    thread::spawn(move || command.status());
    made.read_exact(&mut [0]).expect("the copy is made");
}

pub(crate) unsafe extern "C" fn finalize(reserved: CK_VOID_PTR) -> CK_RV {
    answer("C_Finalize", "", |_| {
        real!(C_Finalize(reserved))?;
        state().finalize();
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn get_info(info: CK_INFO_PTR) -> CK_RV {
    answer("C_GetInfo", "", |_| real!(C_GetInfo(info)))
}

pub(crate) unsafe extern "C" fn get_slot_list(
    with_token: CK_BBOOL,
    slots: CK_SLOT_ID_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_GetSlotList", "", |call| {
        is_initialized()?;
        let is_empty = with_token != CK_FALSE && call.plan.token.is_none();
        let found: &[CK_SLOT_ID] = if is_empty { &[] } else { &[SLOT] };
        unsafe { give(found, slots, count) }?;
        call.spoil(count);
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn get_slot_info(slot: CK_SLOT_ID, info: CK_SLOT_INFO_PTR) -> CK_RV {
    answer("C_GetSlotInfo", "", |call| {
        is_initialized()?;
        is_the_slot(slot)?;
        let mut told = CK_SLOT_INFO {
            flags: CKF_HW_SLOT | CKF_REMOVABLE_DEVICE,
            ..CK_SLOT_INFO::default()
        };
        if call.plan.token.is_some() {
            told.flags |= CKF_TOKEN_PRESENT;
        }
        fill(&mut told.slotDescription, &call.plan.reader);
        fill(&mut told.manufacturerID, "");
        unsafe { info.write(told) };
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    answer("C_GetTokenInfo", "", |call| {
        is_initialized()?;
        is_the_slot(slot)?;
        let (_, mut told) = real_token(call)?;
        dress(&mut told, call);
        told.flags = (told.flags & !CODE_FLAGS) | call.card(|card| code_flags(call, card))?;
        if call.plan.keypad_code.is_some() {
            told.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
        }
        let first = *state()
            .first_token
            .get_or_insert((told.label, told.serialNumber));
        if call.has(Habit::StaleTokenInfo) {
            (told.label, told.serialNumber) = first;
        }
        unsafe { info.write(told) };
        Ok(())
    })
}

/// As the official module shows a card: its model, no manufacturer, the lengths of its codes.
fn dress(info: &mut CK_TOKEN_INFO, call: &Call) {
    let [shortest, longest] = call.plan.pin_lengths;
    fill(&mut info.model, &call.plan.model);
    fill(&mut info.manufacturerID, "");
    info.ulMinPinLen = CK_ULONG::try_from(shortest).expect("a short length");
    info.ulMaxPinLen = CK_ULONG::try_from(longest).expect("a short length");
}

fn code_flags(call: &Call, card: &Card) -> CK_FLAGS {
    let user = match card.user_tries_left {
        _ if card.verified && call.has(Habit::UserLockedByMistake) => CKF_USER_PIN_LOCKED,
        0 => CKF_USER_PIN_LOCKED,
        1 => CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY,
        2 => CKF_USER_PIN_COUNT_LOW,
        _ => 0,
    };
    let so = match card.so_tries_left {
        _ if card.so_shown_locked => CKF_SO_PIN_LOCKED,
        0 => CKF_SO_PIN_LOCKED,
        1 => CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY,
        2 => CKF_SO_PIN_COUNT_LOW,
        _ => 0,
    };
    user | so
}

pub(crate) unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    mechanisms: CK_MECHANISM_TYPE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_GetMechanismList", "", |call| {
        is_the_slot(slot)?;
        let (slot, _) = real_token(call)?;
        match &call.plan.mechanisms {
            Some(offered) => unsafe { give(offered, mechanisms, count) }?,
            None => real!(C_GetMechanismList(slot, mechanisms, count))?,
        }
        call.spoil(count);
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    answer("C_GetMechanismInfo", "", |call| {
        is_the_slot(slot)?;
        let (slot, _) = real_token(call)?;
        if !call.plan.offers(mechanism) {
            return Err(CKR_MECHANISM_INVALID);
        }
        real!(C_GetMechanismInfo(slot, mechanism, info))
    })
}

/// Cards are not initialised through this module.
pub(crate) unsafe extern "C" fn init_token(
    _slot: CK_SLOT_ID,
    _code: CK_UTF8CHAR_PTR,
    _code_len: CK_ULONG,
    _label: CK_UTF8CHAR_PTR,
) -> CK_RV {
    answer("C_InitToken", "", |_| Err(CKR_FUNCTION_NOT_SUPPORTED))
}

pub(crate) unsafe extern "C" fn wait_for_slot_event(
    flags: CK_FLAGS,
    slot: CK_SLOT_ID_PTR,
    _reserved: CK_VOID_PTR,
) -> CK_RV {
    answer("C_WaitForSlotEvent", "", |call| {
        is_initialized()?;
        let may_block = flags & CKF_DONT_BLOCK == 0;
        match call.plan.events {
            Events::Unsupported => return Err(CKR_FUNCTION_NOT_SUPPORTED),
            Events::DontBlock if may_block => return Err(CKR_FUNCTION_NOT_SUPPORTED),
            Events::DontBlock | Events::Blocking | Events::Endless => {}
        }
        while call.plan.events != Events::Endless && !something_happened() {
            if !may_block {
                return Err(CKR_NO_EVENT);
            }
            thread::sleep(STEP);
            is_initialized()?;
        }
        unsafe { slot.write(SLOT) };
        Ok(())
    })
}

fn something_happened() -> bool {
    let presence = Presence::of(&Plan::read());
    let mut process = state();
    let happened = process.told != presence;
    process.told = presence;
    happened
}

fn is_initialized() -> Answer {
    if state().is_initialized {
        Ok(())
    } else {
        Err(CKR_CRYPTOKI_NOT_INITIALIZED)
    }
}

/// Gives a list out as PKCS#11 does: without a buffer only its length.
unsafe fn give<T: Copy>(found: &[T], buffer: *mut T, count: CK_ULONG_PTR) -> Answer {
    if count.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    let len = CK_ULONG::try_from(found.len()).map_err(|_| CKR_GENERAL_ERROR)?;
    let room = unsafe { count.replace(len) };
    if buffer.is_null() {
        return Ok(());
    }
    if room < len {
        return Err(CKR_BUFFER_TOO_SMALL);
    }
    unsafe { buffer.copy_from_nonoverlapping(found.as_ptr(), found.len()) };
    Ok(())
}

/// Length of an unblock code.
pub(crate) const SO_CODE_LEN: usize = SO_CODE.len();

const CODE_FLAGS: CK_FLAGS = CKF_USER_PIN_COUNT_LOW
    | CKF_USER_PIN_FINAL_TRY
    | CKF_USER_PIN_LOCKED
    | CKF_SO_PIN_COUNT_LOW
    | CKF_SO_PIN_FINAL_TRY
    | CKF_SO_PIN_LOCKED;
const STEP: Duration = Duration::from_millis(20);
