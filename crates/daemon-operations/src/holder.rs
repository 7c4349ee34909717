//! From the question to the holder to the card, for one operation.

use daemon_cards::{CardInReader, Cards, HolderCodeError, HolderPin, KeypadWatch, TypedPin};
use daemon_core::{check_code_len, environment_fits};
use daemon_types::{
    Asker, Caller, CardId, CardLabel, CardSummary, CodesAsked, CodesOfCard, ErrorCode, Happening,
    OperationError, Purpose, Question, Reason, Right, SessionId,
};
use prompt::{Answer, CallersTerminal, Dialogue, Turn};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::Operations;
use crate::journalled::{Intent, result_of};
use crate::keypad::{Entered, EntriesBefore, entry_time, while_typed};
use crate::look::PATIENCE;
use crate::row::Place;

/// Something that a card does once its holder typed a code for it.
pub(crate) trait HolderWork: Sync {
    /// What comes of it.
    type Outcome: Send;

    /// The caller's own terminal, where the holder wants to be asked there.
    fn callers_terminal(&self) -> Option<&CallersTerminal>;

    /// What the holder agrees to.
    fn purpose(&self) -> Purpose;

    /// The session that it is done in.
    fn session(&self) -> Option<&SessionId> {
        None
    }

    /// The codes to be typed, by the card's counters, or why none may be.
    fn codes_asked(
        &self,
        codes: &CodesOfCard,
        previous_was_wrong: bool,
    ) -> Result<CodesAsked, OperationError>;

    /// Brings the codes to the card, once.
    fn present(
        &self,
        cards: &Cards,
        card: &CardInReader,
        asked: CodesAsked,
        entered: Entered,
    ) -> impl Future<Output = Result<Self::Outcome, HolderCodeError>> + Send;

    /// What a caller is told of a wrong code.
    fn wrong_code(&self) -> ErrorCode;

    /// What a caller is told of a blocked code, by the counters that the card tells after it.
    fn blocked(&self, codes: &CodesOfCard) -> ErrorCode;

    /// What a caller is told when the card does not answer in time.
    fn timed_out(&self) -> OperationError;
}

impl Operations {
    /// The card of this name, if it belongs to the environment of this agent.
    pub(crate) fn card_of_environment(&self, id: &CardId) -> Result<CardInReader, OperationError> {
        let card = self.0.cards.find(id)?;
        environment_fits(self.environment(), card.card.summary.environment)?;
        Ok(card)
    }

    /// Asks the holder, presents the code, does the work; all of it ends with the caller's grant.
    /// Only the holder can spend a try, by typing: a wrong code is asked for again where somebody
    /// sits in front of the question, and is the caller's answer otherwise.
    pub(crate) async fn work_with_holder<W: HolderWork>(
        &self,
        caller: &Caller,
        card: CardInReader,
        work: &W,
        deadline: Instant,
    ) -> Result<W::Outcome, OperationError> {
        // A caller that leaves takes the dialogue with it, and so the window off the screen.
        let mut dialogue = None;
        let right = right_for(&work.purpose());
        // On the heap, since every future that awaits this one would hold it whole on its stack.
        let work_done = Box::pin(self.ask_and_work(caller, card, work, deadline, &mut dialogue));
        let outcome = self.while_let_in(caller, right, work_done).await;
        if let Some(dialogue) = dialogue {
            dialogue.tell_outcome(outcome.as_ref().map(drop));
        }
        outcome
    }

