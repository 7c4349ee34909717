//! PKCS#1 v1.5 padding (RFC 8017, 7.2 and 9.2) for cards that do the bare RSA operation.

use secrets::SecretBytes;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

use crate::CardError;

/// Bytes of a modulus of 2048 bits, the only length that these cards have.
pub(crate) const RSA_2048_LEN: usize = 256;

/// EMSA-PKCS1-v1_5: `00 01`, bytes FF, `00`, DigestInfo.
pub(crate) fn encode_type_1(digest_info: &[u8]) -> Result<Vec<u8>, CardError> {
    let filling = RSA_2048_LEN
        .checked_sub(digest_info.len() + 3)
        .filter(|len| *len >= MINIMUM_PADDING_LEN)
        .ok_or(CardError::Bug("a DigestInfo is too long for its key"))?;
    Ok([
        &[0x00, 0x01],
        vec![0xFF; filling].as_slice(),
        &[0x00],
        digest_info,
    ]
    .concat())
}

/// The message in `00 02`, at least eight bytes that are not 00, `00`, message; `None` for
/// anything else.
///
/// Whoever can tell one fault from another, or when it was found, can decipher without the card
/// (Bleichenbacher). So every byte of every block is looked at in the same steps, the verdict is
/// one bit, and the only branch is on that bit. Where the message of a good block begins is no
/// secret from whoever gets the message.
pub(crate) fn remove_type_2(block: &[u8]) -> Option<SecretBytes> {
    let [first, second, rest @ ..] = block else {
        return None;
    };
    let is_long_enough = Choice::from(u8::from(block.len() == RSA_2048_LEN));
    let mut is_found = Choice::from(0);
    let mut padding_len = 0u16;
    for (at, byte) in (0u16..).zip(rest) {
        let is_separator = byte.ct_eq(&0) & !is_found;
        padding_len.conditional_assign(&at, is_separator);
        is_found |= is_separator;
    }
    let is_padded = padding_len.ct_gt(&(MINIMUM_PADDING_LEN_16 - 1));
    let is_good = is_long_enough & first.ct_eq(&0x00) & second.ct_eq(&0x02) & is_found & is_padded;
    if !bool::from(is_good) {
        return None;
    }
    let message = rest.get(usize::from(padding_len) + 1..)?;
    Some(SecretBytes::copy_from(message))
}

const MINIMUM_PADDING_LEN: usize = 8;
const MINIMUM_PADDING_LEN_16: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block_of(padding_len: usize, message: &[u8]) -> Vec<u8> {
        [
            &[0x00, 0x02],
            vec![0xA5; padding_len].as_slice(),
            &[0x00],
            message,
        ]
        .concat()
    }

    #[test]
    fn a_digest_info_is_padded_as_the_official_module_does() {
        let block = encode_type_1(&[0x30; 51]).unwrap();
        assert_eq!(block.len(), 256);
        assert_eq!(block[..3], [0x00, 0x01, 0xFF]);
        assert!(block[2..204].iter().all(|byte| *byte == 0xFF));
        assert_eq!(block[204..206], [0x00, 0x30]);
        assert!(encode_type_1(&[0x30; 245]).is_ok());
        assert!(encode_type_1(&[0x30; 246]).is_err());
    }

    #[test]
    fn every_fault_of_the_padding_gives_the_same_nothing() {
        let good = block_of(249, b"code");
        let faults = [
            [&[0x01], &good[1..]].concat(),
            [&[0x00, 0x01], &good[2..]].concat(),
            block_of(7, &[0x55; 246]),
            [&[0x00, 0x02], vec![0xA5; 254].as_slice()].concat(),
            good[1..].to_vec(),
            block_of(250, b"code"),
            vec![0; 256],
            Vec::new(),
        ];
        assert_eq!(remove_type_2(&good).unwrap().expose(), b"code");
        for fault in faults {
            assert_eq!(remove_type_2(&fault), None, "{fault:02X?}");
        }
    }

    #[test]
    fn a_message_may_be_empty_or_hold_zeros() {
        assert!(remove_type_2(&block_of(253, b"")).unwrap().is_empty());
        let message = [0, 1, 0, 0];
        assert_eq!(
            remove_type_2(&block_of(249, &message)).unwrap().expose(),
            message
        );
    }

    proptest! {
        #[test]
        fn what_was_padded_comes_back(
            message in proptest::collection::vec(any::<u8>(), 0..=245),
            filling in proptest::collection::vec(1u8..=255, 253),
        ) {
            let padding = &filling[..253 - message.len()];
            let block = [&[0x00, 0x02], padding, &[0x00], &message].concat();
            let found = remove_type_2(&block).unwrap();
            prop_assert_eq!(found.expose(), message.as_slice());
        }

        #[test]
        fn no_block_panics_and_no_short_padding_passes(block in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(message) = remove_type_2(&block) {
                prop_assert_eq!(block.len(), 256);
                prop_assert!(message.len() <= 245);
            }
        }
    }
}
