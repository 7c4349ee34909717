//! Who asks to be let in, and who is.

use std::time::Duration;

use daemon_types::{
    AllowedSite, OperationError, Origin, PairingRequest, ProgramGrant, Reason, Right, Rights,
    SiteGrant,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::request::timeout;
use crate::to_rfc3339;

/// Longest name of a program, in characters.
const MAXIMUM_NAME_LEN: usize = 60;
/// Most sites of a program: a holder must still be able to read the list.
const MAXIMUM_ORIGINS: usize = 20;

/// `POST /v1/pairings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PairingBody {
    /// What the program calls itself, 1 to 60 characters without control characters. The holder
    /// reads it as the program's own word.
    #[schema(min_length = 1, max_length = 60, example = "Logiciel du cabinet 2.1")]
    pub name: String,
    /// What it wants to do: `identify`, `authenticate`, `sign`, `manage`, `decipher`.
    #[schema(min_items = 1, max_items = 5, example = json!(["identify", "authenticate"]))]
    pub rights: Vec<String>,
    /// The sites that it will authenticate for, 20 at most; at least one with `authenticate`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20, example = json!(["https://service.example"]))]
    pub origins: Vec<String>,
}

impl PairingBody {
    /// Checks every field.
    ///
    /// # Errors
    /// `bad-request` that names the field.
    pub fn to_request(&self) -> Result<PairingRequest, OperationError> {
        let name = self.name.trim();
        let has_good_len = (1..=MAXIMUM_NAME_LEN).contains(&name.chars().count());
        if !has_good_len || name.chars().any(char::is_control) {
            return Err(OperationError::bad_request("name", Reason::NameForm));
        }
        let rights = rights(&self.rights, |_| true)?;
        let is_good = if rights.contains(Right::Authenticate) {
            (1..=MAXIMUM_ORIGINS).contains(&self.origins.len())
        } else {
            self.origins.is_empty()
        };
        if !is_good {
            return Err(OperationError::bad_request("origins", Reason::OriginCount));
        }
        let origins = self.origins.iter().enumerate().map(|(index, text)| {
            let wrong =
                || OperationError::bad_request(format!("origins[{index}]"), Reason::OriginForm);
            Origin::parse(text).map_err(|error| wrong().caused_by(error))
        });
        Ok(PairingRequest {
            name: name.to_owned(),
            rights,
            origins: origins.collect::<Result<_, _>>()?,
        })
    }
}

/// The answer to `POST /v1/pairings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenedPairingBody {
    /// Opaque name of the pairing.
    pub id: String,
    /// What the program shows to its user: six characters, which the agent's question shows too.
    #[schema(example = "7K3M9Q")]
    pub code: String,
    /// What proves, at `POST /v1/pairings/{id}/token`, that it is the same program. Show it to nobody.
    pub secret: String,
    /// Until when the holder may agree: five minutes, RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// `POST /v1/pairings/{id}/token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PairingSecretBody {
    /// The secret of the answer to `POST /v1/pairings`.
    pub secret: String,
}

/// The answer to `POST /v1/pairings/{id}/token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairedBody {
    /// The token, told this once: `Authorization: Bearer <token>`.
    pub token: String,
    /// What it is good for.
    pub grant: GrantBody,
}

/// `POST /v1/grants/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantRequestBody {
    /// What the page wants to do: `identify`, `authenticate`, `sign`. No page may do more.
    #[schema(min_items = 1, max_items = 3, example = json!(["authenticate"]))]
    pub rights: Vec<String>,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

impl GrantRequestBody {
    /// What the page asks for.
    ///
    /// # Errors
    /// `bad-request` that names the field.
    pub fn rights(&self) -> Result<Rights, OperationError> {
        rights(&self.rights, Right::is_for_pages)
    }

    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

/// The answer to `POST /v1/grants/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteAccessBody {
    /// The page's origin, as its browser says.
    #[schema(format = "uri")]
    pub origin: String,
    /// All that it may do now.
    pub rights: Vec<String>,
    /// Until when, RFC 3339; absent where the machine's policy alone gives the rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub end: Option<String>,
}

impl SiteAccessBody {
    /// What a page may do now.
    #[must_use]
    pub fn new(origin: &Origin, rights: &Rights, end: Option<OffsetDateTime>) -> Self {
        Self {
            origin: origin.to_string(),
            rights: names(rights),
            end: end.map(to_rfc3339),
        }
    }
}

/// `GET /v1/grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantList {
    /// All grants that are not over.
    pub grants: Vec<GrantBody>,
}

/// One grant, of a program (it has a `name`) or of a site (it has an `origin`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantBody {
    /// Opaque name, by which the holder's grants are revoked; a policy has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who gave it: `holder` or `policy`.
    #[schema(pattern = "^(holder|policy)$")]
    pub tier: String,
    /// The program's word for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The sites that the program may authenticate for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub origin: Option<String>,
    /// The site that it has to be shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub top_origin: Option<String>,
    /// `identify`, `authenticate`, `sign`, `manage`, `decipher`; the last two never for a site.
    pub rights: Vec<String>,
    /// When the holder agreed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub created: Option<String>,
    /// The day on which a program last showed its token, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub last_use: Option<String>,
    /// When it is over, RFC 3339: a year after a program's last use, 90 days after a holder let a
    /// site in, never for a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub end: Option<String>,
}

