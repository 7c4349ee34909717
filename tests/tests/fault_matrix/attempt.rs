//! One cell: an operation with one fault, tried at each of its commands.

use std::time::Duration;

use card_emulator::pki::KeySet;
use card_emulator::{DemoCard, FaultOrder, When};
use card_profiles::{CodeCounters, LastTry};
use daemon_types::{CardId, ErrorCode, OperationError, ReaderCondition};
use secrets::Pin;
use tokio::runtime::Builder;

use crate::desk::{Desk, NEW_PIN, PIN};
use crate::faults::{Place, Trouble};
use crate::operations::Operation;
use crate::table::Outcomes;

/// A cell of the matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) kind: DemoCard,
    pub(crate) operation: Operation,
    pub(crate) trouble: Trouble,
}

impl Cell {
    pub(crate) fn try_everywhere(&self) -> Outcomes {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut outcomes = Outcomes::default();
        for place in self.trouble.places() {
            for number in 1.. {
                match runtime.block_on(self.attempt(&place, number)) {
                    Attempt::TooLate(outcome) => {
                        if outcome.is_err() {
                            self.complain(
                                &mut outcomes,
                                number,
                                &format!("undisturbed: {outcome:?}"),
                            );
                        }
                        break;
                    }
                    Attempt::Disturbed(outcome, complaints) => {
                        let told = outcome.err().map(|error| error.code);
                        outcomes.count(told);
                        if !told.is_none_or(|code| self.may_be_told(code)) {
                            self.complain(&mut outcomes, number, &format!("told {told:?}"));
                        }
                        for complaint in complaints {
                            self.complain(&mut outcomes, number, &complaint);
                        }
                    }
                }
            }
        }
        outcomes
    }

    /// A new code is the only data whose length a card may find wrong.
    fn may_be_told(&self, code: ErrorCode) -> bool {
        let is_of_a_new_code = self.trouble == Trouble::WrongLength && self.operation.sets_a_code();
        self.trouble.may_be_told().contains(&code)
            || (is_of_a_new_code && code == ErrorCode::PinLength)
    }

    fn complain(&self, outcomes: &mut Outcomes, number: u64, complaint: &str) {
        let (kind, operation, trouble) = (self.kind, self.operation, self.trouble);
        outcomes.complaints.push(format!(
            "{kind:?} {operation:?} {trouble:?} at {number}: {complaint}"
        ));
    }

    async fn attempt(&self, place: &Place, number: u64) -> Attempt {
        let mut desk = Desk::new(self.trouble.call_time());
        let card = desk.card(self.kind);
        let mut before = desk.plan.counts().commands;
        let known = match self.operation {
            Operation::FirstReading => {
                self.disturb(&desk, place, number);
                desk.insert(card);
                None
            }
            _ => {
                desk.insert(card);
                let id = desk.identified().await.unwrap();
                if self.operation == Operation::Unblock {
                    block(&desk);
                }
                before = desk.plan.counts().commands;
                self.disturb(&desk, place, number);
                Some(id)
            }
        };
        let operations = desk.operations(PIN);
        let done = self.operation.run(&mut desk, &operations, known.as_ref());
        let Ok(outcome) = tokio::time::timeout(MUCH_TOO_LONG, done).await else {
            return Attempt::Disturbed(Ok(()), vec!["it does not end".to_owned()]);
        };
        let came = match place {
            Place::Command(..) => desk.plan.counts().commands - before >= number,
            Place::Transaction => !desk.other_program.drop_plan(),
        };
        desk.plan.disarm();
        if !came {
            return Attempt::TooLate(outcome);
        }
        let mut complaints = Vec::new();
        match tokio::time::timeout(MUCH_TOO_LONG, self.recover(&mut desk)).await {
            Ok(id) => self.judge(&mut desk, &id, &outcome, &mut complaints).await,
            Err(_) => complaints.push("the card is not there again".to_owned()),
        }
        Attempt::Disturbed(outcome, complaints)
    }

    fn disturb(&self, desk: &Desk, place: &Place, number: u64) {
        let transaction = usize::try_from(number).unwrap();
        let other = &desk.other_program;
        match (place, self.trouble) {
            (Place::Command(moment, fault), _) => {
                desk.plan.arm(FaultOrder {
                    when: When::Command(number),
                    moment: *moment,
                    fault: fault.clone(),
                });
                if self.trouble == Trouble::Exchange {
                    let second = self
                        .kind
                        .make(KeySet::Second, time::OffsetDateTime::now_utc());
                    tokio::spawn(desk.insert_when_pulled(second.unwrap()));
                }
            }
            (Place::Transaction, Trouble::OtherResets) => other.plan(transaction, desk.reset()),
            (Place::Transaction, Trouble::OtherSelects) => {
                other.plan(transaction, desk.select_other_view());
            }
            (Place::Transaction, Trouble::OtherPresents) => {
                other.plan(transaction, present(desk, PIN));
            }
            // This also drops a code that was presented.
            (Place::Transaction, Trouble::OtherMistypes) => {
                other.plan(transaction, present(desk, "0000"));
            }
            (Place::Transaction, _) => {
                let holder = std::sync::Arc::clone(other);
                other.plan(transaction, move || holder.hold());
            }
        }
    }

