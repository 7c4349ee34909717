//! All that the agent tells, at one moment.

use daemon_client::{Client, ClientError};
use daemon_wire::{
    AgentStatus, CardBody, CardList, GrantBody, GrantList, ReaderBody, ReaderList, SessionBody,
    SessionList,
};

/// All that is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum World {
    /// The agent does not answer.
    NoAgent,
    /// What it says.
    Workstation(Box<Workstation>),
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
    /// Asks for everything.
    ///
    /// # Errors
    /// Of the first call that failed.
    pub(crate) fn read(client: &Client) -> Result<Self, ClientError> {
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
