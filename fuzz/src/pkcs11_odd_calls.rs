//! Calls of a program that knows the functions of PKCS#11 and none of their rules: wrong handles, pointers to nothing, odd
//! addresses, lengths that are wrong, and all that at any time.
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "a C interface is judged: what is given to it is ours"
)]

use std::ffi::c_void;
use std::ptr::{dangling_mut, from_mut, null_mut};

use cryptoki_sys::{
    CK_C_INITIALIZE_ARGS, CK_INFO, CK_MECHANISM_INFO, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE,
    CK_SESSION_INFO, CK_SLOT_ID, CK_SLOT_INFO, CK_TOKEN_INFO, CK_ULONG, CKF_DONT_BLOCK,
    CKM_RSA_PKCS, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK,
};

use crate::input::Input;
use crate::pkcs11_memory::{Given, Guarded, Mechanism, Template, output};
use crate::pkcs11_program::{Program, call, number};

/// How many odd calls there are.
pub(crate) const ODD_CALLS: u8 = 21;

/// The odd call of this number.
pub(crate) fn call(program: &mut Program, number: u8, input: &mut Input<'_>) {
    match number {
        0 => set_pin(program, input),
        1 => init_token(program, input),
        2 => begin_search(program, input),
        3 => find(program, input),
        4 => read_attributes(program, input),
        5 => begin_with_key(program, input),
        6 => begin_digest(program, input),
        7 => give_part(program, input),
        8 => convert(program, input),
        9 => end(program, input),
        10 => verify(program, input),
        11 => random(program, input),
        12 => look_for_event(input),
        13 => ask_for_status(program, input),
        14 => end_and_begin(input),
        15 => close(program, input),
        16 => open(program, input),
        17 => log_in(program, input),
        18 => read_slot(program, input),
        19 => read_session(program, input),
        _ => change(program, input),
    }
}

/// Mostly the one that there is.
fn session(program: &Program, input: &mut Input<'_>) -> CK_SESSION_HANDLE {
    match input.byte() % 8 {
        5 => 0,
        6 => program.session.wrapping_add(1),
        7 => CK_SESSION_HANDLE::MAX,
        _ => program.session,
    }
}

fn slot(program: &Program, input: &mut Input<'_>) -> CK_SLOT_ID {
    match input.byte() % 8 {
        6 => program.slot.wrapping_add(1),
        7 => CK_SLOT_ID::MAX,
        _ => program.slot,
    }
}

fn object(program: &Program, input: &mut Input<'_>) -> CK_OBJECT_HANDLE {
    let byte = input.byte();
    match byte {
        u8::MAX => CK_OBJECT_HANDLE::MAX,
        254 => 0,
        _ => {
            let place = usize::from(byte).checked_rem(program.objects.len());
            let known = place.and_then(|place| program.objects.get(place));
            known.copied().unwrap_or(CK_OBJECT_HANDLE::from(byte))
        }
    }
}

fn set_pin(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let (mut old, mut new) = (Given::by(input), Given::by(input));
    call!(C_SetPIN(of, old.pointer(), old.len, new.pointer(), new.len));
    call!(C_InitPIN(of, new.pointer(), new.len));
}

fn init_token(program: &Program, input: &mut Input<'_>) {
    let of = slot(program, input);
    let (mut code, mut label) = (Given::by(input), Given::by(input));
    call!(C_InitToken(of, code.pointer(), code.len, label.pointer()));
}

fn begin_search(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let mut template = Template::by(input);
    let (attributes, count) = (template.attributes.pointer(), template.count);
    call!(C_FindObjectsInit(of, attributes, count));
    template.is_unharmed();
}

fn find(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let form = input.byte();
    let most = usize::from(form / 8);
    let mut list = Guarded::room(most * size_of::<CK_OBJECT_HANDLE>(), form);
    list = list.unless(form % 8 == 6);
    let mut count = Guarded::of(&[CK_ULONG::MAX], form).unless(form % 8 == 7);
    let room = number(most);
    let value = call!(C_FindObjects(of, list.pointer(), room, count.pointer()));
    list.is_unharmed();
    count.is_unharmed();
    if value == CKR_OK {
        assert!(count.value::<CK_ULONG>(0) <= room, "more than was asked");
    }
    if form % 8 == 5 {
        call!(C_FindObjectsFinal(of));
    }
}