    /// `dialogue` is there at the end if the last question that was put got its answer.
    async fn ask_and_work<W: HolderWork>(
        &self,
        caller: &Caller,
        mut card: CardInReader,
        work: &W,
        deadline: Instant,
        dialogue: &mut Option<Dialogue>,
    ) -> Result<W::Outcome, OperationError> {
        let mut warning = Warning::default();
        loop {
            if Instant::now() >= deadline {
                return Err(ErrorCode::Timeout.into());
            }
            let agreed = self.ask_in_turn(caller, &mut card, work, dialogue, warning, deadline);
            let agreed = Box::pin(agreed);
            let Agreed {
                mut asked,
                answer,
                dialogue: asked_in,
                intent,
                question,
            } = agreed.await?;
            let dialogue = dialogue.insert(asked_in);
            warning.entries.is_there |= asked.keypad.is_some();
            let asks_again = asked.keypad.is_some() || dialogue.asks_again();
            // The yes to a last try took its time.
            let questioned = asked;
            if let Some(entry) = &mut asked.keypad {
                entry.time = entry_time(&questioned, deadline);
            }
            let (entered, watch) = Entered::of(answer, &asked);
            let outcome = async {
                let done = work.present(&self.0.cards, &card, asked, entered);
                let done = tokio::time::timeout_at(deadline + CARD_TIME, done).await;
                done.unwrap_or_else(|_| Err(self.timed_out(work, &card).into()))
            };
            let outcome = shown_to_its_end(dialogue, asked, watch, question, outcome);
            let outcome = outcome.await;
            intent.end(result_of(&outcome, work, &card)).await;
            match outcome {
                Ok(outcome) => return Ok(outcome),
                Err(HolderCodeError::WrongCode { tries_left }) if !asks_again => {
                    return Err(OperationError::new(work.wrong_code()).with_tries_left(tries_left));
                }
                Err(HolderCodeError::WrongCode { .. }) => {
                    warning.previous_was_wrong = true;
                    warning.entries.last_was_taken();
                }
                Err(HolderCodeError::Blocked) => {
                    let codes = self.fresh_codes(&card).await;
                    return Err(work.blocked(&codes).into());
                }
                // Another program spent tries since the counter was shown: the holder must know first.
                Err(HolderCodeError::LastTryNotConfirmed) if !asked.is_last_try() => {
                    warning.is_last_try = true;
                }
                Err(HolderCodeError::LastTryNotConfirmed) => {
                    return Err(ErrorCode::LastTryNotConfirmed.into());
                }
                Err(HolderCodeError::NotTaken(reason)) => warning.entries.not_taken(reason)?,
                // The code of the session is gone: the next question asks for it. A keypad that cannot
                // be used is not used by the next one.
                Err(HolderCodeError::NotPresented | HolderCodeError::KeypadUnusable) => {}
                Err(HolderCodeError::Operation(error)) => return Err(error),
            }
            card = self.same_card(&card).await?;
        }
    }

    fn timed_out<W: HolderWork>(&self, work: &W, card: &CardInReader) -> OperationError {
        let error = work.timed_out();
        if self.0.cards.keypad_is_open(card.reader()) {
            return error.because(Reason::KeypadStillOpen);
        }
        error
    }

