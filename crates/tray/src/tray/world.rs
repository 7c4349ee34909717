//! All that the agent tells, at one moment.

use daemon_client::{Client, ClientError};
use daemon_wire::{
    AgentStatus, CardBody, CardList, GrantBody, GrantList, ReaderBody, ReaderList, SessionBody,
    SessionList,
};
use platform::paths::AgentPaths;
use texts::Language;

/// All that is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum World {
    /// The agent tells nothing.
    NoAgent(Silence),
    /// What it says.
    Workstation(Box<Workstation>),
}

/// Why the agent tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It does not run, or stopped before it had answered.
    Absent,
    /// It does not answer in time.
    Slow,
    /// It refuses, and says why.
    Refuses { title: String, detail: String },
    /// It is not understood, or cannot be reached: why.
    Strange(String),
}

impl From<ClientError> for Silence {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::AgentNotRunning { .. } | ClientError::Exchange(_) => Self::Absent,
            ClientError::TimedOut => Self::Slow,
            ClientError::Problem { title, detail, .. } => Self::Refuses { title, detail },
            ClientError::Connection(_)
            | ClientError::TooLong
            | ClientError::Unexplained { .. }
            | ClientError::Unreadable(_)
            | ClientError::NotText(_)
            | ClientError::Unwritable(_)
            | ClientError::NotARequest
            | ClientError::NotAPath { .. } => Self::Strange(error.to_string()),
        }
    }
}

impl World {
    /// Asks the agent for everything.
    pub(crate) fn read(paths: &AgentPaths, language: Language) -> Self {
        let client = Client::connect(paths, "cpxd-tray");
        let client = client.map(|client| client.with_language(language.tag()));
        match client.and_then(|client| Workstation::read(&client)) {
            Ok(workstation) => Self::Workstation(Box::new(workstation)),
            Err(error) => {
                tracing::debug!(%error, "the agent tells nothing");
                Self::NoAgent(error.into())
            }
        }
    }
}

/// The workstation by its agent's words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workstation {
    pub(crate) status: AgentStatus,
    pub(crate) readers: Vec<ReaderBody>,
    pub(crate) cards: Vec<CardBody>,
    pub(crate) sessions: Vec<SessionBody>,
    pub(crate) grants: Vec<GrantBody>,
}

impl Workstation {
    /// # Errors
    /// Of the first call that failed.
    fn read(client: &Client) -> Result<Self, ClientError> {
        let status = client.read("/v1/status")?;
        let ReaderList { readers } = client.read("/v1/readers")?;
        let CardList { cards } = client.read("/v1/cards")?;
        let SessionList { sessions } = client.read("/v1/sessions")?;
        let GrantList { grants } = client.read("/v1/grants")?;
        Ok(Self {
            status,
            readers,
            cards,
            sessions,
            grants,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_is_slow_or_strange_is_not_called_absent() {
        let socket = "socket".into();
        let absent = ClientError::AgentNotRunning { socket };
        assert_eq!(Silence::from(absent), Silence::Absent);
        let gone = ClientError::Exchange("broken off".into());
        assert_eq!(Silence::from(gone), Silence::Absent);
        assert_eq!(Silence::from(ClientError::TimedOut), Silence::Slow);
        let strange = Silence::from(ClientError::Unexplained { status: 500 });
        assert!(matches!(strange, Silence::Strange(why) if why.contains("500")));
    }
}