/// Where a length is told, that much room is enough.
fn read_attributes(program: &Program, input: &mut Input<'_>) {
    let (of, object) = (session(program, input), object(program, input));
    let mut template = Template::by(input);
    let (attributes, count) = (template.attributes.pointer(), template.count);
    let value = call!(C_GetAttributeValue(of, object, attributes, count));
    template.is_unharmed();
    let is_answered = [
        CKR_OK,
        CKR_ATTRIBUTE_SENSITIVE,
        CKR_ATTRIBUTE_TYPE_INVALID,
        CKR_BUFFER_TOO_SMALL,
    ]
    .contains(&value);
    if is_answered && !template.attributes.is_null() {
        let mut roomy = template.with_room();
        let (attributes, count) = (roomy.attributes.pointer(), roomy.count);
        let value = call!(C_GetAttributeValue(of, object, attributes, count));
        roomy.is_unharmed();
        assert_ne!(value, CKR_BUFFER_TOO_SMALL, "the lengths that were told");
    }
}

fn begin_with_key(program: &Program, input: &mut Input<'_>) {
    let (which, of) = (input.byte() % 4, session(program, input));
    let key = object(program, input);
    let mut mechanism = Mechanism::by(input);
    let place = mechanism.place.pointer();
    match which {
        0 => call!(C_SignInit(of, place, key)),
        1 => call!(C_VerifyInit(of, place, key)),
        2 => call!(C_EncryptInit(of, place, key)),
        _ => call!(C_DecryptInit(of, place, key)),
    };
    mechanism.is_unharmed();
}

fn begin_digest(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let mut mechanism = Mechanism::by(input);
    call!(C_DigestInit(of, mechanism.place.pointer()));
    call!(C_DigestKey(of, CK_OBJECT_HANDLE::from(input.byte())));
    mechanism.is_unharmed();
}

fn give_part(program: &Program, input: &mut Input<'_>) {
    let (which, of) = (input.byte() % 5, session(program, input));
    let mut part = Given::by(input);
    let (start, len) = (part.pointer(), part.len);
    match which {
        0 => {
            call!(C_SignUpdate(of, start, len));
        }
        1 => {
            call!(C_VerifyUpdate(of, start, len));
        }
        2 => {
            call!(C_DigestUpdate(of, start, len));
        }
        3 => output(input, true, |place, room| {
            call!(C_EncryptUpdate(of, start, len, place, room))
        }),
        _ => output(input, true, |place, room| {
            call!(C_DecryptUpdate(of, start, len, place, room))
        }),
    }
    part.bytes.is_unharmed();
}

fn convert(program: &Program, input: &mut Input<'_>) {
    let (which, of) = (input.byte() % 4, session(program, input));
    let mut data = Given::by(input);
    let (start, len) = (data.pointer(), data.len);
    output(input, true, |place, room| match which {
        0 => call!(C_Sign(of, start, len, place, room)),
        1 => call!(C_Digest(of, start, len, place, room)),
        2 => call!(C_Encrypt(of, start, len, place, room)),
        _ => call!(C_Decrypt(of, start, len, place, room)),
    });
    data.bytes.is_unharmed();
}

fn end(program: &Program, input: &mut Input<'_>) {
    let (which, of) = (input.byte() % 4, session(program, input));
    output(input, true, |place, room| match which {
        0 => call!(C_SignFinal(of, place, room)),
        1 => call!(C_DigestFinal(of, place, room)),
        2 => call!(C_EncryptFinal(of, place, room)),
        _ => call!(C_DecryptFinal(of, place, room)),
    });
}

fn verify(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let is_in_parts = input.byte() % 2 == 1;
    let mut signature = Given::by(input);
    let (start, len) = (signature.pointer(), signature.len);
    if is_in_parts {
        call!(C_VerifyFinal(of, start, len));
    } else {
        let mut data = Given::by(input);
        call!(C_Verify(of, data.pointer(), data.len, start, len));
    }
}

fn random(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let mut place = Given::by(input);
    call!(C_GenerateRandom(of, place.pointer(), place.len));
    place.bytes.is_unharmed();
    call!(C_SeedRandom(of, place.pointer(), place.len));
}

fn look_for_event(input: &mut Input<'_>) {
    let form = input.byte();
    let mut slot = Guarded::of(&[CK_SLOT_ID::MAX], form).unless(form & 8 != 0);
    let reserved = pointer_to_something(form & 16 != 0);
    call!(C_WaitForSlotEvent(CKF_DONT_BLOCK, slot.pointer(), reserved));
    slot.is_unharmed();
}

fn ask_for_status(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    call!(C_GetFunctionStatus(of));
    call!(C_CancelFunction(of));
}

