//! The readers: seen, with their driver, and free.

use daemon_types::ReaderCondition;

use crate::facts::{Facts, ReaderFacts};
use crate::finding::{Action, DetailName, Verdict};
use crate::{Cause, CauseCode};

/// A device that says on USB that it is a reader, while the PC/SC service lists none, has no driver.
pub(super) fn driver(facts: &Facts) -> Verdict {
    let sees_readers = match &facts.readers {
        Some(readers) => !readers.is_empty(),
        None => return Verdict::unknown(CauseCode::DriverUnknown),
    };
    if sees_readers {
        return Verdict::ok(CauseCode::DriverWorks);
    }
    match facts.usb_readers.as_deref() {
        Some([device, ..]) => {
            Verdict::failed(CauseCode::DriverMissing.with("device", device.as_str()))
                .with_action(Action::Reload)
        }
        Some([]) => Verdict::not_applicable(CauseCode::DriverNoDevice),
        None => Verdict::unknown(CauseCode::DriverUnknown),
    }
}

pub(super) fn seen(facts: &Facts) -> Verdict {
    let Some(readers) = facts.readers.as_deref() else {
        return Verdict::unknown(CauseCode::ReaderUnknown);
    };
    if readers.is_empty() {
        return Verdict::failed(CauseCode::ReaderNone).with_action(Action::Reload);
    }
    let silent = |it: &&ReaderFacts| it.condition == ReaderCondition::Unreachable;
    let verdict = match readers.iter().find(silent) {
        Some(ReaderFacts { name, .. }) => unless_another_works(
            CauseCode::ReaderUnreachable.with("reader", name.as_str()),
            readers,
        ),
        None => Verdict::ok(CauseCode::ReaderSeen),
    };
    let names = readers.iter().map(|reader| reader.name.as_str());
    verdict.with_details(DetailName::Reader, names)
}

pub(super) fn held(facts: &Facts) -> Verdict {
    let programs = facts.reader_programs.as_deref().unwrap_or_default();
    let readers = facts.readers.as_deref().unwrap_or_default();
    let busy = |it: &&ReaderFacts| it.condition == ReaderCondition::Busy;
    let verdict = match readers.iter().find(busy) {
        Some(ReaderFacts { name, .. }) if programs.is_empty() => unless_another_works(
            CauseCode::ReaderHeldBySomebody.with("reader", name.as_str()),
            readers,
        ),
        Some(ReaderFacts { name, .. }) => {
            let cause = CauseCode::ReaderHeldBy.with("reader", name.as_str());
            unless_another_works(cause.with("program", programs.join(", ")), readers)
        }
        None => Verdict::ok(CauseCode::ReaderFree),
    };
    verdict.with_details(DetailName::Program, programs.iter().map(String::as_str))
}

/// A card in another reader can be used meanwhile; an empty reader helps nobody.
fn unless_another_works(cause: Cause, readers: &[ReaderFacts]) -> Verdict {
    let verdict = Verdict::failed(cause).with_action(Action::Reload);
    let mut conditions = readers.iter().map(|reader| &reader.condition);
    if conditions.any(|condition| *condition == ReaderCondition::Card) {
        verdict.softened()
    } else {
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, reader, sound};
    use crate::{Check, State};

    #[test]
    fn a_reader_on_usb_that_is_not_listed_has_no_driver() {
        let mut facts = sound();
        facts.readers = Some(Vec::new());
        facts.usb_readers = Some(vec!["Gemalto PC Twin Reader".into()]);
        assert_judged(
            &facts,
            Check::ReaderDriver,
            State::Failed,
            CauseCode::DriverMissing,
        );
        assert_judged(
            &facts,
            Check::Reader,
            State::NotApplicable,
            CauseCode::HangsOn,
        );
    }

    #[test]
    fn without_any_reader_one_has_to_be_plugged_in() {
        let mut facts = sound();
        facts.readers = Some(Vec::new());
        facts.usb_readers = Some(Vec::new());
        assert_judged(&facts, Check::Reader, State::Failed, CauseCode::ReaderNone);
        assert_judged(
            &facts,
            Check::Card,
            State::NotApplicable,
            CauseCode::HangsOn,
        );
    }

    #[test]
    fn a_reader_that_does_not_answer_failed_and_is_no_more_than_told_beside_one_that_does() {
        let mut facts = sound();
        facts.readers = Some(vec![reader("A", ReaderCondition::Unreachable)]);
        assert_judged(
            &facts,
            Check::Reader,
            State::Failed,
            CauseCode::ReaderUnreachable,
        );
        facts.readers = Some(vec![
            reader("A", ReaderCondition::Unreachable),
            reader("B", ReaderCondition::Card),
        ]);
        assert_judged(
            &facts,
            Check::Reader,
            State::Warning,
            CauseCode::ReaderUnreachable,
        );
    }

    #[test]
    fn a_reader_that_another_program_keeps_is_told_with_the_programs_that_may_have_it() {
        let mut facts = sound();
        facts.readers = Some(vec![
            reader("A", ReaderCondition::Busy),
            reader("B", ReaderCondition::Empty),
        ]);
        let cause = CauseCode::ReaderHeldBySomebody;
        assert_judged(&facts, Check::ReaderHeld, State::Failed, cause);
        facts.reader_programs = Some(vec!["scdaemon".into()]);
        assert_judged(
            &facts,
            Check::ReaderHeld,
            State::Failed,
            CauseCode::ReaderHeldBy,
        );
    }

    #[test]
    fn a_program_that_uses_the_service_and_keeps_no_reader_is_no_fault() {
        let mut facts = sound();
        facts.reader_programs = Some(vec!["scdaemon".into()]);
        assert_judged(&facts, Check::ReaderHeld, State::Ok, CauseCode::ReaderFree);
    }
}
