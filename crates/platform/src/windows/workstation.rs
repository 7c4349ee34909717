//! Hardly anything is looked for on this system yet, and that is what is said.

use std::path::Path;

use crate::workstation::{Account, Cryptolib, ServiceSocket};

pub(crate) fn smart_card_service() -> ServiceSocket {
    ServiceSocket::Unknown
}

pub(crate) fn usb_smart_card_readers() -> Option<Vec<String>> {
    None
}

pub(crate) fn smart_card_programs() -> Option<Vec<String>> {
    None
}

pub(crate) fn program_at_port(_port: u16) -> Option<String> {
    None
}

pub(crate) fn is_program_replaced() -> Option<bool> {
    None
}

pub(crate) fn may_write(_folder: &Path) -> Option<bool> {
    None
}

pub(crate) fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

pub(crate) fn cryptolib() -> Cryptolib {
    Cryptolib::Unknown
}

pub(crate) fn allows_loopback_by_policy() -> Option<bool> {
    None
}

pub(crate) fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

pub(crate) fn account() -> Option<Account> {
    None
}