impl From<&ProgramGrant> for GrantBody {
    fn from(grant: &ProgramGrant) -> Self {
        Self {
            id: Some(grant.id.0.clone()),
            tier: "holder".into(),
            name: Some(grant.name.clone()),
            origins: grant.origins.iter().map(Origin::to_string).collect(),
            rights: names(&grant.rights),
            created: Some(to_rfc3339(grant.created)),
            last_use: grant.last_use.map(to_rfc3339),
            end: Some(to_rfc3339(grant.end)),
            ..Self::default()
        }
    }
}

impl From<&SiteGrant> for GrantBody {
    fn from(grant: &SiteGrant) -> Self {
        Self {
            id: Some(grant.id.0.clone()),
            tier: "holder".into(),
            origin: Some(grant.site.origin.to_string()),
            top_origin: grant.site.top_origin.as_ref().map(Origin::to_string),
            rights: names(&grant.rights),
            created: Some(to_rfc3339(grant.created)),
            end: Some(to_rfc3339(grant.end)),
            ..Self::default()
        }
    }
}

impl From<&AllowedSite> for GrantBody {
    fn from(allowed: &AllowedSite) -> Self {
        Self {
            tier: "policy".into(),
            origin: Some(allowed.origin.to_string()),
            rights: names(&allowed.rights),
            ..Self::default()
        }
    }
}

impl OpenedPairingBody {
    /// What a program is told of its pairing.
    #[must_use]
    pub fn new(id: &str, code: &str, secret: &str, expires: OffsetDateTime) -> Self {
        Self {
            id: id.to_owned(),
            code: code.to_owned(),
            secret: secret.to_owned(),
            expires_at: to_rfc3339(expires),
        }
    }
}

fn names(rights: &Rights) -> Vec<String> {
    rights
        .iter()
        .map(|right| right.as_str().to_owned())
        .collect()
}

/// The rights of these names, if each is one that may be asked for.
fn rights(names: &[String], may_ask: impl Fn(Right) -> bool) -> Result<Rights, OperationError> {
    if !(1..=Right::ALL.len()).contains(&names.len()) {
        return Err(OperationError::bad_request("rights", Reason::RightUnknown));
    }
    let rights = names.iter().enumerate().map(|(index, name)| {
        let right = Right::of_name(name).filter(|right| may_ask(*right));
        right.ok_or_else(|| {
            OperationError::bad_request(format!("rights[{index}]"), Reason::RightUnknown)
        })
    });
    rights.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(name: &str, rights: &[&str], origins: &[&str]) -> PairingBody {
        let owned = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect();
        PairingBody {
            name: name.into(),
            rights: owned(rights),
            origins: owned(origins),
        }
    }

    fn field_of<T: std::fmt::Debug>(request: Result<T, OperationError>) -> String {
        request.unwrap_err().field.unwrap()
    }

    #[test]
    fn a_page_cannot_ask_for_what_no_page_may_have() {
        let ask = |names: &[&str]| {
            let rights = names.iter().copied().map(str::to_owned).collect();
            let timeout_seconds = None;
            GrantRequestBody {
                rights,
                timeout_seconds,
            }
            .rights()
        };
        assert!(ask(&["identify", "authenticate", "sign"]).is_ok());
        assert_eq!(field_of(ask(&["identify", "manage"])), "rights[1]");
        assert_eq!(field_of(ask(&["decipher"])), "rights[0]");
    }

    const SITE: &str = "https://service.example";

    #[test]
    fn a_good_request_is_read_and_its_name_trimmed() {
        let request = body(" Logiciel ", &["identify", "authenticate"], &[SITE]);
        let request = request.to_request().unwrap();
        assert_eq!(request.name, "Logiciel");
        assert!(request.rights.contains(Right::Authenticate));
        assert!(!request.rights.contains(Right::Sign));
        assert_eq!(request.origins[0].as_str(), SITE);
        assert!(body("L", &["sign"], &[]).to_request().is_ok());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let long = "é".repeat(61);
        let many = [SITE; 21];
        for (body, field) in [
            (body("", &["identify"], &[]), "name"),
            (body(" \u{a0}", &["identify"], &[]), "name"),
            (body(&long, &["identify"], &[]), "name"),
            (body("a\nb", &["identify"], &[]), "name"),
            (body("a\u{1b}[2J", &["identify"], &[]), "name"),
            (body("a", &[], &[]), "rights"),
            (body("a", &["identify"; 6], &[]), "rights"),
            (body("a", &["identify", "everything"], &[]), "rights[1]"),
            (body("a", &["Identify"], &[]), "rights[0]"),
            (body("a", &["authenticate"], &[]), "origins"),
            (body("a", &["authenticate"], &many), "origins"),
            (body("a", &["identify"], &[SITE]), "origins"),
            (body("a", &["authenticate"], &[SITE, "null"]), "origins[1]"),
            (
                body("a", &["authenticate"], &["https://*.example"]),
                "origins[0]",
            ),
        ] {
            assert_eq!(field_of(body.to_request()), field, "{body:?}");
        }
    }
}
