//! The functions of a PKCS#11 module, the product's own by default, called as a program calls them.
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "a C interface is judged: what is given to it is ours"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::{null, null_mut};

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_FLAGS, CK_FUNCTION_LIST, CK_MECHANISM, CK_MECHANISM_INFO,
    CK_MECHANISM_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE,
    CK_SESSION_INFO, CK_SLOT_ID, CK_SLOT_INFO, CK_STATE, CK_TOKEN_INFO, CK_TRUE, CK_ULONG,
    CKA_CLASS, CKA_LABEL, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKO_PRIVATE_KEY, CKR_OK, CKU_USER,
};
use libloading::Library;

use crate::agent::Agent;
use crate::programs::own_module;

/// What a call gives: a value, or what the module returned in its place.
pub type Returned<T = ()> = Result<T, CK_RV>;

/// A module, loaded into this process.
#[derive(Debug)]
pub struct Cryptoki {
    list: *const CK_FUNCTION_LIST,
    library: Library,
}

// The module says that it may be called from any thread.
unsafe impl Sync for Cryptoki {}
unsafe impl Send for Cryptoki {}

/// Does the work of a test in a process of its own, since a module has one state for each process, with a folder of
/// its own for the user's configuration.
pub fn in_a_process_of_its_own(test: &str, work: impl FnOnce()) {
    if env::var_os(IS_CHILD).is_some() {
        return work();
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let child = Command::new(env::current_exe().expect("the test has a path"))
        .args([test, "--exact", "--nocapture", "--test-threads", "1"])
        .env(IS_CHILD, "1")
        .env("XDG_CONFIG_HOME", folder.path())
        .output()
        .expect("the test starts");
    let said = String::from_utf8_lossy(&child.stdout);
    let complained = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{test} is no test here: {said}");
}

/// Leads the libraries of this process to a PC/SC service of the test's own.
#[expect(
    clippy::disallowed_methods,
    reason = "the service is made in the process that loads the module"
)]
pub fn lead_to(environment: &[(&str, OsString)]) {
    for (name, value) in environment {
        // The one test of a process of its own, before it has a thread that asks for variables.
        unsafe { env::set_var(name, value) };
    }
}

/// Tells the module of this process about an agent.
pub fn use_agent(agent: &Agent) {
    use_agent_at(agent.state_dir());
}

/// The same by the state folder alone.
pub fn use_agent_at(state_dir: &Path) {
    let folder = PathBuf::from(env::var_os("XDG_CONFIG_HOME").expect("a process of its own"));
    let folder = folder.join("cpxd");
    fs::create_dir_all(&folder).expect("a folder");
    let lines = format!("state-dir = \"{}\"\n", state_dir.display());
    fs::write(folder.join("pkcs11-module.toml"), lines).expect("a file");
}

/// The same, and that this process is met as a browser.
pub fn be_a_browser_of(agent: &Agent) {
    use_agent(agent);
    let folder = PathBuf::from(env::var_os("XDG_CONFIG_HOME").expect("a process of its own"));
    let file = folder.join("cpxd/pkcs11-module.toml");
    let lines = fs::read_to_string(&file).expect("a file") + "browsers = [\"*\"]\n";
    fs::write(file, lines).expect("a file");
}

impl Cryptoki {
    /// Loads the module, which is not initialised yet.
    #[must_use]
    pub fn load() -> Self {
        Self::load_from(&own_module())
    }

    /// Loads anybody's module, which is not initialised yet.
    #[must_use]
    pub fn load_from(module: &Path) -> Self {
        let library = unsafe { Library::new(module) }.expect("the module loads");
        let mut list = null_mut();
        let get = unsafe {
            library.get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(
                b"C_GetFunctionList",
            )
        };
        let value = unsafe { get.expect("C_GetFunctionList")(&raw mut list) };
        assert_eq!(value, CKR_OK);
        Self { list, library }
    }

