//! The row of questions that wait for the holder, and what a question costs its caller.
//!
//! Who is next is the prompt's to say, which gives callers their turns one after the other. Here it
//! is decided who may wait at all: so many in all, of each caller, and of the sites that want to be
//! let in.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use daemon_cards::HolderCodeError;
use daemon_types::{CallerKey, ErrorCode, OperationError, Reason};
use prompt::PromptError;

use crate::Operations;
use crate::limits::COME_BACK;

/// Who waits, and with which kind of question.
#[derive(Debug, Default)]
pub(crate) struct Row(Mutex<HashMap<(CallerKey, Kind), usize>>);

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// The use of a card, or a pairing.
    Question,
    /// Whether a site is let in.
    NewSite,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Full {
    All,
    ThisCaller,
    NewSites,
}

/// A place in the row of questions, left when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    operations: &'a Operations,
    caller: CallerKey,
    kind: Kind,
    /// The holder saw the question.
    is_put: bool,
    /// Whether the holder said yes.
    answer: Option<bool>,
}

impl Row {
    /// Takes a place for a question of `caller`, if there is one for it.
    fn enter(&self, caller: &CallerKey, kind: Kind) -> Result<(), Full> {
        let mut waiting = self.lock();
        let place = (caller.clone(), kind);
        let of_this_caller = waiting.get(&place).copied().unwrap_or_default();
        let (most, full) = match kind {
            Kind::Question => (MOST_OF_ONE_CALLER, None),
            Kind::NewSite => {
                let sites = waiting
                    .iter()
                    .filter(|((_, kind), _)| *kind == Kind::NewSite);
                let sites: usize = sites.map(|(_, count)| count).sum();
                (1, (sites >= MOST_OF_NEW_SITES).then_some(Full::NewSites))
            }
        };
        if of_this_caller >= most {
            return Err(Full::ThisCaller);
        }
        let for_all = waiting.values().sum::<usize>() >= MOST_OF_ALL;
        match full.or(for_all.then_some(Full::All)) {
            Some(full) => Err(full),
            None => {
                *waiting.entry(place).or_default() += 1;
                Ok(())
            }
        }
    }

    fn leave(&self, caller: &CallerKey, kind: Kind) {
        let mut waiting = self.lock();
        let place = (caller.clone(), kind);
        if let Some(count) = waiting.get_mut(&place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&place);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(CallerKey, Kind), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operations {
    /// A place in the row for a question about a card, or about a pairing. It costs the caller one
    /// of the questions that it may put, unless the holder never sees it, or answers it.
    ///
    /// # Errors
    /// `busy` when the row is full, which costs the caller nothing; `rate-limited` when it put too
    /// many questions that nobody answered, or was refused again and again.
    pub(crate) fn place_in_the_row(&self, caller: &CallerKey) -> Result<Place<'_>, OperationError> {
        self.limits().question(caller, Instant::now())?;
        let place = self.place(caller, Kind::Question);
        place.map_err(|full| {
            self.limits().give_question_back(caller);
            let busy = OperationError::new(ErrorCode::Busy);
            match full {
                Full::ThisCaller => busy.because(Reason::OwnQuestionsWait),
                Full::All | Full::NewSites => busy,
            }
        })
    }

    /// A place for a site that wants to be let in. It is not told what others do: it hears the same
    /// whether its own question waits, or those of others.
    ///
    /// # Errors
    /// `rate-limited`.
    pub(crate) fn place_of_a_new_site(
        &self,
        caller: &CallerKey,
    ) -> Result<Place<'_>, OperationError> {
        self.limits().site_question(caller, Instant::now())?;
        let place = self.place(caller, Kind::NewSite);
        place.map_err(|_| {
            self.limits().give_site_question_back(caller);
            OperationError::rate_limited(COME_BACK)
        })
    }

    fn place(&self, caller: &CallerKey, kind: Kind) -> Result<Place<'_>, Full> {
        self.0.row.enter(caller, kind)?;
        Ok(Place {
            operations: self,
            caller: caller.clone(),
            kind,
            is_put: false,
            answer: None,
        })
    }
}

