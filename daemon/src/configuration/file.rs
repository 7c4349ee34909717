//! What a configuration file may say, and how it is read.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use daemon_types::{AllowedSite, Origin, Right, Rights};
use serde::{Deserialize, Deserializer, de};
use texts::Language;

use crate::command_line::{LogFormat, LogLevel};

/// A source of readers by its name on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReaderSourceName {
    Pcsc,
    Virtual,
    /// A vendor's PKCS#11 module, at this place or where the official one is known to lie.
    Pkcs11(Option<PathBuf>),
}

impl FromStr for ReaderSourceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.split_once(':') {
            None if name == "pcsc" => Ok(Self::Pcsc),
            None if name == "virtual" => Ok(Self::Virtual),
            None if name == "pkcs11" => Ok(Self::Pkcs11(None)),
            Some(("pkcs11", path)) if Path::new(path).is_absolute() => {
                Ok(Self::Pkcs11(Some(path.into())))
            }
            Some(("pkcs11", _)) => Err(
                "a PKCS#11 module is named by its full path, as in pkcs11:/opt/module.so".into(),
            ),
            _ => Err("the sources are pcsc, virtual, pkcs11 and pkcs11:PATH".into()),
        }
    }
}

impl fmt::Display for ReaderSourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcsc => f.write_str("pcsc"),
            Self::Virtual => f.write_str("virtual"),
            Self::Pkcs11(None) => f.write_str("pkcs11"),
            Self::Pkcs11(Some(path)) => write!(f, "pkcs11:{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for ReaderSourceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

/// One configuration file; what it leaves out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ConfigurationFile {
    pub(super) port: Option<u16>,
    pub(super) reader_source: Option<Vec<ReaderSourceName>>,
    pub(super) environment: Option<EnvironmentName>,
    pub(super) after_use: Option<AfterUseName>,
    pub(super) prompt: Option<PromptName>,
    pub(super) pinentry: Option<PathBuf>,
    pub(super) remember_cards: Option<bool>,
    /// The machine's alone: a user lets sites in by an answer, which can be revoked.
    pub(super) allowed_origins: Option<Vec<AllowedOrigin>>,
    pub(super) session_inactivity_seconds: Option<u64>,
    pub(super) session_age_seconds: Option<u64>,
    /// The machine's alone, like all that asks less of the holder.
    pub(super) signature_code: Option<SignatureCodeName>,
    pub(super) keypad: Option<KeypadName>,
    pub(super) log_level: Option<LogLevel>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) update_check: Option<bool>,
    pub(super) update_url: Option<String>,
    pub(super) language: Option<LanguageName>,
    pub(super) trust_ca: Option<bool>,
    pub(super) metrics: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EnvironmentName {
    Production,
    Test,
}

/// Where the holder is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PromptName {
    /// In the window where there is a display, else at the terminal.
    #[default]
    Auto,
    /// In the window alone.
    Window,
    /// At the terminal alone.
    Terminal,
    /// By the pinentry that is configured beside it.
    Pinentry,
}

/// The language of all that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum LanguageName {
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "en")]
    English,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::French => Self::French,
            LanguageName::English => Self::English,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AfterUseName {
    Reset,
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignatureCodeName {
    Each,
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeypadName {
    Auto,
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AllowedOrigin {
    origin: String,
    rights: Vec<String>,
}

impl AllowedOrigin {
    pub(super) fn read(&self) -> anyhow::Result<AllowedSite> {
        let origin = Origin::parse(&self.origin)
            .with_context(|| format!("allowed-origins: {:?}", self.origin))?;
        let rights = self.rights.iter().map(|name| {
            let right = Right::of_name(name).filter(|right| right.is_for_pages());
            right.with_context(|| format!("allowed-origins: no site may have the right {name:?}"))
        });
        Ok(AllowedSite {
            origin,
            rights: rights.collect::<anyhow::Result<Rights>>()?,
        })
    }
}

#[cfg(any(windows, test))]
impl ConfigurationFile {
    /// These settings, and where they say nothing those of a weaker one.
    pub(super) fn over(self, weaker: Self) -> Self {
        Self {
            port: self.port.or(weaker.port),
            reader_source: self.reader_source.or(weaker.reader_source),
            environment: self.environment.or(weaker.environment),
            after_use: self.after_use.or(weaker.after_use),
            prompt: self.prompt.or(weaker.prompt),
            pinentry: self.pinentry.or(weaker.pinentry),
            remember_cards: self.remember_cards.or(weaker.remember_cards),
            allowed_origins: self.allowed_origins.or(weaker.allowed_origins),
            session_inactivity_seconds: self
                .session_inactivity_seconds
                .or(weaker.session_inactivity_seconds),
            session_age_seconds: self.session_age_seconds.or(weaker.session_age_seconds),
            signature_code: self.signature_code.or(weaker.signature_code),
            keypad: self.keypad.or(weaker.keypad),
            log_level: self.log_level.or(weaker.log_level),
            log_format: self.log_format.or(weaker.log_format),
            log_file: self.log_file.or(weaker.log_file),
            update_check: self.update_check.or(weaker.update_check),
            update_url: self.update_url.or(weaker.update_url),
            language: self.language.or(weaker.language),
            trust_ca: self.trust_ca.or(weaker.trust_ca),
            metrics: self.metrics.or(weaker.metrics),
        }
    }
}

/// A policy that is there must never be passed over, so only a file that is known to be absent
/// configures nothing.
pub(super) fn read_if_there(file: &Path) -> anyhow::Result<ConfigurationFile> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ConfigurationFile::default()),
        text => parse(file, text),
    }
}

pub(super) fn read(file: &Path) -> anyhow::Result<ConfigurationFile> {
    parse(file, fs::read_to_string(file))
}

/// A file that says what is no setting.
#[derive(Debug, thiserror::Error)]
#[error("in the configuration {}", file.display())]
pub(crate) struct UnusableFile {
    pub(crate) file: PathBuf,
    /// The line that is wrong, from 1 on.
    pub(crate) line: u32,
    #[source]
    pub(crate) source: toml::de::Error,
}

pub(super) fn parse(file: &Path, text: io::Result<String>) -> anyhow::Result<ConfigurationFile> {
    let text = text.with_context(|| format!("reading the configuration {}", file.display()))?;
    let unusable = |source: toml::de::Error| {
        let begin = source.span().and_then(|span| text.get(..span.start));
        let before = begin.unwrap_or_default().matches('\n').count();
        UnusableFile {
            file: file.to_owned(),
            line: u32::try_from(before + 1).unwrap_or(u32::MAX),
            source,
        }
    };
    Ok(toml::from_str(&text).map_err(unusable)?)
}
