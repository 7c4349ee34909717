//! Codes typed at the keypad of a reader: how long, and until when the holder may still say no.

use std::time::Duration;

use card_profiles::{CpxCard, KeypadTime, KeypadUses, PinError};
use daemon_types::ReaderId;
use tokio::sync::watch;

use crate::card::last_try;
use crate::fault::from_pin_error;
use crate::job::Job;
use crate::open_card::GoOn;
use crate::{Cards, CodeForKey, HolderCodeError, HolderPin, NewCode};

/// A code that the holder types at the keypad, once the card is ready for it.
#[derive(Debug)]
pub struct AtKeypad {
    time: KeypadTime,
    last_try_confirmed: bool,
    is_over: watch::Sender<bool>,
}

/// Tells when nothing is typed any more.
#[derive(Debug)]
pub struct KeypadWatch(watch::Receiver<bool>);

/// What is known of the keypad of the reader, once there is a transaction on the card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReaderKeypad {
    /// There is one.
    pub(crate) is_there: bool,
    /// What it can be used for with this card.
    pub(crate) uses: KeypadUses,
}

impl AtKeypad {
    /// The reader waits so long for each code; `last_try_confirmed` says whether the holder said yes
    /// to risking the last try.
    #[must_use]
    pub fn new(time: Duration, last_try_confirmed: bool) -> (Self, KeypadWatch) {
        let (is_over, watch) = watch::channel(false);
        let at_keypad = Self {
            time: KeypadTime::of(time),
            last_try_confirmed,
            is_over,
        };
        (at_keypad, KeypadWatch(watch))
    }

    /// Tells when nothing is typed any more.
    pub(crate) fn is_over(&self) -> watch::Receiver<bool> {
        self.is_over.subscribe()
    }

    pub(crate) fn verify_pin(&self, card: &mut dyn CpxCard) -> Result<(), HolderCodeError> {
        let verified = card.verify_pin_at_keypad(self.time, last_try(self.last_try_confirmed));
        self.is_over.send_replace(true);
        verified.map(drop).map_err(from_pin_error)
    }

    /// What is typed after the caller has gone opens no other entry.
    pub(crate) fn change_pin(
        &self,
        card: &mut dyn CpxCard,
        go_on: &GoOn<'_>,
    ) -> Result<(), HolderCodeError> {
        let last_try = last_try(self.last_try_confirmed);
        let changed = card.change_pin_at_keypad(self.time, last_try, &|| go_on().is_ok());
        self.is_over.send_replace(true);
        match changed {
            Err(PinError::NotEntered(reason)) => {
                go_on()?;
                Err(from_pin_error(PinError::NotEntered(reason)))
            }
            changed => changed.map_err(from_pin_error),
        }
    }
}

impl KeypadWatch {
    /// Until everything was typed, or nothing will be.
    pub async fn closed(mut self) {
        // Without its sender the job is over, too.
        let _ = self.0.wait_for(|is_over| *is_over).await;
    }
}

impl HolderPin {
    /// Presents the code, once.
    pub(crate) fn present(&self, card: &mut dyn CpxCard) -> Result<(), HolderCodeError> {
        match self {
            Self::Typed(typed) => card
                .verify_pin(&typed.pin, last_try(typed.last_try_confirmed))
                .map(drop)
                .map_err(from_pin_error),
            Self::AtKeypad(at_keypad) => at_keypad.verify_pin(card),
        }
    }
}

impl Job {
    /// The entries at the keypad, where codes are typed there for it.
    pub(crate) const fn at_keypad(&self) -> Option<&AtKeypad> {
        let pin = match self {
            Self::Errand { .. } | Self::ReadCodes { .. } | Self::ListActivities { .. } => {
                return None;
            }
            Self::SetPin { new_code, .. } => {
                return match new_code {
                    NewCode::Typed(_) => None,
                    NewCode::ChangeAtKeypad(at_keypad) => Some(at_keypad),
                };
            }
            Self::ReadActivities { pin, .. } | Self::PresentPin { pin, .. } => pin,
            Self::OnCode { code, .. } => match code {
                CodeForKey::Typed(pin) | CodeForKey::TypedToKeep(pin, _) => pin,
                CodeForKey::Kept(_) => return None,
            },
        };
        match pin {
            HolderPin::Typed(_) => None,
            HolderPin::AtKeypad(at_keypad) => Some(at_keypad),
        }
    }
}

impl Cards {
    /// Whether a reader waits for somebody to type, or is about to.
    #[must_use]
    pub fn keypad_is_open(&self, reader: &ReaderId) -> bool {
        self.worker_is_at_keypad(reader)
    }
}
