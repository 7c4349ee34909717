//! The command of the script beside the one sent.

use std::collections::BTreeMap;

use card_apdu::{CommandApdu, WireBytes};
use secrets::SecretBytes;
use zeroize::Zeroizing;

use crate::decode::{carries_code, decode_command, field_name};
use crate::replay_error::{Mismatch, Place, ReplayError};
use crate::script_bytes::ScriptBytes;

/// Accepts the command of the script and no other, and a code only where it is redacted.
pub(crate) fn check_sent(
    script: &ScriptBytes,
    sent: &WireBytes,
    values: &BTreeMap<String, SecretBytes>,
    place: &Place,
) -> Result<(), ReplayError> {
    let expected = fill(script, values, place)?;
    if *expected != sent.expose() {
        return Err(ReplayError::Mismatch(Box::new(Mismatch {
            place: place.clone(),
            expected: decoded(&expected),
            sent: decoded(sent.expose()),
            difference: difference(script, &expected, sent),
        })));
    }
    let code = CommandApdu::parse(&expected).is_ok_and(|command| carries_code(&command));
    if code && !sent.is_secret() {
        return Err(ReplayError::CodeNotSecret {
            place: place.clone(),
            sent: decoded(sent.expose()),
        });
    }
    Ok(())
}

/// Bytes of the script with what the test supplied.
pub(crate) fn fill(
    script: &ScriptBytes,
    values: &BTreeMap<String, SecretBytes>,
    place: &Place,
) -> Result<Zeroizing<Vec<u8>>, ReplayError> {
    script
        .filled(values)
        .map_err(|placeholder| ReplayError::NoValue {
            place: place.clone(),
            placeholder: placeholder.clone(),
        })
}

/// A command in words, whether or not it parses.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    match CommandApdu::parse(bytes) {
        Ok(command) => decode_command(&command),
        Err(error) => error.to_string(),
    }
}

/// The first byte that differs. It is shown unless the sender calls it secret
/// or the script has a placeholder there in a command that carries a secret.
fn difference(script: &ScriptBytes, expected: &[u8], sent: &WireBytes) -> String {
    let pairs = expected.iter().zip(sent.expose());
    let common = pairs.take_while(|(a, b)| a == b).count();
    let longer = if common < expected.len() {
        expected
    } else {
        sent.expose()
    };
    let command = CommandApdu::parse(longer).ok();
    let field = command.as_ref().map(|c| field_name(c, common));
    let field = field.unwrap_or_else(|| "no field".to_owned());
    let at = format!("first difference at offset {common} ({field})");

    let secret = sent.is_secret() || command.as_ref().is_some_and(carries_code);
    let placeholder = script
        .placeholders()
        .find(|(range, _)| range.contains(&common));
    match placeholder {
        Some((_, placeholder)) if secret => format!("{at}, in {placeholder}: not shown"),
        _ if sent.secret_range().contains(&common) => format!("{at}: not shown"),
        _ => {
            let expected = shown(expected.get(common));
            let sent = shown(sent.expose().get(common));
            format!("{at}: script {expected}, sent {sent}")
        }
    }
}

fn shown(byte: Option<&u8>) -> String {
    byte.map_or_else(|| "nothing".to_owned(), |byte| format!("{byte:02X}"))
}
