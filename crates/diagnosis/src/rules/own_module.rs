//! cpxd's own PKCS#11 module in the browsers.

use super::cryptolib::is_a_way;
use crate::facts::{AskedInstead, Facts, ModuleFacts, ModuleState};
use crate::finding::Verdict;
use crate::{Cause, CauseCode};

/// Nobody has to have it; where one browser has it, another one without it is a surprise, unless it reads the card
/// through Cryptolib CPS.
pub(super) fn registered(facts: &Facts) -> Verdict {
    // Programs that are no browsers have no card either.
    if let Some(nobody @ AskedInstead::Nobody { .. }) = &facts.browsers.asked_instead {
        return Verdict::warning(asks(nobody));
    }
    let Some(places) = &facts.browsers.own_module else {
        return Verdict::unknown(CauseCode::ModuleUnknown);
    };
    if places.is_empty() {
        return Verdict::not_applicable(CauseCode::NoBrowser);
    }
    let of = |state| names(places, state);
    let registered = of(ModuleState::Registered);
    // What is registered is no use while this lasts.
    if let Some(instead) = facts.browsers.asked_instead.as_ref()
        && !registered.is_empty()
    {
        return Verdict::warning(asks(instead));
    }
    let missing = of(ModuleState::FileMissing);
    if !missing.is_empty() {
        return Verdict::warning(CauseCode::ModuleFileMissing.with("browsers", missing));
    }
    let is_unknown = !of(ModuleState::Unknown).is_empty();
    if registered.is_empty() && !is_unknown {
        return Verdict::not_applicable(registered_nowhere(places));
    }
    if !is_a_way(facts) && !registered.is_empty() {
        let without = of(ModuleState::NotRegistered);
        if !without.is_empty() {
            return Verdict::warning(CauseCode::ModuleRegisteredInPart.with("browsers", without));
        }
        let foreign = of(ModuleState::Foreign);
        if !foreign.is_empty() {
            return Verdict::warning(CauseCode::ModuleForeign.with("browsers", foreign));
        }
        let confined = of(ModuleState::Confined);
        if !confined.is_empty() {
            return Verdict::warning(CauseCode::ModuleConfined.with("browsers", confined));
        }
    }
    if is_unknown {
        Verdict::unknown(CauseCode::ModuleUnknown)
    } else {
        Verdict::ok(CauseCode::ModuleRegistered.with("browsers", registered))
    }
}

/// The command is told of where it would do something, for the browsers that it would tell.
fn registered_nowhere(places: &[ModuleFacts]) -> Cause {
    let of = |state| names(places, state);
    let not_yet = of(ModuleState::NotRegistered);
    let foreign = of(ModuleState::Foreign);
    if !not_yet.is_empty() {
        CauseCode::ModuleNotRegistered.with("browsers", not_yet)
    } else if !foreign.is_empty() {
        CauseCode::ModuleForeign.with("browsers", foreign)
    } else {
        CauseCode::ModuleConfined.with("browsers", of(ModuleState::Confined))
    }
}

fn asks(instead: &AskedInstead) -> Cause {
    match instead {
        AskedInstead::Named { file } => {
            CauseCode::ModuleAsksAnotherAgent.with("file", file.as_str())
        }
        AskedInstead::NotThis { file, folder } => CauseCode::ModuleAsksNotThisAgent
            .with("file", file.as_str())
            .with("folder", folder.as_str()),
        AskedInstead::Nobody { file, line: None } => {
            CauseCode::ModuleFileUnreadable.with("file", file.as_str())
        }
        AskedInstead::Nobody {
            file,
            line: Some(line),
        } => CauseCode::ModuleAsksNobody
            .with("file", file.as_str())
            .with("line", line.to_string()),
    }
}

