//! The browsers: trust, native host, permission to call this computer.

use super::options;
use crate::CauseCode;
use crate::facts::{Facts, NativeHostFacts, NativeHostState};
use crate::finding::{Action, DetailName, Verdict};

pub(super) fn trust(facts: &Facts) -> Verdict {
    let browsers = &facts.browsers;
    if browsers.has_authority == Some(false) {
        return Verdict::not_applicable(CauseCode::TrustNoAuthority);
    }
    let Some(stores) = &browsers.stores else {
        return Verdict::unknown(CauseCode::TrustUnknown);
    };
    if stores.is_empty() {
        return Verdict::not_applicable(CauseCode::TrustNoStore);
    }
    let of = |is_trusting| {
        stores
            .iter()
            .filter(move |it| it.is_trusting == is_trusting)
    };
    let names = |is_trusting| of(is_trusting).map(|store| store.name.as_str());
    let missing: Vec<&str> = names(Some(false)).collect();
    let verdict = if !missing.is_empty() {
        let cause = CauseCode::TrustMissing
            .with("stores", missing.join(", "))
            .with("options", options(facts));
        Verdict::warning(cause).with_action(Action::InstallTrust)
    } else if of(None).next().is_some() {
        Verdict::unknown(CauseCode::TrustUnknown)
    } else {
        let trusting: Vec<&str> = names(Some(true)).collect();
        Verdict::ok(CauseCode::TrustEverywhere.with("stores", trusting.join(", ")))
    };
    verdict.with_details(DetailName::Store, names(Some(true)))
}

pub(super) fn native_messaging(facts: &Facts) -> Verdict {
    let Some(browsers) = &facts.browsers.native_hosts else {
        return Verdict::unknown(CauseCode::NativeHostUnknown);
    };
    if browsers.is_empty() {
        return Verdict::not_applicable(CauseCode::NoBrowser);
    }
    let of = |state| names(browsers, state);
    let not_told = of(NativeHostState::NotTold);
    let confined = of(NativeHostState::Confined);
    let verdict = if !not_told.is_empty() {
        let cause = CauseCode::NativeHostNotTold.with("browsers", not_told.join(", "));
        Verdict::warning(cause).with_action(Action::InstallNativeMessaging)
    } else if !confined.is_empty() {
        Verdict::warning(CauseCode::NativeHostConfined.with("browsers", confined.join(", ")))
    } else if of(NativeHostState::Unknown).is_empty() {
        Verdict::ok(CauseCode::NativeHostTold)
    } else {
        Verdict::unknown(CauseCode::NativeHostUnknown)
    };
    verdict.with_details(DetailName::Browser, of(NativeHostState::Told))
}

fn names(browsers: &[NativeHostFacts], state: NativeHostState) -> Vec<&str> {
    let found = browsers.iter().filter(|browser| browser.state == state);
    found.map(|browser| browser.browser.as_str()).collect()
}

/// What a person told their browser is the browser's own; an administrator's word lies open.
pub(super) fn loopback_permission(facts: &Facts) -> Verdict {
    let browsers = &facts.browsers;
    if browsers.native_hosts.as_ref().is_some_and(Vec::is_empty) {
        return Verdict::not_applicable(CauseCode::NoBrowser);
    }
    match browsers.loopback_by_policy {
        Some(true) => Verdict::ok(CauseCode::LoopbackByPolicy),
        Some(false) | None => Verdict::unknown(CauseCode::LoopbackAsked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::StoreFacts;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    fn with_store(is_trusting: Option<bool>) -> Facts {
        let mut facts = sound();
        let name = "Firefox".into();
        facts.browsers.stores = Some(vec![StoreFacts { name, is_trusting }]);
        facts
    }

    fn with_browser(state: NativeHostState) -> Facts {
        let mut facts = sound();
        let browser = "Chromium".into();
        facts.browsers.native_hosts = Some(vec![NativeHostFacts { browser, state }]);
        facts
    }

    #[test]
    fn a_browser_that_does_not_trust_the_authority_is_named() {
        let facts = with_store(Some(false));
        assert_judged(
            &facts,
            Check::Trust,
            State::Warning,
            CauseCode::TrustMissing,
        );
        let facts = with_store(None);
        assert_judged(
            &facts,
            Check::Trust,
            State::Unknown,
            CauseCode::TrustUnknown,
        );
        let mut facts = with_store(Some(false));
        facts.browsers.has_authority = Some(false);
        let cause = CauseCode::TrustNoAuthority;
        assert_judged(&facts, Check::Trust, State::NotApplicable, cause);
    }

    #[test]
    fn a_browser_that_does_not_know_the_native_host_is_named() {
        let check = Check::NativeMessaging;
        for (state, judged, cause) in [
            (NativeHostState::Told, State::Ok, CauseCode::NativeHostTold),
            (
                NativeHostState::NotTold,
                State::Warning,
                CauseCode::NativeHostNotTold,
            ),
            (
                NativeHostState::Confined,
                State::Warning,
                CauseCode::NativeHostConfined,
            ),
            (
                NativeHostState::Unknown,
                State::Unknown,
                CauseCode::NativeHostUnknown,
            ),
        ] {
            assert_judged(&with_browser(state), check, judged, cause);
        }
    }

    #[test]
    fn without_a_browser_there_is_nothing_to_tell_it() {
        let mut facts = sound();
        facts.browsers.native_hosts = Some(Vec::new());
        let cause = CauseCode::NoBrowser;
        let state = State::NotApplicable;
        assert_judged(&facts, Check::NativeMessaging, state, cause);
        assert_judged(&facts, Check::LoopbackPermission, state, cause);
    }

    #[test]
    fn what_a_person_told_their_browser_is_not_known_unless_a_policy_says_it() {
        let mut facts = with_browser(NativeHostState::Told);
        let check = Check::LoopbackPermission;
        facts.browsers.loopback_by_policy = Some(false);
        assert_judged(&facts, check, State::Unknown, CauseCode::LoopbackAsked);
        facts.browsers.loopback_by_policy = Some(true);
        assert_judged(&facts, check, State::Ok, CauseCode::LoopbackByPolicy);
    }
}