/// In the middle of all: afterwards the module is there again.
fn end_and_begin(input: &mut Input<'_>) {
    let form = input.byte();
    if form & 1 != 0 {
        let ended = call!(C_Finalize(pointer_to_something(form & 2 != 0)));
        assert_eq!(ended == CKR_OK, form & 2 == 0);
    }
    let lock = |is_given: bool| is_given.then_some(lock as unsafe extern "C" fn(_) -> _);
    let mut arguments = CK_C_INITIALIZE_ARGS {
        LockMutex: lock(form & 4 != 0),
        UnlockMutex: lock(form & 8 != 0),
        flags: CK_ULONG::from(form / 16),
        pReserved: pointer_to_something(form & 16 != 0),
        ..CK_C_INITIALIZE_ARGS::default()
    };
    if form & 32 != 0 {
        call!(C_GetFunctionStatus(0));
    }
    Program::initialise_by(from_mut(&mut arguments).cast());
    let value = Program::initialise_by(null_mut());
    assert!([CKR_OK, CKR_CRYPTOKI_ALREADY_INITIALIZED].contains(&value));
}

unsafe extern "C" fn lock(_: *mut c_void) -> CK_RV {
    CKR_OK
}

fn close(program: &Program, input: &mut Input<'_>) {
    match input.byte() % 3 {
        0 => call!(C_CloseSession(session(program, input))),
        1 => call!(C_CloseAllSessions(slot(program, input))),
        _ => call!(C_Logout(session(program, input))),
    };
}

fn open(program: &mut Program, input: &mut Input<'_>) {
    let of = slot(program, input);
    let form = input.byte();
    let mut handle = Guarded::of(&[program.session], form).unless(form & 8 != 0);
    let flags = CK_ULONG::from(form / 16);
    let something = pointer_to_something(form & 1 != 0);
    let value = call!(C_OpenSession(of, flags, something, None, handle.pointer()));
    handle.is_unharmed();
    if value == CKR_OK {
        program.session = handle.value(0);
    }
}

fn log_in(program: &Program, input: &mut Input<'_>) {
    let of = session(program, input);
    let user = CK_ULONG::from(input.byte() % 5);
    let mut code = Given::by(input);
    call!(C_Login(of, user, code.pointer(), code.len));
}

fn read_slot(program: &Program, input: &mut Input<'_>) {
    let of = slot(program, input);
    let which = input.byte();
    match which % 6 {
        0 => info::<CK_INFO>(input, |info| call!(C_GetInfo(info))),
        1 => info::<CK_SLOT_INFO>(input, |info| call!(C_GetSlotInfo(of, info))),
        2 => info::<CK_TOKEN_INFO>(input, |info| call!(C_GetTokenInfo(of, info))),
        3 => info::<CK_MECHANISM_INFO>(input, |info| {
            call!(C_GetMechanismInfo(of, CKM_RSA_PKCS, info))
        }),
        // Readers and cards come and go between two calls.
        4 => output(input, false, |list, room| {
            call!(C_GetSlotList(which / 8, list, room))
        }),
        _ => output(input, false, |list, room| {
            call!(C_GetMechanismList(of, list, room))
        }),
    }
}

fn read_session(program: &Program, input: &mut Input<'_>) {
    let (of, object) = (session(program, input), object(program, input));
    match input.byte() % 3 {
        0 => info::<CK_SESSION_INFO>(input, |info| call!(C_GetSessionInfo(of, info))),
        1 => info::<CK_ULONG>(input, |size| call!(C_GetObjectSize(of, object, size))),
        _ => output(input, true, |place, room| {
            call!(C_GetOperationState(of, place, room))
        }),
    }
}

/// Writes one value, which is whole and no more.
fn info<T: Copy + Default>(input: &mut Input<'_>, call: impl Fn(*mut T) -> CK_RV) {
    let form = input.byte();
    let mut place = Guarded::of(&[T::default()], form).unless(form & 8 != 0);
    let value = call(place.pointer());
    place.is_unharmed();
    assert!(value != CKR_OK || !place.is_null(), "nowhere");
}

/// What would change the card.
fn change(program: &Program, input: &mut Input<'_>) {
    let (of, object) = (session(program, input), object(program, input));
    let mut template = Template::by(input);
    let (attributes, count) = (template.attributes.pointer(), template.count);
    let values = [
        call!(C_SetAttributeValue(of, object, attributes, count)),
        call!(C_DestroyObject(of, object)),
    ];
    template.is_unharmed();
    assert!(!values.contains(&CKR_OK), "the card is changed");
    assert!(!values.contains(&CKR_CRYPTOKI_NOT_INITIALIZED));
}

/// Something that nobody may look at, or nothing.
fn pointer_to_something(is_something: bool) -> *mut c_void {
    if is_something {
        dangling_mut::<CK_ULONG>().cast()
    } else {
        null_mut()
    }
}
