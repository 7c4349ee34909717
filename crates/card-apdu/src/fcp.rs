//! File control parameters (ISO/IEC 7816-4, 7.4, table 10).

use crate::tlv::{Tag, Tlv, TlvError};

/// What SELECT tells of a file, from an FCP (62) or FCI (6F) template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fcp {
    /// Bytes in the file (tag 80, or 81 where the card uses it instead).
    pub size: Option<usize>,
    /// First byte of the file descriptor: 01 a transparent EF, 38 a DF.
    pub descriptor: Option<u8>,
    /// Two-byte file identifier.
    pub file_id: Option<u16>,
    /// DF name, the AID of an application.
    pub df_name: Option<Vec<u8>>,
    /// Short EF identifier, 1 to 30.
    pub sfi: Option<u8>,
    /// Life cycle status byte; 05 is activated.
    pub life_cycle: Option<u8>,
}

/// Why bytes are no FCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FcpError {
    /// Neither a 62 nor a 6F template.
    #[error("a file's control parameters begin with tag 62 or 6F")]
    Template,
    /// A field has a length that the standard does not allow.
    #[error("field {0:?} of a file's control parameters has a wrong length")]
    Field(Tag),
    /// A data object does not parse.
    #[error("reading a file's control parameters")]
    Tlv(#[from] TlvError),
}

impl Fcp {
    /// Reads the answer to SELECT. Unknown fields are passed over.
    ///
    /// # Errors
    /// [`FcpError`] says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, FcpError> {
        let (template, _) = Tlv::parse(bytes)?;
        if !matches!(template.tag, FCP_TEMPLATE | FCI_TEMPLATE) {
            return Err(FcpError::Template);
        }
        let mut fcp = Self::default();
        for field in template.children() {
            fcp.take(field?)?;
        }
        Ok(fcp)
    }

    fn take(&mut self, field: Tlv<'_>) -> Result<(), FcpError> {
        let wrong_len = FcpError::Field(field.tag);
        match (field.tag, field.value) {
            (SIZE, [.., _]) | (TOTAL_SIZE, [.., _]) => {
                let size = big_endian(field.value).ok_or(wrong_len)?;
                if field.tag == SIZE || self.size.is_none() {
                    self.size = Some(size);
                }
            }
            (DESCRIPTOR, [first, ..]) => self.descriptor = Some(*first),
            (FILE_ID, [hi, lo]) => self.file_id = Some(u16::from_be_bytes([*hi, *lo])),
            (DF_NAME, name @ [_, ..]) if name.len() <= 16 => self.df_name = Some(name.to_vec()),
            (SHORT_ID, [sfi]) => self.sfi = Some(sfi >> 3).filter(|sfi| (1..=30).contains(sfi)),
            (SHORT_ID, []) => self.sfi = None,
            (LIFE_CYCLE, [byte]) => self.life_cycle = Some(*byte),
            (SIZE | TOTAL_SIZE | DESCRIPTOR | FILE_ID | DF_NAME | SHORT_ID | LIFE_CYCLE, _) => {
                return Err(wrong_len);
            }
            _ => {}
        }
        Ok(())
    }
}

/// A number of up to four bytes.
fn big_endian(bytes: &[u8]) -> Option<usize> {
    if bytes.len() > 4 {
        return None;
    }
    Some(bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
}

const FCP_TEMPLATE: Tag = Tag(0x62);
const FCI_TEMPLATE: Tag = Tag(0x6F);
const SIZE: Tag = Tag(0x80);
const TOTAL_SIZE: Tag = Tag(0x81);
const DESCRIPTOR: Tag = Tag(0x82);
const FILE_ID: Tag = Tag(0x83);
const DF_NAME: Tag = Tag(0x84);
const SHORT_ID: Tag = Tag(0x88);
const LIFE_CYCLE: Tag = Tag(0x8A);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv;
    use proptest::prelude::*;

    /// EF.ATR of a real CPS3 (OpenSC issue 2223).
    const EF_ATR: [u8; 39] = [
        0x62, 0x25, 0x80, 0x02, 0x00, 0x39, 0x82, 0x01, 0x01, 0x83, 0x02, 0x2F, 0x01, 0x88, 0x01,
        0xE8, 0xA1, 0x12, 0x8C, 0x07, 0x7B, 0x45, 0xFF, 0xFF, 0xFF, 0x45, 0x00, 0x9C, 0x07, 0x7B,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x8A, 0x01, 0x05,
    ];

    #[test]
    fn reads_the_fcp_of_a_real_cps3() {
        let fcp = Fcp::parse(&EF_ATR).unwrap();
        assert_eq!(fcp.size, Some(0x39));
        assert_eq!(fcp.descriptor, Some(0x01));
        assert_eq!(fcp.file_id, Some(0x2F01));
        assert_eq!(fcp.sfi, Some(0x1D));
        assert_eq!(fcp.life_cycle, Some(0x05));
    }

    #[test]
    fn reads_the_6f_template_of_a_cps4_with_tag_81() {
        let bytes = tlv::encode(Tag(0x6F), &tlv::encode(Tag(0x81), &[0x00, 0x0C]));
        assert_eq!(Fcp::parse(&bytes).unwrap().size, Some(12));
    }

    #[test]
    fn rejects_other_templates_and_fields_of_a_wrong_length() {
        assert_eq!(Fcp::parse(&[0x30, 0x00]), Err(FcpError::Template));
        let long_id = tlv::encode(Tag(0x62), &tlv::encode(Tag(0x83), &[1, 2, 3]));
        assert_eq!(Fcp::parse(&long_id), Err(FcpError::Field(Tag(0x83))));
        let empty_size = tlv::encode(Tag(0x62), &tlv::encode(Tag(0x80), &[]));
        assert_eq!(Fcp::parse(&empty_size), Err(FcpError::Field(Tag(0x80))));
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes: Vec<u8>, at in 0..EF_ATR.len(), byte: u8) {
            let _ = Fcp::parse(&bytes);
            let mut mutated = EF_ATR;
            mutated[at] = byte;
            let _ = Fcp::parse(&mutated);
        }
    }
}