    /// Whether a program finds a function by its name.
    #[must_use]
    pub fn exports(&self, name: &str) -> bool {
        unsafe { self.library.get::<unsafe extern "C" fn()>(name.as_bytes()) }.is_ok()
    }

    /// Loads and initialises it.
    #[must_use]
    pub fn initialised() -> Self {
        let module = Self::load();
        assert_eq!(module.initialise(), Ok(()));
        module
    }

    /// Its functions.
    #[must_use]
    pub fn functions(&self) -> &CK_FUNCTION_LIST {
        unsafe { &*self.list }
    }

    /// `C_Initialize`.
    ///
    /// # Errors
    /// What it returned.
    pub fn initialise(&self) -> Returned {
        returned(unsafe { self.functions().C_Initialize.expect("there")(null_mut()) })
    }

    /// `C_Finalize`.
    ///
    /// # Errors
    /// What it returned.
    pub fn finalise(&self) -> Returned {
        returned(unsafe { self.functions().C_Finalize.expect("there")(null_mut()) })
    }

    /// The slots that have a token.
    ///
    /// # Errors
    /// What `C_GetSlotList` returned.
    pub fn slots(&self) -> Returned<Vec<CK_SLOT_ID>> {
        let list = self.functions().C_GetSlotList.expect("there");
        let mut count: CK_ULONG = 0;
        // Some look for new readers only when they are asked for the length.
        returned(unsafe { list(CK_TRUE, null_mut(), &raw mut count) })?;
        let mut slots = [0; 8];
        let mut count: CK_ULONG = 8;
        returned(unsafe { list(CK_TRUE, slots.as_mut_ptr(), &raw mut count) })?;
        Ok(slots[..length(count)].to_vec())
    }

    /// A session with the token in a slot.
    ///
    /// # Errors
    /// What `C_OpenSession` returned.
    pub fn open_session(&self, slot: CK_SLOT_ID) -> Returned<CK_SESSION_HANDLE> {
        let mut session = 0;
        let open = self.functions().C_OpenSession.expect("there");
        let flags = CKF_SERIAL_SESSION;
        returned(unsafe { open(slot, flags, null_mut(), None, &raw mut session) })?;
        Ok(session)
    }

    /// A session with the token in a slot that may write.
    ///
    /// # Errors
    /// What `C_OpenSession` returned.
    pub fn open_writing_session(&self, slot: CK_SLOT_ID) -> Returned<CK_SESSION_HANDLE> {
        let mut session = 0;
        let open = self.functions().C_OpenSession.expect("there");
        let flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
        returned(unsafe { open(slot, flags, null_mut(), None, &raw mut session) })?;
        Ok(session)
    }

    /// `C_SetPIN` with both codes.
    ///
    /// # Errors
    /// What it returned.
    pub fn set_pin(&self, session: CK_SESSION_HANDLE, codes: [&str; 2]) -> Returned {
        let set_pin = self.functions().C_SetPIN.expect("there");
        let [old, new] = codes.map(|code| (code.as_ptr().cast_mut(), number(code.len())));
        returned(unsafe { set_pin(session, old.0, old.1, new.0, new.1) })
    }

    /// `C_CloseSession`.
    ///
    /// # Errors
    /// What it returned.
    pub fn close_session(&self, session: CK_SESSION_HANDLE) -> Returned {
        returned(unsafe { self.functions().C_CloseSession.expect("there")(session) })
    }

    /// `C_CloseAllSessions`.
    ///
    /// # Errors
    /// What it returned.
    pub fn close_all_sessions(&self, slot: CK_SLOT_ID) -> Returned {
        returned(unsafe { self.functions().C_CloseAllSessions.expect("there")(slot) })
    }

    /// The state of a session, such as `CKS_RO_USER_FUNCTIONS`.
    ///
    /// # Errors
    /// What `C_GetSessionInfo` returned.
    pub fn session_state(&self, session: CK_SESSION_HANDLE) -> Returned<CK_STATE> {
        let mut info = CK_SESSION_INFO::default();
        let get = self.functions().C_GetSessionInfo.expect("there");
        returned(unsafe { get(session, &raw mut info) })?;
        Ok(info.state)
    }

