//! PSO HASH: the card finishes a hash that the host began (ISO/IEC 7816-8; IAS-ECC).
//!
//! The host sends `90 L <state><bit count>` for the whole blocks that it hashed, or `90 00`, and
//! `80 L <rest>`; the card hashes the rest with its padding.

use card_apdu::tlv::{Tag, Tlv};
use sha2::digest::generic_array::GenericArray;

use crate::key_pairs::HashAlgorithm;

/// The hash of a message whose last block the data field carries; `None` when it is malformed.
pub(super) fn finish(algorithm: HashAlgorithm, data: &[u8]) -> Option<Vec<u8>> {
    let (begun, after) = Tlv::parse(data).ok()?;
    let (rest, end) = Tlv::parse(after).ok()?;
    let is_well_formed = begun.tag == Tag(0x90)
        && rest.tag == Tag(0x80)
        && end.is_empty()
        && rest.value.len() <= BLOCK_LEN;
    if !is_well_formed {
        return None;
    }
    let (state, bits_before) = match begun.value {
        [] => (initial_state(algorithm), 0),
        begun => parse_begun(algorithm, begun)?,
    };
    Some(hash_rest(algorithm, state, bits_before, rest.value))
}

/// State and bit count of the blocks that the host hashed.
fn parse_begun(algorithm: HashAlgorithm, begun: &[u8]) -> Option<(Vec<u32>, u64)> {
    let (state, count) = begun.split_at_checked(algorithm.len())?;
    let bits_before = u64::from_be_bytes(count.try_into().ok()?);
    let words = state
        .chunks_exact(4)
        .filter_map(|word| Some(u32::from_be_bytes(word.try_into().ok()?)))
        .collect();
    bits_before
        .is_multiple_of(BLOCK_BITS)
        .then_some((words, bits_before))
}

fn hash_rest(
    algorithm: HashAlgorithm,
    mut state: Vec<u32>,
    bits_before: u64,
    rest: &[u8],
) -> Vec<u8> {
    let bits_of_rest = u64::try_from(rest.len()).unwrap_or(0) * 8;
    let bit_count = bits_before.wrapping_add(bits_of_rest);
    for block in padded(rest, bit_count).chunks_exact(BLOCK_LEN) {
        compress(algorithm, &mut state, block);
    }
    state.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// FIPS 180-4, 5.1.1: a one bit, zeros, and the number of bits of the whole message.
fn padded(rest: &[u8], bit_count: u64) -> Vec<u8> {
    let mut padded = rest.to_vec();
    padded.push(0x80);
    while padded.len() % BLOCK_LEN != BLOCK_LEN - 8 {
        padded.push(0);
    }
    padded.extend(bit_count.to_be_bytes());
    padded
}

fn compress(algorithm: HashAlgorithm, state: &mut [u32], block: &[u8]) {
    let blocks = [GenericArray::clone_from_slice(block)];
    match algorithm {
        HashAlgorithm::Sha1 => {
            if let Ok(state) = state.try_into() {
                sha1::compress(state, &blocks);
            }
        }
        HashAlgorithm::Sha256 => {
            if let Ok(state) = state.try_into() {
                sha2::compress256(state, &blocks);
            }
        }
    }
}

/// FIPS 180-4, 5.3.
fn initial_state(algorithm: HashAlgorithm) -> Vec<u32> {
    match algorithm {
        HashAlgorithm::Sha1 => vec![
            0x6745_2301,
            0xEFCD_AB89,
            0x98BA_DCFE,
            0x1032_5476,
            0xC3D2_E1F0,
        ],
        HashAlgorithm::Sha256 => vec![
            0x6A09_E667,
            0xBB67_AE85,
            0x3C6E_F372,
            0xA54F_F53A,
            0x510E_527F,
            0x9B05_688C,
            0x1F83_D9AB,
            0x5BE0_CD19,
        ],
    }
}

const BLOCK_LEN: usize = 64;
const BLOCK_BITS: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use card_apdu::tlv::encode;
    use proptest::prelude::*;
    use sha1::Sha1;
    use sha2::{Digest, Sha256};

    const ALGORITHMS: [HashAlgorithm; 2] = [HashAlgorithm::Sha1, HashAlgorithm::Sha256];

    fn reference(algorithm: HashAlgorithm, message: &[u8]) -> Vec<u8> {
        match algorithm {
            HashAlgorithm::Sha1 => Sha1::digest(message).to_vec(),
            HashAlgorithm::Sha256 => Sha256::digest(message).to_vec(),
        }
    }

    /// The data field that a host makes of a message, keeping 1 to 64 bytes for the card.
    fn host_data(algorithm: HashAlgorithm, message: &[u8]) -> Vec<u8> {
        let whole_blocks = message.len().saturating_sub(1) / BLOCK_LEN;
        let (hashed, rest) = message.split_at(whole_blocks * BLOCK_LEN);
        let mut begun = Vec::new();
        if !hashed.is_empty() {
            let mut state = initial_state(algorithm);
            for block in hashed.chunks_exact(BLOCK_LEN) {
                compress(algorithm, &mut state, block);
            }
            begun.extend(state.into_iter().flat_map(u32::to_be_bytes));
            begun.extend((hashed.len() as u64 * 8).to_be_bytes());
        }
        [encode(Tag(0x90), &begun), encode(Tag(0x80), rest)].concat()
    }

    #[test]
    fn finishes_the_recorded_hash() {
        let data = hex::decode(
            "90287909AFEC959CFF915E21E9F6198F936B9017DCE92D3842FC3DFB9D087DE1CDA5\
             000000000000060080086C6C6F2043505320",
        )
        .unwrap();
        assert_eq!(
            hex::encode_upper(finish(HashAlgorithm::Sha256, &data).unwrap()),
            "DB0163521AA96EFF529AC89D4427BAB0C1BC80419BCC4CED349B177D73DCF8FC"
        );
    }

    #[test]
    fn refuses_what_no_host_sends() {
        let good = host_data(HashAlgorithm::Sha256, &[7; 100]);
        assert!(finish(HashAlgorithm::Sha256, &good).is_some());
        assert!(finish(HashAlgorithm::Sha1, &good).is_none(), "other state");
        assert!(finish(HashAlgorithm::Sha256, &[]).is_none());
        assert!(finish(HashAlgorithm::Sha256, &good[..good.len() - 1]).is_none());
        let too_long = encode(Tag(0x80), &[0; 65]);
        assert!(finish(HashAlgorithm::Sha1, &[&[0x90, 0][..], &too_long].concat()).is_none());
        let mut odd_count = good;
        odd_count[41] = 1;
        assert!(finish(HashAlgorithm::Sha256, &odd_count).is_none());
    }

    proptest! {
        #[test]
        fn the_card_ends_where_the_host_would_have(message in proptest::collection::vec(any::<u8>(), 0..400)) {
            for algorithm in ALGORITHMS {
                let hash = finish(algorithm, &host_data(algorithm, &message));
                prop_assert_eq!(hash, Some(reference(algorithm, &message)));
            }
        }

        #[test]
        fn no_data_panics(data: Vec<u8>) {
            for algorithm in ALGORITHMS {
                let hash = finish(algorithm, &data);
                prop_assert!(hash.is_none_or(|hash| hash.len() == algorithm.len()));
            }
        }
    }
}
