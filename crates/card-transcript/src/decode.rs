//! Commands in words: their names in ISO/IEC 7816-4, -8 and -9, and their fields.

use std::ops::Range;

use card_apdu::{CommandApdu, ExpectedLen, LengthForm};

/// Name of a command (ISO/IEC 7816-4, 7816-8, 7816-9), if it has one.
///
/// The class byte does not count: logical channels, chaining and the class A0
/// of older cards use the same instructions.
#[must_use]
pub fn command_name(command: &CommandApdu) -> Option<&'static str> {
    let name = match command.ins() {
        0x04 => "DEACTIVATE FILE",
        0x0E | 0x0F => "ERASE BINARY",
        0x20 | 0x21 => "VERIFY",
        0x22 => manage_security_environment_name(command),
        0x24 | 0x25 => "CHANGE REFERENCE DATA",
        0x2A | 0x2B => security_operation_name(command),
        0x2C | 0x2D => "RESET RETRY COUNTER",
        0x44 => "ACTIVATE FILE",
        0x46 | 0x47 => "GENERATE ASYMMETRIC KEY PAIR",
        0x70 => "MANAGE CHANNEL",
        0x82 => "EXTERNAL AUTHENTICATE",
        0x84 => "GET CHALLENGE",
        0x86 | 0x87 => "GENERAL AUTHENTICATE",
        0x88 => "INTERNAL AUTHENTICATE",
        0xA4 => "SELECT",
        0xB0 | 0xB1 => "READ BINARY",
        0xB2 | 0xB3 => "READ RECORD",
        0xC0 => "GET RESPONSE",
        0xC2 | 0xC3 => "ENVELOPE",
        0xCA | 0xCB => "GET DATA",
        0xD0 | 0xD1 => "WRITE BINARY",
        0xD6 | 0xD7 => "UPDATE BINARY",
        0xDA | 0xDB => "PUT DATA",
        0xDC | 0xDD => "UPDATE RECORD",
        0xE0 => "CREATE FILE",
        0xE4 => "DELETE FILE",
        _ => return None,
    };
    Some(name)
}

/// A command in words: name, header and lengths, never its data.
///
/// ```
/// # use card_apdu::{CommandApdu, ExpectedLen};
/// let command = CommandApdu::new(0x00, 0xB0, 0x01, 0x00).with_le(ExpectedLen::Exactly(8));
/// let text = card_transcript::decode_command(&command);
/// assert_eq!(text, "READ BINARY: CLA 00, INS B0, P1 01, P2 00, no Lc, Le 8");
/// ```
#[must_use]
pub fn decode_command(command: &CommandApdu) -> String {
    let lc = match command.data().len() {
        0 => "no Lc".to_owned(),
        len => format!("Lc {len}"),
    };
    let le = match (command.le(), command.form()) {
        (ExpectedLen::Nothing, _) => "no Le".to_owned(),
        (ExpectedLen::Exactly(len), _) => format!("Le {len}"),
        (ExpectedLen::AsMuchAsPossible, LengthForm::Short) => "Le 256".to_owned(),
        (ExpectedLen::AsMuchAsPossible, LengthForm::Extended) => "Le 65536".to_owned(),
    };
    format!(
        "{}: CLA {:02X}, INS {:02X}, P1 {:02X}, P2 {:02X}, {lc}, {le}",
        command_name(command).unwrap_or("unknown command"),
        command.cla(),
        command.ins(),
        command.p1(),
        command.p2(),
    )
}

/// Whether the data field is a code: VERIFY, CHANGE REFERENCE DATA and RESET
/// RETRY COUNTER (ISO/IEC 7816-4) of any class.
pub(crate) fn carries_code(command: &CommandApdu) -> bool {
    matches!(command.ins(), 0x20 | 0x21 | 0x24 | 0x25 | 0x2C | 0x2D) && !command.data().is_empty()
}

/// Whether the data field is a hash to be signed: PSO COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8).
pub(crate) fn carries_hash(command: &CommandApdu) -> bool {
    matches!(command.ins(), 0x2A | 0x2B)
        && (command.p1(), command.p2()) == (0x9E, 0x9A)
        && !command.data().is_empty()
}

/// PSO DECIPHER (ISO/IEC 7816-8): what it answers is somebody's secret.
pub(crate) fn is_decipher(command: &CommandApdu) -> bool {
    matches!(command.ins(), 0x2A | 0x2B) && (command.p1(), command.p2()) == (0x80, 0x86)
}

