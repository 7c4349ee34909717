//! Whether Pro Santé Connect can be entered by card on this workstation.
//!
//! There the browser authenticates with the card, through Cryptolib CPS, in which the agent takes no part, or through
//! cpxd's own PKCS#11 module, which is nothing without the agent.

use daemon_types::{CodeCondition, Environment};

use crate::facts::{CardFacts, Facts, ModuleState};
use crate::rules::cryptolib::is_a_way;
use crate::{Check, Finding, State};

/// Whether it can, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it can.
    pub state: ReadinessState,
    /// Stable code of the reason; each has its sentence in `diagnosis.ftl`.
    pub reason: &'static str,
    /// The check that says more, where there is one.
    pub check: Option<Check>,
}

/// Whether it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadinessState {
    /// All that can be looked at is as it must be.
    Ready,
    /// Something is missing.
    NotReady,
    /// Nobody could find out.
    Unknown,
}

impl ReadinessState {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "notReady",
            Self::Unknown => "unknown",
        }
    }
}

/// Every reason there is.
#[cfg(test)]
pub(crate) const REASONS: [&str; 19] = [
    "check-failed",
    "card-not-read",
    "not-registered",
    "card-contactless",
    "register-unknown",
    "module-missing",
    "cryptolib-too-old",
    "cryptolib-only-32-bits",
    "module-asks-another-agent",
    "module-foreign",
    "module-confined",
    "cryptolib-too-old-and-no-module",
    "cryptolib-only-32-bits-and-no-module",
    "ready",
    "ready-for-tests",
    "ready-in-some-browsers",
    "ready-for-tests-in-some-browsers",
    "ready-perhaps-in-some-browsers",
    "ready-for-tests-perhaps-in-some-browsers",
];

pub(crate) fn judge(facts: &Facts, findings: &[Finding]) -> Readiness {
    let cryptolib = through_cryptolib(facts);
    let own_module = through_own_module(facts);
    let rests_on_the_agent = own_module == Way::Open && cryptolib != Way::Open;
    let is_needed = |check: &Check| {
        NEEDED.contains(check) || (rests_on_the_agent && NEEDED_BY_OWN_MODULE.contains(check))
    };
    let mut failed = findings
        .iter()
        .filter(|finding| finding.state == State::Failed);
    // What is to be mended first is the same whatever for.
    let first = failed.clone().next();
    let is_kept_away = failed.any(|finding| is_needed(&finding.check));
    if let Some(first) = first.filter(|_| is_kept_away) {
        return Readiness {
            state: ReadinessState::NotReady,
            reason: "check-failed",
            check: Some(first.check),
        };
    }
    let Some(card) = card_to_show(facts) else {
        return because(ReadinessState::Unknown, "card-not-read");
    };
    if card.is_registered == Some(false) {
        return because(ReadinessState::NotReady, "not-registered");
    }
    if is_contactless(card) {
        return because(ReadinessState::NotReady, "card-contactless");
    }
    match (cryptolib, own_module) {
        (Way::Open, _) | (_, Way::Open) => {}
        (Way::Closed(of_cryptolib), Way::Closed(of_module)) => {
            return neither(of_cryptolib, of_module);
        }
        (Way::Unknown, _) | (_, Way::Unknown) => {
            return because(ReadinessState::Unknown, "register-unknown");
        }
    }
    if card.is_registered.is_none() {
        return because(ReadinessState::Unknown, "register-unknown");
    }
    let others = if cryptolib == Way::Open {
        Others::Served
    } else {
        others(findings)
    };
    ready(card.environment, others)
}

/// The browsers beside one that reads the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Served,
    LeftOut,
    Unknown,
}

/// As the check of the module says, which names those that are left out.
fn others(findings: &[Finding]) -> Others {
    let own_module = findings.iter().find(|it| it.check == Check::OwnModule);
    match own_module.map(|finding| finding.state) {
        Some(State::Ok) => Others::Served,
        Some(State::Warning | State::Failed) => Others::LeftOut,
        Some(State::Unknown | State::NotApplicable) | None => Others::Unknown,
    }
}

