//! The console: the product's own page, served to this user's browsers on a port of its own, in plain HTTP.
//!
//! Nothing leaves the machine, and a warning about a certificate would teach people to click through. What
//! lets a page in is a code ([`keys`]): good once and for a minute, given on the user's socket alone, and
//! brought in the fragment of the page's address, which no server is sent. The page gets a token for it that
//! lives in its memory, and here, while it is used. Nothing else is served at this port than [`files`] and the
//! API ([`admission`]).

mod admission;
mod files;
mod keys;
mod token_life;

pub(crate) use admission::who_calls;
pub(crate) use files::files;
pub(crate) use keys::{CODE_TIME, ConsoleDoor, Wishes};
pub(crate) use token_life::ConsoleRequest;

/// What the console's page is asked for at: one name, so that it has one origin.
pub(crate) fn authority(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// Where the page gets a token for its code; at the console's port alone.
pub(crate) const EXCHANGE: &str = "/v1/console/tokens";
