//! The thread that alone speaks to the card in one reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use card_apdu::ReaderFault;
use card_profiles::{
    CardError, CardMemory, CodeStates, CpxCard, Digest, Profile, Recognition, Signable, recognise,
};
use daemon_types::{
    CardSummary, CodesOfCard, ErrorCode, HashAlgorithm, KeyRole, OperationError, ReaderId,
};
use tokio::sync::oneshot;

use crate::card::{daemon_hash, daemon_role, last_try, profile_algorithm, profile_role};
use crate::fault::{from_card_error, from_pin_error, from_reader_fault};
use crate::inventory::Inventory;
use crate::source::{CardConnection, CardTransaction, ConnectCard};
use crate::summary::{card_summary, code_conditions};
use crate::{AfterUse, HolderCodeError, KeyUse, NewPin};

/// What a worker is told.
pub(crate) enum Message {
    /// A card is in the reader.
    Inserted { insertion: u64 },
    /// It is not any more.
    Removed,
    /// Somebody wants something of it.
    Job(Job),
}

/// What somebody wants of a card, and where the answer goes.
pub(crate) enum Job {
    ReadCodes {
        insertion: u64,
        reply: oneshot::Sender<Result<(), OperationError>>,
    },
    SetPin {
        insertion: u64,
        new_pin: NewPin,
        reply: oneshot::Sender<Result<Option<CodesOfCard>, HolderCodeError>>,
    },
    UseKey {
        insertion: u64,
        key_use: KeyUse,
        reply: oneshot::Sender<Result<Vec<Vec<u8>>, HolderCodeError>>,
    },
}

/// The worker of one reader.
pub(crate) struct Worker {
    reader: ReaderId,
    reader_name: String,
    connector: Arc<dyn ConnectCard>,
    inventory: Arc<Inventory>,
    queued: Arc<AtomicUsize>,
    card: Option<OpenCard>,
}

