//! The card of one insertion, and the order of things on it.

use card_apdu::{Atr, ReaderFault};
use card_profiles::{CardMemory, CodeStates, CpxCard, PinLimits, Profile};
use daemon_types::{CardSummary, ErrorCode, KeyRole, OperationError, Reason, SignatureAlgorithm};

use crate::card::{daemon_algorithm, daemon_role};
use crate::fault::{from_card_error, from_reader_fault};
use crate::inventory::Inventory;
use crate::keypad::ReaderKeypad;
use crate::presented_code::KeptCode;
use crate::problem::Problem;
use crate::seen_cards::SeenCard;
use crate::source::{CardConnection, CardTransaction, ConnectCard};
use crate::summary::card_summary;
use crate::way_to_card::{has_keypad, open, profile_of};
use crate::{AfterUse, HolderCodeError, PresentedCode};

/// A card from its insertion to its removal.
pub(crate) struct OpenCard {
    connection: Box<dyn CardConnection>,
    /// `None` where whoever stands before the card drives it.
    profile: Option<Profile>,
    memory: CardMemory,
    insertion: u64,
    serial_number: String,
    /// Its files are those of an earlier insertion.
    is_recalled: bool,
    /// The card behind the connection has shown `serial_number` since the last reset.
    identity_is_proven: bool,
    /// The last use failed, so that a success moves the counters again.
    last_use_failed: bool,
    /// A reset that should have dropped a code that we presented did not succeed: a card that knows
    /// of one is our doing then.
    owes_reset: bool,
    /// A code is being presented: whether it stays presented is known at the end alone.
    is_presenting: bool,
    /// Its last operation found it gone, or another card, or without an answer.
    is_lost: bool,
    /// A code that somebody holds on to, as far as this program knows.
    kept_code: Option<KeptCode>,
    /// What is known of the keypad of its reader.
    pub(crate) keypad: ReaderKeypad,
    /// Its code can stay presented between two operations.
    pub(crate) keeps_code: bool,
}

/// What becomes of a code that was presented.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AfterCode<'a> {
    /// It is dropped, where it is ours.
    Drop,
    /// The card is left as it is.
    Leave,
    /// It is kept for who holds on to it.
    Keep(&'a PresentedCode),
}

impl From<AfterUse> for AfterCode<'_> {
    fn from(after_use: AfterUse) -> Self {
        match after_use {
            AfterUse::Reset => Self::Drop,
            AfterUse::Leave => Self::Leave,
        }
    }
}

/// How much of a card is read at its insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// What an earlier insertion did not leave.
    MayRecall,
    /// All.
    InFull,
}

/// Whether an operation may go on: its caller still waits, and the card is still there.
pub(crate) type GoOn<'a> = dyn Fn() -> Result<(), OperationError> + 'a;

impl OpenCard {
    /// Connects to the card in a reader and recognises it.
    pub(crate) fn connect(
        connector: &dyn ConnectCard,
        reader_name: &str,
        insertion: u64,
    ) -> Result<Self, Problem> {
        let connection = connector.connect(reader_name).map_err(Problem::from)?;
        let profile = connection.atr().map(profile_of).transpose()?;
        Ok(Self {
            connection,
            profile,
            memory: CardMemory::default(),
            insertion,
            serial_number: String::new(),
            is_recalled: false,
            identity_is_proven: false,
            last_use_failed: false,
            owes_reset: false,
            is_presenting: false,
            is_lost: false,
            kept_code: None,
            keypad: ReaderKeypad::default(),
            keeps_code: false,
        })
    }

    /// Which stay in a reader this is.
    pub(crate) fn insertion(&self) -> u64 {
        self.insertion
    }

    /// Whether its last operation found it gone, or another card, or without an answer.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Reads what the card says of itself, or its serial number and the state of the holder's code
    /// where `reading` may recall the rest.
    pub(crate) fn read_summary(
        &mut self,
        inventory: &Inventory,
        reading: Reading,
    ) -> Result<CardSummary, Problem> {
        let summary = self.try_to_read_summary(inventory, reading);
        let atr = || self.connection.atr().map(Atr::to_string);
        summary.map_err(|error| Problem::while_reading(error, atr()))
    }