    /// What a holder does next: waits, or puts the card in again.
    async fn recover(&self, desk: &mut Desk) -> CardId {
        desk.other_program.let_go();
        desk.plan.release();
        while self.trouble == Trouble::Exchange && !desk.has_second_card() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if self.operation == Operation::FirstReading || desk.was_pulled() {
            let card = desk.take_out().await;
            desk.insert(card);
            // The agent may first tell of what was in the reader before.
            loop {
                if let Ok(id) = desk.identified().await {
                    return id;
                }
            }
        }
        while desk.cards.readers()[0].condition != ReaderCondition::Card {
            // The card may have fallen silent only after the caller had its answer.
            desk.plan.release();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let card = desk.cards.cards().remove(0);
        // Until the worker has done what it had to do.
        let _ = desk.cards.read_codes(&card).await;
        card.card.summary.id
    }

    async fn judge(
        &self,
        desk: &mut Desk,
        id: &CardId,
        outcome: &Result<(), OperationError>,
        complaints: &mut Vec<String>,
    ) {
        let (presented, typed) = (desk.codes_presented(), self.operation.codes_typed());
        if presented > typed || (outcome.is_ok() && presented < typed) {
            complaints.push(format!(
                "{presented} codes came to the card, {typed} were typed"
            ));
        }
        let counters = desk.counters();
        let tries = |code: Option<CodeCounters>| code.and_then(|code| code.tries_left);
        let is_blocked = tries(counters.pin) == Some(0);
        let may_be_blocked = self.operation == Operation::Unblock && outcome.is_err();
        // Another program that presents the old code has spent a try of the new one itself.
        let spent = match self.trouble {
            Trouble::OtherPresents => self.operation.sets_a_code(),
            trouble => trouble == Trouble::OtherMistypes,
        };
        let is_whole = tries(counters.pin) == Some(3) || (spent && tries(counters.pin) == Some(2));
        if counters.pin.is_some() && !is_whole && !(is_blocked && may_be_blocked) {
            complaints.push(format!("tries are lost: {counters:?}"));
        }
        if counters
            .unblock_code
            .is_some_and(|code| code.tries_left.is_some_and(|tries| tries < 3))
        {
            complaints.push(format!("tries of the unblock code are lost: {counters:?}"));
        }
        if let Err(error) = self
            .next_operation(desk, id, outcome.is_ok(), is_blocked)
            .await
        {
            complaints.push(format!(
                "after {outcome:?} the next operation fails: {error:?}"
            ));
        }
    }

    /// The next operation, with the code that the card has now.
    async fn next_operation(
        &self,
        desk: &mut Desk,
        id: &CardId,
        succeeded: bool,
        is_blocked: bool,
    ) -> Result<(), OperationError> {
        let pin = match self.operation.sets_a_code() {
            true if succeeded => NEW_PIN,
            true if !is_blocked && !desk.takes(PIN) => {
                assert!(desk.takes(NEW_PIN), "neither code is right");
                NEW_PIN
            }
            _ => PIN,
        };
        let next = match self.kind {
            DemoCard::Cps3Contactless => {
                let card = desk.cards.find(id)?;
                return desk.cards.read_codes(&card).await.map(drop);
            }
            _ if is_blocked => Operation::Unblock,
            _ => Operation::Authenticate,
        };
        let operations = desk.operations(pin);
        let done = next.run(desk, &operations, Some(id));
        let too_late = |_| Err(ErrorCode::Timeout.into());
        tokio::time::timeout(MUCH_TOO_LONG, done)
            .await
            .unwrap_or_else(too_late)
    }
}

/// What became of one attempt.
enum Attempt {
    /// The operation has fewer commands.
    TooLate(Result<(), OperationError>),
    /// What was told, and which demands were not met.
    Disturbed(Result<(), OperationError>, Vec<String>),
}

/// Another program presents a code.
fn present(desk: &Desk, pin: &'static str) -> impl FnOnce() + Send + 'static {
    desk.deed(|card| {
        let pin = Pin::new(pin.as_bytes()).unwrap();
        // A card without a code, or one that is blocked, takes none.
        let _ = card.verify_pin(&pin, LastTry::NotConfirmed);
    })
}

/// Three wrong codes of another program.
fn block(desk: &Desk) {
    desk.deed(|card| {
        for _ in 0..3 {
            let wrong = Pin::new(b"0000").unwrap();
            assert!(card.verify_pin(&wrong, LastTry::Confirmed).is_err());
        }
    })();
}

/// Past the deadline of any operation, and what its card may need after it.
const MUCH_TOO_LONG: Duration = Duration::from_secs(60);
