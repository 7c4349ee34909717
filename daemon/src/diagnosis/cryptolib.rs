//! Cryptolib CPS beside the agent: its version, what it remembers, the authorities that it keeps.

use std::fs;
use std::path::Path;

use daemon_types::CardSummary;
use diagnosis::facts::{CacheFacts, CryptolibFacts};
use igc_sante::CardCertificate;
use platform::workstation::{Cryptolib, InstalledCryptolib};

pub(super) fn facts(installed: &Cryptolib, cards: &[CardSummary]) -> CryptolibFacts {
    match installed {
        Cryptolib::There(installed) => CryptolibFacts {
            is_there: Some(true),
            version: installed.version,
            is_only_32_bits: installed.has_64_bits.map(|has| !has),
            cache: cache(installed, cards),
        },
        Cryptolib::Absent => absent(Some(false)),
        Cryptolib::Unknown => absent(None),
    }
}

/// The certificates of authorities beside it, DER; an installer of root put them there.
pub(super) fn authorities(installed: &Cryptolib) -> Vec<Vec<u8>> {
    match installed {
        Cryptolib::There(installed) => files_in(&installed.authorities).map(|it| it.1).collect(),
        Cryptolib::Absent | Cryptolib::Unknown => Vec::new(),
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

fn cache(installed: &InstalledCryptolib, cards: &[CardSummary]) -> Option<CacheFacts> {
    let kept: Vec<CardCertificate> = files_in(&installed.cache)
        .filter_map(|(_, bytes)| CardCertificate::parse(certificate_at_begin(&bytes)?).ok())
        .collect();
    if kept.is_empty() {
        return None;
    }
    Some(CacheFacts {
        folder: installed.cache.display().to_string(),
        is_stale: cards.iter().any(|card| is_stale(card, &kept)),
    })
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

/// The small files of a folder; there are a few for each card that was ever seen.
fn files_in(folder: &Path) -> impl Iterator<Item = (std::path::PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let small = entries.filter(|entry| {
        let told = entry.metadata();
        told.is_ok_and(|told| told.is_file() && told.len() <= LARGEST_FILE)
    });
    small
        .take(MOST_FILES)
        .filter_map(|entry| Some((entry.path(), fs::read(entry.path()).ok()?)))
}

const LARGEST_FILE: u64 = 16 * 1024;
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
}