    fn try_to_read_summary(
        &mut self,
        inventory: &Inventory,
        reading: Reading,
    ) -> Result<CardSummary, OperationError> {
        let atr = self.connection.atr().map(Atr::to_string);
        let mut transaction = self.connection.transaction().map_err(from_reader_fault)?;
        let has_keypad = has_keypad(&mut *transaction);
        let mut card = open(&mut *transaction, self.profile, &mut self.memory)?;
        let serial_number = card.read_serial_number().map_err(from_card_error)?;
        let seen = atr.map(|atr| SeenCard {
            serial_number: serial_number.clone(),
            atr,
        });
        let kept = match (reading, &seen) {
            (Reading::MayRecall, Some(seen)) => inventory.recall(seen),
            (Reading::MayRecall, None) | (Reading::InFull, _) => None,
        };
        self.is_recalled = kept.is_some_and(|files| {
            let recalled = card.recall(files);
            recalled
                .inspect_err(|error| tracing::warn!(event = "card-memory-useless", %error, "what was kept of a card is of no use"))
                .is_ok()
        });
        let identity = card.identity().map_err(from_card_error)?;
        let states = if self.is_recalled {
            card.glance_at_codes()
        } else {
            card.code_states()
        };
        let states = states.map_err(from_card_error)?;
        let limits = card.pin_limits().map_err(from_card_error)?;
        let uses = card.keypad_uses().map_err(from_card_error)?;
        self.keeps_code = card.keeps_code();
        self.keypad = ReaderKeypad {
            is_there: has_keypad || uses.verify,
            uses,
        };
        self.identity_is_proven = true;
        let id = inventory.card_id(&serial_number);
        self.serial_number = serial_number;
        let nomenclature = inventory.settings.nomenclature;
        card_summary(id, &identity, &states, limits, nomenclature)
    }

    /// Whether it is shown as it was at an earlier insertion.
    pub(crate) fn is_recalled(&self) -> bool {
        self.is_recalled
    }

