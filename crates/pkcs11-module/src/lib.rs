//! The PKCS#11 module of cpxd: functions of PKCS#11 2.40 on one side, the agent's socket on the other.
//!
//! A guest in a foreign process: no card code, no runtime, no thread that stays, nothing on its outputs, no panic
//! across the boundary. Each call that needs the agent has a connection of its own, with a limit of time. Unsafe
//! code is in [`entry`], [`memory`], [`names`] and [`unsupported`] alone.
//!
//! Which file does what: [`entry`] takes the calls, [`answer`] frames them, [`module`] is what is initialised,
//! [`tables`] has slots and sessions, [`token`] a card's objects, [`agent`] asks.

mod agent;
mod answer;
mod certificate;
mod codes;
mod decrypting;
mod digesting;
mod encrypting;
mod entry;
mod events;
mod function_list;
mod hashing;
mod key_use;
mod listening;
mod manner;
mod mechanisms;
mod memory;
mod module;
mod names;
mod objects;
mod public_keys;
mod random;
mod sessions;
mod signing;
mod slots;
mod tables;
mod token;
mod unsupported;
mod verifying;
