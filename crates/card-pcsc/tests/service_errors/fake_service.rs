//! A PC/SC service made of functions of this test: the linker prefers them to the library's, so that
//! everything above the C interface is what the agent runs. Each thread has a service of its own,
//! with one reader and a card in it.
#![expect(
    unsafe_code,
    reason = "the functions stand in for those of a C library, whose callers keep its promises"
)]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};

use pcsc_sys::{
    DWORD, LONG, SCARD_ABSENT, SCARD_E_NO_READERS_AVAILABLE, SCARD_E_TIMEOUT,
    SCARD_E_UNSUPPORTED_FEATURE, SCARD_IO_REQUEST, SCARD_PRESENT, SCARD_PROTOCOL_T0,
    SCARD_READERSTATE, SCARD_S_SUCCESS, SCARD_STATE_CHANGED, SCARD_STATE_EMPTY,
    SCARD_STATE_PRESENT, SCARD_W_REMOVED_CARD, SCARDCONTEXT, SCARDHANDLE,
};

/// A function of PC/SC that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    EstablishContext,
    ListReaders,
    GetStatusChange,
    Connect,
    Reconnect,
    Disconnect,
    BeginTransaction,
    EndTransaction,
    Transmit,
    Status,
    Control,
}

pub(crate) const READER: &str = "Reader 00";
/// A reader of that name is in the service, too, and tells of the same keypad.
pub(crate) const LIAR: &str = "HID Global OMNIKEY 3x21 Smart Card Reader 00 00";
/// The answer to CM_IOCTL_GET_FEATURE_REQUEST: verify, modify, PIN properties, TLV properties.
const FEATURES: [u8; 24] = [
    0x06, 4, 0x42, 0x33, 0, 6, 0x07, 4, 0x42, 0x33, 0, 7, 0x0A, 4, 0x42, 0x33, 0, 10, 0x12, 4,
    0x42, 0x33, 0, 18,
];
const ATR: [u8; 4] = [0x3B, 0x02, 0x14, 0x50];

#[derive(Default)]
struct Service {
    fault: Option<(Call, LONG)>,
    card_is_pulled: bool,
    leaves_with_the_fault: bool,
    transmits: usize,
    has_keypad: bool,
    /// Codes and structures of the controls that used the keypad.
    entries: Vec<(u32, Vec<u8>)>,
    answer_of_keypad: Vec<u8>,
    questions: usize,
}

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::default();
}

/// Lets the next call of this kind fail.
pub(crate) fn fail_once(call: Call, error: LONG) {
    SERVICE.with_borrow_mut(|service| service.fault = Some((call, error)));
}

/// Lets the next command fail because the card is pulled, which the service notices at its next look.
pub(crate) fn pull_in_mid_command(error: LONG) {
    fail_once(Call::Transmit, error);
    SERVICE.with_borrow_mut(|service| service.leaves_with_the_fault = true);
}

/// Gives the reader a keypad, at which whatever is typed is answered so.
pub(crate) fn add_keypad(answer: &[u8]) {
    SERVICE.with_borrow_mut(|service| {
        service.has_keypad = true;
        service.answer_of_keypad = answer.to_vec();
    });
}

/// The uses of the keypad so far.
pub(crate) fn keypad_entries() -> Vec<(u32, Vec<u8>)> {
    SERVICE.with_borrow(|service| service.entries.clone())
}

/// How often the features of the reader were asked for.
pub(crate) fn feature_questions() -> usize {
    SERVICE.with_borrow(|service| service.questions)
}

/// Whether the fault is still to come.
pub(crate) fn is_to_come() -> bool {
    SERVICE.with_borrow(|service| service.fault.is_some())
}

/// Commands that came to the service.
pub(crate) fn transmits() -> usize {
    SERVICE.with_borrow(|service| service.transmits)
}