    /// Asks the card whether its certificates are those that it is shown with.
    pub(crate) fn certificates_are_as_known(&mut self) -> Result<bool, OperationError> {
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            card.certificates_are_as_known().map_err(from_card_error)
        })
    }

    /// Keeps what was read of it, once that is all.
    pub(crate) fn keep(&self, inventory: &Inventory) {
        if let Some((files, seen)) = self.memory.all_files().zip(self.seen()) {
            inventory.keep(&seen, files);
        }
    }

    /// Drops what is kept of it.
    pub(crate) fn forget(&self, inventory: &Inventory) {
        if let Some(seen) = self.seen() {
            inventory.forget(&seen);
        }
    }

    fn seen(&self) -> Option<SeenCard> {
        Some(SeenCard {
            serial_number: self.serial_number.clone(),
            atr: self.connection.atr()?.to_string(),
        })
    }

    /// Reads the list of keys ahead of its first use.
    pub(crate) fn read_keys(
        &mut self,
    ) -> Result<Vec<(KeyRole, Vec<SignatureAlgorithm>)>, OperationError> {
        let capabilities = self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            card.capabilities().map_err(from_card_error)
        })?;
        let keys = capabilities.signature_algorithms.into_iter();
        Ok(keys
            .map(|(role, algorithms)| {
                let algorithms = algorithms.into_iter().map(daemon_algorithm).collect();
                (daemon_role(role), algorithms)
            })
            .collect())
    }

    /// Reads the counters of both codes.
    pub(crate) fn read_codes(&mut self) -> Result<(CodeStates, Option<PinLimits>), OperationError> {
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            codes_of(&mut *card)
        })
    }

    /// Whether the counters may be others than before, after a use that did or did not succeed.
    pub(crate) fn counters_moved(&mut self, succeeded: bool) -> bool {
        let failed_before = std::mem::replace(&mut self.last_use_failed, !succeeded);
        failed_before || !succeeded
    }

    /// Resets the card where the reset that its last use ended with did not succeed.
    pub(crate) fn reset_if_owed(&mut self) -> Result<(), OperationError> {
        if !self.owes_reset {
            return Ok(());
        }
        self.in_transaction(|transaction, _, memory| {
            transaction.end_with_reset().map_err(from_reader_fault)?;
            memory.note_reset();
            Ok(())
        })?;
        self.owes_reset = false;
        self.is_presenting = false;
        self.kept_code = None;
        Ok(())
    }

    /// Brings the card back from the reset after its use, where that takes anything. Whoever drives the card
    /// may need to be started again.
    pub(crate) fn reopen(&mut self) -> Result<(), OperationError> {
        if self.profile.is_none() {
            return self.in_transaction(|_, _, _| Ok(()));
        }
        if !self.memory.needs_reopening() {
            return Ok(());
        }
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            card.reopen().map_err(from_card_error)
        })
    }

    /// Runs `work`, which presents a code, in one transaction, and ends it as `after` says. A state
    /// that was left to us to drop before is dropped first where the code is to be kept, and with
    /// this one otherwise.
    ///
    /// What the card did holds, whatever becomes of the reset: one that fails is owed.
    pub(crate) fn present_code<T>(
        &mut self,
        after: AfterCode<'_>,
        work: impl FnOnce(&mut dyn CpxCard) -> Result<T, HolderCodeError>,
    ) -> Result<T, HolderCodeError> {
        if matches!(after, AfterCode::Keep(_)) {
            self.reset_if_owed()?;
        }
        let owed_reset = self.owes_reset;
        self.is_presenting = true;
        let presented = self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            let outcome = work(&mut *card);
            let is_ours = card.leaves_code_presented();
            drop(card);
            let must_reset = owed_reset || (matches!(after, AfterCode::Drop) && is_ours);
            let was_reset = must_reset && transaction.end_with_reset().is_ok();
            if was_reset {
                memory.note_reset();
            }
            let end = CodeEnd {
                is_ours,
                must_reset,
                was_reset,
            };
            Ok((outcome, end))
        });
        self.is_presenting = false;
        let (outcome, end) = presented?;
        self.owes_reset = end.must_reset && !end.was_reset;
        if self.owes_reset {
            tracing::warn!(
                event = "card-not-reset",
                "the card could not be reset after its use"
            );
        }
        self.note_kept_code(after, &end, &outcome);
        if let Err(HolderCodeError::Operation(error)) = &outcome {
            self.is_lost = is_loss(error);
        }
        outcome
    }

    /// What the presentation of a code means for the one that is kept: a wrong one ends the state
    /// that a right one made, and so does a reset, also one that may have failed.
    fn note_kept_code<T>(
        &mut self,
        after: AfterCode<'_>,
        end: &CodeEnd,
        outcome: &Result<T, HolderCodeError>,
    ) {
        let is_wrong = matches!(
            outcome,
            Err(HolderCodeError::WrongCode { .. } | HolderCodeError::Blocked)
        );
        if end.must_reset {
            self.kept_code = None;
            return;
        }
        if is_wrong {
            if let Some(kept) = &mut self.kept_code {
                kept.let_go();
            }
            return;
        }
        let AfterCode::Keep(code) = after else {
            return;
        };
        match &mut self.kept_code {
            // The card knew of none: whatever others hold on to was lost before.
            kept if end.is_ours => *kept = Some(KeptCode::held_by(code, true)),
            Some(kept) if outcome.is_ok() => kept.hold(code),
            kept @ None if outcome.is_ok() => *kept = Some(KeptCode::held_by(code, false)),
            Some(_) | None => {}
        }
    }

    /// Runs `work` on a code that was presented for its holder, if the card was not reset since: nobody
    /// rests on what another program presented after that.
    pub(crate) fn with_kept_code<T>(
        &mut self,
        code: &PresentedCode,
        work: impl FnOnce(&mut dyn CpxCard) -> Result<T, HolderCodeError>,
    ) -> Result<T, HolderCodeError> {
        let outcome =
            self.in_transaction_after_code(|mut transaction, profile, memory, kept| {
                if !kept.as_ref().is_some_and(|kept| kept.is_held_by(code)) {
                    return Ok(Err(HolderCodeError::NotPresented));
                }
                let mut card = open(&mut *transaction, profile, memory)?;
                Ok(work(&mut *card).inspect_err(|error| {
                    if matches!(error, HolderCodeError::NotPresented)
                        && let Some(kept) = kept
                    {
                        kept.let_go();
                    }
                }))
            })?;
        if let Err(HolderCodeError::Operation(error)) = &outcome {
            self.is_lost = is_loss(error);
        }
        outcome
    }

    /// Drops a code that nobody holds on to any more, where it is ours and is not to be left, and one
    /// that could not be dropped before, and brings the card back from that.
    pub(crate) fn drop_released_code(&mut self, after_use: AfterUse) -> Result<(), OperationError> {
        if let Some(kept) = self.kept_code.take_if(|kept| !kept.is_held()) {
            self.owes_reset |= kept.is_ours && after_use == AfterUse::Reset;
        }
        if !self.owes_reset {
            return Ok(());
        }
        self.reset_if_owed()?;
        self.reopen()
    }

    /// Whether this stay would leave a code behind that is ours to drop.
    pub(crate) fn leaves_a_code(&self, after_use: AfterUse) -> bool {
        let keeps_ours = self.kept_code.as_ref().is_some_and(|kept| kept.is_ours);
        let may_keep_ours = keeps_ours || self.is_presenting;
        self.owes_reset || (after_use == AfterUse::Reset && may_keep_ours)
    }

    /// Resets the card for the code that an earlier stay of it left behind.
    pub(crate) fn drop_code_left_behind(&mut self) -> Result<(), OperationError> {
        self.owes_reset = true;
        self.reset_if_owed()
    }

    /// Runs `work` in a transaction. A reset since the last one is accepted here, once, and only
    /// if the card is still the same one. The reader tells of a reset once, so until the card has
    /// proven that it is the same, every further operation asks it again.
    pub(crate) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(
            Box<dyn CardTransaction + '_>,
            Option<Profile>,
            &mut CardMemory,
        ) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        self.in_transaction_after_code(|transaction, profile, memory, _| {
            work(transaction, profile, memory)
        })
    }

    /// The same for work that rests on the code that was kept, which a reset since is the end of.
    fn in_transaction_after_code<T>(
        &mut self,
        work: impl FnOnce(
            Box<dyn CardTransaction + '_>,
            Option<Profile>,
            &mut CardMemory,
            &mut Option<KeptCode>,
        ) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        let outcome = self.try_in_transaction(work);
        self.is_lost = outcome.as_ref().is_err_and(is_loss);
        outcome
    }

    fn try_in_transaction<T>(
        &mut self,
        work: impl FnOnce(
            Box<dyn CardTransaction + '_>,
            Option<Profile>,
            &mut CardMemory,
            &mut Option<KeptCode>,
        ) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        match self.connection.transaction() {
            Ok(transaction) if self.identity_is_proven => {
                return work(
                    transaction,
                    self.profile,
                    &mut self.memory,
                    &mut self.kept_code,
                );
            }
            Ok(_) => {}
            Err(ReaderFault::Reset) => self.identity_is_proven = false,
            Err(fault) => return Err(from_reader_fault(fault)),
        }
        self.kept_code = None;
        self.connection.reconnect().map_err(from_reader_fault)?;
        self.owes_reset = false;
        let mut transaction = self.connection.transaction().map_err(from_reader_fault)?;
        let serial_number = open(&mut *transaction, self.profile, &mut self.memory)?
            .read_serial_number()
            .map_err(from_card_error)?;
        if serial_number != self.serial_number {
            return Err(OperationError::new(ErrorCode::CardRemoved));
        }
        self.identity_is_proven = true;
        work(
            transaction,
            self.profile,
            &mut self.memory,
            &mut self.kept_code,
        )
    }
}

/// How the transaction of a presented code ended.
struct CodeEnd {
    /// The card was left with a code that was presented in it.
    is_ours: bool,
    must_reset: bool,
    was_reset: bool,
}

fn codes_of(card: &mut dyn CpxCard) -> Result<(CodeStates, Option<PinLimits>), OperationError> {
    let states = card.code_states().map_err(from_card_error)?;
    let limits = card.pin_limits().map_err(from_card_error)?;
    Ok((states, limits))
}

/// Whether an operation failed as it does on a card that has left, or has come back unseen.
fn is_loss(error: &OperationError) -> bool {
    let is_the_readers = error
        .reason
        .is_none_or(|reason| reason == Reason::OutcomeUnknown);
    is_the_readers && matches!(error.code, ErrorCode::CardRemoved | ErrorCode::CardMute)
}
