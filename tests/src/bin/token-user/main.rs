//! A program that uses a PKCS#11 module, for tests: a module and its settings belong to a whole process.
//!
//! `token-user provision MODULE LABEL CARD KEYS` makes a token in the image of a card;
//! `token-user use MODULE` does what the lines of its input say, and answers each with one.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::expect_used,
        clippy::panic,
        reason = "this program is only used by tests"
    )
)]

#[cfg(target_os = "linux")]
mod conversation;
#[cfg(target_os = "linux")]
mod provision;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["provision", module, label, card, keys] => {
            provision::provision(module, label, card, keys);
        }
        ["use", module] => conversation::converse(module),
        other => panic!("{other:?} is no order"),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
