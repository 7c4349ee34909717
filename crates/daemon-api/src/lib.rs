//! The door of the agent: HTTP over TLS on loopback, over the user's socket, and for the console in plain on
//! a port of its own ([`console`]).
//!
//! Each connection is looked at before its first request ([`accept`]) and has
//! its limits of time ([`serving`]); each request passes the checks in one order
//! ([`checks`]): peer, host, caller, right, body. What is not known to be allowed
//! is refused.

mod accept;
mod checks;
mod connection;
mod console;
mod cors;
mod departure;
mod docs;
mod lent_terminal;
mod open_requests;
mod peer_process;
mod pem;
mod places;
mod problem;
mod router;
mod routes;
mod serving;
mod tls;
mod unread_body;
mod user_socket;

pub use accept::{Doors, serve};
pub use router::{Api, openapi};
pub use routes::diagnostics::Examine;
pub use tls::{TlsError, TlsIdentity, TrustedAuthority};
pub use user_socket::{UserListener, user_listener};