fn answer(call: Call, done: impl FnOnce(&mut Service) -> LONG) -> LONG {
    SERVICE.with_borrow_mut(|service| {
        service.transmits += usize::from(call == Call::Transmit);
        match service.fault.take_if(|(befalls, _)| *befalls == call) {
            Some((_, error)) => error,
            None => done(service),
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardEstablishContext(
    _: DWORD,
    _: *const c_void,
    _: *const c_void,
    context: *mut SCARDCONTEXT,
) -> LONG {
    // SAFETY: the caller gives room for a handle.
    answer(Call::EstablishContext, |_| unsafe {
        context.write(1);
        SCARD_S_SUCCESS
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardReleaseContext(_: SCARDCONTEXT) -> LONG {
    SCARD_S_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn SCardListReaders(
    _: SCARDCONTEXT,
    _: *const c_char,
    readers: *mut c_char,
    len: *mut DWORD,
) -> LONG {
    let list = [READER.as_bytes(), &[0, 0]].concat();
    answer(Call::ListReaders, |_| {
        // SAFETY: the caller gives room for a length, and for so many bytes of a list or none.
        unsafe {
            len.write(DWORD::try_from(list.len()).unwrap());
            if !readers.is_null() {
                readers.cast::<u8>().copy_from(list.as_ptr(), list.len());
            }
        }
        SCARD_S_SUCCESS
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardGetStatusChange(
    _: SCARDCONTEXT,
    _: DWORD,
    states: *mut SCARD_READERSTATE,
    count: DWORD,
) -> LONG {
    answer(Call::GetStatusChange, |service| {
        // SAFETY: the caller gives an array of so many states.
        let states =
            unsafe { std::slice::from_raw_parts_mut(states, usize::try_from(count).unwrap()) };
        service.card_is_pulled |= std::mem::take(&mut service.leaves_with_the_fault);
        let now = match service.card_is_pulled {
            true => SCARD_STATE_EMPTY,
            false => SCARD_STATE_PRESENT,
        };
        let mut changed = false;
        for state in states {
            // SAFETY: a reader's name is a string of C.
            let name = unsafe { CStr::from_ptr(state.szReader) };
            if name.to_bytes() == READER.as_bytes() && state.dwCurrentState & now == 0 {
                state.dwEventState = now | SCARD_STATE_CHANGED;
                state.rgbAtr[..ATR.len()].copy_from_slice(&ATR);
                state.cbAtr = DWORD::try_from(ATR.len()).unwrap();
                changed = true;
            }
        }
        if changed {
            SCARD_S_SUCCESS
        } else {
            SCARD_E_TIMEOUT
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardConnect(
    _: SCARDCONTEXT,
    reader: *const c_char,
    _: DWORD,
    _: DWORD,
    card: *mut SCARDHANDLE,
    protocol: *mut DWORD,
) -> LONG {
    answer(Call::Connect, |_| {
        // SAFETY: the caller gives a string of C, and room for a handle and a protocol.
        unsafe {
            let name = CStr::from_ptr(reader).to_bytes();
            if name != READER.as_bytes() && name != LIAR.as_bytes() {
                return SCARD_E_NO_READERS_AVAILABLE;
            }
            card.write(1);
            protocol.write(SCARD_PROTOCOL_T0);
        }
        SCARD_S_SUCCESS
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardReconnect(
    _: SCARDHANDLE,
    _: DWORD,
    _: DWORD,
    _: DWORD,
    protocol: *mut DWORD,
) -> LONG {
    answer(Call::Reconnect, |_| {
        // SAFETY: the caller gives room for a protocol.
        unsafe { protocol.write(SCARD_PROTOCOL_T0) };
        SCARD_S_SUCCESS
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardDisconnect(_: SCARDHANDLE, _: DWORD) -> LONG {
    answer(Call::Disconnect, |_| SCARD_S_SUCCESS)
}

#[unsafe(no_mangle)]
extern "C" fn SCardBeginTransaction(_: SCARDHANDLE) -> LONG {
    answer(Call::BeginTransaction, |_| SCARD_S_SUCCESS)
}

#[unsafe(no_mangle)]
extern "C" fn SCardEndTransaction(_: SCARDHANDLE, _: DWORD) -> LONG {
    answer(Call::EndTransaction, |_| SCARD_S_SUCCESS)
}

#[unsafe(no_mangle)]
extern "C" fn SCardStatus(
    _: SCARDHANDLE,
    names: *mut c_char,
    names_len: *mut DWORD,
    state: *mut DWORD,
    protocol: *mut DWORD,
    atr: *mut u8,
    atr_len: *mut DWORD,
) -> LONG {
    let list = [READER.as_bytes(), &[0, 0]].concat();
    answer(Call::Status, |service| {
        if service.card_is_pulled {
            return SCARD_W_REMOVED_CARD;
        }
        // SAFETY: the caller gives room for what it asks of, and nothing else is written.
        unsafe {
            put(names.cast(), names_len, &list);
            put(atr, atr_len, &ATR);
            if !state.is_null() {
                state.write(if service.card_is_pulled {
                    SCARD_ABSENT
                } else {
                    SCARD_PRESENT
                });
            }
            if !protocol.is_null() {
                protocol.write(SCARD_PROTOCOL_T0);
            }
        }
        SCARD_S_SUCCESS
    })
}

/// Writes a length, and the bytes where there is room for them.
///
/// # Safety
/// Each pointer is null or has room.
unsafe fn put(room: *mut u8, len: *mut DWORD, bytes: &[u8]) {
    // SAFETY: as the caller promises.
    unsafe {
        if !len.is_null() {
            len.write(DWORD::try_from(bytes.len()).unwrap());
        }
        if !room.is_null() {
            room.copy_from(bytes.as_ptr(), bytes.len());
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn SCardTransmit(
    _: SCARDHANDLE,
    _: *const SCARD_IO_REQUEST,
    _: *const u8,
    _: DWORD,
    _: *mut SCARD_IO_REQUEST,
    response: *mut u8,
    len: *mut DWORD,
) -> LONG {
    answer(Call::Transmit, |_| {
        // SAFETY: the caller gives room for any answer.
        unsafe { put(response, len, &[0x90, 0x00]) };
        SCARD_S_SUCCESS
    })
}

#[unsafe(no_mangle)]
extern "C" fn SCardControl(
    _: SCARDHANDLE,
    code: DWORD,
    sent: *const c_void,
    sent_len: DWORD,
    response: *mut c_void,
    _: DWORD,
    len: *mut DWORD,
) -> LONG {
    let code = u32::try_from(code).unwrap();
    answer(Call::Control, |service| {
        service.questions += usize::from(code == 0x4200_0D48);
        let answer = match code {
            _ if !service.has_keypad => return SCARD_E_UNSUPPORTED_FEATURE,
            0x4200_0D48 => FEATURES.to_vec(),
            0x4233_000A => vec![0x10, 0x02, 0x02, 0x00],
            0x4233_0012 => vec![6, 1, 4, 7, 1, 8],
            _ => {
                // SAFETY: the caller gives so many bytes.
                let sent = unsafe {
                    std::slice::from_raw_parts(
                        sent.cast::<u8>(),
                        usize::try_from(sent_len).unwrap(),
                    )
                };
                service.entries.push((code, sent.to_vec()));
                service.answer_of_keypad.clone()
            }
        };
        // SAFETY: the caller gives room for any answer.
        unsafe { put(response.cast(), len, &answer) };
        SCARD_S_SUCCESS
    })
}
