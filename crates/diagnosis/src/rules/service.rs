//! The PC/SC service.

use crate::CauseCode;
use crate::facts::{Facts, ServiceFact};
use crate::finding::{Action, Verdict};

pub(super) fn works(facts: &Facts) -> Verdict {
    let failed = |cause| Verdict::failed(cause).with_action(Action::Reload);
    match facts.service {
        ServiceFact::Works => Verdict::ok(CauseCode::PcscWorks),
        ServiceFact::NotUsed => Verdict::not_applicable(CauseCode::PcscNotUsed),
        ServiceFact::NotInstalled => failed(CauseCode::PcscNotInstalled),
        ServiceFact::NotRunning => failed(CauseCode::PcscNotRunning),
        ServiceFact::AccessDenied => failed(CauseCode::PcscAccessDenied),
        ServiceFact::Refused => failed(CauseCode::PcscRefused),
        ServiceFact::Silent => failed(CauseCode::PcscSilent),
        ServiceFact::Unknown => Verdict::unknown(CauseCode::PcscUnknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    #[test]
    fn each_way_in_which_the_service_is_missing_has_its_cause() {
        for (service, cause) in [
            (ServiceFact::NotInstalled, CauseCode::PcscNotInstalled),
            (ServiceFact::NotRunning, CauseCode::PcscNotRunning),
            (ServiceFact::AccessDenied, CauseCode::PcscAccessDenied),
            (ServiceFact::Refused, CauseCode::PcscRefused),
            (ServiceFact::Silent, CauseCode::PcscSilent),
        ] {
            let mut facts = sound();
            facts.service = service;
            assert_judged(&facts, Check::PcscService, State::Failed, cause);
            let found = crate::diagnose(&facts);
            assert_eq!(found.first_failed().unwrap().check, Check::PcscService);
        }
    }

    #[test]
    fn a_service_that_nobody_uses_keeps_no_reader_from_being_seen() {
        let mut facts = sound();
        facts.service = ServiceFact::NotUsed;
        let cause = CauseCode::PcscNotUsed;
        assert_judged(&facts, Check::PcscService, State::NotApplicable, cause);
        assert_judged(&facts, Check::Reader, State::Ok, CauseCode::ReaderSeen);
    }
}
