//! Finding one's way on the card: card number, EF.DIR, PKCS#15 files, certificates.

use card_apdu::{CommandApdu, ExpectedLen, Fcp, ResponseApdu, StatusWord};
use igc_sante::{CardCertificate, KeyRole};

use super::{Cps3, Current, Interface, SELECT, WITH_FCP, WITHOUT_FCP, select_by_path};
use crate::card::{CpxCard as _, Generation, Identity};
use crate::directory::{CONTACT_AID, CONTACTLESS_AID, Directory, path_in_ef_dir};
use crate::ef_sn::{EF_SN_LEN, parse_ef_sn};
use crate::files::{self, FilePath, ReadStart, is_selected, wants_another_form};
use crate::pkcs15::PrivateKeyObject;
use crate::{CardError, CardMemory};

impl Cps3<'_> {
    /// Selects the IAS root, which works whatever view or file another program left behind.
    pub(super) fn select_root(&mut self) -> Result<(), CardError> {
        let command = CommandApdu::new(0x00, SELECT, 0x04, WITH_FCP).with_data(ROOT_AID);
        let response = self.channel.transmit(&command)?;
        self.now_current(Current::Unknown);
        if is_selected(&response) {
            self.now_current(Current::Root);
            return Ok(());
        }
        Err(CardError::Refused {
            command: "SELECT",
            sw: response.sw(),
        })
    }

    /// Reads EF.SN, which lies under the root: `5A 0A` issuer, serial number, Luhn digit, filler.
    pub(super) fn read_ef_sn(&mut self) -> Result<String, CardError> {
        let path = FilePath::master_file().child(EF_SN);
        let bytes = self.read_file(&path, "EF.SN", |card| {
            let le = ExpectedLen::Exactly(EF_SN_LEN);
            files::read_binary(card.channel, ReadStart::ShortId(EF_SN_SFI), le)
        })?;
        parse_ef_sn(&bytes)
    }

    pub(super) fn read_identity_once(&mut self) -> Result<Identity, CardError> {
        if let Some(identity) = &self.memory.identity {
            return Ok(identity.clone());
        }
        let serial_number = match self.proven_serial_number.clone() {
            Some(proven) => proven,
            None => self.read_serial_number()?,
        };
        let identity = Identity {
            generation: Some(Generation::Cps3),
            serial_number,
            certificates: self.read_certificates()?,
        };
        self.memory.identity = Some(identity.clone());
        Ok(identity)
    }

    /// Reads a file in the way that takes the fewest bytes; on a card that refuses it, by path and size, and
    /// from then on so at once.
    fn read_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
        in_fewest_bytes: impl FnOnce(&mut Self) -> Result<Vec<u8>, CardError>,
    ) -> Result<Vec<u8>, CardError> {
        if !self.memory.reads_need_size {
            match in_fewest_bytes(self) {
                Err(CardError::Refused { sw, .. }) if wants_another_form(sw) => {}
                outcome => return outcome,
            }
        }
        let size = self
            .select_for_fcp(path)?
            .size
            .ok_or(CardError::malformed(what))?;
        let bytes = files::read_objects_in(self.channel, ReadStart::SelectedFile, size, what)?;
        self.memory.reads_need_size = true;
        Ok(bytes)
    }

    fn select_for_fcp(&mut self, path: &FilePath) -> Result<Fcp, CardError> {
        let command = select_by_path(path.as_bytes(), WITH_FCP);
        let command = command.with_le(ExpectedLen::AsMuchAsPossible);
        let response = self.select(|card| Ok(card.channel.transmit(&command)?))?;
        Fcp::parse(response.data()).map_err(|source| CardError::Malformed {
            what: "the control parameters of a file",
            source: Some(Box::new(source)),
        })
    }

    pub(super) fn select_file(&mut self, path: &FilePath) -> Result<(), CardError> {
        self.select(|card| card.try_to_select(path)).map(drop)
    }

    /// Selects a file, and leaves the CPS2ter view when another program left the card there.
    fn select(
        &mut self,
        attempt: impl Fn(&mut Self) -> Result<ResponseApdu, CardError>,
    ) -> Result<ResponseApdu, CardError> {
        self.now_current(Current::Unknown);
        let mut response = attempt(self)?;
        if is_other_view(response.sw()) {
            self.select_root()?;
            self.now_current(Current::Unknown);
            response = attempt(self)?;
        }
        if is_selected(&response) {
            return Ok(response);
        }
        Err(CardError::Refused {
            command: "SELECT",
            sw: response.sw(),
        })
    }

    /// SELECT without control parameters, which saves their bytes, unless the card insists on them.
    fn try_to_select(&mut self, path: &FilePath) -> Result<ResponseApdu, CardError> {
        if !self.memory.select_needs_fcp {
            let response = self.select_once(path, WITHOUT_FCP)?;
            if !wants_another_form(response.sw()) {
                return Ok(response);
            }
        }
        let response = self.select_once(path, WITH_FCP)?;
        self.memory.select_needs_fcp |= is_selected(&response);
        Ok(response)
    }

    fn select_once(&mut self, path: &FilePath, p2: u8) -> Result<ResponseApdu, CardError> {
        Ok(self
            .channel
            .transmit(&select_by_path(path.as_bytes(), p2))?)
    }

    /// Makes the master file current, which the IAS root is, too.
    pub(super) fn select_master_file(&mut self) -> Result<(), CardError> {
        if self.current != Current::Root {
            self.select_file(&FilePath::master_file())?;
        }
        Ok(())
    }
}

