//! BER-TLV data objects (ISO/IEC 7816-4, 6.3; ISO/IEC 8825-1).
//!
//! Written for the answers of cards, which are untrusted: every length is
//! checked, nothing is copied, and nesting is followed only where the caller asks.

use std::fmt;

/// Tag bytes as they stand, most significant first: 0x62, 0x7F49.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u32);

impl Tag {
    /// Whether the value is itself made of data objects.
    #[must_use]
    pub fn is_constructed(self) -> bool {
        self.bytes().first().is_some_and(|byte| byte & 0x20 != 0)
    }

    fn bytes(self) -> Vec<u8> {
        let bytes = self.0.to_be_bytes();
        let skip = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
        bytes.iter().skip(skip).copied().collect()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

/// One data object; the value borrows from the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag.
    pub tag: Tag,
    /// The value, without tag and length.
    pub value: &'a [u8],
}

/// Why bytes are no BER-TLV data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// A tag of more than four bytes, or one that never ends.
    #[error("a tag takes more than four bytes")]
    Tag,
    /// An indefinite length, or one of more than four bytes.
    #[error("a length field has a form that cards do not use")]
    LengthForm,
    /// The value is announced longer than the bytes that are there.
    #[error("a data object of {announced} bytes has only {present}")]
    Truncated {
        /// Bytes that the length field announces.
        announced: usize,
        /// Bytes that are there.
        present: usize,
    },
}

impl<'a> Tlv<'a> {
    /// Reads the first data object and returns it with the bytes after it.
    ///
    /// # Errors
    /// [`TlvError`] says what is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), TlvError> {
        let header = Header::parse(bytes)?;
        let body = bytes.get(header.len..).unwrap_or_default();
        match body.split_at_checked(header.value_len) {
            Some((value, rest)) => Ok((
                Self {
                    tag: header.tag,
                    value,
                },
                rest,
            )),
            None => Err(TlvError::Truncated {
                announced: header.value_len,
                present: body.len(),
            }),
        }
    }

    /// The data objects inside the value.
    #[must_use]
    pub fn children(&self) -> Objects<'a> {
        objects(self.value)
    }
}

/// The data objects in a row of bytes.
///
/// 00 bytes before, between and after them are padding (ISO/IEC 7816-4, 6.3).
#[must_use]
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes }
}

/// Iterator of [`objects`]; it ends after the first error.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let result = Tlv::parse(self.rest);
        self.rest = result.as_ref().map_or(&[], |(_, rest)| rest);
        Some(result.map(|(tlv, _)| tlv))
    }
}

/// The value of the first object with this tag, looked for at this level only.
///
/// # Errors
/// [`TlvError`] when an object before it does not parse.
pub fn find(bytes: &[u8], tag: Tag) -> Result<Option<&[u8]>, TlvError> {
    for object in objects(bytes) {
        let object = object?;
        if object.tag == tag {
            return Ok(Some(object.value));
        }
    }
    Ok(None)
}

/// The value at the end of a path of tags, each looked for inside the one before.
///
/// # Errors
/// [`TlvError`] when an object on the way does not parse.
pub fn find_path<'a>(bytes: &'a [u8], path: &[Tag]) -> Result<Option<&'a [u8]>, TlvError> {
    let mut value = bytes;
    for tag in path {
        match find(value, *tag)? {
            Some(inner) => value = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Length of the whole first object, header included, told from its first bytes.
///
/// This is how a read stops at the ASN.1 length of a file that is padded to its size.
///
/// # Errors
/// [`TlvError`] when even the header does not parse.
pub fn object_len(first_bytes: &[u8]) -> Result<usize, TlvError> {
    let header = Header::parse(first_bytes)?;
    header
        .len
        .checked_add(header.value_len)
        .ok_or(TlvError::LengthForm)
}

/// Writes one data object in the shortest form (DER).
#[must_use]
pub fn encode(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut bytes = tag.bytes();
    let len = value.len().to_be_bytes();
    let skip = len.iter().take_while(|byte| **byte == 0).count();
    let significant = len.get(skip..).unwrap_or_default();
    match significant {
        [] => bytes.push(0),
        [short] if *short < 0x80 => bytes.push(*short),
        _ => {
            let count = u8::try_from(significant.len()).unwrap_or(u8::MAX);
            bytes.push(0x80 | count);
            bytes.extend_from_slice(significant);
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

struct Header {
    tag: Tag,
    /// Bytes of tag and length.
    len: usize,
    value_len: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        let (tag, tag_len) = parse_tag(bytes)?;
        let after = bytes.get(tag_len..).unwrap_or_default();
        let (value_len, length_len) = parse_length(after)?;
        Ok(Self {
            tag,
            len: tag_len + length_len,
            value_len,
        })
    }
}

fn parse_tag(bytes: &[u8]) -> Result<(Tag, usize), TlvError> {
    let (first, rest) = bytes.split_first().ok_or(TRUNCATED_HEADER)?;
    let mut tag = u32::from(*first);
    if first & 0x1F != 0x1F {
        return Ok((Tag(tag), 1));
    }
    for (index, byte) in rest.iter().take(3).enumerate() {
        tag = tag << 8 | u32::from(*byte);
        if byte & 0x80 == 0 {
            return Ok((Tag(tag), index + 2));
        }
    }
    if rest.len() < 3 {
        Err(TRUNCATED_HEADER)
    } else {
        Err(TlvError::Tag)
    }
}

fn parse_length(bytes: &[u8]) -> Result<(usize, usize), TlvError> {
    let (first, rest) = bytes.split_first().ok_or(TRUNCATED_HEADER)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), 1));
    }
    let count = usize::from(first & 0x7F);
    if !(1..=4).contains(&count) {
        return Err(TlvError::LengthForm);
    }
    let digits = rest.get(..count).ok_or(TRUNCATED_HEADER)?;
    let len = digits
        .iter()
        .fold(0u32, |len, byte| len << 8 | u32::from(*byte));
    let len = usize::try_from(len).map_err(|_| TlvError::LengthForm)?;
    Ok((len, count + 1))
}

