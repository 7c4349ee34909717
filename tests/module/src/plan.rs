//! What a test tells the module to be: the JSON file that `CPXD_TEST_MODULE` names.

use std::fs;
use std::path::PathBuf;

use cryptoki_sys::{CK_MECHANISM_TYPE, CK_RV};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::return_values;

/// The plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Plan {
    /// Path of the real module.
    pub(crate) real: PathBuf,
    /// What the cards remember, shared by all processes.
    pub(crate) memory: PathBuf,
    /// One line for each call.
    pub(crate) trace: PathBuf,
    /// Label of the real module's token that is in the reader.
    pub(crate) token: Option<String>,
    /// A change of this number is a card taken out and put in again.
    #[serde(default)]
    pub(crate) insertion: u64,
    /// Name of the reader: the description of the one slot.
    pub(crate) reader: String,
    /// Model that the token shows.
    pub(crate) model: String,
    /// How C_WaitForSlotEvent works.
    pub(crate) events: Events,
    /// Shortest and longest code of the holder.
    #[serde(default = "four_digits")]
    pub(crate) pin_lengths: [usize; 2],
    /// Set: the reader has a keypad, and this is the holder's code that is typed there.
    #[serde(default)]
    pub(crate) keypad_code: Option<String>,
    /// The new code that is typed there.
    #[serde(default)]
    pub(crate) keypad_new_code: Option<String>,
    /// The unblock code that is typed there.
    #[serde(default)]
    pub(crate) keypad_unblock_code: Option<String>,
    /// Label of the token that an exchange puts into the reader.
    #[serde(default)]
    pub(crate) other_token: Option<String>,
    /// A change of this number lets each process count its calls from 1 again.
    #[serde(default)]
    pub(crate) armed: u64,
    /// Mechanisms by number, if not all of the real module.
    #[serde(default)]
    pub(crate) mechanisms: Option<Vec<CK_MECHANISM_TYPE>>,
    /// Calls that go wrong.
    #[serde(default)]
    pub(crate) faults: Vec<Fault>,
    /// What the module always does wrong.
    #[serde(default)]
    pub(crate) habits: Vec<Habit>,
}

/// How C_WaitForSlotEvent works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Events {
    /// It waits.
    Blocking,
    /// Only when it need not wait.
    DontBlock,
    /// Not at all.
    Unsupported,
    /// Each call tells of one at once, whether there was one or not.
    Endless,
}

/// A call that goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Name of the function.
    pub(crate) function: String,
    /// Which call of it in one process since the plan was armed, from 1; 0 is each.
    pub(crate) at: u64,
    /// What happens.
    pub(crate) does: Misdeed,
}

/// What a call does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Misdeed {
    /// Ends the process.
    Crash,
    /// Never returns.
    Hang,
    /// Returns this and does nothing.
    Return(CK_RV),
    /// Does its work and gives out absurd lengths.
    NonsenseLength,
    /// Does its work, after which the other token is in the reader.
    Exchange,
    /// Does its work and returns this.
    WorkAndReturn(CK_RV),
    /// Does its work once the plan has no such call any more.
    Wait,
}

/// What the module always does wrong; the official one was seen to do most of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Habit {
    /// C_Login says CKR_OK without a code presented.
    LoginOkThoughRefused,
    /// C_SetPIN says CKR_OK and does nothing.
    SetPinOkThoughRefused,
    /// C_InitPIN says CKR_OK and does nothing.
    InitPinOkThoughRefused,
    /// C_Sign presents the code of C_Login again when the card has forgotten it.
    ReplaysPin,
    /// A mechanism that hashes fails with the authentication key.
    HashAndSignFails,
    /// C_Sign refuses a buffer over 256 bytes.
    RefusesLongBuffer,
    /// The unblock code shows as blocked once it was presented.
    SoLockedByMistake,
    /// Label and serial number stay those of the first token.
    StaleTokenInfo,
    /// A wrong code counts, and C_Login says CKR_OK.
    CountsSilently,
    /// The try that blocks says CKR_PIN_INCORRECT.
    BlocksAtIncorrect,
    /// The holder's code shows as blocked while the card knows of it.
    UserLockedByMistake,
    /// Every call prints on both outputs, C_Login also the code.
    Prints,
    /// C_Initialize starts a process that has every descriptor of this one, and never ends.
    Forks,
}

impl Plan {
    /// The plan as it is now.
    pub(crate) fn read() -> Self {
        let text = fs::read(path()).expect("the plan can be read");
        serde_json::from_slice(&text).expect("the plan is one")
    }

    /// Puts the other token into the reader, for all processes.
    pub(crate) fn exchange(&self) {
        let path = path();
        let text = fs::read(&path).expect("the plan can be read");
        let mut plan: Value = serde_json::from_slice(&text).expect("the plan is JSON");
        plan["token"] = json!(self.other_token);
        plan["insertion"] = json!(self.insertion + 1000);
        let draft = path.with_extension("exchanged");
        fs::write(&draft, plan.to_string())
            .and_then(|()| fs::rename(&draft, &path))
            .expect("the plan can be written");
    }

    /// Whether the module always does this.
    pub(crate) fn has(&self, habit: Habit) -> bool {
        self.habits.contains(&habit)
    }

    /// What goes wrong at this call of a function.
    pub(crate) fn misdeed(&self, function: &str, at: u64) -> Option<Misdeed> {
        let matching = |fault: &&Fault| fault.function == function && [0, at].contains(&fault.at);
        self.faults.iter().find(matching).map(|fault| fault.does)
    }

    /// Whether a mechanism is offered.
    pub(crate) fn offers(&self, mechanism: CK_MECHANISM_TYPE) -> bool {
        self.mechanisms
            .as_ref()
            .is_none_or(|offered| offered.contains(&mechanism))
    }
}

impl TryFrom<String> for Misdeed {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "crash" => Ok(Self::Crash),
            "hang" => Ok(Self::Hang),
            "nonsense-length" => Ok(Self::NonsenseLength),
            "exchange" => Ok(Self::Exchange),
            "wait" => Ok(Self::Wait),
            _ => {
                let (value, misdeed): (_, fn(CK_RV) -> Self) = match name.strip_prefix(WORKS_AND) {
                    Some(value) => (value, Self::WorkAndReturn),
                    None => (name.as_str(), Self::Return),
                };
                let known = return_values::value(value).map(misdeed);
                known.ok_or_else(|| format!("a call cannot do \"{name}\""))
            }
        }
    }
}

/// Before the name of what a call returns that did its work.
const WORKS_AND: &str = "works-and-";

fn path() -> PathBuf {
    let path = std::env::var_os("CPXD_TEST_MODULE");
    path.expect("CPXD_TEST_MODULE names the plan").into()
}

fn four_digits() -> [usize; 2] {
    [4, 4]
}
