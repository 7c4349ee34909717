//! The configuration: a file of the user, a policy of the machine that wins over it.

#[cfg(test)]
mod example;
mod file;
mod pinentry;
#[cfg(unix)]
mod policy;
#[cfg(any(windows, test))]
mod registry;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use daemon_cards::AfterUse;
use daemon_operations::KeypadPolicy;
use daemon_types::{AllowedSite, Environment, Right, SessionLimits, SignatureCode};
use texts::Language;
use updates::UpdateSource;

use crate::command_line::{AgentOptions, LogFormat, LogLevel};
use crate::logging::LogFile;
use file::{
    AfterUseName, AllowedOrigin, ConfigurationFile, EnvironmentName, KeypadName, SignatureCodeName,
    read, read_if_there,
};
pub(crate) use file::{PromptName, ReaderSourceName, UnusableFile};

/// What the agent is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The user's file that was named, instead of the usual one.
    pub(crate) named_file: Option<PathBuf>,
    pub(crate) port: Option<u16>,
    /// The port of command line or user, where the policy names another.
    pub(crate) overruled_port: Option<u16>,
    pub(crate) reader_sources: Vec<ReaderSourceName>,
    /// `None` where no file names it.
    pub(crate) environment: Option<Environment>,
    pub(crate) after_use: AfterUse,
    pub(crate) prompt: PromptName,
    /// The pinentry that asks, where `prompt` names it.
    pub(crate) pinentry: Option<PathBuf>,
    /// Whether public data of cards are kept for their next insertion.
    pub(crate) remember_cards: bool,
    /// Sites that the machine's policy lets in.
    pub(crate) allowed_sites: Vec<AllowedSite>,
    pub(crate) session_limits: SessionLimits,
    pub(crate) signature_code: SignatureCode,
    pub(crate) keypad: KeypadPolicy,
    /// `None` where nothing names it.
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) log_format: LogFormat,
    /// `None` for standard error.
    pub(crate) log_file: Option<LogFile>,
    /// Where newer versions are announced; `None` where nobody is asked.
    pub(crate) update_source: Option<UpdateSource>,
    /// The language of all that is said; `None` where nothing names it.
    pub(crate) language: Option<Language>,
    /// Whether the stores of this user come to trust the authority once, without a command.
    pub(crate) trust_ca: bool,
    /// Whether operations are counted and timed for who looks after the workstation.
    pub(crate) metrics: bool,
    /// Where newer nomenclature tables may lie: beside the user's file, then the machine's.
    pub(crate) nomenclature_folders: Vec<PathBuf>,
}

impl Configuration {
    /// The machine's policy, then the command line, then the user's file, then the defaults.
    ///
    /// # Errors
    /// When a file is there and cannot be read, with its line and key.
    pub(crate) fn load(options: &AgentOptions) -> anyhow::Result<Self> {
        let places = platform::paths::config_files();
        let machine = of_machine(&places.machine)?;
        let user = match (&options.config, &places.user) {
            (Some(file), _) => read(file)?,
            (None, Some(file)) => read_if_there(file)?,
            (None, None) => ConfigurationFile::default(),
        };
        anyhow::ensure!(
            user.allowed_origins.is_none(),
            "allowed-origins is for the machine's policy alone ({})",
            places.machine.display()
        );
        anyhow::ensure!(
            user.signature_code.is_none(),
            "signature-code is for the machine's policy alone ({})",
            places.machine.display()
        );
        pinentry::check(&places.machine, &machine, &user)?;
        let allowed = machine.allowed_origins.iter().flatten();
        let allowed_sites = allowed.map(AllowedOrigin::read);
        let allowed_sites = allowed_sites.collect::<anyhow::Result<_>>()?;
        let files = [options.config.as_ref().or(places.user.as_ref())];
        let files = files.into_iter().flatten().chain([&places.machine]);
        Ok(Self {
            nomenclature_folders: files.filter_map(|file| nomenclature_beside(file)).collect(),
            allowed_sites,
            session_limits: session_limits(&machine, &user)?,
            update_source: update_source(&machine, &user)?,
            log_file: log_file(&machine, &user)?,
            ..Self::of(&machine, options, &user)
        })
    }