/// The first that a browser can log in with, or else the first.
fn card_to_show(facts: &Facts) -> Option<&CardFacts> {
    let mut cards = facts.cards.iter();
    let in_contact = cards.find(|card| !is_contactless(card));
    in_contact.or(facts.cards.first())
}

/// Only the contactless side of a card has no code; it has no key to log in with, either, by whichever module.
fn is_contactless(card: &CardFacts) -> bool {
    card.pin.condition == CodeCondition::Absent
}

/// Where a command is all that the module lacks, the reason of Cryptolib tells of it, too.
fn neither(of_cryptolib: &'static str, of_module: &'static str) -> Readiness {
    if of_module == MISSING {
        return because(ReadinessState::NotReady, of_cryptolib);
    }
    let reason = match of_cryptolib {
        TOO_OLD => "cryptolib-too-old-and-no-module",
        ONLY_32_BITS => "cryptolib-only-32-bits-and-no-module",
        _ => of_module,
    };
    Readiness {
        check: Some(Check::OwnModule),
        ..because(ReadinessState::NotReady, reason)
    }
}

/// No module is there: of Cryptolib, or of cpxd, which a command would put there.
const MISSING: &str = "module-missing";
const TOO_OLD: &str = "cryptolib-too-old";
/// Browsers in a sandbox load no module, whoever made it.
const CONFINED: &str = "module-confined";
const ONLY_32_BITS: &str = "cryptolib-only-32-bits";

fn ready(environment: Environment, others: Others) -> Readiness {
    let reason = match (environment, others) {
        (Environment::Production, Others::Served) => "ready",
        (Environment::Test, Others::Served) => "ready-for-tests",
        (Environment::Production, Others::LeftOut) => "ready-in-some-browsers",
        (Environment::Test, Others::LeftOut) => "ready-for-tests-in-some-browsers",
        (Environment::Production, Others::Unknown) => "ready-perhaps-in-some-browsers",
        (Environment::Test, Others::Unknown) => "ready-for-tests-perhaps-in-some-browsers",
    };
    Readiness {
        check: (others != Others::Served).then_some(Check::OwnModule),
        ..because(ReadinessState::Ready, reason)
    }
}

/// Whether the browser reaches the card by a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Open,
    /// It does not; the reason, where there is no other way.
    Closed(&'static str),
    Unknown,
}

fn through_cryptolib(facts: &Facts) -> Way {
    let cryptolib = &facts.cryptolib;
    match cryptolib.is_there {
        None => Way::Unknown,
        Some(false) => Way::Closed(MISSING),
        Some(true) if cryptolib.is_only_32_bits == Some(true) => Way::Closed(ONLY_32_BITS),
        Some(true) if is_a_way(facts) && facts.browsers.are_all_confined() => Way::Closed(CONFINED),
        Some(true) if is_a_way(facts) => Way::Open,
        Some(true) => Way::Closed(TOO_OLD),
    }
}

fn through_own_module(facts: &Facts) -> Way {
    let browsers = &facts.browsers;
    let Some(places) = &browsers.own_module else {
        return Way::Unknown;
    };
    let is = |state| places.iter().any(|it| it.state == state);
    if browsers.have_own_module() {
        Way::Open
    } else if is(ModuleState::Registered) {
        Way::Closed("module-asks-another-agent")
    } else if is(ModuleState::Unknown) {
        Way::Unknown
    } else if places.is_empty() || is(ModuleState::NotRegistered) || is(ModuleState::FileMissing) {
        Way::Closed(MISSING)
    } else if is(ModuleState::Foreign) {
        Way::Closed("module-foreign")
    } else {
        Way::Closed(CONFINED)
    }
}

