//! The product's own PKCS#11 module under programs that call it wrongly, at the wrong time, or all at once.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a C interface is judged: what is given to it is ours"
)]

use std::thread;

use cpxd_tests::agent::Agent;
use cpxd_tests::cryptoki_calls::{
    Cryptoki, Returned, attribute, be_a_browser_of, in_a_process_of_its_own, nothing, returned,
    use_agent,
};
use cpxd_tests::scripted::demo_with_holder;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_C_INITIALIZE_ARGS, CK_MECHANISM, CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS,
    CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_PRIVATE_EXPONENT, CKF_SERIAL_SESSION, CKM_RSA_PKCS,
    CKM_SHA_1, CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS, CKO_CERTIFICATE,
    CKO_PUBLIC_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_FUNCTION_NOT_SUPPORTED,
    CKR_KEY_HANDLE_INVALID, CKR_MECHANISM_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OK,
    CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_INVALID,
    CKR_SESSION_HANDLE_INVALID, CKR_SESSION_PARALLEL_NOT_SUPPORTED, CKR_SESSION_READ_ONLY,
    CKR_SIGNATURE_LEN_RANGE, CKR_SLOT_ID_INVALID, CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN, CKU_SO,
};

const AUTHENTICATION: &str = "CPS_PRIV_AUT";
const SIGNATURE: &str = "CPS_PRIV_SIG";

/// An agent with a CPS3 whose holder types the right code, and the module with one session.
fn with_session() -> (Agent, Cryptoki, CK_SESSION_HANDLE) {
    let agent = Agent::demo(&["--card", "cps3"]);
    use_agent(&agent);
    let module = Cryptoki::initialised();
    let slot = module.slots().unwrap()[0];
    let session = module.open_session(slot).unwrap();
    (agent, module, session)
}

/// DigestInfo of SHA-256 (RFC 8017, 9.2) over a digest that nothing was hashed for.
fn digest_info() -> Vec<u8> {
    let prefix = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    [&prefix[..], &[7; 32]].concat()
}

#[test]
fn nothing_works_before_initialisation_and_after_the_end() {
    in_a_process_of_its_own(
        "nothing_works_before_initialisation_and_after_the_end",
        || {
            let agent = Agent::demo(&["--card", "cps3"]);
            use_agent(&agent);
            let module = Cryptoki::load();
            let none_works = || {
                let refused = Some(CKR_CRYPTOKI_NOT_INITIALIZED);
                assert_eq!(module.slots().err(), refused);
                assert_eq!(module.open_session(0).err(), refused);
                assert_eq!(module.log_in(1).err(), refused);
                assert_eq!(module.sign(1, b"data", 256).err(), refused);
                assert_eq!(module.wait_for_slot_event(0).err(), refused);
                assert_eq!(module.finalise().err(), refused);
            };
            none_works();
            module.initialise().unwrap();
            assert_eq!(module.initialise(), Err(CKR_CRYPTOKI_ALREADY_INITIALIZED));
            assert_eq!(module.slots().unwrap().len(), 1);
            module.finalise().unwrap();
            none_works();
            module.initialise().unwrap();
            assert_eq!(module.slots().unwrap().len(), 1);
        },
    );
}

#[test]
fn initialisation_takes_the_locks_of_a_program_whole_or_not_at_all() {
    in_a_process_of_its_own(
        "initialisation_takes_the_locks_of_a_program_whole_or_not_at_all",
        || {
            unsafe extern "C" fn lock(_: *mut std::ffi::c_void) -> CK_ULONG {
                0
            }
            let module = Cryptoki::load();
            let initialise = |mut arguments: CK_C_INITIALIZE_ARGS| {
                let call = module.functions().C_Initialize.unwrap();
                returned(unsafe { call((&raw mut arguments).cast()) })
            };
            let half = CK_C_INITIALIZE_ARGS {
                LockMutex: Some(lock),
                ..CK_C_INITIALIZE_ARGS::default()
            };
            assert_eq!(initialise(half), Err(CKR_ARGUMENTS_BAD));
            let reserved = CK_C_INITIALIZE_ARGS {
                pReserved: std::ptr::dangling_mut(),
                ..CK_C_INITIALIZE_ARGS::default()
            };
            assert_eq!(initialise(reserved), Err(CKR_ARGUMENTS_BAD));
            assert_eq!(initialise(CK_C_INITIALIZE_ARGS::default()), Ok(()));
        },
    );
}

