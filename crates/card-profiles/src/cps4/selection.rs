//! Finding the applet, also after another program moved the card, and the files in it.

use card_apdu::{CardChannel, CommandApdu, ExpectedLen, Fcp, ResponseApdu};

use super::{CHANNEL_1, Cps4};
use crate::directory::{CONTACT_AID, Directory, path_in_ef_dir};
use crate::ef_sn::{EF_SN_LEN, parse_ef_sn};
use crate::files::{self, FilePath, ReadStart, is_selected, wants_another_form};
use crate::memory::LeftSelected;
use crate::{CardError, CardMemory};

/// What this transaction proved to be selected on channel 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Current {
    /// Nothing yet: another program may have selected anything.
    Unknown,
    /// The applet, and some file in it.
    Applet,
    /// The PKCS#15 application in the applet, where keys and codes are used.
    Application,
}

impl Cps4<'_> {
    /// Makes the PKCS#15 application the current DF, once in a transaction.
    ///
    /// Its selection by path is also the question whether the applet is still there. A card that
    /// refuses it (6985, 6E00, 6A86 or 6881, by what another program did) is brought back by
    /// [`open_applet`](Self::open_applet), but never after a code was sent: what the card knew of
    /// that code may be gone, and the caller has to hear of it.
    pub(super) fn enter_application(&mut self) -> Result<(), CardError> {
        if self.current == Current::Application {
            return Ok(());
        }
        if self.current == Current::Unknown && self.memory.needs_reopening() {
            self.open_applet()?;
        }
        let path = self.application_path()?;
        let mut response = self.select_application(&path)?;
        if !is_selected(&response) && self.current == Current::Unknown && !self.code_was_sent {
            self.open_applet()?;
            response = self.select_application(&path)?;
        }
        check_selected(&response)?;
        self.now_current(Current::Application);
        Ok(())
    }

    /// Signs in the PKCS#15 application, without its selection where the last transaction left it selected.
    ///
    /// Another program may have moved the card since, which the card shows by refusing. Then all of
    /// `sign` is done once more behind a selection; that costs nothing, since no code is in it. A card that
    /// signed elsewhere, by another key of the same reference, made a signature that does not verify.
    pub(super) fn where_the_keys_are<T>(
        &mut self,
        sign: impl Fn(&mut Self) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        if self.current == Current::Unknown
            && self.memory.left_selected == LeftSelected::Application
        {
            match sign(self) {
                Err(CardError::Refused { .. }) => {}
                outcome => return outcome,
            }
        }
        self.enter_application()?;
        sign(self)
    }

    /// Makes sure that the applet is there, without caring which file of it is current.
    pub(super) fn enter_applet(&mut self) -> Result<(), CardError> {
        match (self.current, &self.memory.application) {
            (Current::Applet | Current::Application, _) => Ok(()),
            (Current::Unknown, Some(_)) => self.enter_application(),
            (Current::Unknown, None) => self.open_applet(),
        }
    }

    /// Reads EF.SN from the card, beginning with the applet's own name: after a reset the
    /// channel is closed, and a path leads nowhere.
    pub(super) fn read_ef_sn(&mut self) -> Result<String, CardError> {
        if self.current == Current::Unknown {
            self.open_applet()?;
        }
        let path = FilePath::master_file().child(EF_SN);
        let bytes = self.read_file(&path, "EF.SN", |channel| {
            let le = ExpectedLen::Exactly(EF_SN_LEN);
            files::read_binary(channel, ReadStart::SelectedOnChannel1, le)
        })?;
        parse_ef_sn(&bytes)
    }

    /// SELECT by AID on channel 1, which opens that channel.
    ///
    /// A card whose channel 0 holds the applet refuses it. Then the issuer domain on channel 1
    /// and the CPS2ter view on channel 0 make room, and the applet is selected again.
    pub(super) fn open_applet(&mut self) -> Result<(), CardError> {
        self.now_current(Current::Unknown);
        let mut response = self.select_by_name(CHANNEL_1, &APPLET_AID)?;
        if !is_selected(&response) {
            let made_room = [
                self.select_by_name(CHANNEL_1, &ISSUER_DOMAIN_AID)?,
                self.select_by_name(CHANNEL_0, &CPS2TER_AID)?,
            ];
            tracing::debug!(answers = ?made_room, "the applet was elsewhere");
            response = self.select_by_name(CHANNEL_1, &APPLET_AID)?;
        }
        check_selected(&response)?;
        self.now_current(Current::Applet);
        Ok(())
    }

    /// The usual place, if the application is there; else the one that EF.DIR tells.
    fn find_application(&mut self, usual: FilePath) -> Result<FilePath, CardError> {
        self.enter_applet()?;
        if is_selected(&self.select_application(&usual)?) {
            self.now_current(Current::Application);
            return Ok(usual);
        }
        let ef_dir = FilePath::master_file().child(EF_DIR);
        self.parsed_directory_file(&ef_dir, "EF.DIR", |bytes| {
            path_in_ef_dir(bytes, &CONTACT_AID)
        })
    }

    fn select_by_name(&mut self, class: u8, aid: &[u8]) -> Result<ResponseApdu, CardError> {
        let command = CommandApdu::new(class, SELECT, BY_NAME, WITHOUT_FCI).with_data(aid);
        Ok(self.channel.transmit(&command)?)
    }

    /// SELECT of a DF by its path.
    fn select_application(&mut self, path: &FilePath) -> Result<ResponseApdu, CardError> {
        Ok(self.channel.transmit(&select_by_path(path))?)
    }

    /// Reads a file in the way that takes the fewest bytes: without its control information. On a card that
    /// refuses it, by the size that this information tells, and from then on so at once.
    fn read_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
        in_fewest_bytes: impl FnOnce(&mut dyn CardChannel) -> Result<Vec<u8>, CardError>,
    ) -> Result<Vec<u8>, CardError> {
        self.enter_applet()?;
        self.now_current(Current::Applet);
        let select = select_by_path(path);
        if !self.memory.reads_need_size {
            let selected = self.select_file(&select);
            match selected.and_then(|_| in_fewest_bytes(self.channel)) {
                Err(CardError::Refused { sw, .. }) if wants_another_form(sw) => {}
                outcome => return outcome,
            }
        }
        let size = self.select_for_size(&select, what)?;
        let start = ReadStart::SelectedOnChannel1;
        let bytes = files::read_objects_in(self.channel, start, size, what)?;
        self.memory.reads_need_size = true;
        Ok(bytes)
    }

    /// Selects a file and has it told how long it is.
    fn select_for_size(
        &mut self,
        select: &CommandApdu,
        what: &'static str,
    ) -> Result<usize, CardError> {
        let select = select.clone().with_le(ExpectedLen::AsMuchAsPossible);
        let response = self.select_file(&select)?;
        let control_information = Fcp::parse(response.data()).ok();
        control_information
            .and_then(|information| information.size)
            .ok_or(CardError::malformed(what))
    }

    fn select_file(&mut self, select: &CommandApdu) -> Result<ResponseApdu, CardError> {
        let response = self.channel.transmit(select)?;
        check_selected(&response)?;
        Ok(response)
    }

    /// Notes what is selected, also for the next transaction.
    fn now_current(&mut self, current: Current) {
        self.current = current;
        self.memory.left_selected = match current {
            Current::Application => LeftSelected::Application,
            Current::Unknown | Current::Applet => LeftSelected::Other,
        };
    }
}

