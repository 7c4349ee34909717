//! What is known of a card without asking it: from this insertion, and from an earlier one.

use std::collections::BTreeMap;

use igc_sante::KeyRole;

use crate::activities::ActivityObject;
use crate::files::FilePath;
use crate::pkcs15::{CertificateObject, ObjectDirectory, PinObject, PrivateKeyObject};
use crate::{CardObjects, Identity};

/// What was read from a card since it was inserted.
#[derive(Debug, Default)]
pub struct CardMemory {
    pub(crate) files: CardFiles,
    pub(crate) identity: Option<Identity>,
    /// The entry of the certificate that the identity has for a role; its key has the same identifier.
    pub(crate) certificates: Vec<(KeyRole, CertificateObject)>,
    /// A certificate could not be read, and perhaps the next time it can.
    pub(crate) lacks_a_certificate: bool,
    pub(crate) application: Option<FilePath>,
    pub(crate) directory: Option<ObjectDirectory>,
    pub(crate) pins: Option<Vec<PinObject>>,
    pub(crate) private_keys: Option<Vec<PrivateKeyObject>>,
    pub(crate) activities: Option<Vec<ActivityObject>>,
    pub(crate) objects: Option<CardObjects>,
    /// The card does not take SELECT with P2 = 0C for an elementary file.
    pub(crate) select_needs_fcp: bool,
    /// The card does not take READ BINARY by a short identifier or of as much as there is.
    pub(crate) reads_need_size: bool,
    pub(crate) left_selected: LeftSelected,
}

impl CardMemory {
    /// Begins again with these files, and with how this card wants to be read.
    pub(crate) fn restart_with(&mut self, files: CardFiles, pins: Option<Vec<PinObject>>) {
        *self = Self {
            files,
            pins,
            reads_need_size: self.reads_need_size,
            ..Self::default()
        };
    }

    /// What was read, once it is all that identity, codes and keys take; `None` before.
    #[must_use]
    pub fn all_files(&self) -> Option<&CardFiles> {
        let is_all = self.identity.is_some()
            && self.pins.is_some()
            && self.private_keys.is_some()
            && !self.lacks_a_certificate;
        is_all.then_some(&self.files)
    }

    /// This program reset the card, and with that dropped what it had selected.
    pub fn note_reset(&mut self) {
        self.left_selected = match self.left_selected {
            LeftSelected::Application => LeftSelected::Nothing,
            LeftSelected::IasApplication | LeftSelected::Other => LeftSelected::Other,
            LeftSelected::Nothing => LeftSelected::Nothing,
        };
    }

    /// Whether [`CpxCard::reopen`](crate::CpxCard::reopen) has something to do.
    #[must_use]
    pub fn needs_reopening(&self) -> bool {
        self.left_selected == LeftSelected::Nothing
    }
}

/// What a card had selected when this program let go of it; another program may have moved it since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LeftSelected {
    /// Something else than those below, or nobody noted it.
    #[default]
    Other,
    /// The application of a CPS3.
    IasApplication,
    /// The PKCS#15 application in the applet of a CPS4.
    Application,
    /// Nothing: a reset of ours closed the channel of the applet of a CPS4.
    Nothing,
}

/// The public files of a card by path: EF.DIR, the directory files of PKCS#15, the certificates.
/// Nothing that the card gives only after a code is ever among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardFiles(BTreeMap<Vec<u8>, Vec<u8>>);

impl CardFiles {
    /// Each path, two bytes for each step, with the content that was read there.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let files = self.0.iter();
        files.map(|(path, content)| (path.as_slice(), content.as_slice()))
    }

    pub(crate) fn content(&self, path: &FilePath) -> Option<&[u8]> {
        self.0.get(path.as_bytes()).map(Vec::as_slice)
    }

    pub(crate) fn has_some_below(&self, folder: &FilePath) -> bool {
        let mut paths = self.0.keys();
        paths.any(|path| path.starts_with(folder.as_bytes()))
    }

    pub(crate) fn keep(&mut self, path: &FilePath, content: Vec<u8>) {
        self.0.insert(path.as_bytes().to_vec(), content);
    }
}

impl FromIterator<(Vec<u8>, Vec<u8>)> for CardFiles {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, Vec<u8>)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}
