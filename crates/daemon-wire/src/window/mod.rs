//! What the agent and its window say to each other over the window's standard input and output.
//!
//! Each message is a frame ([`FrameHeader`]): version, kind, length, content. Questions and
//! outcomes are JSON; codes are bytes of their own ([`WindowAnswer`]) and never become JSON or
//! a string. Both ends are of one build, so another version is an error and nothing is negotiated.

mod answer;
mod frame;
mod grant;
mod outcome;
mod parts;
mod question;

pub use answer::{Refusal, WindowAnswer};
pub use frame::{FrameError, FrameHeader, FrameKind};
pub use outcome::{Look, OutcomeBody, Theme, Tone};
pub use question::{Asked, WindowQuestion};
