//! Finding one's way on the card: card number, EF.DIR, PKCS#15 files, certificates.

use card_apdu::{CommandApdu, ExpectedLen, Fcp, ResponseApdu, StatusWord, tlv};
use igc_sante::{CardCertificate, KeyRole};

use super::{Cps3, SELECT, WITH_FCP, WITHOUT_FCP, select_by_path};
use crate::CardError;
use crate::card::{Generation, Identity};
use crate::files::{self, FilePath, ReadStart, is_selected};
use crate::pkcs15::{self, CertificateObject, ObjectDirectory, PinObject, PrivateKeyObject};

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
        let path = FilePath::master_file().child(EF_SN);
        let bytes = self.read_file(&path, "EF.SN", |card| {
            let le = ExpectedLen::Exactly(EF_SN_LEN);
            files::read_binary(card.channel, ReadStart::ShortId(EF_SN_SFI), le)
        })?;
        if bytes.len() != usize::from(EF_SN_LEN) {
            return Err(CardError::malformed("EF.SN"));
        }
        let number = bytes
            .strip_prefix(&EF_SN_PREFIX)
            .ok_or(CardError::CardMisbehaved("EF.SN names another issuer"))?;
        let mut digits: String = number.iter().map(|byte| format!("{byte:02X}")).collect();
        if digits.pop() != Some('F') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(CardError::malformed("EF.SN"));
        }
        digits.pop();
        Ok(digits)
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

    /// The first certificate for each role. One that cannot be read is missing, and no more than that while
    /// another one can.
    fn read_certificates(&mut self) -> Result<Vec<(KeyRole, CardCertificate)>, CardError> {
        let mut certificates: Vec<(KeyRole, CardCertificate)> = Vec::new();
        let mut ids = Vec::new();
        let mut first_error = None;
        for object in self.certificate_objects()? {
            let certificate = match self.read_certificate(&object.path) {
                Ok(certificate) => certificate,
                Err(error @ (CardError::Reader(_) | CardError::Bug(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a certificate was passed over");
                    first_error.get_or_insert(error);
                    continue;
                }
            };
            match certificate.role() {
                Some(role) if !certificates.iter().any(|(known, _)| *known == role) => {
                    certificates.push((role, certificate));
                    ids.push((role, object.id));
                }
                Some(_) | None => tracing::debug!("a certificate without a role was passed over"),
            }
        }
        self.memory.certificate_ids = ids;
        match first_error {
            Some(error) if certificates.is_empty() => Err(error),
            Some(_) | None => Ok(certificates),
        }
    }

    fn read_certificate(&mut self, path: &FilePath) -> Result<CardCertificate, CardError> {
        let what = "a certificate";
        let bytes = self.read_file(path, what, |card| {
            card.select_file(path)?;
            files::read_object(card.channel, ReadStart::SelectedFile, what)
        })?;
        let der_len = tlv::object_len(&bytes).map_err(CardError::tlv(what))?;
        let der = bytes.get(..der_len).ok_or(CardError::malformed(what))?;
        CardCertificate::parse(der).map_err(|source| CardError::Malformed {
            what,
            source: Some(Box::new(source)),
        })
    }

    fn certificate_objects(&mut self) -> Result<Vec<CertificateObject>, CardError> {
        let application = self.application_path()?;
        let Some(path) = self.object_directory()?.certificates else {
            return Ok(Vec::new());
        };
        let bytes = self.read_directory_file(&path, "the list of certificates")?;
        pkcs15::parse_cdf(&bytes, &application)
    }

    /// The code objects of the AODF.
    pub(super) fn pin_objects(&mut self) -> Result<Vec<PinObject>, CardError> {
        if let Some(pins) = &self.memory.pins {
            return Ok(pins.clone());
        }
        let pins = match self.object_directory()?.authentication_objects {
            Some(path) => {
                let bytes = self.read_directory_file(&path, "the list of codes")?;
                pkcs15::parse_aodf(&bytes)?
            }
            None => Vec::new(),
        };
        self.memory.pins = Some(pins.clone());
        Ok(pins)
    }

    /// The keys of the PrKDF.
    pub(super) fn private_keys(&mut self) -> Result<Vec<PrivateKeyObject>, CardError> {
        if let Some(keys) = &self.memory.private_keys {
            return Ok(keys.clone());
        }
        let keys = match self.object_directory()?.private_keys {
            Some(path) => {
                let bytes = self.read_directory_file(&path, "the list of private keys")?;
                pkcs15::parse_prkdf(&bytes)?
            }
            None => Vec::new(),
        };
        self.memory.private_keys = Some(keys.clone());
        Ok(keys)
    }

    /// Path of the contact application, as EF.DIR gives it. The first reading expects the root selected.
    pub(super) fn application_path(&mut self) -> Result<FilePath, CardError> {
        if let Some(path) = &self.memory.application {
            return Ok(path.clone());
        }
        let path = FilePath::master_file().child(EF_DIR);
        let bytes = self.read_file(&path, "EF.DIR", |card| {
            let start = ReadStart::ShortId(EF_DIR_SFI);
            files::read_objects(card.channel, start, "EF.DIR")
        })?;
        let path = pkcs15::parse_ef_dir(&bytes)?
            .into_iter()
            .find(|application| application.aid == CONTACT_AID)
            .ok_or(CardError::CardUnsupported("no CPX application in EF.DIR"))?
            .path
            .ok_or(CardError::CardUnsupported("no path in EF.DIR"))?;
        self.memory.application = Some(path.clone());
        Ok(path)
    }

    fn object_directory(&mut self) -> Result<ObjectDirectory, CardError> {
        if let Some(directory) = &self.memory.directory {
            return Ok(directory.clone());
        }
        let application = self.application_path()?;
        let bytes = self.read_directory_file(&application.child(EF_ODF), "the object directory")?;
        let directory = pkcs15::parse_odf(&bytes, &application)?;
        self.memory.directory = Some(directory.clone());
        Ok(directory)
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
        let bytes = files::read_objects_in(self.channel, size, what)?;
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
        self.selected = false;
        let mut response = attempt(self)?;
        if is_other_view(response.sw()) {
            self.select_root()?;
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

    pub(super) fn select_master_file(&mut self) -> Result<(), CardError> {
        self.select_file(&FilePath::master_file())
    }
}

/// The answers by which a CPS3 says that the CPS2ter view is active (cards.md, 0.6).
fn is_other_view(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::CLASS_NOT_SUPPORTED | StatusWord::WRONG_P1_P2
    )
}

/// The answers by which a card may say that it has the file and wants to be asked for it in another form.
fn wants_another_form(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::WRONG_LENGTH
            | StatusWord::INCOMPATIBLE_FILE
            | StatusWord::COMMAND_NOT_ALLOWED
            | StatusWord::FILE_NOT_FOUND
            | StatusWord::WRONG_P1_P2
            | StatusWord::WRONG_OFFSET
    )
}

/// IAS root, from EF.ATR tag 4F of a real CPS3.
const ROOT_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
/// PKCS#15 application of the contact interface.
const CONTACT_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
/// PKCS#15 EF.ODF (ISO/IEC 7816-15, 7.5.1).
const EF_ODF: u16 = 0x5031;
const EF_SN: u16 = 0xD003;
const EF_SN_SFI: u8 = 0x1C;
const EF_SN_LEN: u16 = 12;
/// Tag, length, issuer 80 25 00 00 01 of the ANS.
const EF_SN_PREFIX: [u8; 7] = [0x5A, 0x0A, 0x80, 0x25, 0x00, 0x00, 0x01];
const EF_DIR: u16 = 0x2F00;
const EF_DIR_SFI: u8 = 0x1E;