    /// `C_Login` of the user, without a code.
    ///
    /// # Errors
    /// What it returned.
    pub fn log_in(&self, session: CK_SESSION_HANDLE) -> Returned {
        let log_in = self.functions().C_Login.expect("there");
        returned(unsafe { log_in(session, CKU_USER, null_mut(), 0) })
    }

    /// `C_Login` of the user with a code.
    ///
    /// # Errors
    /// What it returned.
    pub fn log_in_with(&self, session: CK_SESSION_HANDLE, code: &str) -> Returned {
        let log_in = self.functions().C_Login.expect("there");
        let pin = code.as_ptr().cast_mut();
        returned(unsafe { log_in(session, CKU_USER, pin, number(code.len())) })
    }

    /// `C_GetSlotInfo`.
    ///
    /// # Errors
    /// What it returned.
    pub fn slot_info(&self, slot: CK_SLOT_ID) -> Returned<CK_SLOT_INFO> {
        let mut info = CK_SLOT_INFO::default();
        let get = self.functions().C_GetSlotInfo.expect("there");
        returned(unsafe { get(slot, &raw mut info) })?;
        Ok(info)
    }

    /// `C_GetTokenInfo`.
    ///
    /// # Errors
    /// What it returned.
    pub fn token_info(&self, slot: CK_SLOT_ID) -> Returned<CK_TOKEN_INFO> {
        let mut info = CK_TOKEN_INFO::default();
        let get = self.functions().C_GetTokenInfo.expect("there");
        returned(unsafe { get(slot, &raw mut info) })?;
        Ok(info)
    }

    /// `C_GetMechanismList`.
    ///
    /// # Errors
    /// What it returned.
    pub fn mechanisms(&self, slot: CK_SLOT_ID) -> Returned<Vec<CK_MECHANISM_TYPE>> {
        let mut mechanisms = [0; 64];
        let mut count = 64;
        let get = self.functions().C_GetMechanismList.expect("there");
        returned(unsafe { get(slot, mechanisms.as_mut_ptr(), &raw mut count) })?;
        Ok(mechanisms[..length(count)].to_vec())
    }

    /// `C_GetMechanismInfo`.
    ///
    /// # Errors
    /// What it returned.
    pub fn mechanism_info(
        &self,
        slot: CK_SLOT_ID,
        mechanism: CK_MECHANISM_TYPE,
    ) -> Returned<CK_MECHANISM_INFO> {
        let mut info = CK_MECHANISM_INFO::default();
        let get = self.functions().C_GetMechanismInfo.expect("there");
        returned(unsafe { get(slot, mechanism, &raw mut info) })?;
        Ok(info)
    }

    /// An attribute of an object.
    ///
    /// # Errors
    /// What `C_GetAttributeValue` returned.
    pub fn value(
        &self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        kind: CK_ATTRIBUTE_TYPE,
    ) -> Returned<Vec<u8>> {
        let get = self.functions().C_GetAttributeValue.expect("there");
        let mut template = [attribute(kind, null_mut(), 0)];
        returned(unsafe { get(session, object, template.as_mut_ptr(), 1) })?;
        let mut value = vec![0; length(template[0].ulValueLen)];
        template[0].pValue = value.as_mut_ptr().cast();
        returned(unsafe { get(session, object, template.as_mut_ptr(), 1) })?;
        Ok(value)
    }

    /// `C_Logout`.
    ///
    /// # Errors
    /// What it returned.
    pub fn log_out(&self, session: CK_SESSION_HANDLE) -> Returned {
        returned(unsafe { self.functions().C_Logout.expect("there")(session) })
    }

