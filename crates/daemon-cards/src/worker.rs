//! The thread that alone speaks to the card in one reader.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use daemon_types::{
    Activity, CardSummary, CodesOfCard, ErrorCode, OperationError, ReaderId, Reason,
};
use tokio::sync::oneshot;

use crate::call_watch::Calls;
use crate::inventory::Inventory;
use crate::job::Job;
use crate::keypad::{AtKeypad, ReaderKeypad};
use crate::messages::Messages;
use crate::on_code::OnCode;
use crate::open_card::{OpenCard, Reading};
use crate::pauses::{AnotherLook, Pause};
use crate::problem::Problem;
use crate::source::ConnectCard;
use crate::summary::code_conditions;
use crate::worker_link::{Counted, Queue};
use crate::{
    CodeForKey, HolderCodeError, HolderPin, NewCode, OperationClock, PresentedCode, Settings,
};

/// What a worker is told.
pub(crate) enum Message {
    /// A card is in the reader.
    Inserted { insertion: u64 },
    /// It is not any more; a reader that cannot be reached may keep its card powered all the same.
    Removed { keeps_power: bool },
    /// Somebody let go of a code that was presented.
    CodeReleased,
    /// Somebody waits until all that was told before is done, but for errands; whether the card knows of no
    /// code of ours that nobody holds on to.
    Settle(oneshot::Sender<bool>),
    /// Somebody wants something of it, in an operation with this clock.
    Job(Job, OperationClock),
}

/// The worker of one reader.
pub(crate) struct Worker {
    reader: ReaderId,
    reader_name: String,
    connector: Box<dyn ConnectCard>,
    inventory: Arc<Inventory>,
    queue: Arc<Queue>,
    calls: Arc<Calls>,
    card: Option<OpenCard>,
    another_look: Option<AnotherLook>,
    /// Until a reset that the card refused is tried again.
    reset_pause: Option<Pause>,
    /// The stay before this one left a code behind on a card that may never have left.
    owes_reset: bool,
}

impl Worker {
    /// Starts the thread; it ends when the sender is dropped or its calls are retired.
    pub(crate) fn spawn(
        reader_name: String,
        connector: Box<dyn ConnectCard>,
        inventory: Arc<Inventory>,
        queue: Arc<Queue>,
        calls: Arc<Calls>,
    ) -> std::io::Result<Sender<Message>> {
        let (sender, receiver) = mpsc::channel();
        let worker = Self {
            reader: calls.reader.clone(),
            reader_name,
            connector,
            inventory,
            queue,
            calls,
            card: None,
            another_look: None,
            reset_pause: None,
            owes_reset: false,
        };
        thread::Builder::new()
            .name("reader".into())
            .spawn(move || worker.run(Messages::from(receiver)))?;
        Ok(sender)
    }

    fn run(mut self, mut messages: Messages) {
        loop {
            match messages.next(self.next_pause()) {
                Ok(message) => self.guarded(|worker| {
                    worker.take(message);
                    worker.drop_released_code();
                }),
                Err(RecvTimeoutError::Timeout) => self.guarded(Self::do_what_is_due),
                Err(RecvTimeoutError::Disconnected) => {
                    self.guarded(Self::leave);
                    return;
                }
            }
            self.plan_look_at_lost_card();
            let retired = self.calls.is_retired();
            if self.calls.take_came_back() || retired {
                self.inventory.came_back(&self.calls);
            }
            if retired {
                self.guarded(Self::leave);
                return;
            }
        }
    }

    /// The time until the next pause is over.
    fn next_pause(&self) -> Option<Duration> {
        let look = self.another_look.map(|look| look.pause.time_left());
        let reset = self.reset_pause.map(|pause| pause.time_left());
        look.into_iter().chain(reset).min()
    }

    fn do_what_is_due(&mut self) {
        if self.another_look.is_some_and(|look| look.pause.is_over()) {
            self.look_again();
            self.drop_released_code();
        }
        if self.reset_pause.is_some_and(|pause| pause.is_over()) {
            self.drop_released_code();
        }
    }

