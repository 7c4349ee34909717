//! Finding one's way on the card: card number, EF.DIR, PKCS#15 files, certificates.

use card_apdu::{CommandApdu, ExpectedLen, StatusWord};
use igc_sante::{CardCertificate, KeyRole};

use super::{Cps3, Interface, SELECT, WITH_FCP, WITHOUT_FCP, select_by_path};
use crate::card::{Generation, Identity};
use crate::directory::{CONTACT_AID, CONTACTLESS_AID, Directory, path_in_ef_dir};
use crate::ef_sn::{EF_SN_LEN, parse_ef_sn};
use crate::files::{self, FilePath, ReadStart, is_selected};
use crate::{CardError, CardMemory};

impl Cps3<'_> {
    /// Selects the IAS root, which works whatever view or file another program left behind.
    pub(super) fn select_root(&mut self) -> Result<(), CardError> {
        let command = CommandApdu::new(0x00, SELECT, 0x04, WITH_FCP).with_data(ROOT_AID);
        let response = self.channel.transmit(&command)?;
        self.selected = false;
        if is_selected(&response) {
            return Ok(());
        }
        Err(CardError::Refused {
            command: "SELECT",
            sw: response.sw(),
        })
    }

    /// Reads EF.SN, which lies under the root: `5A 0A` issuer, serial number, Luhn digit, filler.
    pub(super) fn read_ef_sn(&mut self) -> Result<String, CardError> {
        let le = ExpectedLen::Exactly(EF_SN_LEN);
        parse_ef_sn(&files::read_binary(
            self.channel,
            ReadStart::ShortId(EF_SN_SFI),
            le,
        )?)
    }

    pub(super) fn read_identity_once(&mut self) -> Result<Identity, CardError> {
        if let Some(identity) = &self.memory.identity {
            return Ok(identity.clone());
        }
        self.select_root()?;
        let serial_number = self.read_ef_sn()?;
        let identity = Identity {
            generation: Generation::Cps3,
            serial_number,
            certificates: self.read_certificates()?,
        };
        self.memory.identity = Some(identity.clone());
        Ok(identity)
    }

    /// Selects an elementary file without asking for its control parameters, which saves their bytes.
    fn select_file(&mut self, path: &FilePath) -> Result<(), CardError> {
        self.selected = false;
        let p2 = if self.memory.select_needs_fcp {
            WITH_FCP
        } else {
            WITHOUT_FCP
        };
        let mut response = self
            .channel
            .transmit(&select_by_path(path.as_bytes(), p2))?;
        if response.sw() == StatusWord::WRONG_P1_P2 && p2 == WITHOUT_FCP {
            self.memory.select_needs_fcp = true;
            response = self
                .channel
                .transmit(&select_by_path(path.as_bytes(), WITH_FCP))?;
        }
        if is_selected(&response) {
            return Ok(());
        }
        Err(CardError::Refused {
            command: "SELECT",
            sw: response.sw(),
        })
    }

    pub(super) fn select_master_file(&mut self) -> Result<(), CardError> {
        self.select_file(&FilePath::master_file())
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
        let start = ReadStart::ShortId(EF_DIR_SFI);
        let bytes = files::read_objects(self.channel, start, "EF.DIR")?;
        let aid = match self.interface {
            Interface::Contact => &CONTACT_AID,
            Interface::Contactless => &CONTACTLESS_AID,
        };
        let path = path_in_ef_dir(&bytes, aid)?;
        self.memory.application = Some(path.clone());
        Ok(path)
    }

    fn read_directory_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError> {
        self.select_file(path)?;
        files::read_objects(self.channel, ReadStart::SelectedFile, what)
    }

    fn read_certificate(&mut self, path: &FilePath) -> Result<Vec<u8>, CardError> {
        self.select_file(path)?;
        files::read_object(self.channel, ReadStart::SelectedFile, "a certificate")
    }

    /// A technical certificate looks like one for authentication; only its place tells.
    fn role_of(&self, certificate: &CardCertificate) -> Option<KeyRole> {
        match self.interface {
            Interface::Contact => certificate.role(),
            Interface::Contactless => Some(KeyRole::Technical),
        }
    }
}

/// The answers by which a CPS3 says that the CPS2ter view is active (cards.md, 0.6).
pub(super) fn is_other_view(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::CLASS_NOT_SUPPORTED | StatusWord::WRONG_P1_P2
    )
}

/// IAS root, from EF.ATR tag 4F of a real CPS3.
const ROOT_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
const EF_SN_SFI: u8 = 0x1C;
const EF_DIR_SFI: u8 = 0x1E;
