//! The computer: its clock, its disk, its proxies.

use time::Duration;

use super::day;
use crate::CauseCode;
use crate::facts::Facts;
use crate::finding::Verdict;

/// A clock can be behind, which shows; one that is ahead cannot be told from a computer that slept. A line of the
/// journal may come from a clock that was ahead, so that one alone says nothing of this one.
pub(super) fn clock(facts: &Facts) -> Verdict {
    let machine = &facts.machine;
    let issued = facts.cards.iter().flat_map(|card| &card.certificates);
    let issued = issued.map(|certificate| certificate.not_before).max();
    let behind = |earliest| facts.now + CLOCKS_DIFFER < earliest;
    if behind(machine.released) {
        let date = day(machine.released);
        return Verdict::failed(CauseCode::ClockBeforeRelease.with("date", date));
    }
    let lines = machine.journal_times.iter().flatten().rev();
    let last: Vec<_> = lines.take(JOURNAL_LINES).copied().collect();
    let to_come: Vec<_> = last.iter().copied().filter(|line| behind(*line)).collect();
    let latest = to_come.iter().copied().max();
    if let Some(latest) = latest.filter(|_| to_come.len() > 1 && 2 * to_come.len() > last.len()) {
        return Verdict::failed(CauseCode::ClockBeforeJournal.with("date", day(latest)));
    }
    if let Some(issued) = issued.filter(|issued| behind(*issued)) {
        return Verdict::failed(CauseCode::ClockBeforeCard.with("date", day(issued)));
    }
    match latest {
        Some(latest) => Verdict::warning(CauseCode::ClockBeforeALine.with("date", day(latest))),
        None => Verdict::ok(CauseCode::ClockPlausible),
    }
}

pub(super) fn disk_space(facts: &Facts) -> Verdict {
    let Some(free) = facts.machine.free_bytes else {
        return Verdict::unknown(CauseCode::DiskUnknown);
    };
    let megabytes = free / MEGABYTE;
    if free < FULL {
        Verdict::failed(CauseCode::DiskFull)
    } else if free < LOW {
        Verdict::warning(CauseCode::DiskLow.with("megabytes", megabytes))
    } else {
        Verdict::ok(CauseCode::DiskEnough.with("megabytes", megabytes))
    }
}

pub(super) fn proxy(facts: &Facts) -> Verdict {
    let machine = &facts.machine;
    let Some(variables) = &machine.proxy_variables else {
        return Verdict::unknown(CauseCode::ProxyUnknown);
    };
    let spares_loopback = spares_loopback(machine.no_proxy.as_deref().unwrap_or_default());
    match variables.first() {
        Some(variable) if !spares_loopback => {
            Verdict::warning(CauseCode::ProxyCatchesLoopback.with("variable", variable.as_str()))
        }
        Some(_) | None => Verdict::ok(CauseCode::ProxyNone),
    }
}

/// Whether `no_proxy` names the address by which programs call the agent.
fn spares_loopback(no_proxy: &str) -> bool {
    let mut names = no_proxy.split([',', ' ']).map(str::trim);
    names.any(|name| name == "*" || name == "127.0.0.1" || name.starts_with("127.0.0.0/"))
}

