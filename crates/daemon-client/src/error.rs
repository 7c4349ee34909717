//! Why a call gave no result.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::string::FromUtf8Error;

use platform::socket::ConnectError;
use serde_json::{Map, Value};

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens at the user's socket.
    #[error("the agent is not running (no one listens at {})", socket.display())]
    AgentNotRunning {
        /// Where it would listen.
        socket: PathBuf,
    },
    /// The agent cannot be reached, or is not this user's.
    #[error("cannot reach the agent")]
    Connection(#[source] ConnectError),
    /// The agent refused, and says why (RFC 9457).
    #[error("{title}: {detail}")]
    Problem {
        /// HTTP status.
        status: u16,
        /// The stable code of the fault.
        code: String,
        /// What is wrong, in short.
        title: String,
        /// What to do, in the caller's language.
        detail: String,
        /// Whatever else the agent says, such as `triesLeft`.
        fields: Map<String, Value>,
    },
    /// No answer came in time.
    #[error("the agent did not answer in time")]
    TimedOut,
    /// The answer, or one event, is longer than any that is expected.
    #[error("the agent's answer is too long")]
    TooLong,
    /// The agent answered with this status and without saying why.
    #[error("the agent answered with HTTP status {status} and no reason")]
    Unexplained {
        /// HTTP status.
        status: u16,
    },
    /// The answer is not what the caller expects: agent and client may be of different versions.
    #[error("the agent's answer is not understood")]
    Unreadable(#[source] serde_json::Error),
    /// The answer is no text, though it says so.
    #[error("the agent's answer is no text")]
    NotText(#[source] FromUtf8Error),
    /// The caller's own body is no JSON.
    #[error("the request cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
    /// The caller's own path does not begin with `/`.
    #[error("{path:?} is no path of the API")]
    NotAPath {
        /// As it was given.
        path: String,
    },
    /// The caller's own request has a method or a header that HTTP cannot carry.
    #[error("the request cannot be written as HTTP")]
    NotARequest,
    /// The exchange broke off, or was no HTTP.
    #[error("the exchange with the agent failed")]
    Exchange(#[source] Box<dyn Error + Send + Sync>),
}

impl From<ConnectError> for ClientError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NotRunning { path } => Self::AgentNotRunning { socket: path },
            ConnectError::Io { source, .. } if source.kind() == io::ErrorKind::TimedOut => {
                Self::TimedOut
            }
            other @ (ConnectError::NotOurs { .. } | ConnectError::Io { .. }) => {
                Self::Connection(other)
            }
        }
    }
}

impl From<ureq::Error> for ClientError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else may break, now or in a later version of ureq, is one fault here"
    )]
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => {
                Self::TooLong
            }
            ureq::Error::Other(other) => match other.downcast::<ConnectError>() {
                Ok(connect) => (*connect).into(),
                Err(other) => Self::Exchange(other),
            },
            other => Self::Exchange(other.into()),
        }
    }
}