/// Where the data field lies among the bytes of a command.
pub(crate) fn data_range(command: &CommandApdu) -> Range<usize> {
    let len = command.data().len();
    let start = match (len, command.form()) {
        (0, _) => 0,
        (_, LengthForm::Short) => 5,
        (_, LengthForm::Extended) => 7,
    };
    start..start + len
}

/// Name of the field that a byte of a command belongs to, offsets counted from 0.
pub(crate) fn field_name(command: &CommandApdu, offset: usize) -> String {
    let data = data_range(command);
    match offset {
        0 => "CLA".to_owned(),
        1 => "INS".to_owned(),
        2 => "P1".to_owned(),
        3 => "P2".to_owned(),
        _ if data.contains(&offset) => format!("data at {}", offset - data.start),
        _ if offset < data.start => "Lc".to_owned(),
        _ => "Le".to_owned(),
    }
}

fn manage_security_environment_name(command: &CommandApdu) -> &'static str {
    match (command.p1() & 0x0F, command.p2()) {
        (0x01, 0xA4) => "MSE SET, authentication template",
        (0x01, 0xAA) => "MSE SET, hash template",
        (0x01, 0xB4) => "MSE SET, cryptographic checksum template",
        (0x01, 0xB6) => "MSE SET, digital signature template",
        (0x01, 0xB8) => "MSE SET, confidentiality template",
        (0x02, _) => "MSE STORE",
        (0x03, _) => "MSE RESTORE",
        (0x04, _) => "MSE ERASE",
        _ => "MANAGE SECURITY ENVIRONMENT",
    }
}

fn security_operation_name(command: &CommandApdu) -> &'static str {
    match (command.p1(), command.p2()) {
        (0x9E, 0x9A) => "PSO COMPUTE DIGITAL SIGNATURE",
        (0x90, 0x80 | 0xA0) => "PSO HASH",
        (0x80, 0x86) => "PSO DECIPHER",
        (0x86, 0x80) => "PSO ENCIPHER",
        (0x00, 0xA8) => "PSO VERIFY DIGITAL SIGNATURE",
        (0x00, 0xAE | 0xBE) => "PSO VERIFY CERTIFICATE",
        _ => "PERFORM SECURITY OPERATION",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_commands_of_a_signature() {
        let name = |[cla, ins, p1, p2]: [u8; 4]| command_name(&CommandApdu::new(cla, ins, p1, p2));
        for (header, expected) in [
            ([0x00, 0xA4, 0x09, 0x0C], "SELECT"),
            ([0x00, 0xCB, 0x3F, 0xFF], "GET DATA"),
            ([0x00, 0x20, 0x00, 0x01], "VERIFY"),
            (
                [0x00, 0x22, 0x41, 0xB6],
                "MSE SET, digital signature template",
            ),
            (
                [0x01, 0x22, 0x81, 0xB6],
                "MSE SET, digital signature template",
            ),
            ([0x00, 0x2A, 0x9E, 0x9A], "PSO COMPUTE DIGITAL SIGNATURE"),
            ([0x10, 0x2A, 0x80, 0x86], "PSO DECIPHER"),
        ] {
            assert_eq!(name(header), Some(expected));
        }
        assert_eq!(name([0x00, 0xFF, 0x00, 0x00]), None);
    }

    #[test]
    fn tells_the_lengths_but_not_the_data() {
        let command = CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(b"73918264");
        assert_eq!(
            decode_command(&command),
            "VERIFY: CLA 00, INS 20, P1 00, P2 01, Lc 8, no Le"
        );
        let unknown = CommandApdu::new(0x80, 0xFE, 1, 2).with_le(ExpectedLen::AsMuchAsPossible);
        assert_eq!(
            decode_command(&unknown),
            "unknown command: CLA 80, INS FE, P1 01, P2 02, no Lc, Le 256"
        );
    }

    #[test]
    fn names_the_field_of_every_byte() {
        let command = CommandApdu::parse(&[0, 0xA4, 9, 4, 2, 0x3F, 0, 0]).unwrap();
        let names: Vec<_> = (0..8).map(|at| field_name(&command, at)).collect();
        assert_eq!(
            names,
            [
                "CLA",
                "INS",
                "P1",
                "P2",
                "Lc",
                "data at 0",
                "data at 1",
                "Le"
            ]
        );
        let case_2 = CommandApdu::parse(&[0, 0xB0, 0, 0, 8]).unwrap();
        assert_eq!(field_name(&case_2, 4), "Le");
    }
}
