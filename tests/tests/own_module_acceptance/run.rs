//! One run of the list: a module in this process, and what one number leaves for the next.
use std::path::Path;
use std::ptr;

use cpxd_tests::judge::openssl_verifies_as;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BYTE, CK_FLAGS, CK_FUNCTION_LIST, CK_MECHANISM,
    CK_MECHANISM_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_RV,
    CK_SESSION_HANDLE, CK_SLOT_ID, CK_TRUE, CK_ULONG, CKA_CLASS, CKA_ID, CKA_LABEL, CKA_PRIVATE,
    CKA_TOKEN, CKA_VALUE, CKF_SERIAL_SESSION, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKR_OK, CKR_USER_ALREADY_LOGGED_IN, CKU_USER,
};
use libloading::Library;

/// Calls a function of the module as a C program does.
macro_rules! call {
    ($run:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $run.functions.$function.expect("a whole list of functions");
        // SAFETY: null, or good for what the function reads and writes; where a number of the list lies about a
        // length, it says less than there is.
        unsafe { function($($argument),*) }
    }};
}
pub(crate) use call;

/// Whose module it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Official,
}

/// A module, and what is open and known in it.
pub(crate) struct Run {
    pub(crate) functions: CK_FUNCTION_LIST,
    pub(crate) whose: Whose,
    pub(crate) is_cps4: bool,
    pub(crate) slot: CK_SLOT_ID,
    pub(crate) slots: CK_ULONG,
    pub(crate) session: CK_SESSION_HANDLE,
    pub(crate) writing: CK_SESSION_HANDLE,
    pub(crate) third: CK_SESSION_HANDLE,
    pub(crate) key: CK_OBJECT_HANDLE,
    pub(crate) public_key: CK_OBJECT_HANDLE,
    pub(crate) object: CK_OBJECT_HANDLE,
    /// The last length that was asked for.
    pub(crate) len: CK_ULONG,
    pub(crate) value: Vec<u8>,
    pub(crate) cryptogram: Vec<u8>,
    pub(crate) signatures: Signatures,
    pub(crate) pss: Box<CK_RSA_PKCS_PSS_PARAMS>,
    _library: Library,
}

/// Signatures that are verified later.
#[derive(Default)]
pub(crate) struct Signatures {
    /// Number 621, by the authentication key.
    pub(crate) of_digest_info: Vec<u8>,
    /// Number 635, by the signature key, in parts.
    pub(crate) in_parts: Vec<u8>,
    /// Number 638, by the signature key.
    pub(crate) of_sha1: Vec<u8>,
    /// Number 641, by the signature key.
    pub(crate) of_sha256: Vec<u8>,
    /// The last one.
    pub(crate) last: Vec<u8>,
}

impl Run {
    pub(crate) fn new(module: &Path, whose: Whose, is_cps4: bool) -> Self {
        // SAFETY: a PKCS#11 module does nothing of its own when it is loaded.
        let library = unsafe { Library::new(module) }.expect("the module");
        let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
        // SAFETY: the one function that every PKCS#11 module exports, with its own signature; the list that it gives
        // lives as long as the module.
        let functions = unsafe {
            let entry = library
                .get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(
                    b"C_GetFunctionList\0",
                )
                .expect("C_GetFunctionList");
            assert_eq!(entry(&raw mut list), CKR_OK);
            *list
        };
        Self {
            functions,
            whose,
            is_cps4,
            slot: 0,
            slots: 0,
            session: NO_SESSION,
            writing: NO_SESSION,
            third: NO_SESSION,
            key: 0,
            public_key: 0,
            object: 0,
            len: 0,
            value: Vec::new(),
            cryptogram: Vec::new(),
            signatures: Signatures::default(),
            pss: Box::default(),
            _library: library,
        }
    }

    /// Initialises the module and finds the slot with the card.
    pub(crate) fn initialize(&mut self) {
        assert_eq!(call!(self, C_Initialize(ptr::null_mut())), CKR_OK);
        self.find_slot();
    }

