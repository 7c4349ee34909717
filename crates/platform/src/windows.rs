//! Windows: access lists, named pipes, and the tables of the system.
//!
//! A user here is an account in one session: on a terminal server the same account may be logged in
//! twice, and each of them has an agent of its own. The lock of the session is not told yet, and
//! nobody can be asked at a console.

#![expect(
    unsafe_code,
    reason = "the interfaces of Windows are C; each call says why it is sound"
)]

mod access_list;
mod accounts;
mod crashes;
mod data_protection;
pub mod event_log;
mod files;
mod parent;
mod pipe;
mod places;
mod private_files;
pub mod registry;
pub mod sessions;
mod tcp_table;
pub mod terminal;
#[cfg(test)]
mod tests;
mod wake_ups;
mod workstation;

use std::io;
use std::sync::Arc;

use windows_sys::core::BOOL;

use crate::lock::LockNews;
use crate::native_messaging::ManifestPlace;
use crate::paths::UserFolders;
use crate::service_manager::ServiceNews;

pub use accounts::UserId;
pub(crate) use accounts::is_this_user;
pub(crate) use crashes::{forbid_core_files, make_undumpable};
pub(crate) use data_protection::{seal, unseal};
pub(crate) use files::{allow_open_files, file_id, try_lock, unlock, write_all_at};
pub(crate) use parent::die_with_parent;
pub use pipe::{SocketEnd, UserConnection, UserListener, UserStream};
pub(crate) use pipe::{bind, connect_to, peer_of_socket, remove_stale};
pub(crate) use places::{
    announced_endpoint, machine_config_file, one_name_of, publish_endpoint, runtime_dir,
    service_socket, socket_path, usual_config_file, usual_state_dir,
};
pub(crate) use private_files::{
    ensure_private_folder, fresh_private_file, is_our_folder, keep_new_files_private, open_private,
    sync_folder,
};
pub(crate) use tcp_table::tcp_socket_owner;
pub(crate) use wake_ups::WakeUps;
pub(crate) use workstation::{
    account, allows_loopback_by_policy, cryptolib, free_bytes, host_name, is_program_replaced,
    may_write, program_at_port, smart_card_programs, smart_card_service, usb_smart_card_readers,
};

/// Browsers are told of programs by the registry, where the installer writes.
pub(crate) fn manifest_places(_user: &UserFolders) -> Vec<ManifestPlace> {
    Vec::new()
}

/// The service manager of this system reaches no agent: the service that started it reads of its end alone.
pub(crate) fn tell_service_manager(_news: ServiceNews) -> io::Result<()> {
    Ok(())
}

/// Nobody tells on this system yet when the session is locked.
pub(crate) fn watch_locks(_told: Arc<dyn Fn(LockNews) + Send + Sync>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What a function says that gives zero when it failed.
fn succeeded(answer: BOOL) -> io::Result<()> {
    if answer == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// What a function says that gives an error number.
fn no_error(number: u32) -> io::Result<()> {
    match i32::try_from(number) {
        Ok(0) => Ok(()),
        Ok(number) => Err(io::Error::from_raw_os_error(number)),
        Err(_) => Err(io::ErrorKind::Other.into()),
    }
}

/// Text for the system, which wants a zero at its end.
fn wide(text: &std::ffi::OsStr) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt as _;
    text.encode_wide().chain([0]).collect()
}
