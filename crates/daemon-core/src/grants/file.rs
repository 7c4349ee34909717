//! How grants are kept: JSON with the version of its format. Tokens are there as digests alone.

use daemon_types::{GrantId, Origin, ProgramGrant, Right, Rights, Site, SiteGrant};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Grants, PairedToken};
use crate::TokenDigest;

/// Why a file of grants cannot be used. Nothing of it is then: half of what a holder granted and
/// revoked is not what they decided.
#[derive(Debug, thiserror::Error)]
pub enum GrantsFileError {
    /// It is no JSON of this form.
    #[error("the grants are damaged")]
    Form(#[from] serde_json::Error),
    /// Another version of the product wrote it.
    #[error("the grants have format {0}, and this version reads format {VERSION}")]
    Version(u32),
    /// A value means nothing.
    #[error("the grants are damaged: {0} is wrong")]
    Value(&'static str),
}

impl Grants {
    /// Reads grants as [`Grants::to_json`] writes them.
    ///
    /// # Errors
    /// [`GrantsFileError`] when any of them cannot be read.
    pub fn from_json(json: &[u8]) -> Result<Self, GrantsFileError> {
        let Version { version } = serde_json::from_slice(json)?;
        if version != VERSION {
            return Err(GrantsFileError::Version(version));
        }
        let file: File = serde_json::from_slice(json)?;
        Ok(Self {
            programs: all(file.programs, Program::read)?,
            sites: all(file.sites, KeptSite::read)?,
        })
    }

    /// The grants as they are kept.
    ///
    /// # Errors
    /// [`GrantsFileError::Form`], which only a fault of the program brings about.
    pub fn to_json(&self) -> Result<Vec<u8>, GrantsFileError> {
        Ok(serde_json::to_vec_pretty(&File {
            version: VERSION,
            programs: self.programs.iter().map(Program::from).collect(),
            sites: self.sites.iter().map(KeptSite::from).collect(),
        })?)
    }
}

/// The one member that every version has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    version: u32,
    programs: Vec<Program>,
    sites: Vec<KeptSite>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Program {
    id: String,
    name: String,
    /// SHA-256, hexadecimal.
    token_digest: String,
    rights: Vec<String>,
    origins: Vec<String>,
    created: String,
    last_use: Option<String>,
    end: String,
}

impl Program {
    fn read(self) -> Result<PairedToken, GrantsFileError> {
        let digest = hex::decode(self.token_digest).ok();
        let digest = digest.and_then(|digest| digest.try_into().ok());
        Ok(PairedToken {
            digest: TokenDigest(digest.ok_or(GrantsFileError::Value("tokenDigest"))?),
            grant: ProgramGrant {
                id: GrantId(self.id),
                name: self.name,
                rights: rights(&self.rights)?,
                origins: all(self.origins, |text| origin(&text))?,
                created: time_of(&self.created)?,
                last_use: self.last_use.as_deref().map(time_of).transpose()?,
                end: time_of(&self.end)?,
            },
        })
    }
}

impl From<&PairedToken> for Program {
    fn from(PairedToken { digest, grant }: &PairedToken) -> Self {
        Self {
            id: grant.id.0.clone(),
            name: grant.name.clone(),
            token_digest: hex::encode(digest.0),
            rights: names(&grant.rights),
            origins: grant.origins.iter().map(Origin::to_string).collect(),
            created: text_of(grant.created),
            last_use: grant.last_use.map(text_of),
            end: text_of(grant.end),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptSite {
    id: String,
    origin: String,
    top_origin: Option<String>,
    rights: Vec<String>,
    created: String,
    end: String,
}

impl KeptSite {
    fn read(self) -> Result<SiteGrant, GrantsFileError> {
        let rights = rights(&self.rights)?;
        if !rights.iter().all(Right::is_for_pages) {
            return Err(GrantsFileError::Value("rights"));
        }
        Ok(SiteGrant {
            id: GrantId(self.id),
            site: Site {
                origin: origin(&self.origin)?,
                top_origin: self.top_origin.as_deref().map(origin).transpose()?,
            },
            rights,
            created: time_of(&self.created)?,
            end: time_of(&self.end)?,
        })
    }
}

impl From<&SiteGrant> for KeptSite {
    fn from(grant: &SiteGrant) -> Self {
        Self {
            id: grant.id.0.clone(),
            origin: grant.site.origin.to_string(),
            top_origin: grant.site.top_origin.as_ref().map(Origin::to_string),
            rights: names(&grant.rights),
            created: text_of(grant.created),
            end: text_of(grant.end),
        }
    }
}

fn all<T, U>(
    kept: Vec<T>,
    read: impl FnMut(T) -> Result<U, GrantsFileError>,
) -> Result<Vec<U>, GrantsFileError> {
    kept.into_iter().map(read).collect()
}

fn rights(names: &[String]) -> Result<Rights, GrantsFileError> {
    let right = |name: &String| Right::of_name(name).ok_or(GrantsFileError::Value("rights"));
    names.iter().map(right).collect()
}

fn names(rights: &Rights) -> Vec<String> {
    rights
        .iter()
        .map(|right| right.as_str().to_owned())
        .collect()
}

fn origin(text: &str) -> Result<Origin, GrantsFileError> {
    Origin::parse(text).map_err(|_| GrantsFileError::Value("origin"))
}

fn time_of(text: &str) -> Result<OffsetDateTime, GrantsFileError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| GrantsFileError::Value("time"))
}

fn text_of(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;
    use crate::grants::tests::some;
    use proptest::prelude::*;

    fn written() -> String {
        String::from_utf8(some().to_json().unwrap()).unwrap()
    }

    fn changed(from: &str, to: &str) -> Result<Grants, GrantsFileError> {
        let json = written();
        assert!(json.contains(from), "{json}");
        Grants::from_json(json.replace(from, to).as_bytes())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let grants = some();
        assert_eq!(
            Grants::from_json(&grants.to_json().unwrap()).unwrap(),
            grants
        );
    }

    #[test]
    fn no_token_is_in_the_file() {
        let json = written();
        assert!(!json.contains(Token::from_random([7; 32]).expose()));
    }

    #[test]
    fn a_file_of_another_version_is_named_as_that() {
        let other = changed("\"version\": 1", "\"version\": 2");
        assert!(matches!(other, Err(GrantsFileError::Version(2))));
        let later = Grants::from_json(br#"{"version":3,"grants":{}}"#);
        assert!(matches!(later, Err(GrantsFileError::Version(3))));
    }

    #[test]
    fn one_wrong_value_spoils_the_file() {
        for (from, to) in [
            ("https://service.example", "http://service.example"),
            ("\"identify\"", "\"everything\""),
            ("2026-11-22T10:00:00Z", "yesterday"),
            ("\"tokenDigest\": \"", "\"tokenDigest\": \"0"),
            ("\"name\"", "\"title\""),
            ("\n}", ""),
        ] {
            assert!(changed(from, to).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn no_site_is_read_with_a_right_that_no_page_may_have() {
        let json = written();
        let (programs, sites) = json.split_once("\"sites\"").unwrap();
        for right in ["manage", "decipher"] {
            let sites = sites.replace("identify", right);
            let read = Grants::from_json(format!("{programs}\"sites\"{sites}").as_bytes());
            assert!(matches!(read, Err(GrantsFileError::Value("rights"))));
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(json: Vec<u8>, at: usize, byte: u8) {
            let _ = Grants::from_json(&json);
            let mut good = some().to_json().unwrap();
            let at = at % good.len();
            good[at] = byte;
            let _ = Grants::from_json(&good);
        }
    }
}