    /// A panic on a hostile card's bytes costs that card, not the reader.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            tracing::error!(
                event = "card-fault-of-ours",
                reader = self.reader_name,
                "a fault of ours on this card"
            );
            // The fault may lie between a code and its reset; where this fails too, the reset is owed.
            let _ = catch_unwind(AssertUnwindSafe(|| self.leave()));
            self.end_stay();
            let fault = Err((ErrorCode::Internal, None));
            let insertion = self.calls.insertion();
            self.inventory.publish(&self.reader, insertion, fault);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Inserted { insertion } => {
                if self.inventory.is_current(&self.reader, insertion) {
                    self.identify(insertion, Pause::first, Reading::MayRecall);
                }
            }
            Message::Removed { keeps_power } => {
                self.end_stay();
                self.owes_reset &= keeps_power;
                self.another_look = None;
            }
            // It is looked at behind every message.
            Message::CodeReleased => {}
            Message::Settle(reply) => {
                let _ = reply.send(self.drop_released_code());
            }
            Message::Job(job, clock) => self.do_job(job, &clock),
        }
    }

    fn look_again(&mut self) {
        let Some(AnotherLook { insertion, pause }) = self.another_look.take() else {
            return;
        };
        let insertion = match &self.card {
            None => Some(insertion),
            Some(card) if card.is_lost() => self.inventory.begin_anew(&self.reader, insertion),
            Some(_) => return,
        };
        let is_current = |insertion: &u64| self.inventory.is_current(&self.reader, *insertion);
        if let Some(insertion) = insertion.filter(is_current) {
            self.identify(insertion, || pause.longer(), Reading::MayRecall);
        }
    }

    /// A card that is back before the service behind its reader missed it is never announced.
    fn plan_look_at_lost_card(&mut self) {
        let lost = self.card.as_ref().filter(|card| card.is_lost());
        let insertion = lost.map(OpenCard::insertion);
        if self.another_look.is_none()
            && let Some(insertion) = insertion
            && self.inventory.is_current(&self.reader, insertion)
        {
            let pause = Pause::first();
            self.another_look = Some(AnotherLook { insertion, pause });
        }
    }

    /// Finds out which card is in the reader; `pause` is what another look would wait for.
    fn identify(&mut self, insertion: u64, pause: impl FnOnce() -> Pause, reading: Reading) {
        self.end_stay();
        self.another_look = None;
        self.calls.set_insertion(insertion);
        let mut found = self.try_to_identify(insertion, reading);
        for _ in 0..IDENTIFICATION_REPEATS {
            let is_current = || self.inventory.is_current(&self.reader, insertion);
            match &found {
                Err(problem) if problem.was_disturbed && is_current() => {
                    found = self.try_to_identify(insertion, reading);
                }
                _ => break,
            }
        }
        let found = found.map_err(|problem| {
            tracing::warn!(event = "card-unusable", reader = self.reader_name, error = ?problem.error, "a card cannot be used");
            if problem.may_pass {
                let pause = pause();
                self.another_look = Some(AnotherLook { insertion, pause });
            }
            (problem.error.code, problem.atr)
        });
        if let Some(card) = &self.card {
            let inventory = &self.inventory;
            inventory.publish_keypad(&self.reader, insertion, card.keypad);
            inventory.publish_keeps_code(&self.reader, insertion, card.keeps_code);
        }
        if self.inventory.publish(&self.reader, insertion, found) {
            self.learn_more(insertion);
        } else {
            // Nothing is asked or kept of one that is not shown.
            self.end_stay();
        }
    }

    /// Reads what the card was not asked before it was shown.
    fn learn_more(&mut self, insertion: u64) {
        let Some(card) = &mut self.card else { return };
        match card.read_keys() {
            Ok(keys) => {
                self.inventory.publish_keys(&self.reader, insertion, &keys);
                if !card.is_recalled() {
                    card.keep(&self.inventory);
                }
            }
            Err(error) => tracing::debug!(?error, "the keys will be read at their first use"),
        }
        if card.is_recalled() {
            self.check_recalled(insertion);
        }
    }

    fn try_to_identify(
        &mut self,
        insertion: u64,
        reading: Reading,
    ) -> Result<CardSummary, Problem> {
        let mut card = OpenCard::connect(&*self.connector, &self.reader_name, insertion)?;
        let mut summary = card.read_summary(&self.inventory, reading)?;
        if self.owes_reset && card.drop_code_left_behind().is_ok() {
            self.owes_reset = false;
            summary = card.read_summary(&self.inventory, reading)?;
        }
        self.card = Some(card);
        Ok(summary)
    }

    /// Asks a card that is shown as it was at an earlier insertion what it was not asked yet. No job
    /// is done before, so nothing is signed under a certificate that the card has no more.
    fn check_recalled(&mut self, insertion: u64) {
        let checked = self
            .open_card(insertion)
            .and_then(OpenCard::certificates_are_as_known);
        match checked {
            Ok(true) => {
                if let Err(error) = self.read_codes(insertion) {
                    tracing::debug!(?error, "the counters will be read when somebody asks");
                }
            }
            Ok(false) => self.distrust(insertion),
            Err(error) => {
                tracing::debug!(?error, "a card seen before could not be checked");
                self.read_in_full(insertion);
            }
        }
    }

    /// Drops what is kept of a card, and shows it as it is where it was shown as it was kept.
    fn distrust(&mut self, insertion: u64) {
        let Some(card) = &self.card else { return };
        let reader = &self.reader_name;
        tracing::info!(
            event = "card-changed",
            reader,
            "a card is not as it was read before"
        );
        card.forget(&self.inventory);
        if card.is_recalled() {
            self.read_in_full(insertion);
        }
    }

    fn read_in_full(&mut self, insertion: u64) {
        if let Some(insertion) = self.inventory.begin_anew(&self.reader, insertion) {
            self.identify(insertion, Pause::first, Reading::InFull);
        }
    }

    /// Does one job, unless whoever asked has gone or meant another card.
    fn do_job(&mut self, job: Job, clock: &OperationClock) {
        self.calls
            .take_up(clock, job.at_keypad().map(AtKeypad::is_over));
        clock.card_begins();
        match job {
            Job::Errand { insertion, errand } => {
                errand(self.open_card(insertion));
            }
            Job::ReadCodes { insertion, reply } => {
                let counted = Counted(Arc::clone(&self.queue), |queue| &queue.looks);
                if !reply.is_closed() {
                    let outcome = self.read_codes(insertion);
                    drop(counted);
                    answer(clock, reply, outcome.map(drop));
                }
            }
            Job::ListActivities { insertion, reply } => {
                let _done = Counted(Arc::clone(&self.queue), |queue| &queue.looks);
                if !reply.is_closed() {
                    let card = self.open_card(insertion);
                    answer(clock, reply, card.and_then(OpenCard::list_activities));
                }
            }
            Job::ReadActivities {
                insertion,
                pin,
                reply,
            } => {
                let _done = Counted(Arc::clone(&self.queue), |queue| &queue.uses);
                let outcome = self.read_activities(insertion, &pin, &|| !reply.is_closed());
                drop(pin);
                let succeeded = outcome.is_ok();
                self.note_keypad(insertion, &outcome);
                answer(clock, reply, outcome);
                self.settle(insertion, succeeded);
            }
            Job::SetPin {
                insertion,
                new_code,
                reply,
            } => {
                let _done = Counted(Arc::clone(&self.queue), |queue| &queue.uses);
                let outcome = self.set_pin(insertion, &new_code, &|| !reply.is_closed());
                drop(new_code);
                let succeeded = outcome.is_ok();
                self.note_keypad(insertion, &outcome);
                answer(clock, reply, outcome);
                self.settle(insertion, succeeded);
            }
            Job::OnCode { code, work } => {
                let _done = Counted(Arc::clone(&self.queue), |queue| &queue.uses);
                work(self, code, clock);
            }
            Job::PresentPin {
                insertion,
                pin,
                code,
                reply,
            } => {
                let _done = Counted(Arc::clone(&self.queue), |queue| &queue.uses);
                let outcome = self.present_pin(insertion, &pin, &code, &|| !reply.is_closed());
                drop(pin);
                let succeeded = outcome.is_ok();
                self.note_keypad(insertion, &outcome);
                answer(clock, reply, outcome);
                self.settle(insertion, succeeded);
            }
        }
    }

    /// Does work that rests on a code, and answers whoever waits for it.
    pub(crate) fn work_on_code<W: OnCode>(
        &mut self,
        insertion: u64,
        work: W,
        code: CodeForKey,
        reply: oneshot::Sender<Result<W::Outcome, HolderCodeError>>,
        clock: &OperationClock,
    ) {
        let (inventory, reader) = (Arc::clone(&self.inventory), self.reader.clone());
        let is_wanted = || !reply.is_closed();
        let go_on = || may_go_on(&is_wanted, &inventory, &reader, insertion);
        let after_use = inventory.settings.after_use;
        let card = self.open_card(insertion).map_err(HolderCodeError::from);
        let outcome = card.and_then(|card| card.on_code(&work, &code, after_use, &go_on));
        drop((work, code));
        let succeeded = outcome.is_ok();
        self.note_keypad(insertion, &outcome);
        let contradicts = contradicts_certificate(&outcome);
        answer(clock, reply, outcome);
        self.settle(insertion, succeeded);
        if contradicts {
            self.distrust(insertion);
        }
    }

    /// Presents the code for a session, in one transaction that leaves it presented.
    fn present_pin(
        &mut self,
        insertion: u64,
        pin: &HolderPin,
        code: &PresentedCode,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<(), HolderCodeError> {
        let inventory = Arc::clone(&self.inventory);
        let reader = self.reader.clone();
        let go_on = || may_go_on(is_wanted, &inventory, &reader, insertion);
        self.open_card(insertion)?.present_pin(pin, code, &go_on)
    }

    /// Drops a code that nobody holds on to any more, now or after a pause; whether the card knows of
    /// none.
    fn drop_released_code(&mut self) -> bool {
        let after_use = self.inventory.settings.after_use;
        let Some(card) = &mut self.card else {
            self.reset_pause = None;
            return !self.owes_reset;
        };
        let Err(error) = card.drop_released_code(after_use) else {
            self.reset_pause = None;
            return true;
        };
        tracing::warn!(
            event = "card-knows-code",
            ?error,
            "the card still knows of a code"
        );
        match &mut self.reset_pause {
            Some(pause) if pause.is_over() => *pause = pause.longer(),
            Some(_) => {}
            none => *none = Some(Pause::first()),
        }
        false
    }

    /// Forgets the card of a stay that ends while the card may go on: a code that it leaves behind is
    /// dropped by the next one.
    fn end_stay(&mut self) {
        let after_use = self.inventory.settings.after_use;
        let card = self.card.take();
        self.owes_reset |= card.is_some_and(|card| card.leaves_a_code(after_use));
    }

    /// What this thread leaves behind, nobody else would drop.
    fn leave(&mut self) {
        let after_use = self.inventory.settings.after_use;
        if let Some(card) = &mut self.card
            && card.leaves_a_code(after_use)
            && let Err(error) = card.drop_code_left_behind()
        {
            tracing::debug!(?error, "the card may still know of a code");
        }
    }

    fn read_activities(
        &mut self,
        insertion: u64,
        pin: &HolderPin,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Vec<Activity>, HolderCodeError> {
        let inventory = Arc::clone(&self.inventory);
        let reader = self.reader.clone();
        let go_on = || may_go_on(is_wanted, &inventory, &reader, insertion);
        let Settings {
            after_use,
            nomenclature,
            ..
        } = inventory.settings;
        self.open_card(insertion)?
            .read_activities(pin, nomenclature, after_use, &go_on)
    }

    /// Sets a new code and reads both codes again. A card that has just taken a new code and cannot
    /// be read any more has taken it all the same.
    fn set_pin(
        &mut self,
        insertion: u64,
        new_code: &NewCode,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Option<CodesOfCard>, HolderCodeError> {
        let inventory = Arc::clone(&self.inventory);
        let reader = self.reader.clone();
        let go_on = || may_go_on(is_wanted, &inventory, &reader, insertion);
        let after_use = inventory.settings.after_use;
        let card = self.open_card(insertion)?;
        card.set_pin(new_code, after_use, &go_on)?;
        card.counters_moved(true);
        let codes = self.read_codes(insertion);
        Ok(codes
            .inspect_err(|error| tracing::debug!(?error, "the new code's counters are not known"))
            .ok())
    }

    fn read_codes(&mut self, insertion: u64) -> Result<CodesOfCard, OperationError> {
        let (states, limits) = self.open_card(insertion)?.read_codes()?;
        let (pin, unblock_code) = code_conditions(&states, limits);
        self.inventory
            .publish_codes(&self.reader, insertion, pin, unblock_code);
        Ok(CodesOfCard { pin, unblock_code })
    }

    /// After a use, while nobody waits for it: tries once more to drop a state that was to be dropped,
    /// brings the card back from its reset, and where a code failed now or before, reads what its
    /// counters say.
    fn settle(&mut self, insertion: u64, succeeded: bool) {
        let Ok(card) = self.open_card(insertion) else {
            return;
        };
        if let Err(error) = card.reset_if_owed() {
            tracing::warn!(
                event = "card-knows-code",
                ?error,
                "the card still knows of a code"
            );
        }
        if let Err(error) = card.reopen() {
            tracing::debug!(?error, "the card stays as its reset left it");
        }
        if card.counters_moved(succeeded)
            && let Err(error) = self.read_codes(insertion)
        {
            tracing::debug!(?error, "the counters could not be read after a use");
        }
    }

    /// A keypad that refused to be used is not used again while this card stays.
    fn note_keypad<T>(&self, insertion: u64, outcome: &Result<T, HolderCodeError>) {
        if matches!(outcome, Err(HolderCodeError::KeypadUnusable)) {
            let reader = &self.reader_name;
            tracing::warn!(
                event = "keypad-refused",
                reader,
                "a reader that says it has a keypad refuses its use"
            );
            let none = ReaderKeypad::default();
            self.inventory.publish_keypad(&self.reader, insertion, none);
        }
    }

    fn open_card(&mut self, insertion: u64) -> Result<&mut OpenCard, OperationError> {
        self.card
            .as_mut()
            .filter(|card| card.insertion() == insertion)
            .ok_or(OperationError::new(ErrorCode::CardRemoved))
    }
}

/// Answers whoever waits, and gives the operation's time back before they can go on.
fn answer<T>(clock: &OperationClock, reply: oneshot::Sender<T>, outcome: T) {
    clock.card_ends();
    let _ = reply.send(outcome);
}

/// Whether somebody still waits for the answer of the card of this insertion.
fn may_go_on(
    is_wanted: &dyn Fn() -> bool,
    inventory: &Inventory,
    reader: &ReaderId,
    insertion: u64,
) -> Result<(), OperationError> {
    if !is_wanted() {
        Err(OperationError::new(ErrorCode::Cancelled))
    } else if !inventory.is_current(reader, insertion) {
        Err(OperationError::new(ErrorCode::CardRemoved))
    } else {
        Ok(())
    }
}

/// Whether the card signed by another key than that of the certificate it is shown with.
fn contradicts_certificate<T>(outcome: &Result<T, HolderCodeError>) -> bool {
    matches!(
        outcome,
        Err(HolderCodeError::Operation(error)) if error.reason == Some(Reason::SignatureWrong)
    )
}

const IDENTIFICATION_REPEATS: usize = 2;