fn because(state: ReadinessState, reason: &'static str) -> Readiness {
    Readiness {
        state,
        reason,
        check: None,
    }
}

/// What the browser needs of the card, too.
const NEEDED: [Check; 11] = [
    Check::Clock,
    Check::PcscService,
    Check::ReaderDriver,
    Check::Reader,
    Check::ReaderHeld,
    Check::Card,
    Check::CardAnswers,
    Check::CardKnown,
    Check::CardEnvironment,
    Check::CertificateDates,
    Check::Code,
];

/// What cpxd's own module needs besides.
const NEEDED_BY_OWN_MODULE: [Check; 2] = [Check::Configuration, Check::AgentRuns];

#[cfg(test)]
mod tests {
    use daemon_types::Generation;

    use super::*;
    use crate::facts::{AgentState, AskedInstead};
    use crate::sample::{sound, with_module};

    fn judged(change: impl FnOnce(&mut Facts)) -> (ReadinessState, &'static str) {
        let mut facts = sound();
        facts.cryptolib.is_there = Some(true);
        facts.cryptolib.version = Some([5, 2, 2]);
        change(&mut facts);
        let found = crate::diagnose(&facts).pro_sante_connect;
        assert!(REASONS.contains(&found.reason), "{}", found.reason);
        (found.state, found.reason)
    }

    #[test]
    fn what_is_to_be_mended_first_is_the_root_cause_of_all() {
        let mut facts = sound();
        facts.service = crate::facts::ServiceFact::NotRunning;
        let named = |facts: &Facts| crate::diagnose(facts).pro_sante_connect.check;
        assert_eq!(named(&facts), Some(Check::PcscService));
        facts.agent.state = AgentState::Absent;
        assert_eq!(named(&facts), Some(Check::AgentRuns));
        // Cryptolib needs no agent, and cpxd's own module does.
        facts.service = crate::facts::ServiceFact::Works;
        facts.cryptolib.is_there = Some(true);
        facts.cryptolib.version = Some([5, 2, 2]);
        facts.browsers.own_module = with_module(&[ModuleState::Registered]);
        assert_eq!(named(&facts), None);
        facts.cryptolib.is_there = Some(false);
        assert_eq!(named(&facts), Some(Check::AgentRuns));
        facts.configuration = crate::facts::ConfigurationFact::Refused {
            problem: String::new(),
        };
        assert_eq!(named(&facts), Some(Check::Configuration));
    }

    #[test]
    fn a_good_card_is_ready_by_cpxds_own_module_whatever_cryptolib_is() {
        let registered = with_module(&[ModuleState::Registered, ModuleState::Registered]);
        for (is_there, version, is_only_32_bits) in [
            (Some(false), None, None),
            (None, None, None),
            (Some(true), Some([5, 1, 12]), Some(false)),
            (Some(true), Some([5, 2, 2]), Some(true)),
        ] {
            let ready = judged(|facts| {
                facts.cards[0].generation = Some(Generation::Cps4);
                facts.cryptolib.is_there = is_there;
                facts.cryptolib.version = version;
                facts.cryptolib.is_only_32_bits = is_only_32_bits;
                facts.browsers.own_module.clone_from(&registered);
            });
            assert_eq!(ready, (ReadinessState::Ready, "ready"), "{is_there:?}");
        }
    }

    #[test]
    fn a_browser_without_the_module_is_said_to_be_left_out_unless_it_has_cryptolib() {
        let in_some = |change: fn(&mut Facts)| {
            judged(|facts| {
                facts.cryptolib.is_there = Some(false);
                let states = [ModuleState::Registered, ModuleState::NotRegistered];
                facts.browsers.own_module = with_module(&states);
                change(facts);
            })
        };
        let ready = |reason| (ReadinessState::Ready, reason);
        assert_eq!(in_some(|_| {}), ready("ready-in-some-browsers"));
        let test = in_some(|facts| {
            facts.environment = Environment::Test;
            facts.cards[0].environment = Environment::Test;
        });
        assert_eq!(test, ready("ready-for-tests-in-some-browsers"));
        let with_cryptolib = in_some(|facts| facts.cryptolib.is_there = Some(true));
        assert_eq!(with_cryptolib, ready("ready"));
    }

