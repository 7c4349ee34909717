//! Pages in real browsers: the SDK, the extension, the native host, the agent and a virtual card.
//! Each behaviour is the same in Chromium and in Firefox.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get fails it"
)]

mod both;
mod elsewhere;
mod hostile;
mod missing;
mod state_page;
mod uses;
