//! Which application sits on which logical channel (ISO/IEC 7816-4, 5.4.1).

use card_apdu::{CommandApdu, StatusWord};

use crate::cps2ter;

/// A logical channel, as the class byte names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// 0: after a reset the CPS2ter view is on it, for old software.
    Basic,
    /// 1: where programs of this family want the applet.
    First,
}

/// An application that can be selected by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Application {
    /// ChipDoc with the files and keys of the holder.
    Applet,
    /// The old command set.
    Cps2ter,
    /// The issuer's, which nobody can use; selecting it frees the channel.
    IssuerDomain,
}

/// Both channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    basic: Application,
    /// Nothing while the channel is closed.
    first: Option<Application>,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            basic: Application::Cps2ter,
            first: None,
        }
    }
}

impl Channels {
    pub(super) fn is_cps2ter_on_basic(self) -> bool {
        self.basic == Application::Cps2ter
    }

    pub(super) fn has_applet(self) -> bool {
        self.basic == Application::Applet || self.first == Some(Application::Applet)
    }

    /// Why a command on this channel cannot go to the applet; nothing when it can.
    pub(super) fn lost_applet(self, channel: Channel) -> Option<StatusWord> {
        match (channel, self.basic, self.first) {
            (Channel::Basic, Application::Applet, _)
            | (Channel::First, _, Some(Application::Applet)) => None,
            (Channel::First, Application::Applet, _) => {
                Some(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED)
            }
            (Channel::First, _, None) => Some(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
            (Channel::Basic, _, _) | (Channel::First, _, Some(_)) => {
                Some(StatusWord::CLASS_NOT_SUPPORTED)
            }
        }
    }

    /// SELECT by name. The applet can be on one channel alone: channel 1 is refused while it is on
    /// channel 0, which the official module expects; channel 0 takes it away from channel 1 (OURS,
    /// the worse of the two cases).
    pub(super) fn select(
        &mut self,
        channel: Channel,
        command: &CommandApdu,
    ) -> Result<(), StatusWord> {
        let application = Application::of_name(command.data()).ok_or(StatusWord::FILE_NOT_FOUND)?;
        if !matches!(command.p2(), FIRST_WITH_FCP | FIRST_WITHOUT_DATA) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let is_applet = application == Application::Applet;
        match channel {
            Channel::First if is_applet && self.basic == Application::Applet => {
                return Err(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED);
            }
            Channel::First => self.first = Some(application),
            Channel::Basic => {
                self.basic = application;
                if is_applet && self.first == Some(Application::Applet) {
                    self.first = None;
                }
            }
        }
        Ok(())
    }

    /// MANAGE CHANNEL: closing channel 1, and no more.
    pub(super) fn manage(&mut self, command: &CommandApdu) -> Result<(), StatusWord> {
        if (command.p1(), command.p2()) != CLOSE_FIRST {
            return Err(StatusWord::WRONG_P1_P2);
        }
        self.first = None;
        Ok(())
    }
}

impl Application {
    fn of_name(name: &[u8]) -> Option<Self> {
        [
            (&APPLET_AID[..], Self::Applet),
            (&cps2ter::AID, Self::Cps2ter),
            (&ISSUER_DOMAIN_AID, Self::IssuerDomain),
        ]
        .into_iter()
        .find_map(|(aid, application)| (aid == name).then_some(application))
    }
}

pub(super) fn is_select_by_name(command: &CommandApdu) -> bool {
    (command.ins(), command.p1()) == (SELECT, BY_NAME)
}

pub(super) const SELECT: u8 = 0xA4;
const BY_NAME: u8 = 0x04;
/// P2 of SELECT by name; neither brings data.
const FIRST_WITH_FCP: u8 = 0x04;
const FIRST_WITHOUT_DATA: u8 = 0x0C;
const CLOSE_FIRST: (u8, u8) = (0x80, 0x01);

const APPLET_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
const ISSUER_DOMAIN_AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
