//! Sessions.

use std::time::Duration;

use daemon_types::{CallerKey, CardId, OperationError, Origin, SessionSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::request::{seconds_of, timeout};
use crate::to_rfc3339;

/// `POST /v1/sessions`. The holder types the code at the question that the agent puts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenSessionBody {
    /// Opaque name of the card that the session is bound to.
    #[schema(example = "3f6c1a90b2d4e857")]
    pub card: String,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

impl OpenSessionBody {
    /// The card.
    #[must_use]
    pub fn card(&self) -> CardId {
        CardId(self.card.clone())
    }

    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

/// `POST /v1/sessions/{id}/touch`: somebody is there, or will not be for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TouchSessionBody {
    /// Seconds without a use after which the session ends, 1 to 600, and never later than it would without them. They
    /// hold until the next use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub idle_seconds: Option<u32>,
}

impl TouchSessionBody {
    /// How long the session may be without a use, where the caller says so.
    ///
    /// # Errors
    /// `bad-request` for `idleSeconds`.
    pub fn idle(&self) -> Result<Option<Duration>, OperationError> {
        let seconds = self.idle_seconds;
        seconds
            .map(|seconds| seconds_of("idleSeconds", seconds))
            .transpose()
    }
}

/// A session that is open. Its caller is a program (it has a `name`), a page (it has an `origin`), or whoever showed
/// the demo's own token (it has neither).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    /// Its opaque name, which serves its own caller alone.
    pub id: String,
    /// Opaque name of its card.
    pub card: String,
    /// Its program's word for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its page's site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub origin: Option<String>,
    /// The site that the page is shown in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub top_origin: Option<String>,
    /// When its holder typed the code.
    #[schema(format = DateTime)]
    pub opened: String,
    /// When it ends if nothing is asked in it until then.
    #[schema(format = DateTime)]
    pub idle_end: String,
    /// When it ends in any case.
    #[schema(format = DateTime)]
    pub end: String,
}

impl SessionBody {
    /// A session, and the name of its program where it is a paired one's.
    #[must_use]
    pub fn new(session: &SessionSummary, name: Option<String>) -> Self {
        let site = if let CallerKey::Site(site) = &session.owner {
            Some(site)
        } else {
            None
        };
        let around = site.and_then(|site| site.top_origin.as_ref());
        Self {
            id: session.id.0.clone(),
            card: session.card.0.clone(),
            name,
            origin: site.map(|site| site.origin.to_string()),
            top_origin: around.map(Origin::to_string),
            opened: to_rfc3339(session.opened),
            idle_end: to_rfc3339(session.idle_end),
            end: to_rfc3339(session.end),
        }
    }
}

/// `GET /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    /// The oldest first.
    pub sessions: Vec<SessionBody>,
}
