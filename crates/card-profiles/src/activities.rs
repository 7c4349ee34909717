//! The holder's places of work ("situations d'exercice"), which a card shows after the code.
//!
//! No document that is public says how they are written. That the data objects are called
//! CPS_ACTIVITY_01_PS to CPS_ACTIVITY_16_PS, with holes in the row, stands in the documents of the
//! official module; the container EE with 84, 85 and 86 in it was seen by a third party alone.
//! So whatever else is in a container is passed over, and whatever of it is missing is missing.

use card_apdu::tlv::{self, Tag, Tlv};
use igc_sante::may_mislead;

use crate::CardError;
use crate::files::FilePath;
use crate::pkcs15::{OCTET_STRING, SEQUENCE, TYPE_ATTRIBUTES, nth_sequence};

/// A place where the holder works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its place in the row, 1 to 16.
    pub number: u8,
    /// Name of the place.
    pub place: Option<String>,
    /// Identifier of the structure, type digit included (table G07).
    pub structure_id: Option<String>,
    /// Sector of activity, a code of table R02.
    pub sector: Option<String>,
}

impl Activity {
    /// The number in the label of a data object, such as `CPS_ACTIVITY_03_PS`; `None` for any other.
    #[must_use]
    pub fn number_of_label(label: &str) -> Option<u8> {
        activity_number(label.as_bytes())
    }

    /// What the bytes of a place of work say; `None` for one that holds none.
    ///
    /// # Errors
    /// [`CardError::Malformed`].
    pub fn parse(number: u8, bytes: &[u8]) -> Result<Option<Self>, CardError> {
        parse_activity(number, bytes)
    }
}

/// Where a place of work lies on the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActivityObject {
    pub(crate) number: u8,
    pub(crate) path: FilePath,
}

/// An entry of the DODF, if it is a place of work (ISO/IEC 7816-15, 8.8).
pub(crate) fn parse_activity_object(
    entry: Tlv<'_>,
    application: &FilePath,
) -> Option<ActivityObject> {
    let label = tlv::find(nth_sequence(entry, 0)?, UTF8_STRING).ok()??;
    let number = activity_number(label)?;
    let path = tlv::find_path(entry.value, &[TYPE_ATTRIBUTES, SEQUENCE, OCTET_STRING]);
    Some(ActivityObject {
        number,
        path: FilePath::resolve(path.ok()??, application)?,
    })
}

fn activity_number(label: &[u8]) -> Option<u8> {
    let digits = label.strip_prefix(b"CPS_ACTIVITY_")?.strip_suffix(b"_PS")?;
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    (1..=MAXIMUM_ACTIVITIES).contains(&number).then_some(number)
}

/// What the file of a place of work says; `None` for one that holds none.
pub(crate) fn parse_activity(number: u8, bytes: &[u8]) -> Result<Option<Activity>, CardError> {
    let malformed = CardError::tlv("a place of work");
    if matches!(bytes, [] | [0x00 | 0xFF, ..]) {
        return Ok(None);
    }
    let Some(container) = tlv::find(bytes, ACTIVITY).map_err(&malformed)? else {
        return Err(CardError::malformed("a place of work"));
    };
    let field = |tag| {
        let value = tlv::find(container, tag).map_err(&malformed)?;
        Ok::<_, CardError>(value.and_then(text))
    };
    Ok(Some(Activity {
        number,
        place: field(PLACE)?,
        structure_id: field(STRUCTURE)?,
        sector: field(SECTOR)?,
    }))
}

/// A text that can be shown: nothing says of which character set it is, so what is no UTF-8 is
/// taken for Latin-1, and characters that mislead whoever reads it are left out.
fn text(bytes: &[u8]) -> Option<String> {
    let decoded = str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    );
    let shown = decoded.chars().filter(|shown| !may_mislead(*shown));
    let shown: String = shown.collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

const MAXIMUM_ACTIVITIES: u8 = 16;
const UTF8_STRING: Tag = Tag(0x0C);
const ACTIVITY: Tag = Tag(0xEE);
const PLACE: Tag = Tag(0x84);
const STRUCTURE: Tag = Tag(0x85);
const SECTOR: Tag = Tag(0x86);