impl Worker {
    /// Starts the thread; it ends when the sender is dropped.
    pub(crate) fn spawn(
        reader: ReaderId,
        reader_name: String,
        connector: Arc<dyn ConnectCard>,
        inventory: Arc<Inventory>,
        queued: Arc<AtomicUsize>,
    ) -> std::io::Result<Sender<Message>> {
        let (sender, messages) = mpsc::channel();
        let worker = Self {
            reader,
            reader_name,
            connector,
            inventory,
            queued,
            card: None,
        };
        thread::Builder::new()
            .name("reader".into())
            .spawn(move || worker.run(&messages))?;
        Ok(sender)
    }

    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Inserted { insertion } => self.identify(insertion),
                Message::Removed => self.card = None,
                Message::Job(job) => {
                    self.do_job(job);
                    self.queued.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn identify(&mut self, insertion: u64) {
        self.card = None;
        let mut found = self.try_to_identify(insertion);
        for _ in 0..IDENTIFICATION_REPEATS {
            match &found {
                Err(problem) if problem.was_disturbed => found = self.try_to_identify(insertion),
                _ => break,
            }
        }
        let found = found.map_err(|problem| {
            tracing::warn!(reader = self.reader_name, error = ?problem.error, "a card cannot be used");
            (problem.error.code, problem.atr)
        });
        self.inventory.publish(&self.reader, insertion, found);
        if let Some(card) = &mut self.card {
            match card.read_keys() {
                Ok(keys) => self.inventory.publish_keys(&self.reader, insertion, keys),
                Err(error) => tracing::debug!(?error, "the keys will be read at their first use"),
            }
        }
    }

    fn try_to_identify(&mut self, insertion: u64) -> Result<CardSummary, Problem> {
        let connection = self
            .connector
            .connect(&self.reader_name)
            .map_err(Problem::from)?;
        let atr = connection.atr().to_string();
        let profile = match recognise(connection.atr()) {
            Recognition::Known(profile) => profile,
            Recognition::UnsupportedCpx => {
                return Err(Problem::new(ErrorCode::CardUnsupported.into(), atr));
            }
            Recognition::Unknown => return Err(Problem::new(ErrorCode::CardUnknown.into(), atr)),
        };
        let mut card = OpenCard {
            connection,
            profile,
            memory: CardMemory::default(),
            insertion,
            serial_number: String::new(),
            counters_moved: false,
        };
        let summary = card
            .read_summary(&self.inventory)
            .map_err(|error| Problem {
                was_disturbed: error.code == ErrorCode::CardRemoved,
                atr: Some(atr),
                error,
            })?;
        self.card = Some(card);
        Ok(summary)
    }

    /// Does one job, unless whoever asked has gone or meant another card.
    fn do_job(&mut self, job: Job) {
        match job {
            Job::ReadCodes { insertion, reply } => {
                if reply.is_closed() {
                    return;
                }
                let outcome = self.read_codes(insertion);
                let _ = reply.send(outcome.map(drop));
            }
            Job::SetPin {
                insertion,
                new_pin,
                reply,
            } => {
                if reply.is_closed() {
                    return;
                }
                let outcome = self.set_pin(insertion, &new_pin);
                drop(new_pin);
                let failed = outcome.is_err();
                let _ = reply.send(outcome);
                if failed {
                    self.settle(insertion, false);
                }
            }
            Job::UseKey {
                insertion,
                key_use,
                reply,
            } => {
                if reply.is_closed() {
                    return;
                }
                let outcome = match self.open_card(insertion) {
                    Ok((card, after_use)) => card.use_key(&key_use, after_use),
                    Err(error) => Err(error.into()),
                };
                drop(key_use);
                let succeeded = outcome.is_ok();
                let _ = reply.send(outcome);
                self.settle(insertion, succeeded);
            }
        }
    }

    /// Sets a new code and reads both codes again. A card that has just taken a new code and cannot
    /// be read any more has taken it all the same.
    fn set_pin(
        &mut self,
        insertion: u64,
        new_pin: &NewPin,
    ) -> Result<Option<CodesOfCard>, HolderCodeError> {
        let (card, after_use) = self.open_card(insertion)?;
        card.set_pin(new_pin, after_use)?;
        card.counters_moved = false;
        let codes = self.read_codes(insertion);
        Ok(codes
            .inspect_err(|error| tracing::debug!(?error, "the new code's counters are not known"))
            .ok())
    }

    fn read_codes(&mut self, insertion: u64) -> Result<CodesOfCard, OperationError> {
        let (card, _) = self.open_card(insertion)?;
        let (states, limits) = card.in_transaction(|mut transaction, profile, memory| {
            let mut card = profile.open(transaction.channel(), memory);
            read_codes(&mut *card)
        })?;
        let (pin, unblock_code) = code_conditions(&states, limits);
        self.inventory
            .publish_codes(&self.reader, insertion, pin, unblock_code);
        Ok(CodesOfCard { pin, unblock_code })
    }

    /// After a use, while nobody waits for it: looks whether it is still the same card and,
    /// where a code failed now or before, what its counters say.
    fn settle(&mut self, insertion: u64, succeeded: bool) {
        let Ok((card, _)) = self.open_card(insertion) else {
            return;
        };
        let counters_moved = !succeeded || card.counters_moved;
        card.counters_moved = !succeeded;
        let looked_at = if counters_moved {
            self.read_codes(insertion).map(drop)
        } else {
            card.in_transaction(|_, _, _| Ok(()))
        };
        if let Err(error) = looked_at {
            tracing::debug!(?error, "the card could not be looked at after its use");
        }
    }

    fn open_card(&mut self, insertion: u64) -> Result<(&mut OpenCard, AfterUse), OperationError> {
        let after_use = self.inventory.settings.after_use;
        self.card
            .as_mut()
            .filter(|card| card.insertion == insertion)
            .map(|card| (card, after_use))
            .ok_or(OperationError::new(ErrorCode::CardRemoved))
    }
}

/// Why a card could not be identified.
struct Problem {
    error: OperationError,
    atr: Option<String>,
    /// Another program reset the card meanwhile: worth another look.
    was_disturbed: bool,
}

impl Problem {
    fn new(error: OperationError, atr: String) -> Self {
        Self {
            error,
            atr: Some(atr),
            was_disturbed: false,
        }
    }
}

impl From<ReaderFault> for Problem {
    fn from(fault: ReaderFault) -> Self {
        Self {
            was_disturbed: fault == ReaderFault::Reset,
            error: from_reader_fault(fault),
            atr: None,
        }
    }
}

/// The card of one insertion.
pub(crate) struct OpenCard {
    connection: Box<dyn CardConnection>,
    profile: Profile,
    memory: CardMemory,
    insertion: u64,
    serial_number: String,
    /// The last use failed, so that a success moves the counters again.
    counters_moved: bool,
}

impl OpenCard {
    fn read_summary(&mut self, inventory: &Inventory) -> Result<CardSummary, OperationError> {
        let mut transaction = self.connection.transaction().map_err(from_reader_fault)?;
        let mut card = self.profile.open(transaction.channel(), &mut self.memory);
        let identity = card.identity().map_err(from_card_error)?;
        let (states, limits) = read_codes(&mut *card)?;
        self.serial_number.clone_from(&identity.serial_number);
        let id = inventory.card_id(&identity.serial_number);
        card_summary(id, &identity, &states, limits)
    }

