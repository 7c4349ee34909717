//! Thin adapters from the sources of cards to what `daemon-cards` asks of one.

mod pcsc;
mod pkcs11;
mod virtual_readers;

pub(crate) use pcsc::PcscSource;
pub(crate) use pkcs11::Pkcs11Source;
pub(crate) use virtual_readers::VirtualSource;