    /// What holds where no file says anything.
    pub(crate) fn by_default() -> Self {
        let nothing = ConfigurationFile::default();
        Self::of(&nothing, &AgentOptions::default(), &nothing)
    }

    fn of(machine: &ConfigurationFile, options: &AgentOptions, user: &ConfigurationFile) -> Self {
        let named = Some(options.reader_source.clone()).filter(|sources| !sources.is_empty());
        let environment = machine.environment.or(user.environment);
        let after_use = machine.after_use.or(user.after_use);
        let asked_port = options.port.or(user.port);
        let is_overruled = |asked: &u16| machine.port.is_some_and(|port| port != *asked);
        Self {
            named_file: options.config.clone(),
            port: machine.port.or(asked_port),
            overruled_port: asked_port.filter(is_overruled),
            reader_sources: machine
                .reader_source
                .clone()
                .or(named)
                .or_else(|| user.reader_source.clone())
                .unwrap_or_else(|| vec![ReaderSourceName::Pcsc]),
            environment: environment.map(|name| match name {
                EnvironmentName::Test => Environment::Test,
                EnvironmentName::Production => Environment::Production,
            }),
            after_use: match after_use {
                Some(AfterUseName::Leave) => AfterUse::Leave,
                Some(AfterUseName::Reset) | None => AfterUse::Reset,
            },
            prompt: machine.prompt.or(user.prompt).unwrap_or_default(),
            pinentry: machine.pinentry.clone().or_else(|| user.pinentry.clone()),
            remember_cards: machine
                .remember_cards
                .or(user.remember_cards)
                .unwrap_or(true),
            log_level: machine.log_level.or(options.log_level).or(user.log_level),
            log_format: machine
                .log_format
                .or(options.log_format)
                .or(user.log_format)
                .unwrap_or(LogFormat::Text),
            update_source: None,
            log_file: None,
            language: machine.language.or(user.language).map(Language::from),
            trust_ca: machine.trust_ca.or(user.trust_ca).unwrap_or(false),
            metrics: machine.metrics.or(user.metrics).unwrap_or(false),
            nomenclature_folders: Vec::new(),
            allowed_sites: Vec::new(),
            session_limits: SessionLimits::DEFAULT,
            signature_code: match machine.signature_code {
                Some(SignatureCodeName::Session) => SignatureCode::Session,
                Some(SignatureCodeName::Each) | None => SignatureCode::Each,
            },
            keypad: match machine.keypad.or(user.keypad) {
                Some(KeypadName::Never) => KeypadPolicy::Never,
                Some(KeypadName::Auto) | None => KeypadPolicy::Auto,
            },
        }
    }
}

fn of_machine(file: &Path) -> anyhow::Result<ConfigurationFile> {
    #[cfg(windows)]
    return registry::machine(file);
    #[cfg(unix)]
    policy::of_machine(file)
}

/// The language that machine or user name, for whoever has to speak before the configuration is loaded,
/// or because it cannot be. A file that cannot be read names none.
pub(crate) fn language(named: Option<&Path>) -> Option<Language> {
    let places = platform::paths::config_files();
    let machine = of_machine(&places.machine).ok();
    let user = || read_if_there(named.or(places.user.as_deref())?).ok();
    let named = machine.and_then(|machine| machine.language);
    let named = named.or_else(|| user()?.language);
    named.map(Language::from)
}

/// A machine sets what holds on it, up to what no machine may; its user may only shorten that.
fn session_limits(
    machine: &ConfigurationFile,
    user: &ConfigurationFile,
) -> anyhow::Result<SessionLimits> {
    let (default, maximum) = (SessionLimits::DEFAULT, SessionLimits::MAXIMUM);
    let limit = |name, machine, user, default: Duration, maximum: Duration| {
        let of_machine = read_seconds(name, machine, maximum)?.unwrap_or(default);
        let of_user = read_seconds(name, user, maximum)?.unwrap_or(of_machine);
        Ok::<_, anyhow::Error>(of_user.min(of_machine))
    };
    Ok(SessionLimits {
        inactivity: limit(
            "session-inactivity-seconds",
            machine.session_inactivity_seconds,
            user.session_inactivity_seconds,
            default.inactivity,
            maximum.inactivity,
        )?,
        age: limit(
            "session-age-seconds",
            machine.session_age_seconds,
            user.session_age_seconds,
            default.age,
            maximum.age,
        )?,
    })
}

