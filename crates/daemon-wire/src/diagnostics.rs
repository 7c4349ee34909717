//! What the diagnosis found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/diagnostics`. The first check that failed is the root cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticsBody {
    /// When it was made.
    #[schema(format = DateTime)]
    pub made: String,
    /// All checks, in the order in which a person should mend them.
    pub checks: Vec<CheckBody>,
    /// Whether Pro Santé Connect can be entered by card here.
    pub pro_sante_connect: ProSanteConnectBody,
}

/// One check and how it ended; its words are in the caller's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckBody {
    /// Its stable name.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub id: String,
    /// `ok`, `warning`, `failed`, `unknown` where nobody could find out, `notApplicable` where there is nothing
    /// to judge, such as behind a check that failed.
    #[schema(pattern = "^(ok|warning|failed|unknown|notApplicable)$")]
    pub state: String,
    /// What is looked at.
    pub title: String,
    /// Stable code of what was found.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub code: String,
    /// What was found, in a sentence.
    pub cause: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What was looked at.
    pub details: Vec<CheckDetailBody>,
    /// What can be done about it from here: `install-trust`, `install-native-messaging`, `change-code`,
    /// `unblock-code`, `function-test`, `reload`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^(install-trust|install-native-messaging|change-code|unblock-code|function-test|reload)$"
    )]
    pub action: Option<String>,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckDetailBody {
    /// What it is, in the caller's language.
    pub name: String,
    /// Its own name, as others chose it.
    pub value: String,
}

/// Whether Pro Santé Connect can be entered by card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProSanteConnectBody {
    /// `ready`, `notReady`, or `unknown` where nobody could find out.
    #[schema(pattern = "^(ready|notReady|unknown)$")]
    pub state: String,
    /// Why, in a sentence.
    pub reason: String,
    /// How it is entered without a card.
    pub other_way: String,
}