    pub(crate) fn find_slot(&mut self) {
        let mut slots = [0; 8];
        let mut count = 8;
        let listed = call!(
            self,
            C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)
        );
        assert_eq!((listed, count), (CKR_OK, 1), "the reader with the card");
        self.slot = slots[0];
    }

    pub(crate) fn finalize(&mut self) {
        assert_eq!(call!(self, C_Finalize(ptr::null_mut())), CKR_OK);
    }

    /// Leaves the module as it was found, whatever is open.
    pub(crate) fn abandon(&mut self) {
        let _ = call!(self, C_Finalize(ptr::null_mut()));
    }

    /// Opens a session, read-only without other flags.
    pub(crate) fn open(&mut self, flags: CK_FLAGS) -> CK_SESSION_HANDLE {
        let mut session = NO_SESSION;
        let opened = call!(
            self,
            C_OpenSession(
                self.slot,
                CKF_SERIAL_SESSION | flags,
                ptr::null_mut(),
                None,
                &raw mut session
            )
        );
        assert_eq!(opened, CKR_OK, "a session");
        session
    }

    pub(crate) fn open_read_only(&mut self) {
        self.session = self.open(0);
    }

    pub(crate) fn close_all(&mut self) {
        assert_eq!(call!(self, C_CloseAllSessions(self.slot)), CKR_OK);
    }

    /// Logs in with a code that the card has.
    pub(crate) fn log_in(&mut self) -> CK_RV {
        let mut code = *b"1234";
        call!(self, C_Login(self.session, CKU_USER, code.as_mut_ptr(), 4))
    }

    /// Logs in unless that was done.
    pub(crate) fn be_logged_in(&mut self) {
        let value = self.log_in();
        assert!(
            [CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&value),
            "C_Login: {value:#x}"
        );
    }

    pub(crate) fn log_out(&mut self) {
        assert_eq!(call!(self, C_Logout(self.session)), CKR_OK);
    }

    /// The one object of this class with this label.
    pub(crate) fn labelled(&mut self, class: CK_OBJECT_CLASS, label: &str) -> CK_OBJECT_HANDLE {
        let mut template = Template::of(class);
        template.put(CKA_LABEL, label.as_bytes());
        self.found(template)
    }

    pub(crate) fn find_private_key(&mut self, label: &str) {
        self.be_logged_in();
        let mut template = Template::of(CKO_PRIVATE_KEY);
        template.put(CKA_PRIVATE, &[1]);
        template.put(CKA_TOKEN, &[1]);
        template.put(CKA_LABEL, label.as_bytes());
        self.key = self.found(template);
    }

    /// Finds a public key as programs do that know the identifiers.
    pub(crate) fn find_public_key(&mut self, role: Role) {
        let template = self.public_key_template(role);
        self.public_key = self.found(template);
    }

    pub(crate) fn public_key_template(&self, role: Role) -> Template {
        let last = match (role, self.is_cps4) {
            (Role::Signature, false) => 0x01,
            (Role::Authentication, false) => 0x02,
            (Role::Signature, true) => 0x10,
            (Role::Authentication, true) => 0x20,
        };
        let id = [&APPLICATION[..], &[last]].concat();
        let mut template = Template::of(CKO_PUBLIC_KEY);
        template.put(CKA_PRIVATE, &[0]);
        template.put(CKA_TOKEN, &[1]);
        template.put(CKA_ID, &id);
        template
    }

    /// Finds both halves of the key of the authentication certificate, by the identifier of that.
    pub(crate) fn find_keys_of_certificate(&mut self) {
        self.be_logged_in();
        let certificate = self.labelled(CKO_CERTIFICATE, "Certificat d'Authentification CPS");
        let id = self.attribute(certificate, CKA_ID);
        for class in [CKO_PUBLIC_KEY, CKO_PRIVATE_KEY] {
            let mut template = Template::of(class);
            template.put(CKA_ID, &id);
            let found = self.found(template);
            if class == CKO_PUBLIC_KEY {
                self.public_key = found;
            } else {
                self.key = found;
            }
        }
    }

    pub(crate) fn found(&mut self, mut template: Template) -> CK_OBJECT_HANDLE {
        let mut attributes = template.attributes();
        let begun = call!(
            self,
            C_FindObjectsInit(
                self.session,
                attributes.as_mut_ptr(),
                attributes.len() as CK_ULONG
            )
        );
        assert_eq!(begun, CKR_OK, "a search");
        let mut found = [0; 2];
        let mut count = 0;
        let searched = call!(
            self,
            C_FindObjects(self.session, found.as_mut_ptr(), 2, &raw mut count)
        );
        assert_eq!((searched, count), (CKR_OK, 1), "one object of {template:?}");
        assert_eq!(call!(self, C_FindObjectsFinal(self.session)), CKR_OK);
        found[0]
    }

    /// Whoever verifies signatures elsewhere takes the last one.
    pub(crate) fn assert_openssl_verifies(
        &mut self,
        certificate: &str,
        algorithm: &str,
        message: &[u8],
    ) {
        let certificate = self.labelled(CKO_CERTIFICATE, certificate);
        let der = self.attribute(certificate, CKA_VALUE);
        let signature = &self.signatures.last;
        assert!(
            openssl_verifies_as(algorithm, &der, signature, message),
            "openssl refuses the signature"
        );
    }

    pub(crate) fn attribute(&self, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> Vec<u8> {
        let mut value = vec![0; 8192];
        let mut attribute = CK_ATTRIBUTE {
            type_: kind,
            pValue: value.as_mut_ptr().cast(),
            ulValueLen: value.len() as CK_ULONG,
        };
        let read = call!(
            self,
            C_GetAttributeValue(self.session, object, &raw mut attribute, 1)
        );
        assert_eq!(read, CKR_OK, "attribute {kind:#x}");
        value.truncate(length(attribute.ulValueLen));
        value
    }

    pub(crate) fn sign_init(&mut self, kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) -> CK_RV {
        let mut mechanism = mechanism(kind);
        call!(self, C_SignInit(self.session, &raw mut mechanism, key))
    }

    pub(crate) fn verify_init(&mut self, kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) -> CK_RV {
        let mut mechanism = mechanism(kind);
        call!(self, C_VerifyInit(self.session, &raw mut mechanism, key))
    }

    /// Asks for the length of a signature.
    pub(crate) fn sign_length(&mut self, data: &[u8]) -> CK_RV {
        let mut data = data.to_vec();
        self.len = 0;
        call!(
            self,
            C_Sign(
                self.session,
                data.as_mut_ptr(),
                data.len() as CK_ULONG,
                ptr::null_mut(),
                &raw mut self.len
            )
        )
    }

    /// Signs, with so much room.
    pub(crate) fn sign_into(&mut self, data: &[u8], room: usize) -> CK_RV {
        let mut data = data.to_vec();
        let mut signature = vec![0; room.max(1)];
        let mut len = room as CK_ULONG;
        let signed = call!(
            self,
            C_Sign(
                self.session,
                data.as_mut_ptr(),
                data.len() as CK_ULONG,
                signature.as_mut_ptr(),
                &raw mut len
            )
        );
        if signed == CKR_OK {
            signature.truncate(length(len));
            self.signatures.last = signature;
        }
        signed
    }

    pub(crate) fn sign(&mut self, data: &[u8]) -> CK_RV {
        self.sign_into(data, SIGNATURE_LEN)
    }

    pub(crate) fn sign_update(&mut self, part: &[u8]) -> CK_RV {
        let mut part = part.to_vec();
        call!(
            self,
            C_SignUpdate(self.session, part.as_mut_ptr(), part.len() as CK_ULONG)
        )
    }

    pub(crate) fn sign_final_into(&mut self, room: usize) -> CK_RV {
        let mut signature = vec![0; SIGNATURE_LEN];
        let mut len = room as CK_ULONG;
        let signed = call!(
            self,
            C_SignFinal(self.session, signature.as_mut_ptr(), &raw mut len)
        );
        if signed == CKR_OK {
            signature.truncate(length(len));
            self.signatures.last = signature;
        }
        signed
    }

    pub(crate) fn verify(&mut self, data: &[u8], signature: &[u8]) -> CK_RV {
        let (mut data, mut signature) = (data.to_vec(), signature.to_vec());
        call!(
            self,
            C_Verify(
                self.session,
                data.as_mut_ptr(),
                data.len() as CK_ULONG,
                signature.as_mut_ptr(),
                signature.len() as CK_ULONG
            )
        )
    }

    pub(crate) fn verify_update(&mut self, part: &[u8]) -> CK_RV {
        let mut part = part.to_vec();
        call!(
            self,
            C_VerifyUpdate(self.session, part.as_mut_ptr(), part.len() as CK_ULONG)
        )
    }

    pub(crate) fn verify_final(&mut self, signature: &[u8]) -> CK_RV {
        let mut signature = signature.to_vec();
        call!(
            self,
            C_VerifyFinal(
                self.session,
                signature.as_mut_ptr(),
                signature.len() as CK_ULONG
            )
        )
    }
}

