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
    let [one, two] = ["one", "two"].map(|name| format!("update-url = \"https://{name}.example/\""));
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
    let [window, terminal] = ["window", "terminal"].map(|name| file(&format!("prompt = {name:?}")));
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
