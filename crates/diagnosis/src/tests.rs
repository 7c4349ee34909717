//! What holds whatever the facts; and that each cause has its words.

use daemon_types::{
    CodeCondition, CodeState, Environment, ErrorCode, Generation, ReaderCondition, UnblockCodeState,
};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::facts::{
    AgentState, AskedInstead, CacheFacts, CardFacts, CertificateFacts, ChainFact,
    ConfigurationFact, ModuleFacts, ModuleState, NativeHostFacts, NativeHostState, Obstacle,
    ReaderFacts, ServiceFact, StoreFacts,
};
use crate::pro_sante_connect::REASONS;
use crate::sample::sound;

const CONDITIONS: [CodeCondition; 5] = [
    CodeCondition::Ready,
    CodeCondition::Unknown,
    CodeCondition::Blocked,
    CodeCondition::DefinitivelyBlocked,
    CodeCondition::Absent,
];
const SERVICES: [ServiceFact; 8] = [
    ServiceFact::Works,
    ServiceFact::NotUsed,
    ServiceFact::NotInstalled,
    ServiceFact::NotRunning,
    ServiceFact::AccessDenied,
    ServiceFact::Refused,
    ServiceFact::Silent,
    ServiceFact::Unknown,
];
const HOSTS: [NativeHostState; 4] = [
    NativeHostState::Told,
    NativeHostState::NotTold,
    NativeHostState::Confined,
    NativeHostState::Unknown,
];
const MODULES: [ModuleState; 6] = [
    ModuleState::Registered,
    ModuleState::NotRegistered,
    ModuleState::FileMissing,
    ModuleState::Confined,
    ModuleState::Foreign,
    ModuleState::Unknown,
];

fn names() -> impl Strategy<Value = Option<Vec<String>>> {
    option::of(prop::collection::vec(".{0,8}", 0..3))
}

fn time() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..3000).prop_map(|days| OffsetDateTime::UNIX_EPOCH + Duration::days(19_000 + days))
}

fn environment() -> impl Strategy<Value = Environment> {
    select(&[Environment::Production, Environment::Test][..])
}

fn reader() -> impl Strategy<Value = ReaderFacts> {
    let condition = prop_oneof![
        Just(ReaderCondition::Empty),
        Just(ReaderCondition::Card),
        Just(ReaderCondition::Busy),
        Just(ReaderCondition::Unreachable),
        select(ErrorCode::ALL).prop_map(|code| ReaderCondition::CardProblem(code, None)),
    ];
    (".{0,8}", condition).prop_map(|(name, condition)| ReaderFacts { name, condition })
}

fn certificate() -> impl Strategy<Value = CertificateFacts> {
    let chains = [ChainFact::Proven, ChainFact::NotProven, ChainFact::Refused];
    (time(), time(), select(chains.to_vec())).prop_map(|(not_before, not_after, chain)| {
        CertificateFacts {
            not_before,
            not_after,
            chain,
        }
    })
}

fn card() -> impl Strategy<Value = CardFacts> {
    let generations = [None, Some(Generation::Cps3), Some(Generation::Cps4)];
    let codes = (select(&CONDITIONS[..]), option::of(any::<u8>()));
    (
        environment(),
        select(generations.to_vec()),
        codes.clone(),
        codes,
        prop::collection::vec(certificate(), 0..3),
        any::<Option<bool>>(),
    )
        .prop_map(
            |(environment, generation, pin, unblock, certificates, is_registered)| CardFacts {
                environment,
                generation,
                pin: CodeState {
                    condition: pin.0,
                    tries_left: pin.1,
                    tries_maximum: Some(3),
                    minimum_len: 4,
                    maximum_len: 8,
                },
                unblock_code: UnblockCodeState {
                    condition: unblock.0,
                    tries_left: unblock.1,
                    uses_left: None,
                },
                certificates,
                is_registered,
            },
        )
}

prop_compose! {
    fn machine()(
        now in time(),
        released in time(),
        lines in option::of(prop::collection::vec(time(), 0..7)),
        free in any::<Option<u64>>(),
        proxies in names(),
        no_proxy in option::of(".{0,8}"),
    ) -> Facts {
        let mut facts = sound();
        facts.now = now;
        facts.machine.released = released;
        facts.machine.journal_times = lines;
        facts.machine.free_bytes = free;
        facts.machine.proxy_variables = proxies;
        facts.machine.no_proxy = no_proxy;
        facts
    }
}