    /// The objects with these attributes.
    ///
    /// # Errors
    /// What the functions of a search returned.
    pub fn find(
        &self,
        session: CK_SESSION_HANDLE,
        template: &mut [CK_ATTRIBUTE],
    ) -> Returned<Vec<CK_OBJECT_HANDLE>> {
        let functions = self.functions();
        let count = number(template.len());
        let init = functions.C_FindObjectsInit.expect("there");
        returned(unsafe { init(session, template.as_mut_ptr(), count) })?;
        let mut found = [0; 64];
        let mut count = 0;
        let find = functions.C_FindObjects.expect("there");
        let given = returned(unsafe { find(session, found.as_mut_ptr(), 64, &raw mut count) });
        let end = functions.C_FindObjectsFinal.expect("there");
        given.and(returned(unsafe { end(session) }))?;
        Ok(found[..length(count)].to_vec())
    }

    /// The private key of this label.
    ///
    /// # Errors
    /// What the functions of a search returned.
    pub fn key(&self, session: CK_SESSION_HANDLE, label: &str) -> Returned<CK_OBJECT_HANDLE> {
        let mut class: CK_OBJECT_CLASS = CKO_PRIVATE_KEY;
        let mut template = [
            attribute(CKA_CLASS, (&raw mut class).cast(), size_of_val(&class)),
            attribute(CKA_LABEL, label.as_ptr().cast_mut().cast(), label.len()),
        ];
        let found = self.find(session, &mut template)?;
        assert_eq!(found.len(), 1, "one key is called {label}");
        Ok(found[0])
    }

    /// `C_SignInit` of a mechanism without parameters.
    ///
    /// # Errors
    /// What it returned.
    pub fn sign_init(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
    ) -> Returned {
        let mut mechanism = CK_MECHANISM {
            mechanism,
            ..CK_MECHANISM::default()
        };
        let init = self.functions().C_SignInit.expect("there");
        returned(unsafe { init(session, &raw mut mechanism, key) })
    }

    /// `C_Sign` with so much room.
    ///
    /// # Errors
    /// What it returned.
    pub fn sign(&self, session: CK_SESSION_HANDLE, data: &[u8], room: usize) -> Returned<Vec<u8>> {
        let mut signature = vec![0; room];
        let mut len = number(room);
        let data_len = number(data.len());
        let sign = self.functions().C_Sign.expect("there");
        let data = data.as_ptr().cast_mut();
        let signed = unsafe {
            sign(
                session,
                data,
                data_len,
                signature.as_mut_ptr(),
                &raw mut len,
            )
        };
        returned(signed)?;
        signature.truncate(length(len));
        Ok(signature)
    }

    /// The slot in which something happened.
    ///
    /// # Errors
    /// What `C_WaitForSlotEvent` returned.
    pub fn wait_for_slot_event(&self, flags: CK_FLAGS) -> Returned<CK_SLOT_ID> {
        let mut slot = CK_SLOT_ID::MAX;
        let wait = self.functions().C_WaitForSlotEvent.expect("there");
        returned(unsafe { wait(flags, &raw mut slot, null_mut()) })?;
        Ok(slot)
    }
}

/// An attribute with this value.
#[must_use]
pub fn attribute(kind: CK_ULONG, value: *mut std::ffi::c_void, len: usize) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: value,
        ulValueLen: number(len),
    }
}

fn number(length: usize) -> CK_ULONG {
    CK_ULONG::try_from(length).expect("a length")
}

fn length(number: CK_ULONG) -> usize {
    usize::try_from(number).expect("a length")
}

/// A pointer to nothing.
#[must_use]
pub fn nothing<T>() -> *mut T {
    null::<T>().cast_mut()
}

/// What a call returned, as a result.
///
/// # Errors
/// Whatever is not `CKR_OK`.
pub fn returned(value: CK_RV) -> Returned {
    if value == CKR_OK { Ok(()) } else { Err(value) }
}

const IS_CHILD: &str = "CPXD_TEST_HAS_THIS_PROCESS";
