//! The console, and the journal that it shows.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::to_rfc3339;

/// `POST /v1/console`: it says nothing but that somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenConsoleBody {}

/// The answer to `POST /v1/console`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenedConsoleBody {
    /// What a browser of this user opens: the page, and in its fragment a code that is good once.
    #[schema(format = "uri")]
    pub url: String,
    /// Until when the code is good: a minute, RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl OpenedConsoleBody {
    /// The page of the console at this port, with this code.
    #[must_use]
    pub fn new(port: u16, code: &str, expires: OffsetDateTime) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}/#{code}"),
            expires_at: to_rfc3339(expires),
        }
    }
}

/// What the console's page shows for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsoleCodeBody {
    /// The code of the page's fragment.
    pub code: String,
}

/// What it gets for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleTokenBody {
    /// Its token, told this once.
    pub token: String,
}

/// `GET /v1/journal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JournalBody {
    /// The last entries, newest first, each as its line in the file has it; lines that are unsound are not among them.
    #[schema(value_type = Vec<Object>)]
    pub entries: Vec<Value>,
    /// Whether nothing was changed, removed or put in beside them, the end included; `cpxd journal verify` looks at all of it.
    pub sound: bool,
}
