//! A reader behind a PKCS#11 module: SoftHSM tokens in the image of cards, the test module in front of
//! them, and the plan by which that misbehaves.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use card_emulator::pki::KeySet;
use card_emulator::{DemoCard, Generation};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::programs::program;

/// The reader. User code 1234, unblock code 12345678, three tries of each.
#[derive(Debug)]
pub struct SoftReader {
    folder: TempDir,
    plan: Mutex<Value>,
}

impl SoftReader {
    /// Name of the reader.
    pub const NAME: &str = "Test Reader 00 00";

    /// An empty reader.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("tokens")).expect("a folder of tokens");
        let configuration = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            path("tokens").display()
        );
        fs::write(path("softhsm2.conf"), configuration).expect("SoftHSM's configuration");
        let plan = json!({
            "real": softhsm(),
            "memory": path("memory.json"),
            "trace": path("calls.log"),
            "token": null,
            "insertion": 0,
            "reader": Self::NAME,
            "model": "IAS ECC",
            "events": "blocking",
            "armed": 0,
            "faults": [],
            "habits": [],
        });
        let reader = Self {
            folder,
            plan: Mutex::new(plan),
        };
        reader.change(|_| {});
        reader
    }

    /// A reader with a CPS in it, of the first set of keys.
    #[must_use]
    pub fn with_cps() -> Self {
        let reader = Self::new();
        let label = reader.add(DemoCard::Cps3, KeySet::First);
        reader.insert(&label);
        reader
    }

    /// Makes a token in the image of a card; its label.
    pub fn add(&self, card: DemoCard, keys: KeySet) -> String {
        let number = card.parameters(keys, OffsetDateTime::now_utc()).number;
        let label = match card.generation() {
            Generation::Cps4 => format!("CPS4v1-{number}"),
            Generation::Cps3 | Generation::Cps3Contactless => format!("CPS3v3-{number}"),
        };
        self.add_labelled(&label, card, keys);
        label
    }

    /// The same with another label.
    pub fn add_labelled(&self, label: &str, card: DemoCard, keys: KeySet) {
        let place = KeySet::ALL.into_iter().position(|set| set == keys);
        let place = place.expect("a set of keys");
        let made = Command::new(program("token-user"))
            .arg("provision")
            .arg(softhsm())
            .args([label, card.name(), &(place + 1).to_string()])
            .envs(self.environment())
            .status()
            .expect("token-user starts");
        assert!(made.success(), "no token {label}");
    }

    /// What a process must have in its environment that loads the test module.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("SOFTHSM2_CONF", self.path("softhsm2.conf")),
            ("CPXD_TEST_MODULE", self.path("plan.json")),
        ]
    }

    /// Puts a card in; also one that was there, which counts as out and in again.
    pub fn insert(&self, label: &str) {
        self.change(|plan| {
            plan["token"] = json!(label);
            plan["insertion"] = json!(plan["insertion"].as_u64().expect("a number") + 1);
        });
    }

    /// Names the card that the fault `exchange` puts in.
    pub fn exchange_for(&self, label: &str) {
        self.set("otherToken", json!(label));
    }

    /// Makes all cards what they were when they were made, and the trace empty.
    pub fn make_anew(&self) {
        let _lock = self.lock();
        for file in ["memory.json", "calls.log"] {
            let removed = fs::remove_file(self.path(file));
            assert!(removed.is_ok() || !self.path(file).exists(), "{file}");
        }
    }

    /// Label of the card that a test put in.
    ///
    /// # Panics
    /// Panics when there is none.
    #[must_use]
    pub fn token(&self) -> String {
        let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan["token"].as_str().expect("a card").to_owned()
    }

    /// Takes the card out.
    pub fn remove(&self) {
        self.change(|plan| plan["token"] = Value::Null);
    }

    /// Lets each process count its calls from 1 again.
    pub fn count_calls_anew(&self) {
        self.change(|plan| plan["armed"] = json!(plan["armed"].as_u64().expect("a number") + 1));
    }

    /// Lets a call of a function go wrong: `at` counts its calls in each process from 1, 0 is each call;
    /// it `does` `crash`, `hang`, `nonsense-length`, `exchange` for the card that
    /// [`exchange_for`](Self::exchange_for) named, `wait` until the plan has the fault no more, or returns the value
    /// of that name, after its work if `works-and-` stands before.
    pub fn fault(&self, function: &str, at: u64, does: &str) {
        let fault = json!({ "function": function, "at": at, "does": does });
        self.change(|plan| plan["faults"].as_array_mut().expect("faults").push(fault));
    }

    /// Lets no call go wrong any more.
    pub fn no_faults(&self) {
        self.change(|plan| plan["faults"] = json!([]));
    }

    /// Gives the module a habit (`tests/module/src/plan.rs` tells them all).
    pub fn habit(&self, habit: &str) {
        self.change(|plan| {
            plan["habits"]
                .as_array_mut()
                .expect("habits")
                .push(json!(habit))
        });
    }

    /// Takes all habits away.
    pub fn no_habits(&self) {
        self.change(|plan| plan["habits"] = json!([]));
    }

    /// Sets any other field of the plan, such as `events` or `keypadCode`.
    pub fn set(&self, field: &str, value: Value) {
        self.change(|plan| plan[field] = value);
    }

    /// What a card remembers, as far as it was ever used.
    #[must_use]
    pub fn memory(&self, label: &str) -> Value {
        let _lock = self.lock();
        self.read_memory()[label].clone()
    }

    /// Changes what a card remembers, such as `verified`, as another program or a reset would.
    ///
    /// # Panics
    /// Panics when the card was never used.
    pub fn change_memory(&self, label: &str, field: &str, value: Value) {
        let _lock = self.lock();
        let mut memory = self.read_memory();
        assert!(memory[label].is_object(), "{label} was never used");
        memory[label][field] = value;
        replace(&self.path("memory.json"), &memory);
    }

    /// The calls so far, one a line: `C_Login user CKR_PIN_INCORRECT`.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls.log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut plan);
        replace(&self.path("plan.json"), &plan);
    }

    fn read_memory(&self) -> Value {
        match fs::read(self.path("memory.json")) {
            Ok(text) => serde_json::from_slice(&text).expect("the memory is JSON"),
            Err(_) => json!({}),
        }
    }

    /// The lock that the module takes, too.
    fn lock(&self) -> File {
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path("memory.lock"))
            .expect("the lock of the memory");
        flock(&lock, FlockOperation::LockExclusive).expect("the memory can be locked");
        lock
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Default for SoftReader {
    fn default() -> Self {
        Self::new()
    }
}

/// In one piece: processes read it at any moment.
fn replace(path: &Path, value: &Value) {
    let draft = path.with_extension("draft");
    fs::write(&draft, value.to_string()).expect("a file");
    fs::rename(&draft, path).expect("a file");
}

/// Where the distributions put SoftHSM.
fn softhsm() -> &'static Path {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    places
        .into_iter()
        .map(Path::new)
        .find(|path| path.is_file())
        .expect("SoftHSM 2 is installed (cargo xtask test installs it)")
}

/// OpenSC's module, where the distributions put it.
#[must_use]
pub fn opensc_module() -> PathBuf {
    let places = [
        "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
        "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
        "/usr/lib64/opensc-pkcs11.so",
        "/usr/lib/opensc-pkcs11.so",
    ];
    let mut places = places.into_iter().map(PathBuf::from);
    let module = places.find(|place| place.is_file());
    module.expect("OpenSC's module is installed (cargo xtask test installs it)")
}
