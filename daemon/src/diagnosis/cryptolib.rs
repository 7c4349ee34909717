//! Cryptolib CPS beside the agent: its version, what it remembers, the authorities that it keeps.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use daemon_types::CardSummary;
use diagnosis::facts::{CacheFacts, CryptolibFacts};
use igc_sante::CardCertificate;
use platform::workstation::{Cryptolib, InstalledCryptolib};

/// What its files say. Reading them may take as long as a disk does.
#[derive(Debug)]
pub(super) struct Found {
    installed: Cryptolib,
    /// The certificates of authorities beside it, DER; an installer of root put them there.
    pub(super) authorities: Vec<Vec<u8>>,
    /// The certificates that it keeps of cards.
    kept: Vec<CardCertificate>,
}

/// Nobody looked.
impl Default for Found {
    fn default() -> Self {
        Self::of(Cryptolib::Unknown)
    }
}

pub(super) fn found() -> Found {
    Found::of(platform::workstation::cryptolib())
}

impl Found {
    fn of(installed: Cryptolib) -> Self {
        let (authorities, kept) = match &installed {
            Cryptolib::There(there) => {
                let kept = files_in(&there.cache);
                let kept = kept
                    .filter_map(|file| CardCertificate::parse(certificate_at_begin(&file)?).ok());
                (files_in(&there.authorities).collect(), kept.collect())
            }
            Cryptolib::Absent | Cryptolib::Unknown => (Vec::new(), Vec::new()),
        };
        Self {
            installed,
            authorities,
            kept,
        }
    }

    pub(super) fn facts(&self, cards: &[CardSummary]) -> CryptolibFacts {
        match &self.installed {
            Cryptolib::There(installed) => CryptolibFacts {
                is_there: Some(true),
                version: installed.version,
                is_only_32_bits: installed.has_64_bits.map(|has| !has),
                cache: self.cache(installed, cards),
            },
            Cryptolib::Absent => absent(Some(false)),
            Cryptolib::Unknown => absent(None),
        }
    }

    fn cache(&self, installed: &InstalledCryptolib, cards: &[CardSummary]) -> Option<CacheFacts> {
        (!self.kept.is_empty()).then(|| CacheFacts {
            folder: installed.cache.display().to_string(),
            is_stale: cards.iter().any(|card| is_stale(card, &self.kept)),
        })
    }
}

fn absent(is_there: Option<bool>) -> CryptolibFacts {
    CryptolibFacts {
        is_there,
        version: None,
        is_only_32_bits: None,
        cache: None,
    }
}

/// Whether a certificate is kept that bears the card's number and is none of its certificates.
fn is_stale(card: &CardSummary, kept: &[CardCertificate]) -> bool {
    let mut of_card = kept
        .iter()
        .filter(|kept| kept.card_number() == Some(card.number.as_str()));
    of_card.any(|kept| {
        let mut present = card.certificates.iter();
        !present.any(|certificate| certificate.serial_number == kept.serial_number())
    })
}

/// The module keeps whole files of the card, which are longer than what is in them.
fn certificate_at_begin(file: &[u8]) -> Option<&[u8]> {
    let [0x30, 0x82, high, low, ..] = file else {
        return None;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    file.get(..len + 4)
}

/// The small files of a folder; there are a few for each card that was ever seen. What grows under the hand, or is
/// no file, or one too many, is left out.
fn files_in(folder: &Path) -> impl Iterator<Item = Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.take(MOST_FILES).filter(|entry| {
        // A link could lead to what never ends.
        entry.file_type().is_ok_and(|kind| kind.is_file())
    });
    files.filter_map(|entry| {
        let file = File::open(entry.path()).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).ok()?;
        let is_small = u64::try_from(bytes.len()).is_ok_and(|len| len <= LARGEST_FILE);
        is_small.then_some(bytes)
    })
}

const LARGEST_FILE: u64 = 16 * 1024;
/// Of a folder, whatever they are.
const MOST_FILES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_certificate_in_its_file_is_left_out() {
        assert_eq!(
            certificate_at_begin(&[0x30, 0x82, 0, 1, 7, 0, 0]),
            Some(&[0x30, 0x82, 0, 1, 7][..])
        );
        assert_eq!(certificate_at_begin(&[0x30, 0x82, 0, 9, 7]), None);
        assert_eq!(certificate_at_begin(b"text"), None);
    }

    #[test]
    fn a_folder_costs_no_more_than_its_bounds_whatever_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, len: usize| {
            fs::write(folder.path().join(name), vec![0x30; len]).unwrap();
        };
        file("small", 100);
        file("large", 17 * 1024);
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("endless")).unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let read: Vec<_> = files_in(folder.path()).collect();
        assert_eq!(read, [vec![0x30; 100]]);
        for number in 0..1100 {
            file(&number.to_string(), 1);
        }
        assert!(files_in(folder.path()).count() <= 1000);
    }
}