/// On where an address is named, unless machine or user say no.
fn update_source(
    machine: &ConfigurationFile,
    user: &ConfigurationFile,
) -> anyhow::Result<Option<UpdateSource>> {
    let url = machine.update_url.as_ref().or(user.update_url.as_ref());
    let source = url.map(|url| UpdateSource::new(url)).transpose();
    let source = source.context("update-url")?;
    let is_on = machine.update_check.or(user.update_check).unwrap_or(true);
    Ok(source.filter(|_| is_on))
}

fn log_file(
    machine: &ConfigurationFile,
    user: &ConfigurationFile,
) -> anyhow::Result<Option<LogFile>> {
    let path = machine.log_file.as_ref().or(user.log_file.as_ref());
    path.map(|path| LogFile::of(path)).transpose()
}

fn read_seconds(
    name: &str,
    seconds: Option<u64>,
    maximum: Duration,
) -> anyhow::Result<Option<Duration>> {
    let maximum = maximum.as_secs();
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    anyhow::ensure!(
        (1..=maximum).contains(&seconds),
        "{name}: it has to be 1 to {maximum} seconds here"
    );
    Ok(Some(Duration::from_secs(seconds)))
}

fn nomenclature_beside(file: &Path) -> Option<PathBuf> {
    Some(file.parent()?.join("nomenclature"))
}

impl Configuration {
    /// What decides over the use of cards, by its names in the file: the journal keeps it.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let sources = self.reader_sources.iter().map(ToString::to_string);
        let sources = sources.collect::<Vec<_>>().join(" ");
        let environment = match self.environment {
            Some(Environment::Test) => "test",
            Some(Environment::Production) | None => "production",
        };
        let after_use = match self.after_use {
            AfterUse::Reset => "reset",
            AfterUse::Leave => "leave",
        };
        let signature_code = match self.signature_code {
            SignatureCode::Each => "each",
            SignatureCode::Session => "session",
        };
        let keypad = match self.keypad {
            KeypadPolicy::Auto => "auto",
            KeypadPolicy::Never => "never",
        };
        let seconds = |time: Duration| time.as_secs().to_string();
        let inactivity = seconds(self.session_limits.inactivity);
        let age = seconds(self.session_limits.age);
        let remember_cards = if self.remember_cards { "true" } else { "false" };
        let allowed = self.allowed_sites.iter().map(|site| {
            let rights: Vec<_> = site.rights.iter().map(Right::as_str).collect();
            format!("{} ({})", site.origin, rights.join(" "))
        });
        let allowed_origins = in_full_or_counted(allowed.collect());
        let prompt = match self.prompt {
            PromptName::Auto => "auto",
            PromptName::Window => "window",
            PromptName::Terminal => "terminal",
            PromptName::Pinentry => "pinentry",
        };
        let pinentry = self.pinentry.as_ref();
        let pinentry = pinentry.map_or("none".to_owned(), |path| path.display().to_string());
        let settings = [
            ("after-use", after_use),
            ("allowed-origins", &allowed_origins),
            ("environment", environment),
            ("keypad", keypad),
            ("pinentry", &pinentry),
            ("prompt", prompt),
            ("reader-source", &sources),
            ("remember-cards", remember_cards),
            ("session-inactivity-seconds", &inactivity),
            ("session-age-seconds", &age),
            ("signature-code", signature_code),
        ];
        settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

/// A list that fits into a line of the journal, or how many stand there that do not.
fn in_full_or_counted(list: Vec<String>) -> String {
    let count = list.len();
    if list.is_empty() {
        return "none".to_owned();
    }
    let text = list.join(", ");
    if text.len() <= LONGEST_SETTING {
        return text;
    }
    let fit = list.iter().scan(0, |len, item| {
        *len += item.len() + 2;
        Some(*len)
    });
    let fit = fit.take_while(|len| *len <= LONGEST_SETTING).count();
    let shown: Vec<_> = list.into_iter().take(fit).collect();
    format!("{} … ({count} in all)", shown.join(", "))
}

/// Bytes of one setting in the journal.
const LONGEST_SETTING: usize = 4000;
