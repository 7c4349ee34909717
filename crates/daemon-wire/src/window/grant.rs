//! The question whether somebody may call, as JSON.

use std::path::PathBuf;

use daemon_types::{Applicant, GrantQuestion, PairingCode, Right, Rights};
use serde::{Deserialize, Serialize};

use super::parts::{SiteBody, environment, is_test, origin, shown};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GrantBody {
    applicant: ApplicantBody,
    rights: Vec<String>,
    is_test: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ApplicantBody {
    Program {
        name: String,
        executable: Option<String>,
        origins: Vec<String>,
        name_is_taken: bool,
        code: String,
    },
    Page(SiteBody),
}

impl From<&GrantQuestion> for GrantBody {
    fn from(question: &GrantQuestion) -> Self {
        let rights = question.rights.iter().map(Right::as_str);
        Self {
            applicant: (&question.applicant).into(),
            rights: rights.map(str::to_owned).collect(),
            is_test: is_test(question.environment),
        }
    }
}

impl From<&Applicant> for ApplicantBody {
    fn from(applicant: &Applicant) -> Self {
        match applicant {
            Applicant::Program {
                name,
                executable,
                origins,
                code,
                name_is_taken,
            } => Self::Program {
                name: name.clone(),
                executable: shown(executable.as_deref()),
                origins: origins
                    .iter()
                    .map(|origin| origin.as_str().to_owned())
                    .collect(),
                name_is_taken: *name_is_taken,
                code: code.as_str().to_owned(),
            },
            Applicant::Page(site) => Self::Page(site.into()),
        }
    }
}

impl GrantBody {
    pub(super) fn read(self) -> Option<GrantQuestion> {
        let rights = self.rights.iter().map(|name| Right::of_name(name));
        Some(GrantQuestion {
            applicant: self.applicant.read()?,
            rights: rights.collect::<Option<Rights>>()?,
            environment: environment(self.is_test),
        })
    }
}

impl ApplicantBody {
    fn read(self) -> Option<Applicant> {
        Some(match self {
            Self::Program {
                name,
                executable,
                origins,
                name_is_taken,
                code,
            } => Applicant::Program {
                name,
                executable: executable.map(PathBuf::from),
                origins: origins
                    .iter()
                    .map(|text| origin(text))
                    .collect::<Option<_>>()?,
                code: PairingCode::parse(&code)?,
                name_is_taken,
            },
            Self::Page(site) => Applicant::Page(site.read()?),
        })
    }
}
