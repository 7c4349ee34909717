//! One module for each theme, one function for each check.

mod agent;
mod browsers;
mod card;
mod certificates;
mod codes;
pub(crate) mod cryptolib;
mod machine;
mod own_module;
mod readers;
mod service;

use time::{Date, OffsetDateTime};

use crate::check::Check;
use crate::facts::{CardFacts, Facts};
use crate::finding::{State, Verdict};
use crate::{Cause, CauseCode};

pub use machine::JOURNAL_LINES;

/// Judges one check, all that it needs having passed.
pub(crate) fn judge(check: Check, facts: &Facts) -> Verdict {
    match check {
        Check::Configuration => agent::configuration(facts),
        Check::AgentRuns => agent::runs(facts),
        Check::AgentVersion => agent::version(facts),
        Check::Clock => machine::clock(facts),
        Check::DiskSpace => machine::disk_space(facts),
        Check::PcscService => service::works(facts),
        Check::ReaderDriver => readers::driver(facts),
        Check::Reader => readers::seen(facts),
        Check::ReaderHeld => readers::held(facts),
        Check::Card => card::is_in(facts),
        Check::CardAnswers => card::answers(facts),
        Check::CardKnown => card::is_known(facts),
        Check::CardEnvironment => card::environment(facts),
        Check::CertificateDates => certificates::dates(facts),
        Check::CertificateChain => certificates::chain(facts),
        Check::CertificateRevocation => certificates::revocation(facts),
        Check::Code => codes::code(facts),
        Check::UnblockCode => codes::unblock_code(facts),
        Check::Cryptolib => cryptolib::version(facts),
        Check::CryptolibCache => cryptolib::cache(facts),
        Check::OwnModule => own_module::registered(facts),
        Check::Port => agent::port(facts),
        Check::Trust => browsers::trust(facts),
        Check::NativeMessaging => browsers::native_messaging(facts),
        Check::LoopbackPermission => browsers::loopback_permission(facts),
        Check::Proxy => machine::proxy(facts),
    }
}

/// The worst of several verdicts, as no more than a warning where another one found nothing that
/// keeps it from being used; what stands for none, where there is none.
fn worst(verdicts: impl IntoIterator<Item = Verdict>, none: impl Into<Cause>) -> Verdict {
    let verdicts: Vec<Verdict> = verdicts.into_iter().collect();
    let works = |verdict: &Verdict| matches!(verdict.state, State::Ok | State::Warning);
    let one_works = verdicts.iter().any(works);
    let worst = verdicts.into_iter().max_by_key(|verdict| verdict.state);
    match worst {
        Some(worst) if one_works => worst.softened(),
        Some(worst) => worst,
        None => Verdict::not_applicable(none),
    }
}

/// The worst verdict on the cards that can be read.
fn worst_of_cards(facts: &Facts, judge: impl Fn(&CardFacts) -> Verdict) -> Verdict {
    worst(facts.cards.iter().map(judge), CauseCode::CardsNone)
}

/// What a command of a remedy needs so that it means the same agent: options, with a space before, as a shell takes them.
fn options(facts: &Facts) -> String {
    let Some(folder) = &facts.state_dir else {
        return String::new();
    };
    let is_plain = |sign: char| sign.is_alphanumeric() || "/\\:._-".contains(sign);
    if folder.chars().all(is_plain) {
        format!(" --state-dir {folder}")
    } else {
        format!(" --state-dir \"{folder}\"")
    }
}

fn day(time: OffsetDateTime) -> Date {
    time.date()
}