/// A browser is named once, however many profiles it has.
fn names(places: &[ModuleFacts], state: ModuleState) -> String {
    let found = places.iter().filter(|place| place.state == state);
    let mut names: Vec<&str> = found.map(|place| place.browser.as_str()).collect();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound, with_module};
    use crate::{Check, State, Value};

    #[track_caller]
    fn assert_found(states: &[ModuleState], state: State, cause: CauseCode) {
        let mut facts = sound();
        facts.browsers.own_module = with_module(states);
        assert_judged(&facts, Check::OwnModule, state, cause);
    }

    #[test]
    fn a_profile_without_the_module_is_told_where_another_one_has_it() {
        use ModuleState::{Confined, FileMissing, Foreign, NotRegistered, Registered, Unknown};
        let ok = CauseCode::ModuleRegistered;
        assert_found(&[Registered, Registered], State::Ok, ok);
        let in_part = CauseCode::ModuleRegisteredInPart;
        assert_found(&[Registered, NotRegistered], State::Warning, in_part);
        let confined = CauseCode::ModuleConfined;
        assert_found(&[Confined, Registered], State::Warning, confined);
        let gone = CauseCode::ModuleFileMissing;
        assert_found(&[Registered, FileMissing], State::Warning, gone);
        let unknown = CauseCode::ModuleUnknown;
        assert_found(&[Registered, Unknown], State::Unknown, unknown);
        let foreign = CauseCode::ModuleForeign;
        assert_found(&[Foreign, Registered], State::Warning, foreign);
        assert_found(&[], State::NotApplicable, CauseCode::NoBrowser);
    }

    #[test]
    fn the_command_is_told_of_for_browsers_alone_that_it_can_tell() {
        use ModuleState::{Confined, Foreign, NotRegistered};
        let (nowhere, confined, foreign) = (
            CauseCode::ModuleNotRegistered,
            CauseCode::ModuleConfined,
            CauseCode::ModuleForeign,
        );
        for (firefox, chromium, cause, names) in [
            (Confined, Confined, confined, "Firefox, Chromium"),
            (NotRegistered, Confined, nowhere, "Firefox"),
            (Foreign, NotRegistered, nowhere, "Chromium"),
            (Confined, Foreign, foreign, "Chromium"),
            (Foreign, Foreign, foreign, "Firefox, Chromium"),
        ] {
            let mut facts = sound();
            let mut places = with_module(&[firefox, chromium]).unwrap();
            places[1].browser = "Chromium".to_owned();
            facts.browsers.own_module = Some(places);
            assert_judged(&facts, Check::OwnModule, State::NotApplicable, cause);
            let found = crate::diagnose(&facts).findings;
            let found = found.iter().find(|it| it.check == Check::OwnModule);
            assert_eq!(found.unwrap().cause, cause.with("browsers", names));
        }
    }

    #[test]
    fn a_module_that_asks_another_agent_is_told_with_the_file_that_decides_it() {
        let (file, folder) = ("/pkcs11-module.toml".to_owned(), "/demo".to_owned());
        let named = AskedInstead::Named { file: file.clone() };
        let not_this = AskedInstead::NotThis { file, folder };
        for (instead, cause) in [
            (named, CauseCode::ModuleAsksAnotherAgent),
            (not_this, CauseCode::ModuleAsksNotThisAgent),
        ] {
            let mut facts = sound();
            facts.browsers.asked_instead = Some(instead);
            let registered = &[ModuleState::Registered, ModuleState::FileMissing];
            facts.browsers.own_module = with_module(registered);
            assert_judged(&facts, Check::OwnModule, State::Warning, cause);
            facts.browsers.own_module = with_module(&[ModuleState::NotRegistered]);
            let nowhere = CauseCode::ModuleNotRegistered;
            assert_judged(&facts, Check::OwnModule, State::NotApplicable, nowhere);
        }
    }

    #[test]
    fn a_file_of_the_module_that_cannot_be_understood_is_told_whatever_browsers_have() {
        for places in [
            None,
            with_module(&[]),
            with_module(&[ModuleState::NotRegistered]),
            with_module(&[ModuleState::Registered]),
        ] {
            for (line, cause) in [
                (Some(2), CauseCode::ModuleAsksNobody),
                (None, CauseCode::ModuleFileUnreadable),
            ] {
                let mut facts = sound();
                let file = "/pkcs11-module.toml".to_owned();
                facts.browsers.asked_instead = Some(AskedInstead::Nobody { file, line });
                facts.browsers.own_module = places.clone();
                assert_judged(&facts, Check::OwnModule, State::Warning, cause);
            }
        }
    }

    #[test]
    fn a_browser_that_has_cryptolib_needs_no_module_and_each_is_named_once() {
        let mut facts = sound();
        facts.cryptolib.is_there = Some(true);
        facts.browsers.own_module = with_module(&[
            ModuleState::Registered,
            ModuleState::Registered,
            ModuleState::NotRegistered,
        ]);
        let found = crate::diagnose(&facts).findings;
        let found = found.iter().find(|it| it.check == Check::OwnModule);
        let cause = CauseCode::ModuleRegistered.with("browsers", Value::from("Firefox"));
        assert_eq!(found.unwrap().cause, cause);
    }

    #[test]
    fn a_browser_whose_cryptolib_cannot_read_the_card_is_named_as_one_without_it() {
        let too_old: fn(&mut Facts) = |facts| {
            facts.cards[0].generation = Some(daemon_types::Generation::Cps4);
            facts.cryptolib.version = Some([5, 1, 12]);
        };
        let narrow: fn(&mut Facts) = |facts| facts.cryptolib.is_only_32_bits = Some(true);
        for change in [too_old, narrow] {
            let mut facts = sound();
            facts.cryptolib.is_there = Some(true);
            facts.cryptolib.version = Some([5, 2, 2]);
            let states = &[ModuleState::Registered, ModuleState::NotRegistered];
            facts.browsers.own_module = with_module(states);
            let good = CauseCode::ModuleRegistered;
            assert_judged(&facts, Check::OwnModule, State::Ok, good);
            change(&mut facts);
            let in_part = CauseCode::ModuleRegisteredInPart;
            assert_judged(&facts, Check::OwnModule, State::Warning, in_part);
        }
    }

    #[test]
    fn a_browser_that_nobody_could_look_at_is_not_called_one_without_it() {
        let mut facts = sound();
        facts.browsers.own_module = None;
        let cause = CauseCode::ModuleUnknown;
        assert_judged(&facts, Check::OwnModule, State::Unknown, cause);
        assert_found(&[ModuleState::Unknown], State::Unknown, cause);
    }
}
