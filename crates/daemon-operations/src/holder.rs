//! From the question to the holder to the key, for one operation.

use daemon_cards::{CardInReader, Cards, KeyUse, UseKeyError};
use daemon_core::{certificate_may_sign, code_entry, environment_fits};
use daemon_types::{
    Asker, Caller, CardId, CardLabel, CardSummary, CertificateSummary, CodeCondition, CodeEntry,
    ErrorCode, Happening, HashAlgorithm, KeyRole, OperationError, Purpose, Question,
};
use prompt::{Answer, PromptError};
use secrets::Pin;
use tokio::time::Instant;

use crate::Operations;

/// What is to be done with a key once the holder agreed.
pub(crate) struct Work {
    pub(crate) role: KeyRole,
    pub(crate) hash: HashAlgorithm,
    pub(crate) digests: Vec<Vec<u8>>,
    pub(crate) purpose: Purpose,
}

impl Operations {
    /// The card and the certificate of a key, if they may be used now.
    pub(crate) fn usable_card(
        &self,
        id: &CardId,
        role: KeyRole,
    ) -> Result<(CardInReader, CertificateSummary), OperationError> {
        let card = self.0.cards.find(id)?;
        let summary = &card.card.summary;
        environment_fits(self.0.environment, summary.environment)?;
        let certificate = summary
            .certificate(role)
            .cloned()
            .ok_or(OperationError::new(ErrorCode::KeyAbsent))?;
        certificate_may_sign(&certificate, self.now())?;
        Ok((card, certificate))
    }

    /// Asks the holder, presents the code, uses the key. Only the holder can
    /// spend a try, by typing: a wrong code is asked for again where somebody
    /// sits in front of the question, and is the caller's answer otherwise.
    pub(crate) async fn work_with_holder(
        &self,
        caller: &Caller,
        mut card: CardInReader,
        work: Work,
        deadline: Instant,
    ) -> Result<Vec<Vec<u8>>, OperationError> {
        let mut previous_was_wrong = false;
        let mut is_last_try = false;
        loop {
            if Instant::now() >= deadline {
                return Err(ErrorCode::Timeout.into());
            }
            let mut entry = self.code_entry(&mut card, previous_was_wrong).await?;
            if is_last_try {
                entry.tries_left = Some(1);
                entry.last_try = true;
            }
            let answer = self.ask(caller, &card, &work, entry, deadline).await?;
            let key_use = key_use(&work, answer, entry)?;
            let used = self.0.cards.use_key(&card, key_use);
            let outcome = tokio::time::timeout_at(deadline + CARD_TIME, used).await;
            match outcome.unwrap_or(Err(OperationError::new(ErrorCode::Timeout).into())) {
                Ok(signatures) => return Ok(signatures),
                Err(UseKeyError::WrongCode { tries_left }) if !self.0.prompt.asks_again() => {
                    return Err(
                        OperationError::new(ErrorCode::PinWrong).with_tries_left(Some(tries_left))
                    );
                }
                Err(UseKeyError::WrongCode { .. }) => previous_was_wrong = true,
                // Another program spent tries since the counter was shown: the holder must know first.
                Err(UseKeyError::LastTryNotConfirmed) if !entry.last_try => is_last_try = true,
                Err(UseKeyError::LastTryNotConfirmed) => {
                    return Err(ErrorCode::LastTryNotConfirmed.into());
                }
                Err(UseKeyError::Operation(error)) => return Err(error),
            }
            card = self.same_card(&card).await?;
        }
    }

    /// The code entry to show; a code that is not ready is looked at again, since another program
    /// may have put it back to work.
    async fn code_entry(
        &self,
        card: &mut CardInReader,
        previous_was_wrong: bool,
    ) -> Result<CodeEntry, OperationError> {
        if card.card.summary.pin.condition != CodeCondition::Ready {
            *card = self.same_card(card).await?;
        }
        Ok(code_entry(&card.card.summary.pin, previous_was_wrong)?)
    }

    /// The card with fresh counters, if it is still the same stay in the reader.
    async fn same_card(&self, card: &CardInReader) -> Result<CardInReader, OperationError> {
        let fresh = match self.0.cards.read_codes(card).await {
            // Others look at the card just now: what they read is there too.
            Err(error) if error.code == ErrorCode::Busy => {
                self.0.cards.find(&card.card.summary.id)?
            }
            fresh => fresh?,
        };
        if fresh.is_same_stay(card) {
            Ok(fresh)
        } else {
            Err(ErrorCode::CardRemoved.into())
        }
    }

    async fn ask(
        &self,
        caller: &Caller,
        card: &CardInReader,
        work: &Work,
        entry: CodeEntry,
        deadline: Instant,
    ) -> Result<Answer, OperationError> {
        let summary = &card.card.summary;
        let question = Question {
            asker: asker(caller),
            purpose: work.purpose.clone(),
            card: card_label(summary),
            code: Some(entry),
        };
        let _waiting = self
            .0
            .questions
            .try_acquire()
            .map_err(|_| ErrorCode::Busy)?;
        let mut announced = None;
        let opened = || announced = Some(Announced::new(&self.0.cards, &summary.id));
        let answer = self.0.prompt.ask(&question, deadline, opened).await;
        drop(announced);
        answer.map_err(from_prompt_error)
    }
}

/// Tells subscribers that a question is open, and that it is gone, however it goes.
struct Announced<'a> {
    cards: &'a Cards,
    card: &'a CardId,
}

impl<'a> Announced<'a> {
    fn new(cards: &'a Cards, card: &'a CardId) -> Self {
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

fn key_use(work: &Work, answer: Answer, entry: CodeEntry) -> Result<KeyUse, OperationError> {
    let pin: Pin = answer
        .code
        .ok_or(OperationError::new(ErrorCode::Cancelled))?;
    let fits = usize::from(entry.minimum_len)..=usize::from(entry.maximum_len);
    if !fits.contains(&pin.digits().len()) {
        return Err(ErrorCode::PinLength.into());
    }
    if entry.last_try && !answer.last_try_confirmed {
        return Err(ErrorCode::LastTryNotConfirmed.into());
    }
    Ok(KeyUse {
        role: work.role,
        hash: work.hash,
        digests: work.digests.clone(),
        pin,
        last_try_confirmed: answer.last_try_confirmed,
    })
}

fn asker(caller: &Caller) -> Asker {
    match caller {
        Caller::PairedProgram(program) => Asker::PairedProgram(program.name.clone()),
        Caller::SocketProgram(program) => Asker::Program(program.executable.clone()),
    }
}

fn card_label(summary: &CardSummary) -> CardLabel {
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
            identifier.unwrap_or_else(|| summary.number.clone())
        } else {
            names.join(" ")
        },
        card_type: summary.card_type.clone(),
        number: summary.number.clone(),
        environment: summary.environment,
    }
}

fn from_prompt_error(error: PromptError) -> OperationError {
    let code = error.code();
    OperationError::new(code).caused_by(error)
}

/// What the card may need after the holder's last moment.
const CARD_TIME: std::time::Duration = std::time::Duration::from_secs(30);
