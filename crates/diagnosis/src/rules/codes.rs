//! The tries left of both codes.

use daemon_types::CodeCondition;

use super::worst_of_cards;
use crate::CauseCode;
use crate::facts::{CardFacts, Facts};
use crate::finding::{Action, Verdict};

pub(super) fn code(facts: &Facts) -> Verdict {
    worst_of_cards(facts, |card| {
        match (card.pin.condition, card.pin.tries_left) {
            (CodeCondition::Ready, Some(1)) => Verdict::warning(CauseCode::CodeLastTry),
            (CodeCondition::Ready, Some(left)) => {
                Verdict::ok(CauseCode::CodeReady.with("count", u64::from(left)))
            }
            (CodeCondition::Ready, None) => Verdict::ok(CauseCode::CodeReadyUncounted),
            (CodeCondition::Unknown, _) => Verdict::unknown(CauseCode::CodePerhapsBlocked),
            (CodeCondition::Blocked, _) => {
                Verdict::failed(CauseCode::CodeBlocked).with_action(Action::UnblockCode)
            }
            (CodeCondition::DefinitivelyBlocked, _) => {
                Verdict::failed(CauseCode::CodeBlockedForGood)
            }
            (CodeCondition::Absent, _) => Verdict::not_applicable(CauseCode::CodeAbsent),
        }
    })
}

pub(super) fn unblock_code(facts: &Facts) -> Verdict {
    worst_of_cards(facts, of_unblock_code)
}

fn of_unblock_code(card: &CardFacts) -> Verdict {
    let state = card.unblock_code;
    if card.pin.condition == CodeCondition::DefinitivelyBlocked {
        return Verdict::not_applicable(CauseCode::UnblockPointless);
    }
    match (state.condition, state.tries_left) {
        (CodeCondition::Ready, Some(1)) => Verdict::warning(CauseCode::UnblockLastTry),
        (CodeCondition::Ready, _) => Verdict::ok(CauseCode::UnblockReady),
        (CodeCondition::Unknown, _) => Verdict::unknown(CauseCode::UnblockUnknown),
        // The card works until its code is blocked, too.
        (CodeCondition::Blocked | CodeCondition::DefinitivelyBlocked, _) => {
            Verdict::warning(CauseCode::UnblockBlocked)
        }
        (CodeCondition::Absent, _) => Verdict::not_applicable(CauseCode::UnblockAbsent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    #[test]
    fn each_condition_of_the_code_has_its_cause() {
        for (condition, tries_left, state, cause) in [
            (
                CodeCondition::Ready,
                Some(3),
                State::Ok,
                CauseCode::CodeReady,
            ),
            (
                CodeCondition::Ready,
                None,
                State::Ok,
                CauseCode::CodeReadyUncounted,
            ),
            (
                CodeCondition::Ready,
                Some(1),
                State::Warning,
                CauseCode::CodeLastTry,
            ),
            (
                CodeCondition::Unknown,
                None,
                State::Unknown,
                CauseCode::CodePerhapsBlocked,
            ),
            (
                CodeCondition::Blocked,
                Some(0),
                State::Failed,
                CauseCode::CodeBlocked,
            ),
            (
                CodeCondition::DefinitivelyBlocked,
                Some(0),
                State::Failed,
                CauseCode::CodeBlockedForGood,
            ),
            (
                CodeCondition::Absent,
                None,
                State::NotApplicable,
                CauseCode::CodeAbsent,
            ),
        ] {
            let mut facts = sound();
            facts.cards[0].pin.condition = condition;
            facts.cards[0].pin.tries_left = tries_left;
            assert_judged(&facts, Check::Code, state, cause);
        }
    }

    #[test]
    fn a_blocked_code_can_be_unblocked_from_here_and_one_blocked_for_good_cannot() {
        let mut facts = sound();
        let action = |facts: &Facts| code(facts).of(Check::Code).action;
        facts.cards[0].pin.condition = CodeCondition::Blocked;
        assert_eq!(action(&facts), Some(Action::UnblockCode));
        facts.cards[0].pin.condition = CodeCondition::DefinitivelyBlocked;
        assert_eq!(action(&facts), None);
    }

    #[test]
    fn an_unblock_code_that_is_used_up_is_told_before_it_is_needed() {
        let mut facts = sound();
        facts.cards[0].unblock_code.condition = CodeCondition::Blocked;
        let cause = CauseCode::UnblockBlocked;
        assert_judged(&facts, Check::UnblockCode, State::Warning, cause);
        facts.cards[0].unblock_code.condition = CodeCondition::Ready;
        facts.cards[0].unblock_code.tries_left = Some(1);
        let cause = CauseCode::UnblockLastTry;
        assert_judged(&facts, Check::UnblockCode, State::Warning, cause);
    }

    #[test]
    fn nobody_is_told_to_spare_a_code_that_is_blocked_for_good() {
        let mut facts = sound();
        facts.cards[0].pin.condition = CodeCondition::DefinitivelyBlocked;
        facts.cards[0].unblock_code.condition = CodeCondition::Blocked;
        let cause = CauseCode::UnblockPointless;
        assert_judged(&facts, Check::UnblockCode, State::NotApplicable, cause);
    }
}