#[test]
fn pointers_to_nothing_are_refused_by_every_function_that_takes_one() {
    in_a_process_of_its_own(
        "pointers_to_nothing_are_refused_by_every_function_that_takes_one",
        || {
            let (_agent, module, session) = with_session();
            module.log_in(session).unwrap();
            let key = module.key(session, AUTHENTICATION).unwrap();
            let call = module.functions();
            let slot = module.slots().unwrap()[0];
            let mut number: CK_ULONG = 0;
            let values = unsafe {
                [
                    call.C_GetFunctionList.unwrap()(nothing()),
                    call.C_GetInfo.unwrap()(nothing()),
                    call.C_GetSlotList.unwrap()(1, nothing(), nothing()),
                    call.C_GetSlotInfo.unwrap()(slot, nothing()),
                    call.C_GetTokenInfo.unwrap()(slot, nothing()),
                    call.C_GetMechanismList.unwrap()(slot, nothing(), nothing()),
                    call.C_GetMechanismInfo.unwrap()(slot, CKM_RSA_PKCS, nothing()),
                    call.C_WaitForSlotEvent.unwrap()(1, nothing(), nothing()),
                    call.C_OpenSession.unwrap()(
                        slot,
                        CKF_SERIAL_SESSION,
                        nothing(),
                        None,
                        nothing(),
                    ),
                    call.C_GetSessionInfo.unwrap()(session, nothing()),
                    call.C_FindObjectsInit.unwrap()(session, nothing(), 1),
                    call.C_GetAttributeValue.unwrap()(session, key, nothing(), 1),
                    call.C_GetObjectSize.unwrap()(session, key, nothing()),
                    call.C_SignInit.unwrap()(session, nothing(), key),
                    call.C_GenerateRandom.unwrap()(session, nothing(), 8),
                ]
            };
            assert_eq!(values, [CKR_ARGUMENTS_BAD; 15]);
            // The agency's list goes on after each of these.
            module.sign_init(session, CKM_RSA_PKCS, key).unwrap();
            let sign = call.C_Sign.unwrap();
            let mut room = [0; 256];
            number += 256;
            for len in [nothing(), &raw mut number] {
                let value = unsafe { sign(session, nothing(), 8, room.as_mut_ptr(), len) };
                assert_eq!(value, CKR_ARGUMENTS_BAD);
            }
            assert_eq!(
                module.sign(session, &digest_info(), 256).unwrap().len(),
                256
            );
            let value = unsafe { call.C_DecryptInit.unwrap()(session, nothing(), key) };
            assert_eq!(value, CKR_ARGUMENTS_BAD);
            let mut mechanism = CK_MECHANISM {
                mechanism: CKM_RSA_PKCS,
                ..CK_MECHANISM::default()
            };
            let value = unsafe { call.C_DecryptInit.unwrap()(session, &raw mut mechanism, key) };
            assert_eq!(returned(value), Ok(()));
            let decrypt = call.C_Decrypt.unwrap();
            for len in [nothing(), &raw mut number] {
                let value = unsafe { decrypt(session, nothing(), 256, room.as_mut_ptr(), len) };
                assert_eq!(value, CKR_ARGUMENTS_BAD);
            }
            let decrypt_final = call.C_DecryptFinal.unwrap();
            let values = unsafe {
                [
                    decrypt(
                        session,
                        room.as_mut_ptr(),
                        256,
                        room.as_mut_ptr(),
                        nothing(),
                    ),
                    decrypt_final(session, room.as_mut_ptr(), nothing()),
                ]
            };
            assert_eq!(values, [CKR_ARGUMENTS_BAD; 2]);
        },
    );
}

