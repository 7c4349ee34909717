//! What this computer says of itself to whoever looks for a fault: services, devices, programs, space.
//!
//! Each answer is `None`, or says so, where this system does not tell; nothing is changed, and nothing
//! here has a deadline of its own.

use std::path::{Path, PathBuf};

use crate::system;

/// Whether somebody listens where the PC/SC service listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceSocket {
    /// Somebody does.
    Listens,
    /// Its program is installed, and nobody listens.
    Nobody,
    /// Its program is not installed.
    NotInstalled,
    /// The system does not let this user there.
    AccessDenied,
    /// This system does not tell.
    Unknown,
}

/// Cryptolib CPS, as far as its files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cryptolib {
    /// It is not there.
    Absent,
    /// It is.
    There(InstalledCryptolib),
    /// Nobody looked on this system.
    Unknown,
}

/// The files of Cryptolib CPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledCryptolib {
    /// Whether a module for programs of 64 bits is there; `None` where the file does not tell.
    pub has_64_bits: Option<bool>,
    /// Its version, as the system's list of packages has it.
    pub version: Option<[u32; 3]>,
    /// Where it remembers files of cards.
    pub cache: PathBuf,
    /// Where it keeps certificates of authorities.
    pub authorities: PathBuf,
}

/// Whether somebody listens where the PC/SC service listens.
#[must_use]
pub fn smart_card_service() -> ServiceSocket {
    system::smart_card_service()
}

/// The names of the devices on USB that say they are smart card readers.
#[must_use]
pub fn usb_smart_card_readers() -> Option<Vec<String>> {
    system::usb_smart_card_readers()
}

/// The names of the programs, other than this one, that are connected to the PC/SC service. Those of
/// other users are named only if they are known to be.
#[must_use]
pub fn smart_card_programs() -> Option<Vec<String>> {
    system::smart_card_programs()
}

/// The name of the program that listens on a TCP port of this computer.
#[must_use]
pub fn program_at_port(port: u16) -> Option<String> {
    system::program_at_port(port)
}

/// Whether the file of this program was replaced or removed since it started.
#[must_use]
pub fn is_program_replaced() -> Option<bool> {
    system::is_program_replaced()
}

/// What is free for this user where `folder` is, or will be made; in bytes.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    system::free_bytes(folder.ancestors().find(|place| place.exists())?)
}

/// Whether this user may write where `folder` is, or will be made.
#[must_use]
pub fn may_write(folder: &Path) -> Option<bool> {
    system::may_write(folder.ancestors().find(|place| place.exists())?)
}

/// Cryptolib CPS, where it is installed.
#[must_use]
pub fn cryptolib() -> Cryptolib {
    system::cryptolib()
}

/// Whether an administrator of this computer lets sites call its programs, in any browser.
#[must_use]
pub fn allows_loopback_by_policy() -> Option<bool> {
    system::allows_loopback_by_policy()
}

/// The account of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// By which the user logs in.
    pub name: String,
    /// What is noted down about its user: the full name, a room, telephone numbers (GECOS).
    pub described: Vec<String>,
    /// Its home folder.
    pub home: PathBuf,
}

/// The account of the user of this process.
#[must_use]
pub fn account() -> Option<Account> {
    system::account()
}

/// The name of this computer.
#[must_use]
pub fn host_name() -> Option<String> {
    system::host_name()
}
