//! The configuration: a file of the user, a policy of the machine that wins over it.

#[cfg(test)]
mod example;
mod file;
mod pinentry;
#[cfg(unix)]
mod policy;
#[cfg(any(windows, test))]
mod registry;

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

#[cfg(test)]
mod tests {
    use std::fs;

    use daemon_types::Origin;

    use super::*;

    fn options() -> AgentOptions {
        AgentOptions {
            supervised: false,
            config: None,
            port: None,
            reader_source: Vec::new(),
            log_level: None,
            log_format: None,
            scripted_holder: None,
        }
    }

    fn file(text: &str) -> ConfigurationFile {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn production_pcsc_and_reset_are_the_defaults() {
        let nothing = ConfigurationFile::default();
        let configuration = Configuration::of(&nothing, &options(), &nothing);
        assert_eq!(configuration.environment, None);
        assert_eq!(configuration.log_level, None);
        assert_eq!(configuration.after_use, AfterUse::Reset);
        assert_eq!(configuration.prompt, PromptName::Auto);
        assert!(configuration.remember_cards);
        assert_eq!(configuration.reader_sources, [ReaderSourceName::Pcsc]);
        assert_eq!(configuration.port, None);
    }

    #[test]
    fn the_machine_wins_over_the_command_line_and_that_over_the_user() {
        let machine = file("port = 1");
        let user = file("port = 3\nafter-use = \"leave\"");
        let nothing = ConfigurationFile::default();
        let mut options = options();
        options.port = Some(2);
        let port = |machine, user| Configuration::of(machine, &options, user).port;
        assert_eq!(port(&machine, &user), Some(1));
        assert_eq!(port(&nothing, &user), Some(2));
        let configuration = Configuration::of(&nothing, &options, &user);
        assert_eq!(configuration.after_use, AfterUse::Leave);
    }

    #[test]
    fn a_port_that_the_policy_overrules_is_known() {
        let [one, two] = [1, 2].map(|port| file(&format!("port = {port}")));
        let overruled = |machine, user| Configuration::of(machine, &options(), user).overruled_port;
        assert_eq!(overruled(&one, &two), Some(2));
        assert_eq!(overruled(&one, &one), None);
        assert_eq!(overruled(&ConfigurationFile::default(), &two), None);
    }

    #[test]
    fn a_machine_that_remembers_no_cards_is_not_talked_out_of_it() {
        let [yes, no] = [true, false].map(|yes| file(&format!("remember-cards = {yes}")));
        let nothing = ConfigurationFile::default();
        let remembers = |machine, user| Configuration::of(machine, &options(), user).remember_cards;
        assert!(!remembers(&no, &yes));
        assert!(!remembers(&nothing, &no));
        assert!(remembers(&yes, &no));
    }

    #[test]
    fn a_machine_says_whether_and_where_newer_versions_are_looked_for() {
        let asked = |machine: &str, user: &str| update_source(&file(machine), &file(user)).unwrap();
        let [one, two] =
            ["one", "two"].map(|name| format!("update-url = \"https://{name}.example/\""));
        let source = |name: &str| UpdateSource::new(&format!("https://{name}.example/")).ok();
        assert_eq!(asked("", ""), None);
        assert_eq!(asked("", &one), source("one"));
        assert_eq!(asked(&two, &one), source("two"));
        assert_eq!(asked("update-check = false", &one), None);
        let user = format!("{one}\nupdate-check = true");
        assert_eq!(asked("update-check = false", &user), None);
        assert_eq!(asked(&two, "update-check = false"), None);
        assert!(update_source(&file("update-url = \"http://one.example/\""), &file("")).is_err());
    }

    #[test]
    fn the_machine_says_where_the_holder_is_asked() {
        let [window, terminal] =
            ["window", "terminal"].map(|name| file(&format!("prompt = {name:?}")));
        let nothing = ConfigurationFile::default();
        let prompt = |machine, user| Configuration::of(machine, &options(), user).prompt;
        assert_eq!(prompt(&window, &terminal), PromptName::Window);
        assert_eq!(prompt(&nothing, &terminal), PromptName::Terminal);
        assert!(toml::from_str::<ConfigurationFile>("prompt = \"browser\"").is_err());
    }

    #[test]
    fn the_machine_says_first_what_is_spoken_and_nothing_is_trusted_unasked() {
        let of = |machine: &str, user: &str| {
            let configuration = Configuration::of(&file(machine), &options(), &file(user));
            (configuration.language, configuration.trust_ca)
        };
        let [french, english] = ["fr", "en"].map(|name| format!("language = {name:?}"));
        assert_eq!(of("", ""), (None, false));
        assert_eq!(of("", &english), (Some(Language::English), false));
        assert_eq!(of(&french, &english), (Some(Language::French), false));
        assert!(of("trust-ca = true", "").1);
        assert!(of("", "trust-ca = true").1);
        assert!(!of("trust-ca = false", "trust-ca = true").1);
        assert!(toml::from_str::<ConfigurationFile>("language = \"de\"").is_err());
    }

    #[test]
    fn nothing_is_counted_unless_machine_or_user_want_it() {
        let counts = |machine: &str, user: &str| {
            Configuration::of(&file(machine), &options(), &file(user)).metrics
        };
        assert!(!counts("", ""));
        assert!(counts("", "metrics = true"));
        assert!(counts("metrics = true", "metrics = false"));
        assert!(!counts("metrics = false", "metrics = true"));
    }

    #[test]
    fn keypads_are_used_unless_machine_or_user_say_never() {
        let [auto, never] = ["auto", "never"].map(|word| file(&format!("keypad = {word:?}")));
        let nothing = ConfigurationFile::default();
        let keypad = |machine, user| {
            let configuration = Configuration::of(machine, &options(), user);
            (
                configuration.keypad,
                configuration.settings()["keypad"].clone(),
            )
        };
        let used = (KeypadPolicy::Auto, "auto".to_owned());
        let unused = (KeypadPolicy::Never, "never".to_owned());
        assert_eq!(keypad(&nothing, &nothing), used);
        assert_eq!(keypad(&nothing, &never), unused);
        assert_eq!(keypad(&auto, &never), used);
        assert_eq!(keypad(&never, &auto), unused);
    }

    #[test]
    fn a_policy_lets_a_site_in_by_its_exact_origin_and_with_the_rights_of_a_page() {
        let read = |origin: &str, rights: &str| {
            let text = format!("[[allowed-origins]]\norigin = {origin:?}\nrights = [{rights}]");
            file(&text).allowed_origins.unwrap()[0].read()
        };
        let allowed = read("https://service.example", r#""identify", "sign""#).unwrap();
        assert_eq!(allowed.origin.as_str(), "https://service.example");
        assert!(allowed.rights.contains(Right::Sign));
        for (origin, rights) in [
            ("https://*.service.example", r#""identify""#),
            ("http://service.example", r#""identify""#),
            ("https://service.example", r#""manage""#),
            ("https://service.example", r#""decipher""#),
            ("https://service.example", r#""all""#),
        ] {
            assert!(read(origin, rights).is_err(), "{origin} {rights}");
        }
    }

    #[test]
    fn a_user_shortens_sessions_and_a_machine_sets_them_within_bounds() {
        let limits = |machine: &str, user: &str| session_limits(&file(machine), &file(user));
        let of = |inactivity, age| SessionLimits {
            inactivity: Duration::from_secs(inactivity),
            age: Duration::from_secs(age),
        };
        let inactive = |seconds: u32| format!("session-inactivity-seconds = {seconds}");
        let old = |seconds: u32| format!("session-age-seconds = {seconds}");
        assert_eq!(limits("", "").unwrap(), of(900, 14_400));
        assert_eq!(limits("", &inactive(60)).unwrap(), of(60, 14_400));
        assert_eq!(limits(&inactive(1800), "").unwrap(), of(1800, 14_400));
        assert_eq!(limits(&old(600), &old(300)).unwrap(), of(900, 300));
        assert_eq!(limits("", &inactive(901)).unwrap(), of(900, 14_400));
        assert_eq!(
            limits(&inactive(60), &inactive(61)).unwrap(),
            of(60, 14_400)
        );
        for (machine, user) in [
            (inactive(1801), String::new()),
            (String::new(), inactive(1801)),
            (old(43_201), String::new()),
            (old(0), String::new()),
        ] {
            let error = limits(&machine, &user).unwrap_err().to_string();
            assert!(error.contains("-seconds: it has to be 1 to"), "{error}");
        }
    }

    #[test]
    fn a_user_asks_no_fewer_codes_by_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cpxd.toml");
        fs::write(&file, "signature-code = \"session\"").unwrap();
        let mut options = options();
        options.config = Some(file);
        let error = Configuration::load(&options).unwrap_err().to_string();
        assert!(error.contains("machine's policy alone"), "{error}");
    }

    #[test]
    fn the_journal_is_told_which_sites_the_policy_lets_in() {
        let nothing = ConfigurationFile::default();
        let mut configuration = Configuration::of(&nothing, &options(), &nothing);
        assert_eq!(configuration.settings()["allowed-origins"], "none");
        let site = |number: u32| AllowedSite {
            origin: Origin::parse(&format!("https://n{number}.service.example")).unwrap(),
            rights: [Right::Identify, Right::Sign].into_iter().collect(),
        };
        configuration.allowed_sites = vec![site(1)];
        assert_eq!(
            configuration.settings()["allowed-origins"],
            "https://n1.service.example (identify sign)"
        );
        configuration.allowed_sites = (0..1000).map(site).collect();
        let told = &configuration.settings()["allowed-origins"];
        assert!(
            told.len() < 4100 && told.ends_with("(1000 in all)"),
            "{told}"
        );
    }

    #[test]
    fn the_journal_is_told_by_what_the_holder_is_asked() {
        let nothing = ConfigurationFile::default();
        let told = |user| {
            let mut settings = Configuration::of(&nothing, &options(), user).settings();
            ["prompt", "pinentry"].map(|name| settings.remove(name).unwrap())
        };
        assert_eq!(told(&nothing), ["auto", "none"]);
        let user = file("prompt = \"pinentry\"\npinentry = \"/usr/bin/pinentry-qt\"");
        assert_eq!(told(&user), ["pinentry", "/usr/bin/pinentry-qt"]);
    }

    #[test]
    fn a_user_lets_nobody_in_by_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cpxd.toml");
        let text = "[[allowed-origins]]\norigin = \"https://service.example\"\nrights = []";
        fs::write(&file, text).unwrap();
        let mut options = options();
        options.config = Some(file);
        let error = Configuration::load(&options).unwrap_err().to_string();
        assert!(error.contains("machine's policy alone"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_line_and_key() {
        let error = toml::from_str::<ConfigurationFile>("port = 1\nprot = 2").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 2") && text.contains("prot"), "{text}");
    }

    #[test]
    fn only_an_absent_file_configures_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cpxd.toml");
        assert_eq!(read_if_there(&file).unwrap(), ConfigurationFile::default());
        // Root may read everything, so a link to itself stands for a file that may not be read.
        std::os::unix::fs::symlink(&file, &file).unwrap();
        let error = read_if_there(&file).unwrap_err();
        assert!(error.to_string().contains("cpxd.toml"), "{error}");
    }
}