#[test]
fn handles_that_nobody_gave_are_refused() {
    in_a_process_of_its_own("handles_that_nobody_gave_are_refused", || {
        let (_agent, module, session) = with_session();
        for wrong in [0, session + 1, CK_ULONG::MAX] {
            let refused = Some(CKR_SESSION_HANDLE_INVALID);
            assert_eq!(module.log_in(wrong).err(), refused);
            assert_eq!(module.close_session(wrong).err(), refused);
            assert_eq!(module.find(wrong, &mut []).err(), refused);
            assert_eq!(module.sign(wrong, b"data", 256).err(), refused);
        }
        for wrong in [1, 99, CK_ULONG::MAX] {
            assert_eq!(module.open_session(wrong).err(), Some(CKR_SLOT_ID_INVALID));
        }
        module.log_in(session).unwrap();
        let keys = module.find(session, &mut []).unwrap();
        for wrong in [0, keys.len() as CK_ULONG + 1, CK_ULONG::MAX] {
            let refused = module.sign_init(session, CKM_RSA_PKCS, wrong);
            assert_eq!(refused, Err(CKR_KEY_HANDLE_INVALID));
            let mut size = 0;
            let get = module.functions().C_GetObjectSize.unwrap();
            let value = unsafe { get(session, wrong, &raw mut size) };
            assert_eq!(value, CKR_OBJECT_HANDLE_INVALID);
        }
        module.close_session(session).unwrap();
        let gone = module.close_session(session);
        assert_eq!(gone, Err(CKR_SESSION_HANDLE_INVALID));
    });
}

#[test]
fn a_buffer_that_is_too_small_is_told_its_length_and_the_signature_goes_on() {
    in_a_process_of_its_own(
        "a_buffer_that_is_too_small_is_told_its_length_and_the_signature_goes_on",
        || {
            let (_agent, module, session) = with_session();
            module.log_in(session).unwrap();
            let key = module.key(session, AUTHENTICATION).unwrap();
            module.sign_init(session, CKM_RSA_PKCS, key).unwrap();
            let data = digest_info();
            let sign = module.functions().C_Sign.unwrap();
            let mut len: CK_ULONG = 0;
            let data_len = data.len() as CK_ULONG;
            let asked = unsafe {
                sign(
                    session,
                    data.as_ptr().cast_mut(),
                    data_len,
                    nothing(),
                    &raw mut len,
                )
            };
            assert_eq!((returned(asked), len), (Ok(()), 256));
            for room in [0, 1, 255] {
                assert_eq!(module.sign(session, &data, room), Err(CKR_BUFFER_TOO_SMALL));
            }
            assert_eq!(module.sign(session, &data, 300).unwrap().len(), 256);
            let over = module.sign(session, &data, 256);
            assert_eq!(over, Err(CKR_OPERATION_NOT_INITIALIZED));
        },
    );
}

#[test]
fn attributes_are_given_one_by_one_with_what_is_missing_marked() {
    in_a_process_of_its_own(
        "attributes_are_given_one_by_one_with_what_is_missing_marked",
        || {
            let (_agent, module, session) = with_session();
            module.log_in(session).unwrap();
            let key = module.key(session, AUTHENTICATION).unwrap();
            let get = module.functions().C_GetAttributeValue.unwrap();
            let mut small = [0u8; 4];
            let mut modulus = [0u8; 256];
            let value_of = |template: &mut [CK_ATTRIBUTE]| {
                let count = template.len() as CK_ULONG;
                returned(unsafe { get(session, key, template.as_mut_ptr(), count) })
            };
            let mut template = [
                attribute(CKA_LABEL, nothing(), 0),
                attribute(CKA_PRIVATE_EXPONENT, nothing(), 0),
                attribute(CKA_ID, small.as_mut_ptr().cast(), small.len()),
                attribute(0x7FFF_FFFF, nothing(), 0),
                attribute(CKA_MODULUS, modulus.as_mut_ptr().cast(), modulus.len()),
            ];
            assert_eq!(value_of(&mut template), Err(CKR_ATTRIBUTE_SENSITIVE));
            let lengths = template.map(|attribute| attribute.ulValueLen);
            let missing = CK_ULONG::MAX;
            assert_eq!(lengths, [12, missing, missing, missing, 256]);
            assert!(modulus.iter().any(|byte| *byte != 0));
            let mut unknown = [attribute(0x7FFF_FFFF, nothing(), 0)];
            assert_eq!(value_of(&mut unknown), Err(CKR_ATTRIBUTE_TYPE_INVALID));
            let mut short = [attribute(CKA_ID, small.as_mut_ptr().cast(), 4)];
            assert_eq!(value_of(&mut short), Err(CKR_BUFFER_TOO_SMALL));
        },
    );
}

