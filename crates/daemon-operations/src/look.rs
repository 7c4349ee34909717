//! What there is, without using a key.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use daemon_cards::{CardInReader, Subscription};
use daemon_core::authorise;
use daemon_types::{
    Caller, CardId, CertificateSummary, Environment, ErrorCode, Event, Happening, KeyRole,
    OperationError, PresentCard, ReaderId, ReaderSummary, Right,
};

use futures_util::future::join_all;

use crate::Operations;

/// The agent at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Why a source of readers has none, where its service cannot be reached.
    pub missing_service: Option<ErrorCode>,
    /// The environment that this agent works in.
    pub environment: Environment,
    /// Readers connected.
    pub readers: usize,
    /// Cards that can be used.
    pub cards: usize,
}

/// The events that one caller sees.
pub struct Events {
    subscription: Subscription,
    operations: Operations,
    caller: Caller,
    put_out: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Events {
    /// The next event; `None` when the agent stops, or the caller may see no more.
    pub async fn next(&mut self) -> Option<Event> {
        let event = loop {
            let event = tokio::select! {
                biased;
                () = &mut self.put_out => None,
                event = self.subscription.next() => event,
            };
            match event {
                Some(event) if !self.is_told(&event.happening) => {}
                event => break event,
            }
        };
        // A computer that slept wakes up later than the end of a grant.
        event.filter(|_| self.operations.is_let_in(&self.caller, Right::Identify))
    }

    /// Sessions are nobody's business but their caller's and the user's own programs', grants these alone's.
    fn is_told(&self, happening: &Happening) -> bool {
        match (happening, &self.caller) {
            (
                Happening::SessionOpened { owner, .. } | Happening::SessionClosed { owner, .. },
                Caller::PairedProgram(_) | Caller::Page(_),
            ) => self.caller.key() == *owner,
            (Happening::GrantsChanged, Caller::PairedProgram(_) | Caller::Page(_)) => false,
            _ => true,
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Operations {
    /// Counts; any identified caller may see them.
    #[must_use]
    pub fn overview(&self, _caller: &Caller) -> Overview {
        let cards = &self.0.cards;
        Overview {
            missing_service: cards.missing_service(),
            environment: self.environment(),
            readers: cards.readers().len(),
            cards: cards.cards().len(),
        }
    }

    /// All readers.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn readers(&self, caller: &Caller) -> Result<Vec<ReaderSummary>, OperationError> {
        authorise(caller, Right::Identify)?;
        Ok(self.0.cards.readers())
    }

    /// Which card is in which reader, of those that can be used; none of them is asked anything.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn cards_in_readers(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(ReaderId, CardId)>, OperationError> {
        authorise(caller, Right::Identify)?;
        let cards = self.0.cards.cards().into_iter().map(|card| card.card);
        Ok(cards.map(|card| (card.reader, card.summary.id)).collect())
    }

    /// All cards, with their counters as they are now.
    ///
    /// # Errors
    /// `right-missing`.
    pub async fn cards(&self, caller: &Caller) -> Result<Vec<PresentCard>, OperationError> {
        authorise(caller, Right::Identify)?;
        let looks = self.0.cards.cards().into_iter();
        let cards = join_all(looks.map(|card| self.with_fresh_counters(caller, card))).await;
        // A card that left meanwhile is not in the list any more.
        Ok(cards.into_iter().flatten().map(|card| card.card).collect())
    }

    /// One card, with its counters as they are now.
    ///
    /// # Errors
    /// `right-missing`, `not-found`, `card-removed`.
    pub async fn card(&self, caller: &Caller, id: &CardId) -> Result<PresentCard, OperationError> {
        authorise(caller, Right::Identify)?;
        let card = self.0.cards.find(id)?;
        Ok(self.with_fresh_counters(caller, card).await?.card)
    }

    /// A certificate of a card.
    ///
    /// # Errors
    /// `right-missing`, `not-found`, `card-removed`, `key-absent`.
    pub fn certificate(
        &self,
        caller: &Caller,
        id: &CardId,
        role: KeyRole,
    ) -> Result<CertificateSummary, OperationError> {
        authorise(caller, Right::Identify)?;
        let card = self.0.cards.find(id)?.card.summary;
        card.certificate(role)
            .cloned()
            .ok_or(OperationError::new(ErrorCode::KeyAbsent))
    }

    /// Events after `after`, or from now on, for as long as the caller has the right to them.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn events(&self, caller: &Caller, after: Option<u64>) -> Result<Events, OperationError> {
        authorise(caller, Right::Identify)?;
        let (watching, watched) = (self.clone(), caller.clone());
        Ok(Events {
            subscription: self.0.cards.subscribe(after),
            operations: self.clone(),
            caller: caller.clone(),
            put_out: Box::pin(async move {
                watching.put_out(&watched, Right::Identify).await;
            }),
        })
    }

    /// Counters read again, or as last known when the card is busy for long.
    async fn with_fresh_counters(
        &self,
        caller: &Caller,
        card: CardInReader,
    ) -> Result<CardInReader, OperationError> {
        let id = card.card.summary.id.clone();
        let read = async {
            let _turn = self.turn_at(caller, &card).await?;
            self.0.cards.read_codes(&card).await
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(card)) => Ok(card),
            Ok(Err(error)) => {
                tracing::debug!(?error, "the counters are as they were last read");
                self.0.cards.find(&id)
            }
            Err(_) => self.0.cards.find(&id),
        }
    }
}

/// How long a look waits for a card that works for somebody else.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1500);
