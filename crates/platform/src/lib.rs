//! What the agent and its clients need of the operating system.
//!
//! Each module here says one thing in the words of the product; what differs
//! between systems is behind `system`, one file per system, of equal shape,
//! chosen once below. Whatever cannot be found out is an error, never a guess:
//! a caller that cannot be identified is refused.
//!
//! - [`paths`]: where the files of this user's agent are;
//! - [`private_files`]: folders and files that only this user may read;
//! - [`sealed_files`]: those that the system keeps from all but this account;
//! - [`state_removal`]: taking away what an agent keeps;
//! - [`instance`]: one agent per state folder;
//! - [`socket`] and [`peer`]: the user's socket, and who is at its other end;
//! - [`lent_descriptors`]: a descriptor that goes along with the bytes of a socket;
//! - [`tcp_owner`]: whose program holds the other end of a loopback connection;
//! - [`service_manager`]: what started this process, and wants to know when it is ready;
//! - `session_files`: by what a session of Linux starts programs;
//! - [`parent`]: a process that ends with the one that started it;
//! - [`sleep`]: when the machine slept;
//! - [`lock`]: when the user's session is locked;
//! - [`core_dumps`]: no picture of this process's memory on a disk;
//! - [`open_files`]: how many this process may have open at once;
//! - [`default_browser`]: the browser that this user has pages opened with;
//! - [`native_messaging`]: where browsers look for the programs that extensions may start;
//! - [`trust_stores`]: which authorities the browsers and the system trust;
//! - [`workstation`]: what the computer says of itself to whoever looks for a fault;
//! - `sessions`, `event_log` and `registry`, on Windows alone: programs in the sessions of others, for the
//!   service; what it says; what an administrator wrote;
//! - [`terminal`]: the holder's code and consent, asked at the terminal.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as system;

#[cfg(unix)]
mod unix;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("there is no system layer for this system");

pub mod core_dumps;
pub mod default_browser;
pub mod instance;
pub mod kept_files;
#[cfg(unix)]
pub mod lent_descriptors;
pub mod lock;
#[cfg(target_os = "linux")]
pub mod module_places;
pub mod native_messaging;
pub mod open_files;
pub mod parent;
pub mod paths;
pub mod peer;
pub mod private_files;
pub mod sealed_files;
pub mod service_manager;
#[cfg(target_os = "linux")]
pub mod session_files;
pub mod sleep;
pub mod socket;
pub mod state_removal;
pub mod tcp_owner;
#[cfg(unix)]
pub mod terminal;
#[cfg(windows)]
pub use windows::{event_log, registry, sessions, terminal};
pub mod trust_stores;
pub mod workstation;

pub use system::UserId;
#[cfg(unix)]
pub(crate) use system::current_user;
