//! The card: in its reader, the right way round, of the family, of the environment.

use daemon_types::{Environment, ErrorCode, ReaderCondition};

use super::worst;
use crate::CauseCode;
use crate::facts::{Facts, ReaderFacts};
use crate::finding::{Action, Verdict};

pub(super) fn is_in(facts: &Facts) -> Verdict {
    if facts.readers.is_none() {
        return Verdict::unknown(CauseCode::ReaderUnknown);
    }
    if readers_with_a_card(facts).next().is_some() {
        Verdict::ok(CauseCode::CardIn)
    } else {
        Verdict::failed(CauseCode::CardNone).with_action(Action::Reload)
    }
}

pub(super) fn answers(facts: &Facts) -> Verdict {
    let judge = |reader: &ReaderFacts| match &reader.condition {
        ReaderCondition::CardProblem(ErrorCode::CardMute, _) => {
            Verdict::failed(CauseCode::CardMute.with("reader", reader.name.as_str()))
        }
        ReaderCondition::Empty
        | ReaderCondition::Card
        | ReaderCondition::CardProblem(..)
        | ReaderCondition::Busy
        | ReaderCondition::Unreachable => Verdict::ok(CauseCode::CardAnswers),
    };
    worst(readers_with_a_card(facts).map(judge), CauseCode::CardsNone)
}

pub(super) fn is_known(facts: &Facts) -> Verdict {
    let answering = readers_with_a_card(facts).filter(|reader| {
        !matches!(
            reader.condition,
            ReaderCondition::CardProblem(ErrorCode::CardMute, _)
        )
    });
    let one_is_known = !facts.cards.is_empty();
    let judge = |reader: &ReaderFacts| {
        let name = reader.name.as_str();
        match &reader.condition {
            ReaderCondition::CardProblem(ErrorCode::CardUnknown, _) => {
                Verdict::failed(CauseCode::CardUnknown.with("reader", name))
            }
            ReaderCondition::CardProblem(ErrorCode::CardUnsupported, _) => {
                Verdict::failed(CauseCode::CardUnsupported.with("reader", name))
            }
            // That is judged by itself.
            ReaderCondition::CardProblem(ErrorCode::EnvironmentMismatch, _) => {
                Verdict::ok(CauseCode::CardKnown)
            }
            ReaderCondition::CardProblem(code, _) => {
                let cause = CauseCode::CardTrouble.with("reader", name);
                Verdict::failed(cause.with("code", code.as_str()))
            }
            ReaderCondition::Card if !one_is_known => {
                let cause = CauseCode::CardBeingRead.with("reader", name);
                Verdict::unknown(cause).with_action(Action::Reload)
            }
            ReaderCondition::Card
            | ReaderCondition::Empty
            | ReaderCondition::Busy
            | ReaderCondition::Unreachable => Verdict::ok(CauseCode::CardKnown),
        }
    };
    worst(answering.map(judge), CauseCode::CardsNone)
}

pub(super) fn environment(facts: &Facts) -> Verdict {
    let contradictory = facts.readers.iter().flatten().filter(|reader| {
        matches!(
            reader.condition,
            ReaderCondition::CardProblem(ErrorCode::EnvironmentMismatch, _)
        )
    });
    let contradictory = contradictory.map(|_| Verdict::failed(CauseCode::EnvironmentContradictory));
    let cards = facts
        .cards
        .iter()
        .map(|card| match (facts.environment, card.environment) {
            (Environment::Production, Environment::Production) => {
                Verdict::ok(CauseCode::EnvironmentProduction)
            }
            (Environment::Test, Environment::Test) => Verdict::ok(CauseCode::EnvironmentTest),
            (Environment::Production, Environment::Test) => {
                Verdict::failed(CauseCode::EnvironmentTestCard)
            }
            (Environment::Test, Environment::Production) => {
                Verdict::failed(CauseCode::EnvironmentRealCard)
            }
        });
    worst(cards.chain(contradictory), CauseCode::CardsNone)
}

