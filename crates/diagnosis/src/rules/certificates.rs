//! The certificates: dates, authority, revocation.

use time::Duration;

use super::{day, worst_of_cards};
use crate::CauseCode;
use crate::facts::{CardFacts, ChainFact, Facts};
use crate::finding::Verdict;

pub(super) fn dates(facts: &Facts) -> Verdict {
    worst_of_cards(facts, |card| {
        let begin = card.certificates.iter().map(|it| it.not_before).max();
        let end = card.certificates.iter().map(|it| it.not_after).min();
        let (Some(begin), Some(end)) = (begin, end) else {
            return Verdict::not_applicable(CauseCode::CardsNone);
        };
        if facts.now < begin {
            return Verdict::failed(CauseCode::DatesToCome.with("date", day(begin)));
        }
        if facts.now > end {
            return Verdict::failed(CauseCode::DatesOver.with("date", day(end)));
        }
        let left = end.date() - facts.now.date();
        let days = u64::try_from(left.whole_days()).unwrap_or_default();
        if left <= WARNING_BEFORE_END {
            let cause = CauseCode::DatesEndSoon.with("date", day(end));
            Verdict::warning(cause.with("days", days))
        } else {
            let cause = CauseCode::DatesGood.with("date", day(end));
            Verdict::ok(cause.with("days", days))
        }
    })
}

pub(super) fn chain(facts: &Facts) -> Verdict {
    worst_of_cards(facts, |card: &CardFacts| {
        let any = |chain| card.certificates.iter().any(|it| it.chain == chain);
        if any(ChainFact::Refused) {
            Verdict::failed(CauseCode::ChainRefused)
        } else if any(ChainFact::NotProven) {
            Verdict::unknown(CauseCode::ChainNotProven)
        } else {
            Verdict::ok(CauseCode::ChainProven)
        }
    })
}

/// Nobody asks in this version, and that is said.
pub(super) fn revocation(facts: &Facts) -> Verdict {
    worst_of_cards(facts, |_| Verdict::unknown(CauseCode::RevocationNotChecked))
}

/// A new card takes weeks.
const WARNING_BEFORE_END: Duration = Duration::days(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    fn ending_in(days: i64) -> Facts {
        let mut facts = sound();
        facts.cards[0].certificates[0].not_after = facts.now + Duration::days(days);
        facts
    }

    #[test]
    fn the_end_is_told_from_sixty_days_on() {
        let check = Check::CertificateDates;
        assert_judged(&ending_in(61), check, State::Ok, CauseCode::DatesGood);
        assert_judged(
            &ending_in(60),
            check,
            State::Warning,
            CauseCode::DatesEndSoon,
        );
        assert_judged(
            &ending_in(0),
            check,
            State::Warning,
            CauseCode::DatesEndSoon,
        );
        assert_judged(&ending_in(-1), check, State::Failed, CauseCode::DatesOver);
    }

    #[test]
    fn a_certificate_of_tomorrow_is_not_valid_yet() {
        let mut facts = sound();
        facts.cards[0].certificates[0].not_before = facts.now + Duration::minutes(30);
        let cause = CauseCode::DatesToCome;
        assert_judged(&facts, Check::CertificateDates, State::Failed, cause);
    }

    #[test]
    fn a_chain_is_proven_refused_or_not_compared_at_all() {
        for (chain, state, cause) in [
            (ChainFact::Proven, State::Ok, CauseCode::ChainProven),
            (
                ChainFact::NotProven,
                State::Unknown,
                CauseCode::ChainNotProven,
            ),
            (ChainFact::Refused, State::Failed, CauseCode::ChainRefused),
        ] {
            let mut facts = sound();
            facts.cards[0].certificates[0].chain = chain;
            assert_judged(&facts, Check::CertificateChain, state, cause);
        }
    }

    #[test]
    fn revocation_is_never_called_good() {
        let cause = CauseCode::RevocationNotChecked;
        assert_judged(
            &sound(),
            Check::CertificateRevocation,
            State::Unknown,
            cause,
        );
    }
}
