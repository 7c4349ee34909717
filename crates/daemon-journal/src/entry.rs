//! What the journal tells: one type for each kind of line, and nothing that could name a patient.

use std::collections::BTreeMap;

use daemon_types::{Caller, CardId, ErrorCode, KeyRole, OperationError, Origin, SessionId};
use serde::{Deserialize, Serialize};
use texts::{Language, foreign_text};

use crate::chain::LineHash;

/// Text that others chose, such as the name of a program: bounded, and with nothing in it that
/// could move a cursor or turn the direction of reading.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Characters kept; a path longer than that is cut, and says so.
    const LONGEST: usize = 400;

    /// Makes `text` fit for a line of the journal.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(foreign_text(text, Self::LONGEST, Language::English))
    }

    /// The text as the line has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who asked, as the door identified them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "caller",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Who {
    /// A desktop program that showed its token.
    Program {
        /// The id of its pairing, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Name>,
        /// The name it was paired under.
        name: Name,
    },
    /// A program of the same user on the user's socket.
    Socket {
        /// Its executable, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        executable: Option<Name>,
        /// Its process id, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pid: Option<u32>,
    },
    /// A web page.
    Page {
        /// The page's origin, as the browser says.
        origin: Name,
        /// The origin of the page around it, where the browser says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        top_origin: Option<Name>,
    },
    /// The product's own page.
    Console,
}

impl Who {
    /// A web page.
    #[must_use]
    pub fn page(origin: &Origin, top_origin: Option<&Origin>) -> Self {
        Self::Page {
            origin: Name::of(origin.as_str()),
            top_origin: top_origin.map(|origin| Name::of(origin.as_str())),
        }
    }
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::PairedProgram(program) => Self::Program {
                id: program.grant.as_ref().map(|grant| Name::of(&grant.0)),
                name: Name::of(&program.name),
            },
            Caller::SocketProgram(program) => Self::Socket {
                executable: program
                    .executable
                    .as_ref()
                    .map(|path| Name::of(&path.to_string_lossy())),
                pid: program.pid,
            },
            Caller::Page(page) => Self::page(&page.site.origin, page.site.top_origin.as_ref()),
            Caller::Console => Self::Console,
        }
    }
}

/// What was asked of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// An authentication token.
    Authenticate,
    /// Signatures.
    Sign,
    /// The deciphering of a key.
    Decipher,
    /// The holder's activities, which are behind the code.
    ReadActivities,
    /// A new code after the old one.
    ChangePin,
    /// A new code after the unblock code.
    UnblockPin,
    /// A session, for which the code is typed once.
    OpenSession,
}

/// The key that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKey {
    /// Proves who the holder is.
    Authentication,
    /// Signs in the holder's name.
    Signature,
    /// Contactless key that no code protects.
    Technical,
}

impl From<KeyRole> for CardKey {
    fn from(role: KeyRole) -> Self {
        match role {
            KeyRole::Authentication => Self::Authentication,
            KeyRole::Signature => Self::Signature,
            KeyRole::Technical => Self::Technical,
        }
    }
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeResult {
    /// `ok`, the API's error code, `caller-left` when nobody waited for the result, or `code-lost` when the
    /// holder had to type the code of a session again.
    pub result: String,
    /// The API's reason beside an error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl OutcomeResult {
    /// It was done.
    #[must_use]
    pub fn ok() -> Self {
        Self::without_reason("ok")
    }

    /// The caller went away before the end, so what the card did last was not seen.
    #[must_use]
    pub fn caller_left() -> Self {
        Self::without_reason("caller-left")
    }

    /// The card no longer knew of the code that had been presented for the session.
    #[must_use]
    pub fn code_lost() -> Self {
        Self::without_reason("code-lost")
    }

    fn without_reason(result: &str) -> Self {
        Self {
            result: result.to_owned(),
            reason: None,
        }
    }
}

impl From<ErrorCode> for OutcomeResult {
    fn from(code: ErrorCode) -> Self {
        Self::without_reason(code.as_str())
    }
}

impl From<&OperationError> for OutcomeResult {
    fn from(error: &OperationError) -> Self {
        Self {
            result: error.code.as_str().to_owned(),
            reason: error.reason.map(|reason| reason.as_str().to_owned()),
        }
    }
}

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The holder, or a policy, gave it.
    Given,
    /// The holder said no.
    Refused,
    /// It was taken back.
    Revoked,
}

