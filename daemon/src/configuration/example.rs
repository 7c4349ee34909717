//! The example that the packages bring is held to what the agent reads.

use super::file::ConfigurationFile;
use super::{AgentOptions, Configuration, Environment, LogLevel};

const EXAMPLE: &str = include_str!("../../../packaging/linux/cpxd.toml.example");

/// Its settings, whose lines alone have no space after their `#`.
fn uncommented() -> String {
    let settings = EXAMPLE.lines().filter_map(|line| line.strip_prefix('#'));
    let settings = settings.filter(|line| !line.is_empty() && !line.starts_with(' '));
    settings.map(|line| format!("{line}\n")).collect()
}

/// Every key, as the error for an unknown one lists them.
fn known_keys() -> Vec<String> {
    let error = toml::from_str::<ConfigurationFile>("no-such-key = 1").unwrap_err();
    let (_, keys) = error.message().split_once("expected one of ").unwrap();
    keys.split(", ")
        .map(|key| key.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_example_has_every_key_that_the_agent_knows_and_no_other() {
    let example: toml::Table = toml::from_str(&uncommented()).unwrap();
    let mut known = known_keys();
    known.sort();
    let mut shown: Vec<_> = example.keys().cloned().collect();
    shown.sort();
    assert_eq!(shown, known);
}

#[test]
fn the_example_as_it_is_configures_nothing_and_without_its_marks_the_defaults() {
    let nothing = ConfigurationFile::default();
    let read = |text: &str| toml::from_str::<ConfigurationFile>(text).unwrap();
    assert_eq!(read(EXAMPLE), nothing);
    let of = |machine: &ConfigurationFile| {
        let options = AgentOptions::default();
        let mut it = Configuration::of(machine, &options, &nothing);
        // These have no default, or one that no line can say.
        (it.port, it.pinentry, it.language) = (None, None, None);
        it.environment = it.environment.or(Some(Environment::Production));
        it.log_level = it.log_level.or(Some(LogLevel::Info));
        it
    };
    let example = read(&uncommented());
    assert_eq!(of(&example), of(&nothing));
    assert_eq!(
        super::session_limits(&example, &nothing).unwrap(),
        super::session_limits(&nothing, &nothing).unwrap()
    );
    let sites = example.allowed_origins.unwrap();
    assert!(sites[0].read().is_ok());
}

#[test]
fn the_example_names_what_is_for_the_policy_alone() {
    for key in ["signature-code", "[[allowed-origins]]"] {
        let (before, _) = EXAMPLE.split_once(&format!("\n#{key}")).unwrap();
        let (_, comment) = before.rsplit_once("\n\n").unwrap();
        assert!(comment.contains("FOR THE POLICY ALONE"), "{key}: {comment}");
    }
    assert_eq!(EXAMPLE.matches("FOR THE POLICY ALONE").count(), 2);
}