#[cfg(test)]
mod tests {
    use super::*;
    use card_apdu::tlv::encode;
    use proptest::prelude::*;

    fn container(fields: &[(Tag, &[u8])]) -> Vec<u8> {
        let fields = fields.iter().map(|(tag, value)| encode(*tag, value));
        encode(ACTIVITY, &fields.collect::<Vec<_>>().concat())
    }

    fn parsed(bytes: &[u8]) -> Activity {
        parse_activity(3, bytes).unwrap().unwrap()
    }

    #[test]
    fn a_place_of_work_is_read_and_what_is_not_known_is_passed_over() {
        let bytes = container(&[
            (Tag(0x80), b"\x01"),
            (PLACE, "CABINET DE L'ÉTÉ".as_bytes()),
            (Tag(0x9F21), b"unknown"),
            (STRUCTURE, b"1990000001"),
            (SECTOR, b"SA07"),
        ]);
        let followed = [bytes.as_slice(), &[0xFF; 8]].concat();
        for bytes in [bytes, followed] {
            assert_eq!(
                parsed(&bytes),
                Activity {
                    number: 3,
                    place: Some("CABINET DE L'ÉTÉ".into()),
                    structure_id: Some("1990000001".into()),
                    sector: Some("SA07".into()),
                }
            );
        }
    }

    #[test]
    fn what_is_missing_or_empty_is_missing() {
        let activity = parsed(&container(&[(SECTOR, b"   ")]));
        assert_eq!(activity.place, None);
        assert_eq!(activity.structure_id, None);
        assert_eq!(activity.sector, None);
    }

    #[test]
    fn a_text_of_either_character_set_is_read_and_shows_what_it_is() {
        let place = |text: &[u8]| parsed(&container(&[(PLACE, text)])).place.unwrap();
        assert_eq!(place("HÔPITAL".as_bytes()), "HÔPITAL");
        assert_eq!(place(b"H\xD4PITAL"), "HÔPITAL");
        assert_eq!(place(b"CABINET\x1B[2J\x00  "), "CABINET[2J");
        let reordered = "\u{202E}TENIBAC\u{200B}";
        assert_eq!(place(reordered.as_bytes()), "TENIBAC");
    }

    #[test]
    fn an_erased_file_is_a_hole_and_another_object_is_an_error() {
        for hole in [&[][..], &[0xFF; 16], &[0x00; 16]] {
            assert_eq!(parse_activity(1, hole).unwrap(), None);
        }
        for wrong in [
            &[0x30, 0x00][..],
            &[0xEE, 0x05, 0x84],
            &[0xEE, 0x02, 0x84, 0x05],
        ] {
            assert!(parse_activity(1, wrong).is_err(), "{wrong:02X?}");
        }
    }

    #[test]
    fn only_the_labels_of_places_of_work_name_one() {
        assert_eq!(activity_number(b"CPS_ACTIVITY_01_PS"), Some(1));
        assert_eq!(activity_number(b"CPS_ACTIVITY_16_PS"), Some(16));
        for other in [
            &b"CPS_ACTIVITY_00_PS"[..],
            b"CPS_ACTIVITY_17_PS",
            b"CPS_ACTIVITY__PS",
            b"CPS2TER_ACTIVITY_01_PS",
            b"CPS_INFO_PS",
        ] {
            assert_eq!(activity_number(other), None);
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(bytes: Vec<u8>) {
            let _ = parse_activity(1, &bytes);
            let _ = parse_activity(1, &container(&[(PLACE, &bytes), (SECTOR, &bytes)])).unwrap();
            let _ = parse_activity(1, &encode(ACTIVITY, &bytes));
        }

        #[test]
        fn no_entry_panics(bytes: Vec<u8>) {
            let entry = encode(SEQUENCE, &bytes);
            let (entry, _) = Tlv::parse(&entry).unwrap();
            let _ = parse_activity_object(entry, &FilePath::master_file());
        }
    }
}
