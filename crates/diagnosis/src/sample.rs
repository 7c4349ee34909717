//! A workstation on which nothing is wrong, which each test makes worse.

use daemon_types::{CodeCondition, CodeState, Environment, ReaderCondition, UnblockCodeState};
use time::Duration;
use time::macros::datetime;

use crate::facts::{
    AgentFacts, AgentState, BrowserFacts, CardFacts, CertificateFacts, ChainFact,
    ConfigurationFact, CryptolibFacts, Facts, MachineFacts, ModuleFacts, ModuleState, ReaderFacts,
    ServiceFact,
};
use crate::{CauseCode, Check, State, diagnose};

pub(crate) fn reader(name: &str, condition: ReaderCondition) -> ReaderFacts {
    let name = name.to_owned();
    ReaderFacts { name, condition }
}

pub(crate) fn sound() -> Facts {
    let now = datetime!(2026-12-01 12:00 UTC);
    let version = Some("1.0.0".to_owned());
    Facts {
        now,
        environment: Environment::Production,
        configuration: ConfigurationFact::Usable,
        state_dir: None,
        agent: AgentFacts {
            state: AgentState::Runs,
            obstacle: None,
            running_version: version.clone(),
            installed_version: version,
            is_replaced: Some(false),
            newer_version: None,
            wanted_port: Some(27900),
            port: Some(27900),
            port_holder: None,
        },
        machine: MachineFacts {
            released: now - Duration::days(30),
            journal_times: Some(vec![now - Duration::minutes(1); 5]),
            free_bytes: Some(1 << 40),
            proxy_variables: Some(Vec::new()),
            no_proxy: None,
        },
        service: ServiceFact::Works,
        readers: Some(vec![reader("A", ReaderCondition::Card)]),
        usb_readers: Some(vec!["A".into()]),
        reader_programs: Some(Vec::new()),
        cards: vec![CardFacts {
            environment: Environment::Production,
            generation: Some(daemon_types::Generation::Cps3),
            pin: CodeState {
                condition: CodeCondition::Ready,
                tries_left: Some(3),
                tries_maximum: Some(3),
                minimum_len: 4,
                maximum_len: 4,
            },
            unblock_code: UnblockCodeState {
                condition: CodeCondition::Ready,
                tries_left: Some(3),
                uses_left: Some(100),
            },
            certificates: vec![CertificateFacts {
                not_before: now - Duration::days(30),
                not_after: now + Duration::days(1000),
                chain: ChainFact::Proven,
            }],
            is_registered: Some(true),
        }],
        cryptolib: CryptolibFacts {
            is_there: Some(false),
            version: None,
            is_only_32_bits: None,
            cache: None,
        },
        browsers: BrowserFacts {
            native_hosts: Some(Vec::new()),
            has_authority: Some(true),
            stores: Some(Vec::new()),
            loopback_by_policy: None,
            own_module: Some(Vec::new()),
            asked_instead: None,
        },
        unanswered: Vec::new(),
    }
}

/// Browsers that know this of cpxd's own module.
pub(crate) fn with_module(states: &[ModuleState]) -> Option<Vec<ModuleFacts>> {
    let browser = |state: &ModuleState| ModuleFacts {
        browser: "Firefox".into(),
        state: *state,
    };
    Some(states.iter().map(browser).collect())
}

#[track_caller]
pub(crate) fn assert_judged(facts: &Facts, check: Check, state: State, cause: CauseCode) {
    let found = diagnose(facts);
    let finding = found.findings.iter().find(|it| it.check == check).unwrap();
    assert_eq!((finding.state, finding.cause.code), (state, cause));
    let names: Vec<_> = finding.cause.parameters.iter().map(|it| it.0).collect();
    assert_eq!(names, cause.parameters(), "{cause:?}");
}