impl Place<'_> {
    /// The holder sees the question now.
    pub(crate) fn put(&mut self) {
        self.is_put = true;
    }

    /// What became of the question: a yes makes refusals forgotten, a no is remembered. So is a
    /// site's question that nobody answered.
    pub(crate) fn answered<T>(&mut self, answer: &Result<T, OperationError>) {
        if matches!(answer, Err(error) if error.reason == Some(Reason::WorkstationLocked)) {
            // Whoever locked the workstation did not decide about this caller.
            self.is_put = false;
            return;
        }
        let is_no = match (answer, self.kind) {
            (Ok(_), _) => false,
            (Err(_), Kind::NewSite) => self.is_put,
            (Err(error), Kind::Question) => error.code == ErrorCode::Cancelled,
        };
        if answer.is_ok() || is_no {
            self.answer = Some(answer.is_ok());
        }
    }

    /// The same where the codes are typed at the keypad: only there does the holder say yes or no.
    pub(crate) fn entered<T>(mut self, outcome: &Result<T, HolderCodeError>) {
        match outcome {
            Ok(_)
            | Err(
                HolderCodeError::WrongCode { .. }
                | HolderCodeError::Blocked
                | HolderCodeError::NotTaken(_),
            ) => self.answer = Some(true),
            // Whoever locked the workstation did not decide about this caller.
            Err(HolderCodeError::Operation(error))
                if error.reason == Some(Reason::WorkstationLocked) =>
            {
                self.is_put = false;
            }
            Err(HolderCodeError::Operation(error))
                if error.code == ErrorCode::Cancelled && !was_not_shown(error) =>
            {
                self.answer = Some(false);
            }
            // Nobody typed, or it led nowhere.
            Err(
                HolderCodeError::Operation(_)
                | HolderCodeError::LastTryNotConfirmed
                | HolderCodeError::NotPresented
                | HolderCodeError::KeypadUnusable,
            ) => {}
        }
    }
}

/// Whether the window or terminal broke down, which is nobody's no.
fn was_not_shown(error: &OperationError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(PromptError::Unavailable(_)))
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.operations.0.row.leave(&self.caller, self.kind);
        let (mut limits, now) = (self.operations.limits(), Instant::now());
        match (self.kind, self.is_put.then_some(self.answer)) {
            (Kind::Question, None) => limits.give_question_back(&self.caller),
            (Kind::Question, Some(Some(true))) => limits.agree_to_question(&self.caller),
            (Kind::Question, Some(Some(false))) => limits.refuse_question(&self.caller, now),
            (Kind::Question, Some(None)) => {}
            (Kind::NewSite, None) => limits.give_site_question_back(&self.caller),
            (Kind::NewSite, Some(Some(true))) => limits.agree_to_site(&self.caller),
            (Kind::NewSite, Some(Some(false))) => limits.refuse_site(&self.caller, now),
            (Kind::NewSite, Some(None)) => limits.withdraw_site(&self.caller, now),
        }
    }
}

/// Questions that may wait for the holder: nobody answers more in a row.
const MOST_OF_ALL: usize = 8;
/// Of those, the questions of one caller: two of them leave room for nobody else, one does.
const MOST_OF_ONE_CALLER: usize = 4;
/// Of those, the requests of sites that want to be let in, each of which has one.
const MOST_OF_NEW_SITES: usize = 3;

#[cfg(test)]
mod tests {
    use daemon_types::{Origin, Site};

    use super::*;

    fn program(name: &str) -> CallerKey {
        CallerKey::Socket(Some(name.into()))
    }

    fn site(number: usize) -> CallerKey {
        CallerKey::Site(Site {
            origin: Origin::parse(&format!("https://n{number}.example")).unwrap(),
            top_origin: None,
        })
    }

    #[test]
    fn one_caller_leaves_places_for_others_and_all_together_have_eight() {
        let row = Row::default();
        let (a, b, c) = (program("a"), program("b"), program("c"));
        for _ in 0..4 {
            assert_eq!(row.enter(&a, Kind::Question), Ok(()));
        }
        assert_eq!(row.enter(&a, Kind::Question), Err(Full::ThisCaller));
        for _ in 0..4 {
            assert_eq!(row.enter(&b, Kind::Question), Ok(()));
        }
        assert_eq!(row.enter(&c, Kind::Question), Err(Full::All));
        row.leave(&a, Kind::Question);
        assert_eq!(row.enter(&c, Kind::Question), Ok(()));
        assert_eq!(row.enter(&a, Kind::Question), Err(Full::All));
    }

    #[test]
    fn a_window_that_breaks_down_is_no_refusal() {
        let broken = PromptError::Unavailable("the window is gone".into());
        assert!(was_not_shown(&broken.into()));
        for refused in [PromptError::Cancelled, PromptError::CancelledAtKeypad] {
            assert!(!was_not_shown(&refused.into()));
        }
        assert!(!was_not_shown(&ErrorCode::Cancelled.into()));
    }

    #[test]
    fn sites_that_want_in_have_one_place_each_and_three_in_all() {
        let row = Row::default();
        assert_eq!(row.enter(&site(0), Kind::NewSite), Ok(()));
        assert_eq!(row.enter(&site(0), Kind::NewSite), Err(Full::ThisCaller));
        for number in 1..3 {
            assert_eq!(row.enter(&site(number), Kind::NewSite), Ok(()));
        }
        assert_eq!(row.enter(&site(3), Kind::NewSite), Err(Full::NewSites));
        assert_eq!(row.enter(&program("a"), Kind::Question), Ok(()));
        row.leave(&site(1), Kind::NewSite);
        assert_eq!(row.enter(&site(3), Kind::NewSite), Ok(()));
    }
}