const TRUNCATED_HEADER: TlvError = TlvError::Truncated {
    announced: 2,
    present: 0,
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_one_two_and_three_byte_tags() {
        for (bytes, tag) in [
            (&[0x62, 0x00][..], 0x62),
            (&[0x7F, 0x49, 0x00], 0x7F49),
            (&[0xBF, 0x81, 0x01, 0x00], 0xBF_8101),
        ] {
            let (tlv, rest) = Tlv::parse(bytes).unwrap();
            assert_eq!((tlv.tag, rest), (Tag(tag), &[][..]));
        }
    }

    #[test]
    fn reads_lengths_of_one_to_three_bytes() {
        for len in [0usize, 1, 127, 128, 255, 256, 65535, 65536] {
            let bytes = encode(Tag(0x53), &vec![7; len]);
            assert_eq!(object_len(&bytes), Ok(bytes.len()));
            assert_eq!(Tlv::parse(&bytes).unwrap().0.value.len(), len);
        }
    }

    #[test]
    fn rejects_an_object_longer_than_its_bytes() {
        assert_eq!(
            Tlv::parse(&[0x53, 0x03, 1, 2]),
            Err(TlvError::Truncated {
                announced: 3,
                present: 2
            })
        );
    }

    #[test]
    fn rejects_indefinite_and_overlong_lengths() {
        assert_eq!(Tlv::parse(&[0x53, 0x80, 0]), Err(TlvError::LengthForm));
        assert_eq!(
            Tlv::parse(&[0x53, 0x85, 0, 0, 0, 0, 1]),
            Err(TlvError::LengthForm)
        );
        assert_eq!(
            Tlv::parse(&[0x5F, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
            Err(TlvError::Tag)
        );
    }

    #[test]
    fn skips_padding_between_objects() {
        let bytes = [0, 0, 0x80, 1, 7, 0, 0x81, 0, 0, 0];
        let tags: Vec<_> = objects(&bytes).map(|tlv| tlv.unwrap().tag.0).collect();
        assert_eq!(tags, [0x80, 0x81]);
        assert_eq!(objects(&[0, 0]).count(), 0);
    }

    #[test]
    fn follows_a_path_of_tags() {
        // GET DATA on CHV 1 of a real CPS3 (OpenSC issue 2275).
        let answer = [
            0x70, 0x16, 0xBF, 0x81, 0x01, 0x12, 0xA0, 0x10, 0x9A, 0x01, 0x03, 0x9B, 0x01, 0x03,
            0xA1, 0x08, 0x8C, 0x06, 0xF3, 0x00, 0x00, 0x13, 0xFF, 0x00,
        ];
        let path = [Tag(0x70), Tag(0xBF_8101), Tag(0xA0), Tag(0x9B)];
        assert_eq!(find_path(&answer, &path), Ok(Some(&[3][..])));
        assert_eq!(find_path(&answer, &[Tag(0x70), Tag(0x01)]), Ok(None));
    }

    fn any_tag() -> impl Strategy<Value = Tag> {
        prop_oneof![
            (1u32..=0xFF)
                .prop_filter("single byte", |tag| tag & 0x1F != 0x1F)
                .prop_map(Tag),
            (0u32..0x80).prop_map(|low| Tag(0x7F00 | low)),
            (0u32..0x80).prop_map(|low| Tag(0xBF_8100 | low)),
        ]
    }

    proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same_object(
            tag in any_tag(), value in proptest::collection::vec(any::<u8>(), 0..700),
        ) {
            let bytes = encode(tag, &value);
            let (tlv, rest) = Tlv::parse(&bytes).unwrap();
            prop_assert_eq!((tlv.tag, tlv.value, rest), (tag, value.as_slice(), &[][..]));
        }

        #[test]
        fn no_input_panics_and_no_value_leaves_its_bytes(bytes: Vec<u8>) {
            for object in objects(&bytes).flatten() {
                prop_assert!(object.value.len() < bytes.len());
            }
            let _ = object_len(&bytes);
        }
    }
}
