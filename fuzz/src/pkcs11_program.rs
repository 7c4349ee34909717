//! A program that calls the functions of the PKCS#11 module, well, and looks at what comes back. What other programs do
//! is in [`crate::pkcs11_odd_calls`].
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "a C interface is judged: what is given to it is ours"
)]

// The module is linked for its one C function.
use module_as_library as _;

use std::ffi::c_void;
use std::panic;
use std::ptr::{from_ref, null_mut};

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_FUNCTION_LIST, CK_INFO, CK_MECHANISM, CK_MECHANISM_INFO,
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_RV, CK_SESSION_HANDLE,
    CK_SESSION_INFO, CK_SLOT_ID, CK_SLOT_INFO, CK_TOKEN_INFO, CK_ULONG, CKA_APPLICATION, CKA_CLASS,
    CKA_ID, CKA_ISSUER, CKA_LABEL, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIVATE_EXPONENT,
    CKA_PUBLIC_EXPONENT, CKA_SERIAL_NUMBER, CKA_SUBJECT, CKA_VALUE, CKF_DONT_BLOCK, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKG_MGF1_SHA256, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256,
    CKM_SHA256_RSA_PKCS, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK, CKU_USER,
};

use crate::pkcs11_return_values::is_allowed;

unsafe extern "C" {
    fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV;
}

/// A function of the module, called. It returns what it may return.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        $crate::pkcs11_program::checked(stringify!($name), unsafe {
            $crate::pkcs11_program::functions().$name.expect("there")($($argument),*)
        })
    };
}
pub(crate) use call;

/// What it learned so far.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) slot: CK_SLOT_ID,
    pub(crate) session: CK_SESSION_HANDLE,
    pub(crate) objects: Vec<CK_OBJECT_HANDLE>,
}

impl Program {
    pub(crate) fn initialise() -> Self {
        assert_eq!(Self::initialise_by(null_mut()), CKR_OK);
        Self::default()
    }

    /// `C_Initialize` alone. The module keeps panics to itself, and its hook with them; in this process it is not alone.
    pub(crate) fn initialise_by(arguments: *mut c_void) -> CK_RV {
        let hook = panic::take_hook();
        let value = call!(C_Initialize(arguments));
        panic::set_hook(hook);
        value
    }

    pub(crate) fn finalise() {
        assert_eq!(call!(C_Finalize(null_mut())), CKR_OK);
    }

    /// Waits for an event, which may be the module's end.
    pub(crate) fn wait_for_event() {
        let mut slot = 0;
        let value = call!(C_WaitForSlotEvent(0, &raw mut slot, null_mut()));
        assert!([CKR_OK, CKR_CRYPTOKI_NOT_INITIALIZED].contains(&value));
    }

    /// What most programs do first: it ends with a log-in and all objects.
    pub(crate) fn begin(&mut self) {
        self.list_slots();
        self.open_session();
        self.log_in();
        self.find_objects();
    }

    /// The usual call of this number, which may take several functions.
    pub(crate) fn call(&mut self, number: u8) {
        match number {
            0 => self.list_slots(),
            1 => self.look_at_slot(),
            2 => self.list_mechanisms(),
            3 => self.open_session(),
            4 => self.log_in(),
            5 => self.find_objects(),
            6 => self.read_attributes(),
            7 => self.sign(),
            8 => self.sign_in_parts(),
            9 => self.verify(),
            10 => self.encrypt(),
            11 => self.decrypt(),
            12 => self.random(),
            13 => self.digest(),
            14 => self.look_for_event(),
            15 => {
                call!(C_Logout(self.session));
            }
            16 => {
                call!(C_CloseSession(self.session));
            }
            _ => {
                call!(C_CloseAllSessions(self.slot));
            }
        }
    }

    fn list_slots(&mut self) {
        for with_token in [0, 1] {
            let mut list = Room::<CK_SLOT_ID>::new(16);
            let value = call!(C_GetSlotList(with_token, list.start(), list.len()));
            if let Some(slot) = list.filled(value).first() {
                self.slot = *slot;
            }
        }
    }

    fn look_at_slot(&self) {
        call!(C_GetInfo(&mut CK_INFO::default()));
        call!(C_GetSlotInfo(self.slot, &mut CK_SLOT_INFO::default()));
        call!(C_GetTokenInfo(self.slot, &mut CK_TOKEN_INFO::default()));
    }

    fn list_mechanisms(&self) {
        let mut list = Room::<CK_MECHANISM_TYPE>::new(32);
        let value = call!(C_GetMechanismList(self.slot, list.start(), list.len()));
        for mechanism in list.filled(value) {
            let mut info = CK_MECHANISM_INFO::default();
            call!(C_GetMechanismInfo(self.slot, *mechanism, &raw mut info));
        }
    }