impl Directory for Cps4<'_> {
    fn memory(&mut self) -> &mut CardMemory {
        self.memory
    }

    /// From memory, from where the files of an earlier insertion lay, or from the card.
    fn application_path(&mut self) -> Result<FilePath, CardError> {
        if let Some(path) = &self.memory.application {
            return Ok(path.clone());
        }
        let usual = FilePath::master_file().child(APPLICATION);
        let path = if self.memory.files.has_some_below(&usual) {
            usual
        } else {
            self.find_application(usual)?
        };
        self.memory.application = Some(path.clone());
        Ok(path)
    }

    fn read_directory_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.read_file(path, what, |channel| {
            files::read_objects(channel, ReadStart::SelectedOnChannel1, what)
        })
    }

    fn read_whole_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.enter_applet()?;
        self.now_current(Current::Applet);
        let size = self.select_for_size(&select_by_path(path), what)?;
        files::read_whole(self.channel, ReadStart::SelectedOnChannel1, size, what)
    }

    fn read_certificate_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.read_file(path, what, |channel| {
            files::read_object(channel, ReadStart::SelectedOnChannel1, what)
        })
    }

    fn read_head(&mut self, path: &FilePath, len: u16) -> Result<Vec<u8>, CardError> {
        self.read_file(path, "a certificate", |channel| {
            let le = ExpectedLen::Exactly(len);
            files::read_binary(channel, ReadStart::SelectedOnChannel1, le)
        })
    }
}

/// SELECT by path from the master file (P1 = 08), which the path leaves out. It has no Le, since nobody
/// needs control information: so the official module selects the DF.
fn select_by_path(path: &FilePath) -> CommandApdu {
    CommandApdu::new(CHANNEL_1, SELECT, BY_PATH, WITH_FCI).with_data(path.below_master_file())
}

fn check_selected(response: &ResponseApdu) -> Result<(), CardError> {
    if is_selected(response) {
        return Ok(());
    }
    Err(CardError::Refused {
        command: "SELECT",
        sw: response.sw(),
    })
}

/// The ChipDoc applet.
const APPLET_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
/// The CPS2ter view, which lies on channel 0 at power-on.
const CPS2TER_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02];
/// The issuer security domain (GlobalPlatform).
const ISSUER_DOMAIN_AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
const CHANNEL_0: u8 = 0x00;
const SELECT: u8 = 0xA4;
/// P1 of SELECT.
const BY_NAME: u8 = 0x04;
const BY_PATH: u8 = 0x08;
/// P2 of SELECT.
const WITH_FCI: u8 = 0x00;
const WITHOUT_FCI: u8 = 0x0C;
const EF_SN: u16 = 0xD003;
const EF_DIR: u16 = 0x2F00;
/// The PKCS#15 application: the official module's own files name 3F00/0001, beside what EF.DIR says.
const APPLICATION: u16 = 0x0001;
