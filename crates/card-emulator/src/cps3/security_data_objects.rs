//! Security data objects, read by GET DATA `00 CB 3F FF` (IAS-ECC; seen on real cards).

use std::ops::RangeInclusive;

use card_apdu::tlv::{Tag, Tlv, encode};
use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::file_system::{Condition, Directory};
use super::private_keys;
use crate::pki::KeyRole;
use crate::transmission::Outcome;

/// An object of the security architecture and the part of it that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request {
    object: Tag,
    part: Tag,
}

impl Applet {
    /// GET DATA for a security data object. The object must live in the current directory.
    pub(super) fn get_data(&self, command: &CommandApdu) -> Outcome {
        if (command.p1(), command.p2()) != (0x3F, 0xFF) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let request = Request::parse(command.data()).ok_or(StatusWord::WRONG_DATA)?;
        let content = match self.volatile.selection.directory {
            Directory::MasterFile => self.global_object(request),
            Directory::Contact => self.key_object(request),
            Directory::Contactless => Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        }?;
        let object = encode(request.object, &encode(request.part, &content));
        Ok(encode(TEMPLATE, &object))
    }

    fn global_object(&self, request: Request) -> Outcome {
        let (state, limits) = (self.codes.state(), self.codes.limits());
        match (request.object, request.part) {
            (HOLDER_CODE, CONTROL_PARAMETERS) => Ok([
                encode(TRIES_MAXIMUM, &[limits.pin_tries]),
                encode(TRIES_LEFT, &[state.pin.tries_left]),
                access_rules(&HOLDER_CODE_RULES),
            ]
            .concat()),
            (UNBLOCK_CODE, CONTROL_PARAMETERS) => Ok([
                encode(TRIES_MAXIMUM, &[limits.unblock_tries]),
                encode(TRIES_LEFT, &[state.unblock_code.tries_left]),
                encode(USES_LEFT, &state.unblock_uses_left.to_be_bytes()),
                access_rules(&UNBLOCK_CODE_RULES),
            ]
            .concat()),
            (HOLDER_CODE, SIZES) => Ok(sizes(&limits.pin_len)),
            (UNBLOCK_CODE, SIZES) => Ok(sizes(&limits.unblock_len)),
            (SECURITY_ENVIRONMENT_3, ENVIRONMENT) => Ok(UNBLOCK_CODE_TEMPLATE.to_vec()),
            _ => Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        }
    }

    /// The public part of a key is not on the card: 6A80, because OpenSC takes 6A88 as fatal.
    fn key_object(&self, request: Request) -> Outcome {
        let key = match request.object {
            SIGNATURE_KEY => KeyRole::Signature,
            AUTHENTICATION_KEY => KeyRole::Authentication,
            _ => return Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        };
        if !self.key_pairs.has(key) {
            return Err(StatusWord::REFERENCE_DATA_NOT_FOUND);
        }
        match request.part {
            CONTROL_PARAMETERS => Ok([
                access_rules(&private_keys::access_rules(key)),
                encode(Tag(0x80), &[0x01, 0x00]),
                encode(Tag(0x9E), &[u8::from(key == KeyRole::Signature)]),
            ]
            .concat()),
            PUBLIC_PART => Err(StatusWord::WRONG_DATA),
            _ => Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        }
    }
}

impl Request {
    /// `4D L { 70 L { object L { part 80 } } }`: the last byte asks for all of the part.
    fn parse(data: &[u8]) -> Option<Self> {
        let header_list = only(data, Tag(0x4D))?;
        let template = only(header_list, TEMPLATE)?;
        let (object, rest) = Tlv::parse(template).ok()?;
        let part = match object.value {
            [tag, ALL] => u32::from(*tag),
            [first, second, ALL] => u32::from(u16::from_be_bytes([*first, *second])),
            _ => return None,
        };
        rest.is_empty().then_some(Self {
            object: object.tag,
            part: Tag(part),
        })
    }
}

/// The value of the one object that the bytes hold.
fn only(bytes: &[u8], tag: Tag) -> Option<&[u8]> {
    let (object, rest) = Tlv::parse(bytes).ok()?;
    (object.tag == tag && rest.is_empty()).then_some(object.value)
}

/// AMB F3 counts, on these cards, as five conditions.
fn access_rules(conditions: &[Condition; 5]) -> Vec<u8> {
    let mut rule = vec![0xF3];
    rule.extend(conditions.map(Condition::byte));
    encode(Tag(0xA1), &encode(Tag(0x8C), &rule))
}

fn sizes(lengths: &RangeInclusive<usize>) -> Vec<u8> {
    let byte = |len: &usize| u8::try_from(*len).unwrap_or(u8::MAX);
    [
        encode(Tag(0x80), &[byte(lengths.end())]),
        encode(Tag(0x81), &[byte(lengths.start())]),
    ]
    .concat()
}

const TEMPLATE: Tag = Tag(0x70);
const ALL: u8 = 0x80;

const HOLDER_CODE: Tag = Tag(0xBF_8101);
const UNBLOCK_CODE: Tag = Tag(0xBF_8102);
const SIGNATURE_KEY: Tag = Tag(0xBF_9001);
const AUTHENTICATION_KEY: Tag = Tag(0xBF_9002);
const SECURITY_ENVIRONMENT_3: Tag = Tag(0xBF_FB03);

const CONTROL_PARAMETERS: Tag = Tag(0xA0);
const SIZES: Tag = Tag(0x7F41);
const PUBLIC_PART: Tag = Tag(0x7F48);
const ENVIRONMENT: Tag = Tag(0x7B);
const TRIES_MAXIMUM: Tag = Tag(0x9A);
const TRIES_LEFT: Tag = Tag(0x9B);
const USES_LEFT: Tag = Tag(0x9D);

/// Change, verify, reset, put, get (real card).
const HOLDER_CODE_RULES: [Condition; 5] = [
    Condition::Always,
    Condition::Always,
    Condition::UnblockCode,
    Condition::Never,
    Condition::Always,
];
/// Change, verify, reset, put, get (real card).
const UNBLOCK_CODE_RULES: [Condition; 5] = [
    Condition::Never,
    Condition::Always,
    Condition::Never,
    Condition::Never,
    Condition::Always,
];
/// Authentication template: reference 2, a user's password. GUESS, in the form OpenSC reads.
const UNBLOCK_CODE_TEMPLATE: [u8; 8] = [0xA4, 0x06, 0x83, 0x01, 0x02, 0x95, 0x01, 0x08];