/// Which of the two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Authentication,
    Signature,
}

/// A mechanism without parameters.
pub(crate) fn length(number: CK_ULONG) -> usize {
    usize::try_from(number).expect("a length")
}

pub(crate) fn mechanism(kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism: kind,
        pParameter: ptr::null_mut(),
        ulParameterLen: 0,
    }
}

/// Attributes with the values that they point to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template(Vec<(CK_ATTRIBUTE_TYPE, Vec<CK_BYTE>)>);

impl Template {
    pub(crate) fn of(class: CK_OBJECT_CLASS) -> Self {
        Self(vec![(CKA_CLASS, class.to_ne_bytes().to_vec())])
    }

    pub(crate) fn put(&mut self, kind: CK_ATTRIBUTE_TYPE, value: &[u8]) {
        self.0.push((kind, value.to_vec()));
    }

    /// As C has them; good for as long as this lives.
    pub(crate) fn attributes(&mut self) -> Vec<CK_ATTRIBUTE> {
        let attributes = self.0.iter_mut().map(|(kind, value)| CK_ATTRIBUTE {
            type_: *kind,
            pValue: value.as_mut_ptr().cast(),
            ulValueLen: value.len() as CK_ULONG,
        });
        attributes.collect()
    }
}

/// A handle that no module gives.
pub(crate) const NO_SESSION: CK_SESSION_HANDLE = 0xFFFF_FFFF;
/// Bytes of every signature of these cards.
pub(crate) const SIGNATURE_LEN: usize = 256;
/// Every key of a card of the family is identified by its application and one byte more.
const APPLICATION: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