fn readers_with_a_card(facts: &Facts) -> impl Iterator<Item = &ReaderFacts> {
    let readers = facts.readers.iter().flatten();
    readers.filter(|reader| match reader.condition {
        ReaderCondition::Card | ReaderCondition::CardProblem(..) => true,
        ReaderCondition::Empty | ReaderCondition::Busy | ReaderCondition::Unreachable => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, reader, sound};
    use crate::{Check, State};

    fn with_problem(code: ErrorCode) -> Facts {
        let mut facts = sound();
        facts.cards.clear();
        facts.readers = Some(vec![reader("A", ReaderCondition::CardProblem(code, None))]);
        facts
    }

    #[test]
    fn an_empty_reader_wants_a_card() {
        let mut facts = sound();
        facts.cards.clear();
        facts.readers = Some(vec![reader("A", ReaderCondition::Empty)]);
        assert_judged(&facts, Check::Card, State::Failed, CauseCode::CardNone);
        assert_judged(
            &facts,
            Check::CardKnown,
            State::NotApplicable,
            CauseCode::HangsOn,
        );
    }

    #[test]
    fn a_mute_card_may_be_in_the_wrong_way_round() {
        let facts = with_problem(ErrorCode::CardMute);
        assert_judged(
            &facts,
            Check::CardAnswers,
            State::Failed,
            CauseCode::CardMute,
        );
        assert_judged(
            &facts,
            Check::CardKnown,
            State::NotApplicable,
            CauseCode::HangsOn,
        );
    }

    #[test]
    fn a_card_of_another_kind_is_not_known_and_one_of_another_model_not_supported() {
        let facts = with_problem(ErrorCode::CardUnknown);
        assert_judged(
            &facts,
            Check::CardKnown,
            State::Failed,
            CauseCode::CardUnknown,
        );
        let facts = with_problem(ErrorCode::CardUnsupported);
        assert_judged(
            &facts,
            Check::CardKnown,
            State::Failed,
            CauseCode::CardUnsupported,
        );
        let facts = with_problem(ErrorCode::ModuleFailed);
        assert_judged(
            &facts,
            Check::CardKnown,
            State::Failed,
            CauseCode::CardTrouble,
        );
    }

    #[test]
    fn a_foreign_card_beside_a_good_one_is_no_more_than_told() {
        let mut facts = sound();
        facts.readers = Some(vec![
            reader("A", ReaderCondition::Card),
            reader(
                "B",
                ReaderCondition::CardProblem(ErrorCode::CardUnknown, None),
            ),
        ]);
        assert_judged(
            &facts,
            Check::CardKnown,
            State::Warning,
            CauseCode::CardUnknown,
        );
    }

    #[test]
    fn a_card_that_is_still_being_read_is_not_judged_yet() {
        let mut facts = sound();
        facts.cards.clear();
        assert_judged(
            &facts,
            Check::CardKnown,
            State::Unknown,
            CauseCode::CardBeingRead,
        );
        assert_judged(
            &facts,
            Check::Code,
            State::NotApplicable,
            CauseCode::CardsNone,
        );
    }

    #[test]
    fn a_test_card_and_a_real_one_are_each_told_apart_from_the_environment() {
        let mut facts = sound();
        facts.environment = Environment::Test;
        let cause = CauseCode::EnvironmentRealCard;
        assert_judged(&facts, Check::CardEnvironment, State::Failed, cause);
        facts.cards[0].environment = Environment::Test;
        let cause = CauseCode::EnvironmentTest;
        assert_judged(&facts, Check::CardEnvironment, State::Ok, cause);
        facts.environment = Environment::Production;
        let cause = CauseCode::EnvironmentTestCard;
        assert_judged(&facts, Check::CardEnvironment, State::Failed, cause);
        let facts = with_problem(ErrorCode::EnvironmentMismatch);
        let cause = CauseCode::EnvironmentContradictory;
        assert_judged(&facts, Check::CardEnvironment, State::Failed, cause);
    }
}
