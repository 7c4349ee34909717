//! Fuzz targets: for each parser of foreign bytes one function that no input may make panic.
//!
//! `cargo xtask fuzz` lets libFuzzer look for such an input; the test `replay` runs every file of
//! `corpus/` through the same functions. A target also asserts what must hold besides: what is written
//! parses back, and a card, whatever it answers, is never shown a code that it must not see.

mod card_answers;
mod certificates;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod hand_made_agent;
mod input;
#[cfg(unix)]
mod module;
mod pinentry;
#[cfg(unix)]
mod pkcs11_memory;
#[cfg(unix)]
mod pkcs11_odd_calls;
#[cfg(unix)]
mod pkcs11_program;
#[cfg(unix)]
mod pkcs11_return_values;
mod pkcs15_files;
mod recorded_files;
mod requests;
pub mod seeds;
#[cfg(unix)]
mod socket_seeds;
mod texts;
#[cfg(unix)]
mod user_socket;
// Virtual readers as the agent has them.
#[cfg(unix)]
#[path = "../../daemon/src/sources/virtual_readers.rs"]
mod virtual_readers;
mod watched_card;
mod window;
mod wire_formats;
#[cfg(unix)]
mod workstation;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line, and of its folder in `corpus/`.
    pub name: &'static str,
    /// Takes any bytes and must not panic.
    pub run: fn(&[u8]),
}

/// Every target; those of the user's socket where it is one of Unix.
pub const TARGETS: &[Target] = &[
    target("atr", wire_formats::atr),
    target("apdu", wire_formats::apdu),
    target("tlv", wire_formats::tlv),
    target("fcp", wire_formats::fcp),
    target("keypad", wire_formats::keypad),
    target("pkcs15", pkcs15_files::read),
    target("certificate", certificates::certificate),
    target("certificate-parts", certificates::certificate_parts),
    target("chain", certificates::chain),
    target("transcript", texts::transcript),
    target("scripted-holder", texts::scripted_holder),
    target("request", requests::request),
    target("window", window::message),
    target("pinentry", pinentry::line),
    target("card-answers", card_answers::card_answers),
    #[cfg(unix)]
    target("socket-bytes", user_socket::bytes),
    #[cfg(unix)]
    target("socket-calls", user_socket::call),
    #[cfg(unix)]
    target("agent-answers", client::answer),
    #[cfg(unix)]
    target("module-calls", module::calls),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
