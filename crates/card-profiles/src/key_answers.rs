//! What a card of either generation answers where a key is used (ISO/IEC 7816-4, 11.5; ISO/IEC 7816-8, 11).

use card_apdu::{ResponseApdu, StatusWord};

use crate::CardError;
use crate::rsa_padding::RSA_2048_LEN;

/// A command that gives nothing but its status word.
pub(crate) fn done(response: &ResponseApdu, command: &'static str) -> Result<(), CardError> {
    if response.sw().is_success() {
        return Ok(());
    }
    Err(CardError::Refused {
        command,
        sw: response.sw(),
    })
}

/// A signature of a key of 2048 bits.
pub(crate) fn signature(
    response: &ResponseApdu,
    command: &'static str,
) -> Result<Vec<u8>, CardError> {
    done(response, command)?;
    if response.data().len() != RSA_2048_LEN {
        return Err(CardError::CardMisbehaved(
            "a signature is not 256 bytes long",
        ));
    }
    Ok(response.data().to_vec())
}

/// What PSO DECIPHER gave.
///
/// A status word that tells one fault of a cryptogram from another lets whoever may send many of them
/// decipher without the code (Bleichenbacher). So all are one fault but the missing code, which says
/// nothing about the cryptogram.
pub(crate) fn deciphered(response: &ResponseApdu) -> Result<&[u8], CardError> {
    match response.sw() {
        StatusWord::SUCCESS => Ok(response.data()),
        sw @ StatusWord::SECURITY_STATUS_NOT_SATISFIED => Err(CardError::Refused {
            command: "PSO DECIPHER",
            sw,
        }),
        _ => Err(CardError::NotDeciphered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_status_word_tells_one_fault_of_a_cryptogram_from_another() {
        let said = |sw| {
            let response = ResponseApdu::new([], StatusWord(sw));
            deciphered(&response).unwrap_err().to_string()
        };
        let fault = CardError::NotDeciphered.to_string();
        for sw in [
            0x6281, 0x6300, 0x6400, 0x6581, 0x6700, 0x6983, 0x6984, 0x6985, 0x6988, 0x6A80, 0x6A86,
            0x6A88, 0x6D00, 0x6F00, 0x61FF,
        ] {
            assert_eq!(said(sw), fault, "{sw:04X}");
        }
        assert_ne!(said(0x6982), fault, "the code was not presented");
    }
}
