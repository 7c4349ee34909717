//! The reader list as one context of the PC/SC service tells it.

use std::ffi::{CStr, CString};
use std::fmt;
use std::time::Duration;

use pcsc::{Context, Error, PNP_NOTIFICATION, Scope, State};

use crate::cancellation::Cancellation;
use crate::fault::reader_fault;
use crate::reader_state::ReaderState;
use crate::watcher::WatchError;

/// A context of the service and what it told; useless once the service stops.
pub(crate) struct Service {
    context: Context,
    /// What SCardGetStatusChange is asked about: the reader list, then each reader.
    questions: Vec<pcsc::ReaderState>,
    /// The readers that have been told about, in the order in which they came.
    seen: Vec<ReaderState>,
    /// What the caller was told last.
    reported: Option<Vec<ReaderState>>,
    /// Readers and list were looked at once more since the last change.
    settled: bool,
}

impl Service {
    pub(crate) fn connect() -> Result<Self, WatchError> {
        let context = Context::establish(Scope::User).map_err(unavailable)?;
        Ok(Self {
            context,
            questions: vec![unaware(PNP_NOTIFICATION())],
            seen: Vec::new(),
            reported: None,
            settled: false,
        })
    }

    /// Blocks until the readers differ from those returned last.
    pub(crate) fn next_list(
        &mut self,
        cancellation: &Cancellation,
    ) -> Result<Vec<ReaderState>, WatchError> {
        loop {
            let names = list_readers(&self.context).map_err(unavailable)?;
            follow(&mut self.questions, &mut self.seen, &names);
            let all_seen = self.seen.len() == names.len();
            if all_seen && self.reported.as_ref() != Some(&self.seen) {
                self.reported = Some(self.seen.clone());
                return Ok(self.seen.clone());
            }
            self.wait(cancellation)?;
        }
    }

    /// Blocks in SCardGetStatusChange, which returns at once when a reader is new.
    fn wait(&mut self, cancellation: &Cancellation) -> Result<(), WatchError> {
        let timeout = time_until_next_look(&self.questions, self.settled);
        let questions = &mut self.questions;
        let result = cancellation.during(&self.context, |context| {
            context.get_status_change(timeout, questions)
        })?;
        match result {
            Ok(()) => self.take_answers(false),
            Err(Error::Timeout) => self.take_answers(true),
            // A listed reader left before the wait began.
            Err(Error::UnknownReader) => cancellation.sleep(LIST_PAUSE)?,
            Err(error) => return Err(unavailable(error)),
        }
        Ok(())
    }

    fn take_answers(&mut self, settled: bool) {
        for question in &mut self.questions {
            question.sync_current_state();
        }
        let readers = self.questions.iter().skip(1);
        self.seen = readers.map(reader_state).collect();
        self.settled = settled;
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("seen", &self.seen)
            .field("settled", &self.settled)
            .finish_non_exhaustive()
    }
}

/// Lists the readers, once more when one came between the two calls that this takes.
fn list_readers(context: &Context) -> Result<Vec<CString>, Error> {
    match context.list_readers_owned() {
        Err(Error::InsufficientBuffer) => context.list_readers_owned(),
        result => result,
    }
}

/// Forgets the readers that left the list and asks about those that came.
fn follow(questions: &mut Vec<pcsc::ReaderState>, seen: &mut Vec<ReaderState>, names: &[CString]) {
    let listed = |name: &CStr| names.iter().any(|listed| listed.as_c_str() == name);
    questions.retain(|question| is_reader_list(question) || listed(question.name()));
    for name in names {
        if questions
            .iter()
            .all(|question| question.name() != name.as_c_str())
        {
            questions.push(unaware(name));
        }
    }
    seen.retain(|reader| {
        questions
            .iter()
            .any(|question| name_of(question) == reader.name)
    });
}

/// How long to wait before readers and list are looked at though nothing changed.
///
/// Before its version 2.3 pcsc-lite misses a reader that comes between two
/// waits, such as the second slot of a reader with two, so each change is
/// followed by one more look. macOS does not know the pseudo reader at all:
/// there, and only there, the list is read every second.
fn time_until_next_look(questions: &[pcsc::ReaderState], settled: bool) -> Option<Duration> {
    let mut readers = questions
        .iter()
        .filter(|question| !is_reader_list(question));
    let announced = questions.iter().any(|question| {
        is_reader_list(question) && !question.event_state().contains(State::UNKNOWN)
    });
    if readers.any(is_starting) {
        Some(START_PAUSE)
    } else if settled && announced {
        None
    } else {
        Some(SECOND_LOOK)
    }
}