    /// Waits for the turn and asks. The codes to be typed are known before, so that what cannot be
    /// waits for nobody, and looked at again after a wait, and before a last try: whether its loss
    /// would be for good, the counters of the unblock code say, which may be old or unknown so far.
    async fn ask_in_turn<W: HolderWork>(
        &self,
        caller: &Caller,
        card: &mut CardInReader,
        work: &W,
        before: &mut Option<Dialogue>,
        warning: Warning,
        deadline: Instant,
    ) -> Result<Agreed<'_>, OperationError> {
        let mut asked = self.codes_asked(card, work, warning).await?;
        let key = caller.key();
        let mut place = self.place_in_the_row(&key)?;
        let (prompt, terminal) = (&self.0.prompt, work.callers_terminal());
        // Until here a question that cannot be put is told where the one before it was.
        let turn = async {
            match before.take() {
                Some(before) => before.next_turn(prompt, &key, terminal, deadline).await,
                None => prompt.turn(&key, terminal, deadline).await,
            }
        };
        let turn = card.clock.with_holder(turn).await?;
        if turn.had_to_wait() || asked.is_last_try() {
            *card = self.looked_at_again(card).await?;
            asked = self.codes_asked(card, work, warning).await?;
        }
        if warning.is_last_try {
            asked = asked.for_the_last_try();
        }
        self.check_keypad_is_closed(card.reader())?;
        if turn.shows_keypads() {
            asked.keypad = self.keypad_entry(card, &asked, warning.entries, deadline);
        }
        let purpose = work.purpose();
        let intent = self.intend(caller, card, work).await?;
        place.put();
        let answered = self.ask(turn, caller, card, purpose, asked, deadline).await;
        if asked.keypad.is_none() || answered.is_err() {
            place.answered(&answered);
        }
        let agreed = answered.and_then(|(answer, dialogue, announced)| {
            let is_risked = !asked.is_last_try() || answer.last_try_confirmed;
            let refused = ErrorCode::LastTryNotConfirmed;
            let agreed = is_risked.then_some((answer, dialogue, announced));
            agreed.ok_or(refused.into())
        });
        match agreed {
            Ok((answer, dialogue, announced)) => Ok(Agreed {
                asked,
                answer,
                dialogue,
                intent,
                question: OpenQuestion {
                    announced,
                    place: asked.keypad.map(|_| place),
                },
            }),
            Err(error) => {
                intent.end((&error).into()).await;
                Err(error)
            }
        }
    }

    /// The codes to ask for; where the counters allow none, they are read again, since another
    /// program may have put a code back to work.
    async fn codes_asked<W: HolderWork>(
        &self,
        card: &mut CardInReader,
        work: &W,
        warning: Warning,
    ) -> Result<CodesAsked, OperationError> {
        let previous_was_wrong = warning.previous_was_wrong;
        if let Ok(asked) = work.codes_asked(&codes_of(card), previous_was_wrong) {
            return Ok(asked);
        }
        *card = self.same_card(card).await?;
        work.codes_asked(&codes_of(card), previous_was_wrong)
    }

    /// The card with fresh counters, if it is still the same stay in the reader.
    pub(crate) async fn same_card(
        &self,
        card: &CardInReader,
    ) -> Result<CardInReader, OperationError> {
        let looked = tokio::time::timeout(CARD_TIME, self.0.cards.read_codes(card)).await;
        let fresh = match looked.unwrap_or_else(|_| Err(ErrorCode::Timeout.into())) {
            // Others look at the card just now: what they read is there too.
            Err(error) if error.code == ErrorCode::Busy => self
                .0
                .cards
                .find(&card.card.summary.id)?
                .on_clock(&card.clock),
            fresh => fresh?,
        };
        if fresh.is_same_stay(card) {
            Ok(fresh)
        } else {
            Err(ErrorCode::CardRemoved.into())
        }
    }

    /// The counters as they are, or as they were last known of a card that does not tell any more.
    async fn fresh_codes(&self, card: &CardInReader) -> CodesOfCard {
        let fresh = self.same_card(card).await;
        codes_of(fresh.as_ref().unwrap_or(card))
    }

    /// The card as it is when its question comes up: the questions before may have cost tries of
    /// it, and it may have left. One that does not answer soon is shown as it was last known, since
    /// the next question is not to wait for it; VERIFY reads the counter again anyway.
    async fn looked_at_again(&self, card: &CardInReader) -> Result<CardInReader, OperationError> {
        let fresh = tokio::time::timeout(PATIENCE, self.same_card(card)).await;
        let fresh = fresh.unwrap_or_else(|_| self.0.cards.find(&card.card.summary.id))?;
        let fresh = fresh.on_clock(&card.clock);
        if fresh.is_same_stay(card) {
            Ok(fresh)
        } else {
            Err(ErrorCode::CardRemoved.into())
        }
    }

    async fn ask(
        &self,
        turn: Turn,
        caller: &Caller,
        card: &CardInReader,
        purpose: Purpose,
        asked: CodesAsked,
        deadline: Instant,
    ) -> Result<(Answer, Dialogue, Announced<'_>), OperationError> {
        let summary = &card.card.summary;
        let question = Question {
            asker: asker(caller),
            purpose,
            card: card_label(summary, self.now()),
            codes: asked,
        };
        let announced = Announced::new(&self.0.cards, &summary.id);
        let (answer, dialogue) = card
            .clock
            .with_holder(turn.ask(&question, deadline))
            .await?;
        Ok((answer, dialogue, announced))
    }
}

/// A question that the holder agreed to, and what it needs from there on.
struct Agreed<'a> {
    asked: CodesAsked,
    answer: Answer,
    dialogue: Dialogue,
    intent: Intent,
    question: OpenQuestion<'a>,
}

/// A question that is not over before the code is typed.
struct OpenQuestion<'a> {
    announced: Announced<'a>,
    /// Kept where the code is typed at the keypad, which alone is the holder's yes.
    place: Option<Place<'a>>,
}

/// What the question before it adds to a question.
#[derive(Clone, Copy, Default)]
struct Warning {
    /// The code typed for it was wrong.
    previous_was_wrong: bool,
    /// The card has said since that one try is left.
    is_last_try: bool,
    /// What was typed at the keypad for it, and for those before.
    entries: EntriesBefore,
}