    fn open_session(&mut self) {
        let flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
        let session = &raw mut self.session;
        call!(C_OpenSession(self.slot, flags, null_mut(), None, session));
        let mut info = CK_SESSION_INFO::default();
        call!(C_GetSessionInfo(self.session, &raw mut info));
    }

    fn log_in(&self) {
        call!(C_Login(self.session, CKU_USER, null_mut(), 0));
    }

    fn find_objects(&mut self) {
        call!(C_FindObjectsInit(self.session, null_mut(), 0));
        let mut list = Room::<CK_OBJECT_HANDLE>::new(32);
        let (start, room, count) = (list.start(), 32, list.len());
        let value = call!(C_FindObjects(self.session, start, room, count));
        self.objects = list.filled(value).to_vec();
        call!(C_FindObjectsFinal(self.session));
    }

    /// Asks for the length of each attribute and then for its value, as programs do.
    fn read_attributes(&self) {
        for object in self.objects.iter().copied() {
            call!(C_GetObjectSize(
                self.session,
                object,
                &mut CK_ULONG::default()
            ));
            for kind in ATTRIBUTES {
                let mut asked = attribute(kind, null_mut(), 0);
                let asked = &raw mut asked;
                let value = call!(C_GetAttributeValue(self.session, object, asked, 1));
                let len = usize::try_from(unsafe { (*asked).ulValueLen }).unwrap_or_default();
                if value == CKR_OK && len <= MOST_BYTES {
                    let mut room = Room::<u8>::new(len);
                    let mut asked = attribute(kind, room.start(), number(len));
                    let asked = &raw mut asked;
                    call!(C_GetAttributeValue(self.session, object, asked, 1));
                    room.is_unharmed();
                }
            }
        }
    }

    fn sign(&self) {
        for object in self.objects.iter().copied() {
            for mut mechanism in [mechanism(CKM_RSA_PKCS), pss()] {
                call!(C_SignInit(self.session, &raw mut mechanism, object));
                let mut signature = Room::<u8>::new(SIGNATURE_LEN);
                let (start, len) = (signature.start(), signature.len());
                let value = call!(C_Sign(self.session, data(32), 32, start, len));
                let signature = signature.filled(value);
                assert!(value != CKR_OK || signature.len() == SIGNATURE_LEN);
            }
        }
    }

    fn sign_in_parts(&self) {
        for object in self.objects.iter().copied() {
            let mut mechanism = mechanism(CKM_SHA256_RSA_PKCS);
            call!(C_SignInit(self.session, &raw mut mechanism, object));
            call!(C_SignUpdate(self.session, data(60), 60));
            let mut signature = Room::<u8>::new(2 * SIGNATURE_LEN);
            let (start, len) = (signature.start(), signature.len());
            let value = call!(C_SignFinal(self.session, start, len));
            let signature = signature.filled(value);
            assert!(value != CKR_OK || signature.len() == SIGNATURE_LEN);
        }
    }

    fn verify(&self) {
        for object in self.objects.iter().copied() {
            for mut mechanism in [mechanism(CKM_SHA256_RSA_PKCS), pss()] {
                call!(C_VerifyInit(self.session, &raw mut mechanism, object));
                let signature = data(SIGNATURE_LEN);
                call!(C_Verify(
                    self.session,
                    data(32),
                    32,
                    signature,
                    number(SIGNATURE_LEN)
                ));
            }
        }
    }

    fn encrypt(&self) {
        for object in self.objects.iter().copied() {
            call!(C_EncryptInit(
                self.session,
                &mut mechanism(CKM_RSA_PKCS),
                object
            ));
            let mut cryptogram = Room::<u8>::new(2 * SIGNATURE_LEN);
            let (start, len) = (cryptogram.start(), cryptogram.len());
            let value = call!(C_Encrypt(self.session, data(20), 20, start, len));
            cryptogram.filled(value);
        }
    }

    /// With too little room first.
    fn decrypt(&self) {
        for object in self.objects.iter().copied() {
            call!(C_DecryptInit(
                self.session,
                &mut mechanism(CKM_RSA_PKCS),
                object
            ));
            for room in [8, 245] {
                let mut plaintext = Room::<u8>::new(room);
                let (start, len) = (plaintext.start(), plaintext.len());
                let cryptogram = data(SIGNATURE_LEN);
                let cryptogram_len = number(SIGNATURE_LEN);
                let value = call!(C_Decrypt(
                    self.session,
                    cryptogram,
                    cryptogram_len,
                    start,
                    len
                ));
                plaintext.filled(value);
            }
        }
    }

