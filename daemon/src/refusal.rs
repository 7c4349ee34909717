//! Why a command did not do what it was asked: a sentence for people, a problem for programs.

use std::fmt;
use std::io;
use std::path::Path;

use daemon_api::TlsError;
use daemon_client::ClientError;
use platform::instance::InstanceError;
use serde::Serialize;
use serde_json::{Map, Value};
use texts::{CommandTexts, ErrorFacts, InstallTexts};

use crate::commands::language;
use crate::state_format::StateFormatError;

/// A refusal, of the agent or of the command line itself. In JSON it has the members of RFC 9457;
/// `status` is there only where an agent answered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Refusal {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    code: String,
    detail: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Refusal {
    /// A refusal in the words that the API has for this code.
    pub(crate) fn of_code(code: &str) -> Self {
        let title = texts::error_title(code, language());
        let detail = texts::error_detail(code, language(), &ErrorFacts::default());
        Self::new(code, title, detail)
    }

    /// A refusal by a code of the command line's own.
    pub(crate) fn own(code: &str, sentence: impl FnOnce(CommandTexts) -> String) -> Self {
        let texts = CommandTexts::new(language());
        Self::new(code, texts.command_failed(), sentence(texts))
    }

    /// The same, with one more member for programs.
    pub(crate) fn with_field(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// A configuration that says what is no setting: what is wrong names its file or key.
    pub(crate) fn of_configuration(error: &anyhow::Error) -> Self {
        Self::own(CONFIGURATION_UNUSABLE, |texts| {
            texts.configuration_unusable(&format!("{error:#}"))
        })
    }

    /// The refusal in an error, whatever its type.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(refusal) = error.downcast_ref::<Self>() {
            return refusal.clone();
        }
        if let Some(error) = error.downcast_ref::<ClientError>() {
            return Self::of_client(error);
        }
        if let Some(refusal) = error.downcast_ref().and_then(Self::of_authority) {
            return refusal;
        }
        if let Some(refusal) = error.downcast_ref().and_then(Self::of_state) {
            return refusal;
        }
        match error.downcast_ref::<InstanceError>() {
            Some(InstanceError::AlreadyRunning { pid }) => {
                let pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
                Self::own("agent-already-running", |texts| {
                    texts.agent_already_runs(&pid)
                })
            }
            Some(InstanceError::LockFile(_)) | None => {
                Self::own("failed", |_| format!("{error:#}"))
            }
        }
    }

    /// The stable word for it.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether a field of what was asked has a wrong form.
    pub(crate) fn names_a_field(&self) -> bool {
        self.fields.contains_key("field")
    }

    fn new(code: &str, title: String, detail: String) -> Self {
        Self {
            kind: format!("urn:cpxd:error:{code}"),
            title,
            status: None,
            code: code.to_owned(),
            detail,
            fields: Map::new(),
        }
    }

    /// A downgrade, which whoever installed it can mend; the other errors speak for themselves.
    fn of_state(error: &StateFormatError) -> Option<Self> {
        match error {
            StateFormatError::Newer { file, by } => Some(Self::own("state-is-newer", |texts| {
                texts.state_is_newer(&file.display().to_string(), by)
            })),
            StateFormatError::Damaged { .. }
            | StateFormatError::File(_)
            | StateFormatError::Migration { .. } => None,
        }
    }

    /// What is wrong with the authority's own file, where it is that.
    fn of_authority(error: &TlsError) -> Option<Self> {
        let texts = InstallTexts::new(language());
        let (path, problem) = match error {
            TlsError::Authority { path, source } => (path, chain(source)),
            TlsError::Unconstrained { path } => (path, texts.not_constrained()),
            TlsError::File(_) | TlsError::Making(_) | TlsError::Using(_) => return None,
        };
        let file = path.display().to_string();
        Some(Self::own("authority-unusable", |_| {
            texts.authority_unusable(&file, &problem)
        }))
    }

    fn of_client(error: &ClientError) -> Self {
        match error {
            ClientError::Problem {
                status,
                code,
                title,
                detail,
                fields,
            } => Self {
                status: Some(*status),
                fields: fields.clone(),
                ..Self::new(code, title.clone(), with_command(code, detail))
            },
            ClientError::AgentNotRunning { .. } => {
                Self::own("agent-not-running", CommandTexts::agent_does_not_run)
            }
            ClientError::TimedOut => Self::own("agent-too-slow", CommandTexts::agent_too_slow),
            ClientError::Exchange(_) => Self::own("agent-gone", CommandTexts::agent_gone),
            ClientError::Connection(_)
            | ClientError::TooLong
            | ClientError::Unexplained { .. }
            | ClientError::Unreadable(_)
            | ClientError::NotText(_)
            | ClientError::Unwritable(_)
            | ClientError::NotAPath { .. }
            | ClientError::NotARequest => Self::own("agent-not-understood", |texts| {
                texts.agent_not_understood(&chain(error))
            }),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = CommandTexts::new(language());
        f.write_str(&texts.labelled(&self.title, &self.detail))
    }
}

impl std::error::Error for Refusal {}

/// The code of [`Refusal::of_configuration`].
pub(crate) const CONFIGURATION_UNUSABLE: &str = "configuration-unusable";

/// A file that a command cannot read.
pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Refusal {
    Refusal::own("file-unreadable", |texts| {
        texts.file_unreadable(&file.display().to_string(), &file_problem(error, texts))
    })
}

/// A file that a command cannot write.
pub(crate) fn unwritable(file: &Path, error: &io::Error) -> Refusal {
    Refusal::own("file-unwritable", |texts| {
        texts.file_unwritable(&file.display().to_string(), &file_problem(error, texts))
    })
}

/// What the system said, in the person's language where it is something common.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the system's own words do for what is rare"
)]
pub(crate) fn file_problem(error: &io::Error, texts: CommandTexts) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => texts.no_such_file(),
        io::ErrorKind::PermissionDenied => texts.no_permission(),
        io::ErrorKind::IsADirectory => texts.is_a_folder(),
        io::ErrorKind::StorageFull => texts.disk_is_full(),
        _ => error.to_string(),
    }
}

/// What the agent says to every caller, and the command that does it where one does.
fn with_command(code: &str, detail: &str) -> String {
    match code {
        "pin-blocked" => format!("{detail} {}", CommandTexts::new(language()).unblock_here()),
        _ => detail.to_owned(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
