//! Cryptolib CPS beside the agent.

use daemon_types::Generation;

use crate::CauseCode;
use crate::facts::{CryptolibFacts, Facts};
use crate::finding::Verdict;

/// The first version that knows a CPS4.
pub(crate) const FIRST_FOR_CPS4: [u32; 3] = [5, 2, 0];
/// The first version without the flaw of the installer that the ANSSI reported.
const FIRST_WITHOUT_FLAW: [u32; 3] = [5, 1, 10];

/// The agent does without it; browsers and other software do not.
pub(super) fn version(facts: &Facts) -> Verdict {
    let cryptolib = &facts.cryptolib;
    match cryptolib.is_there {
        None => return Verdict::unknown(CauseCode::CryptolibUnknown),
        Some(false) if facts.browsers.have_own_module() => {
            return Verdict::not_applicable(CauseCode::CryptolibNotNeeded);
        }
        Some(false) => return Verdict::not_applicable(CauseCode::CryptolibAbsent),
        Some(true) => {}
    }
    if cryptolib.is_only_32_bits == Some(true) {
        return Verdict::warning(CauseCode::CryptolibOnly32Bits);
    }
    let Some(version) = cryptolib.version else {
        return Verdict::unknown(CauseCode::CryptolibVersionUnknown);
    };
    let told =
        |code: CauseCode| code.with("version", version.map(|part| part.to_string()).join("."));
    if is_too_old_for_a_card(facts) {
        Verdict::warning(told(CauseCode::CryptolibTooOld))
    } else if version < FIRST_WITHOUT_FLAW {
        Verdict::warning(told(CauseCode::CryptolibFlawed))
    } else if version < FIRST_FOR_CPS4 {
        Verdict::warning(told(CauseCode::CryptolibOld))
    } else {
        Verdict::ok(told(CauseCode::CryptolibGood))
    }
}

/// Whether browsers read the cards that are in readers through it, as far as anybody knows.
pub(crate) fn is_a_way(facts: &Facts) -> bool {
    let cryptolib = &facts.cryptolib;
    cryptolib.is_there == Some(true)
        && cryptolib.is_only_32_bits != Some(true)
        && !is_too_old_for_a_card(facts)
}

/// Whether a card is in a reader that this version does not know.
pub(crate) fn is_too_old_for_a_card(facts: &Facts) -> bool {
    let mut generations = facts.cards.iter().map(|card| card.generation);
    let is_old = |CryptolibFacts { version, .. }: &CryptolibFacts| {
        version.is_some_and(|version| version < FIRST_FOR_CPS4)
    };
    is_old(&facts.cryptolib) && generations.any(|it| it == Some(Generation::Cps4))
}

pub(super) fn cache(facts: &Facts) -> Verdict {
    match &facts.cryptolib.cache {
        None => Verdict::not_applicable(CauseCode::CacheAbsent),
        Some(cache) if cache.is_stale => {
            Verdict::warning(CauseCode::CacheStale.with("folder", cache.folder.as_str()))
        }
        Some(_) => Verdict::ok(CauseCode::CacheGood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{CacheFacts, ModuleState};
    use crate::sample::{assert_judged, sound, with_module};
    use crate::{Check, State};

    fn of_version(version: [u32; 3]) -> Facts {
        let mut facts = sound();
        facts.cryptolib.is_there = Some(true);
        facts.cryptolib.version = Some(version);
        facts
    }

    #[test]
    fn a_version_before_5_2_is_too_old_for_a_cps4_and_worth_an_update_without_one() {
        let mut facts = of_version([5, 1, 12]);
        let old = CauseCode::CryptolibOld;
        assert_judged(&facts, Check::Cryptolib, State::Warning, old);
        facts.cards[0].generation = Some(Generation::Cps4);
        let too_old = CauseCode::CryptolibTooOld;
        assert_judged(&facts, Check::Cryptolib, State::Warning, too_old);
        let good = of_version([5, 2, 0]);
        assert_judged(&good, Check::Cryptolib, State::Ok, CauseCode::CryptolibGood);
    }

    #[test]
    fn a_version_with_the_flaw_of_the_installer_is_told() {
        let facts = of_version([5, 1, 9]);
        assert_judged(
            &facts,
            Check::Cryptolib,
            State::Warning,
            CauseCode::CryptolibFlawed,
        );
    }

    #[test]
    fn one_for_programs_of_32_bits_alone_is_told() {
        let mut facts = of_version([5, 2, 2]);
        facts.cryptolib.is_only_32_bits = Some(true);
        let cause = CauseCode::CryptolibOnly32Bits;
        assert_judged(&facts, Check::Cryptolib, State::Warning, cause);
    }

    #[test]
    fn without_it_nothing_is_wrong_and_nobody_who_could_not_look_says_so() {
        let mut facts = sound();
        facts.cryptolib.is_there = Some(false);
        let cause = CauseCode::CryptolibAbsent;
        assert_judged(&facts, Check::Cryptolib, State::NotApplicable, cause);
        facts.browsers.own_module = with_module(&[ModuleState::Registered]);
        let cause = CauseCode::CryptolibNotNeeded;
        assert_judged(&facts, Check::Cryptolib, State::NotApplicable, cause);
        facts.cryptolib.is_there = None;
        let cause = CauseCode::CryptolibUnknown;
        assert_judged(&facts, Check::Cryptolib, State::Unknown, cause);
    }

    #[test]
    fn a_cache_that_remembers_another_certificate_is_told() {
        let mut facts = sound();
        let folder = "/cache".to_owned();
        let is_stale = true;
        facts.cryptolib.cache = Some(CacheFacts { folder, is_stale });
        assert_judged(
            &facts,
            Check::CryptolibCache,
            State::Warning,
            CauseCode::CacheStale,
        );
    }
}
