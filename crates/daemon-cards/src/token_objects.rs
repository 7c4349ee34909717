//! What a card lists by name, its public data, and its random bytes: what programs of PKCS#11 ask beside keys.

use std::sync::Arc;

use card_profiles::{CardObjects, CpxCard, ObjectKind};
use daemon_types::{OperationError, TokenObject, TokenObjectKind, TokenObjects};
use tokio::sync::oneshot;

use crate::card::daemon_role;
use crate::fault::from_card_error;
use crate::job::Job;
use crate::open_card::OpenCard;
use crate::way_to_card::open;
use crate::worker_link::{Counted, Unanswered, WorkerLink};
use crate::{CardInReader, Cards};

impl Cards {
    /// The names of the card and of what is on it, for which the card is asked once while it stays.
    ///
    /// # Errors
    /// What the card or its reader says; `card-unsupported` where whoever drives the card does not tell.
    pub async fn token_objects(&self, card: &CardInReader) -> Result<TokenObjects, OperationError> {
        if let Some(known) = self.known_objects(card) {
            return Ok(known);
        }
        let (cards, stay) = (self.clone(), card.clone());
        self.errand(card, move |card| {
            if let Some(known) = cards.known_objects(&stay) {
                return Ok(known);
            }
            let told =
                card.in_card(|card| card.objects().map(token_objects).map_err(from_card_error))?;
            cards.keep_objects(&stay, told.clone());
            Ok(told)
        })
        .await
    }

    /// The bytes of a data object that is not private.
    ///
    /// # Errors
    /// What the card or its reader says; `card-unsupported` where there is no such object.
    pub async fn public_data(
        &self,
        card: &CardInReader,
        label: String,
    ) -> Result<Vec<u8>, OperationError> {
        self.errand(card, move |card| {
            card.in_card(|card| card.data(&label).map_err(from_card_error))
        })
        .await
    }

    /// So many random bytes of the card, which gives eight at once, and does what its holder waits for in between.
    ///
    /// # Errors
    /// What the card or its reader says; `card-unsupported` where whoever drives the card has none.
    pub async fn random_bytes(
        &self,
        card: &CardInReader,
        len: usize,
    ) -> Result<Vec<u8>, OperationError> {
        let place = self.of_worker(card, WorkerLink::place_for_errand)?;
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let at_once = (len - bytes.len()).min(RANDOM_BYTES_AT_ONCE);
            let piece = self.piece(card, &place, move |card| {
                card.in_card(|card| random_bytes(card, at_once))
            });
            bytes.extend(piece.await?);
        }
        Ok(bytes)
    }

    async fn errand<T: Send + 'static>(
        &self,
        card: &CardInReader,
        errand: impl FnOnce(&mut OpenCard) -> Result<T, OperationError> + Send + 'static,
    ) -> Result<T, OperationError> {
        let place = self.of_worker(card, WorkerLink::place_for_errand)?;
        self.piece(card, &place, errand).await
    }

    async fn piece<T: Send + 'static>(
        &self,
        card: &CardInReader,
        place: &Arc<Counted>,
        piece: impl FnOnce(&mut OpenCard) -> Result<T, OperationError> + Send + 'static,
    ) -> Result<T, OperationError> {
        let (reply, answer) = oneshot::channel();
        let place = Arc::clone(place);
        let job = Job::Errand {
            insertion: card.insertion,
            errand: Box::new(move |card| {
                let _place = place;
                if !reply.is_closed() {
                    let _: Result<(), _> = reply.send(card.and_then(piece));
                }
            }),
        };
        let progress = self.of_worker(card, |worker| worker.give_piece(job, card.clock.clone()))?;
        let answered = progress.answer(answer).await;
        answered.map_err(Unanswered::into_error)
    }
}

impl OpenCard {
    /// Asks the card in a transaction of its own.
    fn in_card<T>(
        &mut self,
        ask: impl FnOnce(&mut dyn CpxCard) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        self.in_transaction(|mut transaction, profile, memory| {
            ask(&mut *open(&mut *transaction, profile, memory)?)
        })
    }
}

fn random_bytes(card: &mut dyn CpxCard, len: usize) -> Result<Vec<u8>, OperationError> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        bytes.extend(card.challenge().map_err(from_card_error)?);
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// Eight commands.
const RANDOM_BYTES_AT_ONCE: usize = 64;

fn token_objects(found: CardObjects) -> TokenObjects {
    let objects = found.objects.into_iter().map(|object| TokenObject {
        kind: match object.kind {
            ObjectKind::PrivateKey => TokenObjectKind::PrivateKey,
            ObjectKind::Certificate => TokenObjectKind::Certificate,
            ObjectKind::Data => TokenObjectKind::Data,
        },
        label: object.label,
        id: object.id,
        role: object.role.map(daemon_role),
        is_private: object.is_private,
        application: object.application,
        object_id: object.object_id,
    });
    TokenObjects {
        label: found.label,
        manufacturer: found.manufacturer,
        serial_number: found.serial_number,
        objects: objects.collect(),
    }
}
