//! What became of an answer, and how the window looks.

use serde::{Deserialize, Serialize};

use super::frame::framed;
use super::{FrameError, FrameKind};

/// How the window looks; the agent decides what the system does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Look {
    /// Whether its own words are English, and French otherwise.
    pub english: bool,
    /// Light or dark; the system's choice where nothing says so.
    pub theme: Option<Theme>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark words on a light ground.
    Light,
    /// Light words on a dark ground.
    Dark,
}

/// What a message is to its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// What was asked for is done.
    Done,
    /// It is not done.
    Failed,
}

/// What became of the answer, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeBody {
    /// How the window looks, where this is the first that it is told.
    pub look: Look,
    /// Whether it is done.
    pub tone: Tone,
    /// In a few words.
    pub title: String,
    /// What to know or to do next; may be empty.
    pub detail: String,
}

impl OutcomeBody {
    /// The whole frame.
    ///
    /// # Errors
    /// [`FrameError`] where it is too long.
    pub fn to_frame(&self) -> Result<Vec<u8>, FrameError> {
        let content = serde_json::to_vec(self);
        let content = content.map_err(|_| FrameError::Content(FrameKind::Outcome))?;
        framed(FrameKind::Outcome, &content)
    }

    /// Reads the content of such a frame.
    ///
    /// # Errors
    /// [`FrameError::Content`].
    pub fn parse(content: &[u8]) -> Result<Self, FrameError> {
        serde_json::from_slice(content).map_err(|_| FrameError::Content(FrameKind::Outcome))
    }
}