/// Brings the work to its end, while the screen says that the reader waits where the code is typed
/// there. Subscribers hear that the question is gone when the holder has nothing more to do.
async fn shown_to_its_end<T>(
    dialogue: &mut Dialogue,
    asked: CodesAsked,
    watch: Option<KeypadWatch>,
    question: OpenQuestion<'_>,
    outcome: impl Future<Output = Result<T, HolderCodeError>>,
) -> Result<T, HolderCodeError> {
    let Some(watch) = watch else {
        drop(question);
        return dialogue.during(outcome).await;
    };
    let done = while_typed(dialogue, asked, watch, outcome).await;
    drop(question.announced);
    if let Some(place) = question.place {
        place.entered(&done);
    }
    done
}

/// Tells subscribers that a question is open, and that it is gone, however it goes.
struct Announced<'a> {
    cards: &'a Cards,
    card: CardId,
}

impl<'a> Announced<'a> {
    fn new(cards: &'a Cards, card: &CardId) -> Self {
        let card = card.clone();
        cards.announce(Happening::PromptOpened { card: card.clone() });
        Self { cards, card }
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        let card = self.card.clone();
        self.cards.announce(Happening::PromptClosed { card });
    }
}

/// The holder's code; one that they typed, as long as the card takes it.
pub(crate) fn holder_pin(
    asked: &CodesAsked,
    entered: Entered,
) -> Result<HolderPin, OperationError> {
    match entered {
        Entered::Typed(answer) => Ok(typed_pin(asked, answer)?.into()),
        Entered::AtKeypad(at_keypad) => Ok(HolderPin::AtKeypad(at_keypad)),
    }
}

fn typed_pin(asked: &CodesAsked, answer: Answer) -> Result<TypedPin, OperationError> {
    let (Some(entry), Some(pin)) = (asked.pin, answer.code) else {
        return Err(ErrorCode::Cancelled.into());
    };
    check_code_len(&pin, entry)?;
    Ok(TypedPin {
        pin,
        last_try_confirmed: answer.last_try_confirmed,
    })
}

pub(crate) fn codes_of(card: &CardInReader) -> CodesOfCard {
    let summary = &card.card.summary;
    CodesOfCard {
        pin: summary.pin,
        unblock_code: summary.unblock_code,
    }
}

pub(crate) fn right_for(purpose: &Purpose) -> Right {
    match purpose {
        Purpose::Authenticate { .. } | Purpose::UseAuthenticationKey => Right::Authenticate,
        Purpose::Decipher => Right::Decipher,
        Purpose::Sign { .. } => Right::Sign,
        Purpose::ReadActivities => Right::Identify,
        Purpose::ChangePin | Purpose::UnblockPin => Right::Manage,
        Purpose::OpenSession(terms) if terms.authenticates => Right::Authenticate,
        Purpose::OpenSession(_) => Right::Sign,
    }
}

fn asker(caller: &Caller) -> Asker {
    match caller {
        Caller::PairedProgram(program) if program.grant.is_none() => Asker::DemoToken,
        Caller::PairedProgram(program) => Asker::PairedProgram(program.name.clone()),
        Caller::SocketProgram(program) => Asker::Program(program.executable.clone()),
        Caller::Page(page) => Asker::Page(page.site.clone()),
        Caller::Console => Asker::Console,
    }
}

fn card_label(summary: &CardSummary, now: OffsetDateTime) -> CardLabel {
    let holder = &summary.holder;
    let names: Vec<_> = [&holder.given_name, &holder.family_name]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let identifier = holder.national_id.as_ref().map(|id| id.value.clone());
    CardLabel {
        id: summary.id.clone(),
        holder: if names.is_empty() {
            let pseudonym = holder.pseudonym.clone();
            let other = pseudonym.or(identifier);
            other.unwrap_or_else(|| summary.number.clone())
        } else {
            names.join(" ")
        },
        card_type: summary.card_type.clone(),
        number: summary.number.clone(),
        environment: summary.environment,
        days_left: summary.validity().map(|(_, end)| (end - now).whole_days()),
    }
}

/// What the card may need for a look, or after the holder's last moment.
pub(crate) const CARD_TIME: std::time::Duration = std::time::Duration::from_secs(30);
