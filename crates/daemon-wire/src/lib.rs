//! The JSON of the API.
//!
//! Names are camelCase, times RFC 3339 in UTC, bytes base64. Every shape has
//! its OpenAPI schema here, and an unknown field in a request is an error that
//! names it. No code ever travels as JSON. [`window`] is another wire: that of the agent and the
//! window in which it puts its questions.

mod answer;
mod card;
mod console;
mod diagnostics;
mod event;
mod grant;
mod key;
mod parse;
mod problem;
mod request;
mod session;
pub mod window;

pub use answer::{AgentStatus, AuthenticationTokenBody, CertificateBody, Product, SignaturesBody};
pub use card::{
    ActivityBody, ActivityList, CardBody, CardList, CodesBody, PinBody, ReaderBody, ReaderList,
    UnblockCodeBody,
};
pub use console::{
    ConsoleCodeBody, ConsoleTokenBody, JournalBody, OpenConsoleBody, OpenedConsoleBody,
};
pub use diagnostics::{CheckBody, CheckDetailBody, DiagnosticsBody, ProSanteConnectBody};
pub use event::{EventBody, event_name};
pub use grant::{
    GrantBody, GrantList, GrantRequestBody, OpenedPairingBody, PairedBody, PairingBody,
    PairingSecretBody, SiteAccessBody,
};
pub use key::{
    DataBody, DataValueBody, DecipherBody, DecipheredBody, KeySignBody, KeySignatureBody,
    LoginBody, ObjectBody, ObjectList, RandomBody, RandomBytesBody, key_role_of_name,
};
pub use parse::parse_request;
pub use problem::Problem;
pub use request::{
    ActivitiesBody, AuthenticateBody, DEFAULT_TIMEOUT_SECONDS, DigestBody, MAXIMUM_TIMEOUT_SECONDS,
    NewPinBody, SignBody,
};

pub use session::{OpenSessionBody, SessionBody, SessionList, TouchSessionBody};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A time as the API writes it.
#[must_use]
pub fn to_rfc3339(time: time::OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}
