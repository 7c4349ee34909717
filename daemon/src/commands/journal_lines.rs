//! Entries and faults of the journal as lines for people.

use std::collections::BTreeMap;

use daemon_journal::{Entry, Fault, Line, Operation, OutcomeResult, Report, Who, Wrong};
use serde::Serialize;
use texts::{JournalTexts, Language, error_title, foreign_text};

/// The lines in one language.
#[derive(Clone, Copy)]
pub(crate) struct JournalLines {
    texts: JournalTexts,
    language: Language,
}

/// Characters of a line: more than any entry of ours needs.
const LONGEST_LINE: usize = 2000;

impl JournalLines {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            texts: JournalTexts::new(language),
            language,
        }
    }

    pub(crate) fn empty(self) -> String {
        self.texts.empty()
    }

    /// Time, number and sentence. Nothing in the file is trusted: others may have changed it.
    pub(crate) fn entry(self, line: &Line) -> String {
        let time = foreign_text(&line.time, 40, self.language);
        let sentence = foreign_text(&self.sentence(&line.entry), LONGEST_LINE, self.language);
        format!("{time}  {:>6}  {sentence}", line.seq)
    }

    fn sentence(self, entry: &Entry) -> String {
        let texts = self.texts;
        match entry {
            Entry::AgentStarted {
                version,
                pid,
                settings,
            } => texts.agent_started(version, &pid.to_string(), &listed(settings)),
            Entry::AgentStopped => texts.agent_stopped(),
            Entry::Intent {
                who,
                operation,
                card,
                digests,
                ..
            } => texts.intent(&self.who(who), &self.operation(*operation, *digests), card),
            Entry::Outcome { of, result } => self.outcome(*of, result),
            Entry::Grant {
                decision,
                who,
                rights,
                ..
            } => texts.grant(&name_of(decision), &self.who(who), &rights.join(", ")),
            Entry::Pairing {
                step, name, rights, ..
            } => texts.pairing(&name_of(step), name.as_str(), &rights.join(", ")),
            Entry::Refusal { code, who, times } => {
                let who = who.as_ref();
                let who = who.map_or_else(|| texts.who_unknown(), |who| self.who(who));
                texts.refusal(*times, &who, &error_title(code, self.language), code)
            }
            Entry::SessionOpened { session, who, card } => {
                texts.session_opened(session.as_str(), &self.who(who), card)
            }
            Entry::SessionClosed { session, reason } => {
                texts.session_closed(session.as_str(), &name_of(reason))
            }
            Entry::Recovered { .. } => texts.recovered(),
            Entry::Damaged { file, line, what } => {
                texts.damaged(&self.place(file.as_str(), *line), what)
            }
            Entry::Retired { through, .. } => texts.retired(&through.to_string()),
            Entry::Unknown => texts.unknown(),
        }
    }

    fn who(self, who: &Who) -> String {
        match who {
            Who::Program { name, .. } => self.texts.who_program(name.as_str()),
            Who::Socket { executable, pid } => {
                let executable = executable.as_ref().map_or("?", |name| name.as_str());
                match pid {
                    Some(pid) => self.texts.who_socket(executable, &pid.to_string()),
                    None => self.texts.who_executable(executable),
                }
            }
            Who::Page { origin, top_origin } => match top_origin {
                Some(top) => self.texts.who_page_within(origin.as_str(), top.as_str()),
                None => self.texts.who_page(origin.as_str()),
            },
            Who::Console => self.texts.who_console(),
        }
    }

    fn operation(self, operation: Operation, digests: Option<usize>) -> String {
        match (operation, digests.map(u64::try_from)) {
            (Operation::Sign, Some(Ok(count))) => self.texts.signatures(count),
            _ => self.texts.operation(&name_of(&operation)),
        }
    }

    fn outcome(self, of: u64, outcome: &OutcomeResult) -> String {
        let of = of.to_string();
        if *outcome == OutcomeResult::ok() {
            self.texts.outcome_ok(&of)
        } else if *outcome == OutcomeResult::caller_left() {
            self.texts.outcome_caller_left(&of)
        } else if *outcome == OutcomeResult::code_lost() {
            self.texts.outcome_code_lost(&of)
        } else {
            let title = error_title(&outcome.result, self.language);
            let code = outcome.reason.as_ref().unwrap_or(&outcome.result);
            self.texts.outcome_failed(&of, &title, code)
        }
    }

    /// What is said of a journal that is whole.
    pub(crate) fn report(self, report: &Report) -> Vec<String> {
        let texts = self.texts;
        let mut lines = vec![texts.whole(report.entries)];
        if report.retired_through > 0 {
            lines.push(texts.retired_before(&report.retired_through.to_string()));
        }
        if report.is_unfinished {
            lines.push(texts.unfinished());
        }
        if let Some(head) = report.head {
            lines.push(texts.head(&head.seq.to_string(), &head.hash.to_string()));
        }
        lines
    }

    /// One line for each fault.
    pub(crate) fn faults(self, report: &Report) -> Vec<String> {
        report
            .faults
            .iter()
            .map(|fault| self.fault(fault))
            .collect()
    }

    /// That something is wrong, and what to do.
    pub(crate) fn broken(self, report: &Report) -> String {
        let listed = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
        self.texts.broken(listed.saturating_add(report.more_faults))
    }

    fn fault(self, fault: &Fault) -> String {
        let wrong = self.wrong(&fault.wrong);
        let wrong = foreign_text(&wrong, LONGEST_LINE, self.language);
        if fault.file.is_empty() {
            return wrong;
        }
        self.texts
            .fault(&self.place(&fault.file, fault.line), &wrong)
    }

    fn place(self, file: &str, line: u64) -> String {
        match line {
            0 => self.texts.place_file(file),
            _ => self.texts.place_line(file, &line.to_string()),
        }
    }

    fn wrong(self, wrong: &Wrong) -> String {
        let texts = self.texts;
        match wrong {
            Wrong::Unreadable { because } => texts.wrong_unreadable(because),
            Wrong::NotAnEntry => texts.wrong_not_an_entry(),
            Wrong::Changed => texts.wrong_changed(),
            Wrong::Missing { from, to } => texts.wrong_missing(&from.to_string(), &to.to_string()),
            Wrong::OutOfOrder { seq } => texts.wrong_out_of_order(&seq.to_string()),
            Wrong::BrokenLink => texts.wrong_broken_link(),
            Wrong::Unfinished => texts.wrong_unfinished(),
            Wrong::Misnamed => texts.wrong_misnamed(),
            Wrong::BeginningMissing { through } => {
                texts.wrong_beginning_missing(&through.to_string())
            }
            Wrong::TailMissing { anchored } => texts.wrong_tail_missing(&anchored.to_string()),
            Wrong::Rewritten => texts.wrong_rewritten(),
            Wrong::AnchorMissing => texts.wrong_anchor_missing(),
            Wrong::AnchorUnreadable { because } => texts.wrong_anchor_unreadable(because),
            Wrong::FoundBefore { what } => texts.wrong_found_before(what),
        }
    }
}

fn listed(settings: &BTreeMap<String, String>) -> String {
    let settings = settings.iter();
    let settings = settings.map(|(name, value)| format!("{name} = {value}"));
    settings.collect::<Vec<_>>().join(", ")
}

/// The name that a word of the journal has in it.
fn name_of(word: &impl Serialize) -> String {
    let name = serde_json::to_value(word).ok();
    name.as_ref()
        .and_then(|name| name.as_str())
        .unwrap_or_default()
        .to_owned()
}