#[test]
fn a_template_of_a_million_attributes_is_answered() {
    in_a_process_of_its_own("a_template_of_a_million_attributes_is_answered", || {
        let (_agent, module, session) = with_session();
        let mut class = CKO_CERTIFICATE;
        let one = attribute(CKA_CLASS, (&raw mut class).cast(), size_of_val(&class));
        let mut template = vec![one; 1_000_000];
        assert_eq!(module.find(session, &mut template).unwrap().len(), 2);
        let init = module.functions().C_FindObjectsInit.unwrap();
        let value = unsafe { init(session, template.as_mut_ptr(), CK_ULONG::MAX) };
        assert_eq!(value, CKR_ARGUMENTS_BAD);
    });
}

#[test]
fn what_is_said_to_be_longer_than_any_memory_is_refused_or_not_found() {
    in_a_process_of_its_own(
        "what_is_said_to_be_longer_than_any_memory_is_refused_or_not_found",
        || {
            let (_agent, module, session) = with_session();
            module.log_in(session).unwrap();
            let call = module.functions();
            let huge = usize::MAX >> 16;
            let huge_number = CK_ULONG::try_from(huge).unwrap();
            let mut class = CKO_CERTIFICATE;
            let mut template = [attribute(CKA_CLASS, (&raw mut class).cast(), huge)];
            assert_eq!(module.find(session, &mut template), Ok(Vec::new()));
            let init = call.C_FindObjectsInit.unwrap();
            let value = unsafe { init(session, template.as_mut_ptr(), huge_number) };
            assert_eq!(value, CKR_ARGUMENTS_BAD);
            let private = module.key(session, AUTHENTICATION).unwrap();
            let mut class = CKO_PUBLIC_KEY;
            let template = attribute(CKA_CLASS, (&raw mut class).cast(), size_of_val(&class));
            let public = module.find(session, &mut [template]).unwrap()[0];
            let mut mechanism = CK_MECHANISM {
                mechanism: CKM_RSA_PKCS,
                ..CK_MECHANISM::default()
            };
            let mechanism = &raw mut mechanism;
            let mut room = [0; 256];
            let mut len = 256;
            let (room, len) = (room.as_mut_ptr(), &raw mut len);
            let begun = unsafe {
                [
                    call.C_SignInit.unwrap()(session, mechanism, private),
                    call.C_DecryptInit.unwrap()(session, mechanism, private),
                    call.C_EncryptInit.unwrap()(session, mechanism, public),
                    call.C_VerifyInit.unwrap()(session, mechanism, public),
                ]
            };
            assert_eq!(begun, [CKR_OK; 4]);
            let refused = unsafe {
                [
                    call.C_Sign.unwrap()(session, room, huge_number, room, len),
                    call.C_Decrypt.unwrap()(session, room, huge_number, room, len),
                    call.C_Encrypt.unwrap()(session, room, huge_number, room, len),
                    call.C_Verify.unwrap()(session, room, 32, room, huge_number),
                    call.C_GenerateRandom.unwrap()(session, room, huge_number),
                ]
            };
            let expected = [
                CKR_DATA_LEN_RANGE,
                CKR_ENCRYPTED_DATA_LEN_RANGE,
                CKR_DATA_LEN_RANGE,
                CKR_SIGNATURE_LEN_RANGE,
                CKR_ARGUMENTS_BAD,
            ];
            assert_eq!(refused, expected);
        },
    );
}

/// Memory in which a value stands at an odd address.
#[repr(C, align(8))]
struct Odd([u8; 256]);

impl Odd {
    fn new() -> Self {
        Self([0; 256])
    }

    fn place<T>(&mut self) -> *mut T {
        self.0[1..].as_mut_ptr().cast()
    }

    fn put<T: Copy>(&mut self, value: T) -> *mut T {
        unsafe { self.place::<T>().write_unaligned(value) };
        self.place()
    }