/// How many lines of the journal are asked, the last ones.
pub const JOURNAL_LINES: usize = 5;
/// How far two clocks that are right may differ.
const CLOCKS_DIFFER: Duration = Duration::hours(1);
const MEGABYTE: u64 = 1 << 20;
/// The journal of a busy day does not fit any more.
const FULL: u64 = 2 * MEGABYTE;
/// Other programs fill so much in a day.
const LOW: u64 = 100 * MEGABYTE;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    #[test]
    fn a_clock_before_the_release_the_journal_or_the_card_is_wrong() {
        let mut facts = sound();
        facts.machine.journal_times = Some(vec![facts.now + Duration::days(2); 2]);
        let cause = CauseCode::ClockBeforeJournal;
        assert_judged(&facts, Check::Clock, State::Failed, cause);
        facts.machine.released = facts.now + Duration::days(2);
        let cause = CauseCode::ClockBeforeRelease;
        assert_judged(&facts, Check::Clock, State::Failed, cause);

        let mut facts = sound();
        for card in &mut facts.cards {
            for certificate in &mut card.certificates {
                certificate.not_before = facts.now + Duration::days(2);
            }
        }
        assert_judged(
            &facts,
            Check::Clock,
            State::Failed,
            CauseCode::ClockBeforeCard,
        );
    }

    /// The lines of a journal, oldest first: `x` for one of a day to come.
    fn with_lines(lines: &str) -> Facts {
        let mut facts = sound();
        let time = |sign| match sign {
            'x' => facts.now + Duration::days(2),
            _ => facts.now - Duration::days(2),
        };
        facts.machine.journal_times = Some(lines.chars().map(time).collect());
        facts
    }

    #[test]
    fn a_clock_is_wrong_where_most_of_the_last_five_lines_are_to_come() {
        for lines in ["xx", ".xx", "xxxxx", "..xxx", "x.x.x", ".....xxx.."] {
            let cause = CauseCode::ClockBeforeJournal;
            assert_judged(&with_lines(lines), Check::Clock, State::Failed, cause);
        }
    }

    #[test]
    fn a_line_of_a_day_to_come_among_others_is_no_more_than_told() {
        for lines in ["x", ".x", "x.", "....x", "x....", "x..x.", "xxxx....x"] {
            let cause = CauseCode::ClockBeforeALine;
            assert_judged(&with_lines(lines), Check::Clock, State::Warning, cause);
        }
        for lines in ["", ".", "xxxxx....."] {
            let cause = CauseCode::ClockPlausible;
            assert_judged(&with_lines(lines), Check::Clock, State::Ok, cause);
        }
    }

    #[test]
    fn a_card_of_a_day_to_come_weighs_more_than_a_line() {
        let mut facts = with_lines("....x");
        for card in &mut facts.cards {
            for certificate in &mut card.certificates {
                certificate.not_before = facts.now + Duration::days(1);
            }
        }
        let cause = CauseCode::ClockBeforeCard;
        assert_judged(&facts, Check::Clock, State::Failed, cause);
    }

    #[test]
    fn a_clock_that_is_minutes_behind_is_not_wrong() {
        let mut facts = sound();
        facts.machine.journal_times = Some(vec![facts.now + Duration::minutes(10); 5]);
        assert_judged(&facts, Check::Clock, State::Ok, CauseCode::ClockPlausible);
    }

    #[test]
    fn a_disk_without_space_failed_and_one_with_little_is_told() {
        let mut facts = sound();
        facts.machine.free_bytes = Some(FULL - 1);
        assert_judged(&facts, Check::DiskSpace, State::Failed, CauseCode::DiskFull);
        facts.machine.free_bytes = Some(LOW - 1);
        assert_judged(&facts, Check::DiskSpace, State::Warning, CauseCode::DiskLow);
        facts.machine.free_bytes = None;
        assert_judged(
            &facts,
            Check::DiskSpace,
            State::Unknown,
            CauseCode::DiskUnknown,
        );
    }

    #[test]
    fn a_proxy_is_told_unless_no_proxy_names_the_loopback_address() {
        let mut facts = sound();
        facts.machine.proxy_variables = Some(vec!["https_proxy".into()]);
        for no_proxy in [None, Some("localhost,.hopital.example")] {
            facts.machine.no_proxy = no_proxy.map(str::to_owned);
            let cause = CauseCode::ProxyCatchesLoopback;
            assert_judged(&facts, Check::Proxy, State::Warning, cause);
        }
        for no_proxy in ["localhost, 127.0.0.1", "*", "127.0.0.0/8"] {
            facts.machine.no_proxy = Some(no_proxy.into());
            assert_judged(&facts, Check::Proxy, State::Ok, CauseCode::ProxyNone);
        }
    }
}