    /// Reads the list of keys ahead of its first use.
    fn read_keys(&mut self) -> Result<Vec<(KeyRole, Vec<HashAlgorithm>)>, OperationError> {
        let capabilities = self.in_transaction(|mut transaction, profile, memory| {
            let mut card = profile.open(transaction.channel(), memory);
            card.capabilities().map_err(from_card_error)
        })?;
        let keys = capabilities.signature_algorithms.into_iter();
        Ok(keys
            .map(|(role, algorithms)| {
                (
                    daemon_role(role),
                    algorithms.into_iter().filter_map(daemon_hash).collect(),
                )
            })
            .collect())
    }

    /// VERIFY and the key, in one transaction that ends without the state that we made.
    fn use_key(
        &mut self,
        key_use: &KeyUse,
        after_use: AfterUse,
    ) -> Result<Vec<Vec<u8>>, HolderCodeError> {
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = profile.open(transaction.channel(), memory);
            check_key(&mut *card, key_use).map_err(from_card_error)?;
            let last_try = last_try(key_use.last_try_confirmed);
            let verification = card
                .verify_pin(&key_use.pin, last_try)
                .map_err(from_pin_error)?;
            let signatures = sign_all(&mut *card, key_use);
            drop(card);
            if after_use == AfterUse::Reset && !verification.was_verified_before {
                transaction.end_with_reset().map_err(from_reader_fault)?;
            }
            signatures.map_err(|error| from_card_error(error).into())
        })
    }

    /// Runs `work` in a transaction. A reset since the last one is accepted
    /// here, once, and only if the card is still the same one.
    pub(crate) fn in_transaction<T, E: From<OperationError>>(
        &mut self,
        work: impl FnOnce(Box<dyn CardTransaction + '_>, Profile, &mut CardMemory) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.connection.transaction() {
            Ok(transaction) => return work(transaction, self.profile, &mut self.memory),
            Err(ReaderFault::Reset) => {}
            Err(fault) => return Err(from_reader_fault(fault).into()),
        }
        self.connection.reconnect().map_err(from_reader_fault)?;
        let mut transaction = self.connection.transaction().map_err(from_reader_fault)?;
        let serial_number = self
            .profile
            .open(transaction.channel(), &mut self.memory)
            .read_serial_number()
            .map_err(from_card_error)?;
        if serial_number != self.serial_number {
            return Err(OperationError::new(ErrorCode::CardRemoved).into());
        }
        work(transaction, self.profile, &mut self.memory)
    }
}

fn read_codes(
    card: &mut dyn CpxCard,
) -> Result<(CodeStates, Option<card_profiles::PinLimits>), OperationError> {
    let states = card.code_states().map_err(from_card_error)?;
    let limits = card.pin_limits().map_err(from_card_error)?;
    Ok((states, limits))
}

/// Whether the card can do the work at all, before its code is presented for it.
fn check_key(card: &mut dyn CpxCard, key_use: &KeyUse) -> Result<(), CardError> {
    let role = profile_role(key_use.role);
    let capabilities = card.capabilities()?;
    let algorithms = capabilities
        .signature_algorithms
        .iter()
        .find(|(known, _)| *known == role);
    match algorithms {
        None => Err(CardError::KeyAbsent(role)),
        Some((_, algorithms)) if !algorithms.contains(&profile_algorithm(key_use.hash)) => {
            Err(CardError::AlgorithmUnsupported)
        }
        Some(_) => Ok(()),
    }
}

fn sign_all(card: &mut dyn CpxCard, key_use: &KeyUse) -> Result<Vec<Vec<u8>>, CardError> {
    let algorithm = profile_algorithm(key_use.hash);
    key_use
        .digests
        .iter()
        .map(|value| {
            let digest = Digest { algorithm, value };
            card.sign(profile_role(key_use.role), &Signable::Digest(digest))
        })
        .collect()
}

const IDENTIFICATION_REPEATS: usize = 2;