prop_compose! {
    fn with_readers()(
        facts in machine(),
        environment in environment(),
        service in select(&SERVICES[..]),
        readers in option::of(prop::collection::vec(reader(), 0..4)),
        usb in names(),
        programs in names(),
        cards in prop::collection::vec(card(), 0..4),
    ) -> Facts {
        Facts { environment, service, readers, cards, usb_readers: usb, reader_programs: programs, ..facts }
    }
}

fn obstacles() -> Vec<Obstacle> {
    let held = |program: Option<&str>| Obstacle::PortHeld {
        port: 1,
        program: program.map(str::to_owned),
    };
    let (folder, version) = (String::new(), String::new());
    vec![
        Obstacle::StateUnwritable { folder },
        Obstacle::StateNewer { version },
        held(None),
        held(Some("cpxd")),
        held(Some("nc")),
    ]
}

fn asked_instead() -> Vec<AskedInstead> {
    let (file, folder) = (String::new(), String::new());
    let named = AskedInstead::Named { file: file.clone() };
    let [odd, unreadable] = [Some(3), None].map(|line| AskedInstead::Nobody {
        file: file.clone(),
        line,
    });
    let not_this = AskedInstead::NotThis { file, folder };
    vec![named, odd, unreadable, not_this]
}

fn configurations() -> Vec<ConfigurationFact> {
    let unusable = ConfigurationFact::Unusable {
        file: String::new(),
        line: 1,
        problem: String::new(),
    };
    let problem = String::new();
    let refused = ConfigurationFact::Refused { problem };
    // Most workstations can be configured.
    let mut all = vec![ConfigurationFact::Usable; 6];
    all.extend([unusable, refused]);
    all
}

prop_compose! {
    fn facts()(
        mut facts in with_readers(),
        state in select(&[AgentState::Runs, AgentState::Absent, AgentState::Silent][..]),
        obstacle in option::of(select(obstacles())),
        configuration in select(configurations()),
        versions in (option::of(".{0,8}"), option::of(".{0,8}"), option::of(".{0,8}")),
        ports in (any::<Option<u16>>(), any::<Option<u16>>(), option::of(".{0,8}")),
        is_replaced in any::<Option<bool>>(),
        cryptolib in any::<(Option<bool>, Option<[u32; 3]>, Option<bool>, Option<bool>)>(),
        hosts in option::of(prop::collection::vec((".{0,8}", select(&HOSTS[..])), 0..4)),
        stores in option::of(prop::collection::vec((".{0,8}", any::<Option<bool>>()), 0..4)),
        authority in any::<Option<bool>>(),
        policy in any::<Option<bool>>(),
        instead in option::of(select(asked_instead())),
        modules in option::of(prop::collection::vec((".{0,8}", select(&MODULES[..])), 0..4)),
    ) -> Facts {
        facts.agent.state = state;
        facts.agent.obstacle = obstacle;
        facts.configuration = configuration;
        (facts.agent.running_version, facts.agent.installed_version, facts.agent.newer_version) = versions;
        (facts.agent.wanted_port, facts.agent.port, facts.agent.port_holder) = ports;
        facts.agent.is_replaced = is_replaced;
        facts.cryptolib.is_there = cryptolib.0;
        facts.cryptolib.version = cryptolib.1;
        facts.cryptolib.is_only_32_bits = cryptolib.2;
        let folder = String::new();
        facts.cryptolib.cache = cryptolib.3.map(|is_stale| CacheFacts { folder, is_stale });
        let host = |(browser, state)| NativeHostFacts { browser, state };
        facts.browsers.native_hosts = hosts.map(|hosts| hosts.into_iter().map(host).collect());
        let store = |(name, is_trusting)| StoreFacts { name, is_trusting };
        facts.browsers.stores = stores.map(|stores| stores.into_iter().map(store).collect());
        facts.browsers.has_authority = authority;
        facts.browsers.loopback_by_policy = policy;
        let module = |(browser, state)| ModuleFacts { browser, state };
        facts.browsers.asked_instead = instead;
        facts.browsers.own_module = modules.map(|modules| modules.into_iter().map(module).collect());
        facts
    }
}