impl Directory for Cps3<'_> {
    fn memory(&mut self) -> &mut CardMemory {
        self.memory
    }

    /// The first reading expects the root selected.
    fn application_path(&mut self) -> Result<FilePath, CardError> {
        if let Some(path) = &self.memory.application {
            return Ok(path.clone());
        }
        let ef_dir = FilePath::master_file().child(EF_DIR);
        let aid = match self.interface {
            Interface::Contact => &CONTACT_AID,
            Interface::Contactless => &CONTACTLESS_AID,
        };
        let path = self.parsed_file(
            &ef_dir,
            |card| {
                card.read_file(&ef_dir, "EF.DIR", |card| {
                    let start = ReadStart::ShortId(EF_DIR_SFI);
                    files::read_objects(card.channel, start, "EF.DIR")
                })
            },
            |bytes| path_in_ef_dir(bytes, aid),
        )?;
        self.memory.application = Some(path.clone());
        Ok(path)
    }

    fn read_directory_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.read_file(path, what, |card| {
            card.select_file(path)?;
            files::read_objects(card.channel, ReadStart::SelectedFile, what)
        })
    }

    fn read_whole_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        let size = self.select_for_fcp(path)?.size;
        let size = size.ok_or(CardError::malformed(what))?;
        files::read_whole(self.channel, ReadStart::SelectedFile, size, what)
    }

    fn read_certificate_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.read_file(path, what, |card| {
            card.select_file(path)?;
            files::read_object(card.channel, ReadStart::SelectedFile, what)
        })
    }

    fn read_head(&mut self, path: &FilePath, len: u16) -> Result<Vec<u8>, CardError> {
        self.read_file(path, "a certificate", |card| {
            card.select_file(path)?;
            let le = ExpectedLen::Exactly(len);
            files::read_binary(card.channel, ReadStart::SelectedFile, le)
        })
    }

    /// A technical certificate looks like one for authentication; only its place tells.
    fn role_of(&self, certificate: &CardCertificate) -> Option<KeyRole> {
        match self.interface {
            Interface::Contact => certificate.role(),
            Interface::Contactless => Some(KeyRole::Technical),
        }
    }

    fn serves(&self, key: &PrivateKeyObject, role: KeyRole) -> bool {
        match self.interface {
            Interface::Contact => key.serves(role),
            Interface::Contactless => role == KeyRole::Technical && key.signs,
        }
    }
}

/// The answers by which a CPS3 says that the CPS2ter view is active (cards.md, 0.6).
fn is_other_view(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::CLASS_NOT_SUPPORTED | StatusWord::WRONG_P1_P2
    )
}

/// IAS root, from EF.ATR tag 4F of a real CPS3.
const ROOT_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
const EF_SN: u16 = 0xD003;
const EF_SN_SFI: u8 = 0x1C;
const EF_DIR: u16 = 0x2F00;
const EF_DIR_SFI: u8 = 0x1E;
