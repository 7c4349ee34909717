//! What the integration tests share: the programs of this workspace as they
//! were built, an agent with its own state folder, and foreign judges.
//!
//! Everything here panics with a sentence when the machine lacks something:
//! a test that cannot run must fail, never pass in silence.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "this crate is only used by tests"
)]

pub mod agent;
#[cfg(target_os = "linux")]
pub mod browsers;
pub mod calls;
#[cfg(target_os = "linux")]
pub mod clock;
#[cfg(target_os = "linux")]
pub mod console;
#[cfg(target_os = "linux")]
pub mod cryptoki_calls;
pub mod desk;
#[cfg(target_os = "linux")]
pub mod diagnosed;
pub mod door;
pub mod ended;
pub mod exchange;
pub mod fixtures;
#[cfg(target_os = "linux")]
pub mod foreign_card;
#[cfg(target_os = "linux")]
#[cfg(target_os = "linux")]
pub mod identity_provider;
pub mod judge;
pub mod keypad_desk;
#[cfg(target_os = "linux")]
pub mod lock_stand_ins;
pub mod native_host;
pub mod native_messages;
#[cfg(target_os = "linux")]
pub mod odd_card;
pub mod official_module;
pub mod operations;
pub mod other_addresses;
pub mod own_journal;
#[cfg(target_os = "linux")]
pub mod own_module;
#[cfg(target_os = "linux")]
pub mod pcsc_stack;
pub mod person;
#[cfg(target_os = "linux")]
pub mod pinentry_desk;
#[cfg(target_os = "linux")]
pub mod pro_sante_connect;
#[cfg(target_os = "linux")]
pub mod process_memory;
pub mod programs;
#[cfg(target_os = "linux")]
pub mod relying_party;
pub mod restrictions;
#[cfg(target_os = "linux")]
pub mod room;
#[cfg(target_os = "linux")]
pub mod screen;
pub mod scripted;
#[cfg(target_os = "linux")]
pub mod session_bus;
#[cfg(target_os = "linux")]
pub mod soft_reader;
pub mod stolen_authority;
#[cfg(target_os = "linux")]
pub mod system_users;
pub mod tls_client;
pub mod tls_site;
#[cfg(target_os = "linux")]
pub mod token_user;
#[cfg(target_os = "linux")]
pub mod tray_desk;
#[cfg(target_os = "linux")]
pub mod update_server;
pub mod waiting;
#[cfg(target_os = "linux")]
pub mod web_site;
#[cfg(target_os = "linux")]
pub mod window_desk;
pub mod written_codes;
