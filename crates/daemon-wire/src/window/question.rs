//! A question on its way to the window.

use std::time::Duration;

use daemon_types::{
    CodesAsked, GrantQuestion, Purpose, Question, SessionLimits, SessionTerms, SignatureCode,
    SignedHash,
};
use serde::{Deserialize, Serialize};

use super::frame::framed;
use super::grant::GrantBody;
use super::parts::{
    AskerBody, CardLabelBody, CodeEntryBody, KeypadEntryBody, NewCodeEntryBody,
    UnblockCodeEntryBody, origin,
};
use super::{FrameError, FrameKind, Look};
use crate::{from_base64, to_base64};

/// A question, and how the window that puts it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowQuestion {
    /// How the window looks.
    pub look: Look,
    /// What is asked.
    pub asked: Asked,
    /// How long the holder has from now on, where somebody waits no longer; whole seconds travel.
    pub time: Option<Duration>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Something about a card.
    Card(Question),
    /// Whether somebody may call.
    Grant(GrantQuestion),
}

impl WindowQuestion {
    /// The whole frame.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn to_frame(&self) -> Result<Vec<u8>, FrameError> {
        let body = QuestionBody {
            look: self.look,
            seconds: self.time.map(|time| time.as_secs()),
            asked: match &self.asked {
                Asked::Card(question) => AskedBody::Card(question.into()),
                Asked::Grant(question) => AskedBody::Grant(question.into()),
            },
        };
        let content = serde_json::to_vec(&body);
        let content = content.map_err(|_| FrameError::Content(FrameKind::Question))?;
        framed(FrameKind::Question, &content)
    }

    /// Reads the content of such a frame.
    ///
    /// # Errors
    /// [`FrameError::Content`].
    pub fn parse(content: &[u8]) -> Result<Self, FrameError> {
        let body: Option<QuestionBody> = serde_json::from_slice(content).ok();
        body.and_then(QuestionBody::read)
            .ok_or(FrameError::Content(FrameKind::Question))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuestionBody {
    look: Look,
    asked: AskedBody,
    seconds: Option<u64>,
}

impl QuestionBody {
    fn read(self) -> Option<WindowQuestion> {
        Some(WindowQuestion {
            look: self.look,
            asked: match self.asked {
                AskedBody::Card(body) => Asked::Card(body.read()?),
                AskedBody::Grant(body) => Asked::Grant(body.read()?),
            },
            time: self.seconds.map(Duration::from_secs),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum AskedBody {
    Card(CardQuestionBody),
    Grant(GrantBody),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CardQuestionBody {
    asker: AskerBody,
    purpose: PurposeBody,
    card: CardLabelBody,
    pin: Option<CodeEntryBody>,
    unblock_code: Option<UnblockCodeEntryBody>,
    new_pin: Option<NewCodeEntryBody>,
    keypad: Option<KeypadEntryBody>,
}

impl From<&Question> for CardQuestionBody {
    fn from(question: &Question) -> Self {
        let codes = question.codes;
        Self {
            asker: (&question.asker).into(),
            purpose: (&question.purpose).into(),
            card: (&question.card).into(),
            pin: codes.pin.map(Into::into),
            unblock_code: codes.unblock_code.map(Into::into),
            new_pin: codes.new_pin.map(Into::into),
            keypad: codes.keypad.map(Into::into),
        }
    }
}

impl CardQuestionBody {
    fn read(self) -> Option<Question> {
        Some(Question {
            asker: self.asker.read()?,
            purpose: self.purpose.read()?,
            card: self.card.read(),
            codes: CodesAsked {
                pin: self.pin.map(Into::into),
                unblock_code: self.unblock_code.map(Into::into),
                new_pin: self.new_pin.map(Into::into),
                keypad: self.keypad.map(Into::into),
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum PurposeBody {
    Authenticate {
        origin: String,
    },
    UseAuthenticationKey,
    Decipher,
    Sign {
        documents: Vec<String>,
        digests: Vec<String>,
        hash: String,
    },
    ReadActivities,
    ChangePin,
    UnblockPin,
    OpenSession {
        inactivity_seconds: u64,
        age_seconds: u64,
        authenticates: bool,
        deciphers: bool,
        /// `each` or `session`: what the holder does for a signature, where there may be any.
        signs: Option<String>,
    },
}

impl From<&Purpose> for PurposeBody {
    fn from(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Authenticate { origin } => Self::Authenticate {
                origin: origin.as_str().to_owned(),
            },
            Purpose::UseAuthenticationKey => Self::UseAuthenticationKey,
            Purpose::Decipher => Self::Decipher,
            Purpose::Sign {
                documents,
                digests,
                hash,
            } => Self::Sign {
                documents: documents.clone(),
                digests: digests.iter().map(|digest| to_base64(digest)).collect(),
                hash: hash.as_str().to_owned(),
            },
            Purpose::ReadActivities => Self::ReadActivities,
            Purpose::ChangePin => Self::ChangePin,
            Purpose::UnblockPin => Self::UnblockPin,
            Purpose::OpenSession(terms) => Self::OpenSession {
                inactivity_seconds: terms.limits.inactivity.as_secs(),
                age_seconds: terms.limits.age.as_secs(),
                authenticates: terms.authenticates,
                deciphers: terms.deciphers,
                signs: terms.signs.map(|code| match code {
                    SignatureCode::Each => EACH.to_owned(),
                    SignatureCode::Session => SESSION.to_owned(),
                }),
            },
        }
    }
}

impl PurposeBody {
    fn read(self) -> Option<Purpose> {
        Some(match self {
            Self::Authenticate { origin: text } => Purpose::Authenticate {
                origin: origin(&text)?,
            },
            Self::UseAuthenticationKey => Purpose::UseAuthenticationKey,
            Self::Decipher => Purpose::Decipher,
            Self::Sign {
                documents,
                digests,
                hash,
            } => Purpose::Sign {
                documents,
                digests: digests
                    .iter()
                    .map(|digest| from_base64(digest))
                    .collect::<Option<_>>()?,
                hash: SignedHash::of_name(&hash)?,
            },
            Self::ReadActivities => Purpose::ReadActivities,
            Self::ChangePin => Purpose::ChangePin,
            Self::UnblockPin => Purpose::UnblockPin,
            Self::OpenSession {
                inactivity_seconds,
                age_seconds,
                authenticates,
                deciphers,
                signs,
            } => Purpose::OpenSession(SessionTerms {
                limits: SessionLimits {
                    inactivity: Duration::from_secs(inactivity_seconds),
                    age: Duration::from_secs(age_seconds),
                },
                authenticates,
                deciphers,
                signs: match signs.as_deref() {
                    None => None,
                    Some(EACH) => Some(SignatureCode::Each),
                    Some(SESSION) => Some(SignatureCode::Session),
                    Some(_) => return None,
                },
            }),
        })
    }
}

const EACH: &str = "each";
const SESSION: &str = "session";

#[cfg(test)]
mod tests;
