//! One entry: a line with the tag of all that follows it, then JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use card_profiles::CardFiles;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::SeenCard;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) card: SeenCard,
    /// When the card was read in full.
    pub(super) read_at: SystemTime,
    pub(super) files: CardFiles,
}

/// Why an entry is not believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// It was changed, cut, or written by somebody else.
    #[error("it is not as this installation wrote it")]
    WrongTag,
    /// Another version wrote it.
    #[error("it has version {0}, not {VERSION}")]
    Version(u32),
    /// What it says has no form that this version writes.
    #[error("it is malformed")]
    Malformed(#[from] serde_json::Error),
    /// A file or path in it is no base64.
    #[error("it is malformed")]
    Encoding(#[from] base64::DecodeError),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Json {
    version: u32,
    serial_number: String,
    atr: String,
    /// Seconds since 1970.
    read_at: u64,
    files: Vec<JsonFile>,
}

/// Path and content in base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonFile {
    path: String,
    content: String,
}

impl Record {
    /// The bytes of the entry.
    pub(super) fn encode(&self, key: &hmac::Key) -> Result<Vec<u8>, RecordError> {
        let read_at = self.read_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let json = serde_json::to_vec(&Json {
            version: VERSION,
            serial_number: self.card.serial_number.clone(),
            atr: self.card.atr.clone(),
            read_at: read_at.as_secs(),
            files: self.files.iter().map(JsonFile::of).collect(),
        })?;
        let tag = STANDARD.encode(hmac::sign(key, &json));
        Ok([tag.as_bytes(), b"\n", &json].concat())
    }

    /// Reads an entry; of one whose tag is wrong nothing else is looked at.
    pub(super) fn parse(entry: &[u8], key: &hmac::Key) -> Result<Self, RecordError> {
        let mut parts = entry.splitn(2, |byte| *byte == b'\n');
        let (Some(tag), Some(json)) = (parts.next(), parts.next()) else {
            return Err(RecordError::WrongTag);
        };
        let tag = STANDARD.decode(tag).map_err(|_| RecordError::WrongTag)?;
        hmac::verify(key, json, &tag).map_err(|_| RecordError::WrongTag)?;
        let json: Json = serde_json::from_slice(json)?;
        if json.version != VERSION {
            return Err(RecordError::Version(json.version));
        }
        let files: Result<_, _> = json.files.iter().map(JsonFile::decode).collect();
        Ok(Self {
            card: SeenCard {
                serial_number: json.serial_number,
                atr: json.atr,
            },
            read_at: UNIX_EPOCH + Duration::from_secs(json.read_at.min(LAST_SECOND)),
            files: files?,
        })
    }
}

impl JsonFile {
    fn of((path, content): (&[u8], &[u8])) -> Self {
        Self {
            path: STANDARD.encode(path),
            content: STANDARD.encode(content),
        }
    }

    fn decode(&self) -> Result<(Vec<u8>, Vec<u8>), RecordError> {
        Ok((
            STANDARD.decode(&self.path)?,
            STANDARD.decode(&self.content)?,
        ))
    }
}

const VERSION: u32 = 1;
/// The end of the year 9999, which no addition to 1970 overflows.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn record() -> Record {
        let file = |id: u8| (vec![0x3F, 0x00, 0xD0, id], vec![id; 700]);
        Record {
            card: SeenCard {
                serial_number: "99123456".into(),
                atr: "3B 00".into(),
            },
            read_at: UNIX_EPOCH + Duration::from_secs(1_795_000_000),
            files: [file(1), file(2)].into_iter().collect(),
        }
    }

    fn entry() -> Vec<u8> {
        record().encode(&key(1)).unwrap()
    }

    fn tagged(json: &str) -> Vec<u8> {
        let tag = STANDARD.encode(hmac::sign(&key(1), json.as_bytes()));
        format!("{tag}\n{json}").into_bytes()
    }

    #[test]
    fn an_entry_says_what_was_put_into_it() {
        assert_eq!(Record::parse(&entry(), &key(1)).unwrap(), record());
    }

    #[test]
    fn an_entry_of_another_installation_is_not_believed() {
        let error = Record::parse(&entry(), &key(2)).unwrap_err();
        assert!(matches!(error, RecordError::WrongTag));
    }

    #[test]
    fn an_entry_of_another_version_or_form_is_not_believed_though_its_tag_is_right() {
        let of = |json: &str| Record::parse(&tagged(json), &key(1));
        let newer = r#"{"version":2,"serialNumber":"","atr":"","readAt":0,"files":[]}"#;
        assert!(matches!(of(newer), Err(RecordError::Version(2))));
        let more = r#"{"version":1,"serialNumber":"","atr":"","readAt":0,"files":[],"pin":""}"#;
        assert!(matches!(of(more), Err(RecordError::Malformed(_))));
        let odd = r#"{"version":1,"serialNumber":"","atr":"","readAt":0,"files":[{"path":"?","content":""}]}"#;
        assert!(matches!(of(odd), Err(RecordError::Encoding(_))));
        let latest =
            r#"{"version":1,"serialNumber":"","atr":"","readAt":18446744073709551615,"files":[]}"#;
        assert!(of(latest).is_ok());
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_found(at in 0usize..10_000, bit in 0u8..8) {
            let mut entry = entry();
            let at = at % entry.len();
            entry[at] ^= 1 << bit;
            prop_assert!(Record::parse(&entry, &key(1)).is_err());
        }

        #[test]
        fn a_cut_entry_is_not_believed(len in 0usize..10_000) {
            let entry = entry();
            let cut = &entry[..len % entry.len()];
            prop_assert!(Record::parse(cut, &key(1)).is_err());
        }

        #[test]
        fn no_bytes_are_believed_or_panic(bytes: Vec<u8>) {
            prop_assert!(Record::parse(&bytes, &key(1)).is_err());
            let _ = Record::parse(&tagged(&String::from_utf8_lossy(&bytes)), &key(1));
        }
    }
}
