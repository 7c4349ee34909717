//! From a command on a logical channel to the application that sits there.

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::channels::{Channel, Channels, is_select_by_name};
use super::parameters::Cps4Parameters;
use crate::cps2ter;
use crate::parameters::CardParameters;
use crate::persistent_state::StateStore;
use crate::pki::PkiError;
use crate::transmission::Outcome;

/// All that is on the card.
#[derive(Debug)]
pub(super) struct Applications {
    parameters: Cps4Parameters,
    channels: Channels,
    applet: Applet,
}

impl Applications {
    pub(super) fn new(card: &CardParameters, store: StateStore) -> Result<Self, PkiError> {
        Ok(Self {
            parameters: card.cps4,
            channels: Channels::default(),
            applet: Applet::new(card, store)?,
        })
    }

    pub(super) fn reset(&mut self) {
        self.channels = Channels::default();
        self.applet.reset();
    }

    pub(super) fn execute(&mut self, command: &CommandApdu) -> Outcome {
        match command.cla() {
            0x00 | 0x10 => self.execute_on(Channel::Basic, command),
            0x01 | 0x11 => self.execute_on(Channel::First, command),
            cps2ter::CLASS if self.channels.is_cps2ter_on_basic() => cps2ter::execute(command),
            0x02 | 0x03 | 0x12 | 0x13 => Err(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
            _ => Err(StatusWord::CLASS_NOT_SUPPORTED),
        }
    }

    fn execute_on(&mut self, channel: Channel, command: &CommandApdu) -> Outcome {
        if is_select_by_name(command) {
            return self.select_application(channel, command);
        }
        if channel == Channel::Basic && command.ins() == MANAGE_CHANNEL {
            return self.manage_channel(command);
        }
        match (self.channels.lost_applet(channel), channel) {
            (None, _) => self.applet.execute(command),
            (Some(sw), Channel::Basic) => Err(sw),
            (Some(sw), Channel::First) => Err(self.parameters.lost_applet_answer.unwrap_or(sw)),
        }
    }

    /// SELECT by name opens the channel on which it comes.
    fn select_application(&mut self, channel: Channel, command: &CommandApdu) -> Outcome {
        let had_applet = self.channels.has_applet();
        self.channels.select(channel, command)?;
        self.applet_may_have_left(had_applet);
        if self.channels.lost_applet(channel).is_none() {
            self.applet.selected();
        }
        Ok(Vec::new())
    }

    /// MANAGE CHANNEL (ISO/IEC 7816-4, 11.1.2): no program of this family sends it; others may.
    fn manage_channel(&mut self, command: &CommandApdu) -> Outcome {
        let had_applet = self.channels.has_applet();
        self.channels.manage(command)?;
        self.applet_may_have_left(had_applet);
        Ok(Vec::new())
    }

    fn applet_may_have_left(&mut self, had_applet: bool) {
        let has_left = had_applet && !self.channels.has_applet();
        if has_left && self.parameters.forgets_codes_when_deselected {
            self.applet.codes.forget();
        }
    }
}

const MANAGE_CHANNEL: u8 = 0x70;