    #[test]
    fn a_browser_is_left_out_in_the_words_of_the_check_alone_and_not_where_nobody_knows() {
        let with = |states: &[ModuleState], change: fn(&mut Facts)| {
            let mut facts = sound();
            facts.cards[0].generation = Some(Generation::Cps4);
            facts.cryptolib.is_there = Some(true);
            facts.cryptolib.version = Some([5, 2, 2]);
            facts.browsers.own_module = with_module(states);
            change(&mut facts);
            let found = crate::diagnose(&facts);
            let mut findings = found.findings.into_iter();
            let own_module = findings.find(|it| it.check == Check::OwnModule);
            (found.pro_sante_connect.reason, own_module.unwrap().state)
        };
        let changes: [fn(&mut Facts); 3] = [
            |facts| facts.cryptolib.is_there = Some(false),
            |facts| facts.cryptolib.version = Some([5, 1, 12]),
            |facts| facts.cryptolib.is_only_32_bits = Some(true),
        ];
        let in_part = [ModuleState::Registered, ModuleState::NotRegistered];
        let unclear = [ModuleState::Registered, ModuleState::Unknown];
        for change in changes {
            let left_out = ("ready-in-some-browsers", State::Warning);
            assert_eq!(with(&in_part, change), left_out);
            let unknown = ("ready-perhaps-in-some-browsers", State::Unknown);
            assert_eq!(with(&unclear, change), unknown);
        }
        assert_eq!(with(&in_part, |_| {}), ("ready", State::Ok));
    }

    #[test]
    fn a_module_that_asks_another_agent_is_no_way() {
        let elsewhere = |change: fn(&mut Facts)| {
            let found = judged(|facts| {
                facts.cryptolib.is_there = Some(false);
                facts.browsers.own_module = with_module(&[ModuleState::Registered]);
                facts.browsers.asked_instead = Some(AskedInstead::NotThis {
                    file: String::new(),
                    folder: String::new(),
                });
                change(facts);
            });
            assert_ne!(found.0, ReadinessState::Unknown);
            found.1
        };
        assert_eq!(elsewhere(|_| {}), "module-asks-another-agent");
        let with_cryptolib = elsewhere(|facts| facts.cryptolib.is_there = Some(true));
        assert_eq!(with_cryptolib, "ready");
        let too_old = elsewhere(|facts| {
            facts.cards[0].generation = Some(Generation::Cps4);
            facts.cryptolib.is_there = Some(true);
            facts.cryptolib.version = Some([5, 1, 12]);
        });
        assert_eq!(too_old, "cryptolib-too-old-and-no-module");
        let narrow = elsewhere(|facts| {
            facts.cryptolib.is_there = Some(true);
            facts.cryptolib.is_only_32_bits = Some(true);
        });
        assert_eq!(narrow, "cryptolib-only-32-bits-and-no-module");
    }

    #[test]
    fn a_module_that_no_browser_can_load_is_no_way_and_the_reason_names_what_helps() {
        use ModuleState::{Confined, FileMissing, Foreign, NotRegistered};
        for (states, reason) in [
            (&[NotRegistered][..], "module-missing"),
            (&[FileMissing], "module-missing"),
            (&[Confined, NotRegistered], "module-missing"),
            (&[Confined], "module-confined"),
            (&[Confined, Foreign], "module-foreign"),
            (&[], "module-missing"),
        ] {
            let found = judged(|facts| {
                facts.cryptolib.is_there = Some(false);
                facts.browsers.own_module = with_module(states);
            });
            assert_eq!(found, (ReadinessState::NotReady, reason), "{states:?}");
        }
    }