proptest! {
    #[test]
    fn whatever_the_facts_each_check_is_answered_once_and_in_order(facts in facts()) {
        let found = diagnose(&facts);
        let checks: Vec<Check> = found.findings.iter().map(|finding| finding.check).collect();
        prop_assert_eq!(checks, Check::ALL.to_vec());
    }

    #[test]
    fn what_hangs_on_a_failed_check_is_not_judged_and_names_it(facts in facts()) {
        let found = diagnose(&facts).findings;
        let of = |check| found.iter().find(|finding| finding.check == check).unwrap();
        for finding in &found {
            let roots = finding.check.needs().iter().map(|needed| of(*needed));
            let is_broken = |it: &&Finding| it.state == State::Failed || it.hangs_on.is_some();
            let broken = roots.clone().any(|root| is_broken(&root));
            prop_assert_eq!(finding.hangs_on.is_some(), broken);
            if let Some(root) = finding.hangs_on {
                prop_assert_eq!(finding.state, State::NotApplicable);
                prop_assert_eq!(of(root).state, State::Failed);
                prop_assert_eq!(finding.cause.code, CauseCode::HangsOn);
            }
        }
    }

    #[test]
    fn each_cause_comes_with_exactly_its_parameters(facts in facts()) {
        for finding in diagnose(&facts).findings {
            let given: Vec<_> = finding.cause.parameters.iter().map(|it| it.0).collect();
            prop_assert_eq!(given, finding.cause.code.parameters());
        }
    }
}

#[test]
fn a_check_needs_only_checks_before_it() {
    for (place, check) in Check::ALL.iter().enumerate() {
        for needed in check.needs() {
            assert!(Check::ALL[..place].contains(needed), "{check:?}");
        }
    }
}

#[test]
fn on_a_sound_workstation_nothing_failed_and_nothing_is_warned_of() {
    let found = diagnose(&sound());
    for finding in &found.findings {
        assert!(finding.state < State::Warning, "{finding:?}");
    }
    assert_eq!(found.first_failed(), None);
}

#[test]
fn each_check_cause_and_reason_has_its_words_in_both_languages() {
    for language in texts::Language::ALL {
        for check in Check::ALL {
            let title = texts::check_title(check.id(), language);
            assert_ne!(title, check.id(), "{language:?}");
        }
        for code in CauseCode::ALL {
            let argument = |name: &&'static str| (*name, texts::Argument::Number(2));
            let arguments: Vec<_> = code.parameters().iter().map(argument).collect();
            let words = texts::cause_words(code.as_str(), &arguments, language);
            let words = words.unwrap_or_else(|why| panic!("{language:?} {code:?}: {why}"));
            assert!(words.sentence.ends_with('.'), "{language:?} {code:?}");
        }
        for reason in REASONS {
            let sentence = texts::readiness_reason(reason, "", language);
            assert!(sentence.ends_with('.'), "{language:?} {reason}: {sentence}");
        }
        for name in DetailName::ALL {
            assert_ne!(texts::detail_label(name.as_str(), language), name.as_str());
        }
    }
}

#[test]
fn names_of_browsers_stand_after_a_colon_so_that_each_sentence_fits_any_number_of_them() {
    let with_names = |code: &&CauseCode| code.parameters() == ["browsers"];
    let codes: Vec<_> = CauseCode::ALL.iter().filter(with_names).collect();
    assert!(codes.len() > 5, "{codes:?}");
    for (language, colon) in [
        (texts::Language::English, ": "),
        (texts::Language::French, "\u{a0}: "),
    ] {
        for code in &codes {
            let names = texts::Argument::Text("Chromium, Firefox".to_owned());
            let words = texts::cause_words(code.as_str(), &[("browsers", names)], language);
            let sentence = words.unwrap().sentence;
            let listed = format!("{colon}Chromium, Firefox.");
            assert!(sentence.contains(&listed), "{code:?}: {sentence}");
        }
    }
}

#[test]
fn what_failed_always_comes_with_a_remedy() {
    let mut failing = Vec::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..400 {
        let facts = facts().new_tree(&mut runner).unwrap().current();
        let found = diagnose(&facts).findings.into_iter();
        failing.extend(found.filter(|finding| finding.state >= State::Warning));
    }
    for finding in failing {
        let code = finding.cause.code;
        let argument = |name: &&'static str| (*name, texts::Argument::Number(2));
        let arguments: Vec<_> = code.parameters().iter().map(argument).collect();
        let words = texts::cause_words(code.as_str(), &arguments, texts::Language::French);
        assert!(words.unwrap().remedy.is_some(), "{code:?}");
    }
}