    fn number(&self) -> CK_ULONG {
        let bytes = self.0[1..][..size_of::<CK_ULONG>()].try_into().unwrap();
        CK_ULONG::from_ne_bytes(bytes)
    }
}

#[test]
fn values_at_odd_addresses_are_read_and_written() {
    in_a_process_of_its_own("values_at_odd_addresses_are_read_and_written", || {
        let (_agent, module, session) = with_session();
        let call = module.functions();
        let slot = module.slots().unwrap()[0];
        let (mut count, mut list) = (Odd::new(), Odd::new());
        let count_at = count.put::<CK_ULONG>(8);
        let value = unsafe { call.C_GetSlotList.unwrap()(1, list.place(), count_at) };
        assert_eq!((value, count.number(), list.number()), (CKR_OK, 1, slot));
        let count_at = count.put::<CK_ULONG>(30);
        let value = unsafe { call.C_GetMechanismList.unwrap()(slot, list.place(), count_at) };
        assert_eq!((value, list.number()), (CKR_OK, CKM_RSA_PKCS));
        let (mut class, mut template) = (Odd::new(), Odd::new());
        let class = class.put(CKO_CERTIFICATE).cast();
        let one = attribute(CKA_CLASS, class, size_of_val(&CKO_CERTIFICATE));
        let template_at = template.put(one);
        let value = unsafe { call.C_FindObjectsInit.unwrap()(session, template_at, 1) };
        assert_eq!(value, CKR_OK);
        let find = call.C_FindObjects.unwrap();
        let value = unsafe { find(session, list.place(), 8, count.place()) };
        assert_eq!((value, count.number()), (CKR_OK, 2));
        let object = list.number();
        let mut found = Odd::new();
        let one = attribute(CKA_CLASS, found.place(), size_of::<CK_ULONG>());
        let template_at = template.put(one);
        let get = call.C_GetAttributeValue.unwrap();
        let value = unsafe { get(session, object, template_at, 1) };
        assert_eq!((value, found.number()), (CKR_OK, CKO_CERTIFICATE));
        let value = unsafe { call.C_GenerateRandom.unwrap()(session, found.place(), 8) };
        assert_eq!(value, CKR_OK);
    });
}