    #[test]
    fn cryptolib_is_no_way_into_browsers_that_are_all_in_a_sandbox() {
        use ModuleState::{Confined, NotRegistered};
        for (states, found) in [
            (
                &[Confined, Confined][..],
                (ReadinessState::NotReady, "module-confined"),
            ),
            (&[Confined, NotRegistered], (ReadinessState::Ready, "ready")),
            (&[], (ReadinessState::Ready, "ready")),
        ] {
            let judged = judged(|facts| facts.browsers.own_module = with_module(states));
            assert_eq!(judged, found, "{states:?}");
        }
    }

    #[test]
    fn a_card_without_contact_is_not_ready_by_any_module_unless_another_card_is() {
        let contactless = (ReadinessState::NotReady, "card-contactless");
        for cryptolib in [Some(true), Some(false), None] {
            let alone = |facts: &mut Facts| {
                facts.cryptolib.is_there = cryptolib;
                facts.browsers.own_module = with_module(&[ModuleState::Registered]);
                facts.cards[0].pin.condition = CodeCondition::Absent;
            };
            assert_eq!(judged(alone), contactless, "{cryptolib:?}");
            let beside_another = judged(|facts| {
                let inserted = facts.cards[0].clone();
                alone(facts);
                facts.cards.push(inserted);
            });
            let ready = (ReadinessState::Ready, "ready");
            assert_eq!(beside_another, ready, "{cryptolib:?}");
        }
    }

    #[test]
    fn a_good_card_with_a_fit_cryptolib_is_ready() {
        assert_eq!(judged(|_| {}), (ReadinessState::Ready, "ready"));
        let test = judged(|facts| {
            facts.environment = Environment::Test;
            facts.cards[0].environment = Environment::Test;
        });
        assert_eq!(test, (ReadinessState::Ready, "ready-for-tests"));
    }

    #[test]
    fn a_blocked_code_a_missing_cryptolib_and_one_that_is_too_old_are_not_ready() {
        let not_ready = |reason| (ReadinessState::NotReady, reason);
        let blocked = judged(|facts| facts.cards[0].pin.condition = CodeCondition::Blocked);
        assert_eq!(blocked, not_ready("check-failed"));
        let missing = judged(|facts| facts.cryptolib.is_there = Some(false));
        assert_eq!(missing, not_ready("module-missing"));
        let narrow = judged(|facts| facts.cryptolib.is_only_32_bits = Some(true));
        assert_eq!(narrow, not_ready("cryptolib-only-32-bits"));
        let old = judged(|facts| {
            facts.cards[0].generation = Some(Generation::Cps4);
            facts.cryptolib.version = Some([5, 1, 12]);
        });
        assert_eq!(old, not_ready("cryptolib-too-old"));
        let unregistered = judged(|facts| facts.cards[0].is_registered = Some(false));
        assert_eq!(unregistered, not_ready("not-registered"));
    }

    #[test]
    fn what_nobody_could_find_out_is_not_called_ready() {
        let unknown = |reason| (ReadinessState::Unknown, reason);
        assert_eq!(
            judged(|facts| facts.cards.clear()),
            unknown("card-not-read")
        );
        let nobody_knows = judged(|facts| facts.cards[0].is_registered = None);
        assert_eq!(nobody_knows, unknown("register-unknown"));
        for own_module in [None, with_module(&[ModuleState::Unknown])] {
            let without_cryptolib = judged(|facts| {
                facts.cryptolib.is_there = Some(false);
                facts.browsers.own_module = own_module;
            });
            assert_eq!(without_cryptolib, unknown("register-unknown"));
        }
        let cryptolib_unknown = judged(|facts| facts.cryptolib.is_there = None);
        assert_eq!(cryptolib_unknown, unknown("register-unknown"));
    }
}