/// How far a pairing got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairingStep {
    /// A program asked.
    Asked,
    /// The holder agreed.
    Accepted,
    /// The holder said no.
    Refused,
    /// It was taken back.
    Revoked,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// Nothing was asked for too long.
    Inactivity,
    /// It was too old.
    Age,
    /// The card left.
    CardRemoved,
    /// The reader left.
    ReaderLost,
    /// The machine went to sleep.
    Sleep,
    /// The agent stopped.
    AgentStopped,
    /// Its caller ended it, or the holder did.
    Ended,
    /// What its caller was let in by was taken back.
    GrantRevoked,
}

impl From<daemon_types::SessionEnd> for SessionEnd {
    fn from(end: daemon_types::SessionEnd) -> Self {
        match end {
            daemon_types::SessionEnd::Inactivity => Self::Inactivity,
            daemon_types::SessionEnd::Age => Self::Age,
            daemon_types::SessionEnd::CardRemoved => Self::CardRemoved,
            daemon_types::SessionEnd::ReaderLost => Self::ReaderLost,
            daemon_types::SessionEnd::Sleep => Self::Sleep,
            daemon_types::SessionEnd::AgentStopped => Self::AgentStopped,
            daemon_types::SessionEnd::Ended => Self::Ended,
            daemon_types::SessionEnd::GrantRevoked => Self::GrantRevoked,
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Entry {
    /// The agent began to answer.
    AgentStarted {
        /// Its version.
        version: String,
        /// Its process id.
        pid: u32,
        /// What it was told to do: settings by their names in the configuration.
        settings: BTreeMap<String, String>,
    },
    /// The agent ended as it was told to.
    AgentStopped,
    /// Somebody asked for a use of the card: stands before every code presented and every
    /// signature made.
    Intent {
        /// Who asked.
        who: Who,
        /// For what.
        operation: Operation,
        /// Opaque name of the card.
        card: String,
        /// The key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<CardKey>,
        /// How many digests are to be signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digests: Option<usize>,
        /// The session that it is done in, where the code may have been typed before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Name>,
    },
    /// How an intent ended. One that has none was cut short by the end of the agent.
    Outcome {
        /// Sequence number of the intent.
        of: u64,
        /// How it ended.
        #[serde(flatten)]
        result: OutcomeResult,
    },
    /// A grant was given, refused or revoked.
    Grant {
        /// Which of them.
        decision: Decision,
        /// Whose grant.
        who: Who,
        /// The rights, by their names in the API.
        rights: Vec<String>,
        /// Its end, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    /// A program asked to be paired, or what came of it.
    Pairing {
        /// How far it got.
        step: PairingStep,
        /// Its id.
        id: Name,
        /// The name that the program gave itself.
        name: Name,
        /// The rights, by their names in the API.
        rights: Vec<String>,
    },
    /// The door refused; whoever writes this sees to it that nobody can fill the disk with it.
    Refusal {
        /// The API's error code.
        code: String,
        /// Who, as far as it was known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<Who>,
        /// How many such refusals this line stands for.
        times: u64,
    },
    /// A session began.
    SessionOpened {
        /// Opaque name of the session; not what proves a right to it.
        session: Name,
        /// Whose it is.
        who: Who,
        /// Opaque name of the card.
        card: String,
    },
    /// A session is over.
    SessionClosed {
        /// Opaque name of the session.
        session: Name,
        /// Why.
        reason: SessionEnd,
    },
    /// The journal ended in a line that was never finished, which nobody had been told of; it was
    /// taken away.
    Recovered {
        /// Bytes of it.
        dropped_bytes: u64,
    },
    /// The agent found the journal damaged when it started, and goes on in a new file.
    Damaged {
        /// The file.
        file: Name,
        /// Line in it, from 1; 0 for the file as a whole.
        line: u64,
        /// Stable name of what is wrong ([`Wrong::code`](crate::Wrong::code)).
        what: String,
    },
    /// Old files were removed, as the limits say.
    Retired {
        /// Sequence number of the last entry removed.
        through: u64,
        /// Its hash.
        through_hash: LineHash,
    },
    /// A kind that a later version wrote.
    #[serde(other)]
    Unknown,
}

impl Entry {
    /// The intent to use a card.
    #[must_use]
    pub fn intent(
        caller: &Caller,
        operation: Operation,
        card: &CardId,
        key: Option<KeyRole>,
        digests: Option<usize>,
        session: Option<&SessionId>,
    ) -> Self {
        Self::Intent {
            who: caller.into(),
            operation,
            card: card.0.clone(),
            key: key.map(CardKey::from),
            digests,
            session: session.map(|session| Name::of(&session.0)),
        }
    }
}