#[test]
fn what_a_card_cannot_do_and_what_comes_at_the_wrong_time_is_refused() {
    in_a_process_of_its_own(
        "what_a_card_cannot_do_and_what_comes_at_the_wrong_time_is_refused",
        || {
            let (_agent, module, session) = with_session();
            let slot = module.slots().unwrap()[0];
            let open = module.functions().C_OpenSession.unwrap();
            let mut parallel = 0;
            let value = unsafe { open(slot, 0, nothing(), None, &raw mut parallel) };
            assert_eq!(value, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
            assert_eq!(module.log_out(session), Err(CKR_USER_NOT_LOGGED_IN));
            let log_in = module.functions().C_Login.unwrap();
            let value = unsafe { log_in(session, CKU_SO, nothing(), 0) };
            // The session reads only, which any module says first.
            assert_eq!(value, cryptoki_sys::CKR_SESSION_READ_ONLY_EXISTS);
            module.log_in(session).unwrap();
            assert_eq!(module.log_in(session), Err(CKR_USER_ALREADY_LOGGED_IN));
            let key = module.key(session, SIGNATURE).unwrap();
            // No mechanism of a key, and two of which the signature key signs no digest.
            for mechanism in [CKM_SHA_1, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS] {
                let refused = module.sign_init(session, mechanism, key);
                assert_eq!(refused, Err(CKR_MECHANISM_INVALID));
            }
            module.sign_init(session, CKM_RSA_PKCS, key).unwrap();
            let again = module.sign_init(session, CKM_RSA_PKCS, key);
            assert_eq!(again, Err(CKR_OPERATION_ACTIVE));
            // The signature key signs digests alone, and no key signs more than fits.
            assert_eq!(module.sign(session, b"hello", 256), Err(CKR_DATA_INVALID));
            module.sign_init(session, CKM_RSA_PKCS, key).unwrap();
            let too_long = module.sign(session, &[7; 246], 256);
            assert_eq!(too_long, Err(CKR_DATA_LEN_RANGE));
            module.log_out(session).unwrap();
            let key_is_hidden = module.sign_init(session, CKM_SHA256_RSA_PKCS, key);
            assert_eq!(key_is_hidden, Err(CKR_USER_NOT_LOGGED_IN));
        },
    );
}

#[test]
fn codes_that_a_program_gives_for_a_change_are_not_used() {
    in_a_process_of_its_own(
        "codes_that_a_program_gives_for_a_change_are_not_used",
        || {
            let script = "answers = [ { pin = \"1234\", new_pin = \"4321\" }, { pin = \"4321\", new_pin = \"4321\" }, { pin = \"4321\" } ]";
            let agent = demo_with_holder(script);
            use_agent(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let reading = module.open_session(slot).unwrap();
            let codes = ["0000", "9999"];
            assert_eq!(module.set_pin(reading, codes), Err(CKR_SESSION_READ_ONLY));
            let writing = module.open_writing_session(slot).unwrap();
            assert_eq!(module.set_pin(writing, codes), Ok(()));
            assert_eq!(agent.tries_left(), 3);
            let unchanged = module.set_pin(writing, codes);
            assert_eq!(unchanged, Err(CKR_PIN_INVALID));
            module.log_in(writing).unwrap();
            module.finalise().unwrap();
            be_a_browser_of(&agent);
            module.initialise().unwrap();
            let slot = module.slots().unwrap()[0];
            let session = module.open_writing_session(slot).unwrap();
            let of_browser = module.set_pin(session, codes);
            assert_eq!(of_browser, Err(CKR_FUNCTION_NOT_SUPPORTED));
        },
    );
}

#[test]
fn two_hundred_sessions_in_fifty_threads_sign_by_one_log_in() {
    in_a_process_of_its_own(
        "two_hundred_sessions_in_fifty_threads_sign_by_one_log_in",
        || {
            let agent = demo_with_holder("answers = [ { pin = \"1234\" } ]");
            use_agent(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let first = module.open_session(slot).unwrap();
            module.log_in(first).unwrap();
            let work = || -> Returned {
                let sessions: Vec<_> = (0..4)
                    .map(|_| module.open_session(slot))
                    .collect::<Result<_, _>>()?;
                let key = module.key(sessions[0], AUTHENTICATION)?;
                for (number, session) in sessions.iter().enumerate() {
                    module.sign_init(*session, CKM_RSA_PKCS, key)?;
                    if number == 0 {
                        assert_eq!(module.sign(*session, &digest_info(), 256)?.len(), 256);
                    }
                }
                sessions
                    .into_iter()
                    .try_for_each(|session| module.close_session(session))
            };
            thread::scope(|scope| {
                let threads: Vec<_> = (0..50).map(|_| scope.spawn(work)).collect();
                for thread in threads {
                    assert_eq!(thread.join().unwrap(), Ok(()));
                }
            });
            module.finalise().unwrap();
        },
    );
}

#[test]
fn a_browser_asks_its_holder_at_the_first_signature_and_not_at_the_next() {
    in_a_process_of_its_own(
        "a_browser_asks_its_holder_at_the_first_signature_and_not_at_the_next",
        || {
            let agent = demo_with_holder("answers = [ { pin = \"1234\" } ]");
            be_a_browser_of(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let session = module.open_session(slot).unwrap();
            let key = module.key(session, AUTHENTICATION).unwrap();
            let sign = || {
                module.sign_init(session, CKM_RSA_PKCS, key)?;
                module.sign(session, &digest_info(), 256)
            };
            let signed = thread::scope(|scope| {
                let module = &module;
                let other = scope.spawn(move || {
                    let session = module.open_session(slot)?;
                    let key = module.key(session, AUTHENTICATION)?;
                    module.sign_init(session, CKM_RSA_PKCS, key)?;
                    module.sign(session, &digest_info(), 256)
                });
                (sign(), other.join().unwrap())
            });
            assert_eq!(signed.0.unwrap().len(), 256);
            assert_eq!(signed.1.unwrap().len(), 256);
            assert!(sign().is_ok(), "nobody is left to type a code");
        },
    );
}