    fn random(&self) {
        let mut random = Room::<u8>::new(600);
        call!(C_GenerateRandom(self.session, random.start(), 600));
        random.is_unharmed();
    }

    fn digest(&self) {
        call!(C_DigestInit(self.session, &mut mechanism(CKM_SHA256)));
        let mut digest = Room::<u8>::new(32);
        let (start, len) = (digest.start(), digest.len());
        let value = call!(C_Digest(self.session, data(20), 20, start, len));
        digest.filled(value);
    }

    fn look_for_event(&self) {
        let mut slot = 0;
        call!(C_WaitForSlotEvent(
            CKF_DONT_BLOCK,
            &raw mut slot,
            null_mut()
        ));
    }
}

/// Memory that is given to the module, and more behind it, which is not.
struct Room<T> {
    values: Vec<T>,
    room: usize,
    len: CK_ULONG,
}

impl<T: Copy + From<u8> + PartialEq> Room<T> {
    fn new(room: usize) -> Self {
        Self {
            values: vec![T::from(UNTOUCHED); room + BEHIND],
            room,
            len: number(room),
        }
    }

    fn start(&mut self) -> *mut T {
        self.values.as_mut_ptr()
    }

    fn len(&mut self) -> *mut CK_ULONG {
        &raw mut self.len
    }

    /// The values that a call gave, of which it may give none.
    fn filled(&self, value: CK_RV) -> &[T] {
        self.is_unharmed();
        if value != CKR_OK {
            return &[];
        }
        let filled = usize::try_from(self.len).ok();
        let filled = filled.and_then(|len| self.values.get(..len.min(self.room + 1)));
        let filled = filled.unwrap_or_default();
        assert!(filled.len() <= self.room, "more than there is room for");
        filled
    }

    fn is_unharmed(&self) {
        let mut behind = self.values.iter().skip(self.room);
        assert!(behind.all(|value| *value == T::from(UNTOUCHED)));
    }
}

pub(crate) fn functions() -> &'static CK_FUNCTION_LIST {
    let mut list = null_mut();
    assert_eq!(unsafe { C_GetFunctionList(&raw mut list) }, CKR_OK);
    unsafe { &*list }
}

/// A panic of the module comes out as `CKR_GENERAL_ERROR`, which is in no list.
pub(crate) fn checked(function: &str, value: CK_RV) -> CK_RV {
    assert!(is_allowed(function, value), "{function}: {value:#x}");
    value
}

fn attribute(kind: CK_ATTRIBUTE_TYPE, value: *mut u8, len: CK_ULONG) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: value.cast(),
        ulValueLen: len,
    }
}

fn mechanism(mechanism: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism,
        pParameter: null_mut(),
        ulParameterLen: 0,
    }
}

fn pss() -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism: CKM_RSA_PKCS_PSS,
        pParameter: from_ref(&PSS).cast_mut().cast(),
        ulParameterLen: number(size_of::<CK_RSA_PKCS_PSS_PARAMS>()),
    }
}

fn data(len: usize) -> *mut u8 {
    assert!(len <= DATA.len());
    DATA.as_ptr().cast_mut()
}

pub(crate) fn number(len: usize) -> CK_ULONG {
    CK_ULONG::try_from(len).unwrap_or_default()
}

/// How many usual calls there are.
pub(crate) const USUAL_CALLS: u8 = 18;
const SIGNATURE_LEN: usize = 256;
/// Longest value that the program makes room for.
const MOST_BYTES: usize = 1024 * 1024;
const BEHIND: usize = 16;
const UNTOUCHED: u8 = 0xA5;
static DATA: [u8; SIGNATURE_LEN] = [7; SIGNATURE_LEN];
pub(crate) static PSS: CK_RSA_PKCS_PSS_PARAMS = CK_RSA_PKCS_PSS_PARAMS {
    hashAlg: CKM_SHA256,
    mgf: CKG_MGF1_SHA256,
    sLen: 32,
};
const ATTRIBUTES: [CK_ATTRIBUTE_TYPE; 12] = [
    CKA_CLASS,
    CKA_LABEL,
    CKA_ID,
    CKA_SUBJECT,
    CKA_ISSUER,
    CKA_SERIAL_NUMBER,
    CKA_MODULUS,
    CKA_MODULUS_BITS,
    CKA_PUBLIC_EXPONENT,
    CKA_PRIVATE_EXPONENT,
    CKA_APPLICATION,
    CKA_VALUE,
];