/// A question whose answer is not known, and which is therefore answered at once.
fn unaware(name: &CStr) -> pcsc::ReaderState {
    pcsc::ReaderState::new(name, State::UNAWARE)
}

fn is_reader_list(question: &pcsc::ReaderState) -> bool {
    question.name() == PNP_NOTIFICATION()
}

/// Whether a reader has not said anything yet. That it then does, pcsc-lite
/// does not count as a change.
fn is_starting(reader: &pcsc::ReaderState) -> bool {
    let known = State::EMPTY | State::PRESENT | State::UNKNOWN | State::UNAVAILABLE;
    !reader.event_state().intersects(known)
}

fn name_of(question: &pcsc::ReaderState) -> String {
    question.name().to_string_lossy().into_owned()
}

fn reader_state(answer: &pcsc::ReaderState) -> ReaderState {
    ReaderState::from_event(
        name_of(answer),
        answer.event_state(),
        answer.event_count(),
        answer.atr(),
    )
}

fn unavailable(error: Error) -> WatchError {
    WatchError::Service(reader_fault(error))
}

const SECOND_LOOK: Duration = Duration::from_secs(1);
/// Time for a reader that was just plugged in to start.
const START_PAUSE: Duration = Duration::from_millis(50);
/// Time for the service to take a reader that left off its list.
const LIST_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<CString> {
        names
            .iter()
            .map(|name| CString::new(*name).unwrap())
            .collect()
    }

    fn seen(name: &str) -> ReaderState {
        ReaderState::from_event(name.to_owned(), State::EMPTY, 0, &[])
    }

    fn asked(questions: &[pcsc::ReaderState]) -> Vec<String> {
        questions.iter().map(name_of).collect()
    }

    #[test]
    fn a_reader_that_comes_is_asked_about_after_those_already_there() {
        let mut questions = vec![unaware(PNP_NOTIFICATION())];
        let mut known = Vec::new();
        follow(&mut questions, &mut known, &names(&["B"]));
        follow(&mut questions, &mut known, &names(&["A", "B"]));
        assert_eq!(asked(&questions), [r"\\?PnP?\Notification", "B", "A"]);
        assert_eq!(known, []);
    }

    #[test]
    fn a_reader_that_leaves_is_forgotten_with_what_was_seen_of_it() {
        let mut questions = vec![unaware(PNP_NOTIFICATION())];
        let mut known = vec![seen("A"), seen("B")];
        follow(&mut questions, &mut known, &names(&["A", "B"]));
        follow(&mut questions, &mut known, &names(&["B"]));
        assert_eq!(asked(&questions), [r"\\?PnP?\Notification", "B"]);
        assert_eq!(known, [seen("B")]);
    }

    #[test]
    fn a_reader_that_stays_keeps_the_state_that_it_is_compared_with() {
        let listed = names(&["A"]);
        let known_as_empty = pcsc::ReaderState::new(listed[0].clone(), State::EMPTY);
        let mut questions = vec![unaware(PNP_NOTIFICATION()), known_as_empty];
        follow(&mut questions, &mut vec![seen("A")], &listed);
        assert_eq!(questions[1].current_state(), State::EMPTY);
    }

    #[test]
    fn a_reader_that_is_starting_is_looked_at_soon() {
        let questions = [unaware(PNP_NOTIFICATION()), unaware(c"A")];
        for settled in [false, true] {
            assert_eq!(time_until_next_look(&questions, settled), Some(START_PAUSE));
        }
    }

    #[test]
    fn after_one_more_look_nothing_runs_until_something_changes() {
        let questions = [unaware(PNP_NOTIFICATION())];
        assert_eq!(time_until_next_look(&questions, false), Some(SECOND_LOOK));
        assert_eq!(time_until_next_look(&questions, true), None);
    }

    #[test]
    fn where_the_reader_list_is_not_announced_it_is_looked_at_again_and_again() {
        assert_eq!(time_until_next_look(&[], true), Some(SECOND_LOOK));
    }

    #[test]
    fn with_no_reader_the_list_itself_is_still_asked_about() {
        let mut questions = vec![unaware(PNP_NOTIFICATION())];
        follow(&mut questions, &mut Vec::new(), &[]);
        assert_eq!(questions.len(), 1);
    }
}
