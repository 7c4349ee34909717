//! Whole operations on a card that answers anything.

use card_apdu::Protocol;
use card_profiles::{
    CardError, CardMemory, CpxCard, Digest, HashAlgorithm, KeyRole, LastTry, PinError, Profile,
    Signable, SignatureAlgorithm, UnblockError,
};
use secrets::{Pin, UnblockCode};

use crate::input::Input;
use crate::pkcs15_files::PROFILES;
use crate::recorded_files::{FileCard, cps3, cps4};
use crate::watched_card::{Answers, AtEnd, Seen, WatchedCard};

/// What is done with the card, in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    ReadEverything,
    ReadCodes,
    Verify,
    ChangePin,
    UnblockPin,
    Use(KeyRole),
    SignMessage,
    Decipher,
}

const OPERATIONS: [Operation; 10] = [
    Operation::ReadEverything,
    Operation::ReadCodes,
    Operation::Verify,
    Operation::ChangePin,
    Operation::UnblockPin,
    Operation::Use(KeyRole::Authentication),
    Operation::Use(KeyRole::Signature),
    Operation::Use(KeyRole::Technical),
    Operation::SignMessage,
    Operation::Decipher,
];

/// Number of operations that the second byte of an input chooses from.
pub(crate) const OPERATION_COUNT: u8 = 10;
/// Bits of the third byte.
pub(crate) const CARD_IS_KNOWN: u8 = 0x01;
pub(crate) const LAST_TRY_CONFIRMED: u8 = 0x02;
const LAST_ANSWER_FOR_EVER: u8 = 0x04;
const LONG_CODE: u8 = 0x08;
const PROVES_ITSELF_FIRST: u8 = 0x10;
const OTHER_PROTOCOL: u8 = 0x20;

/// What went wrong, as far as a promise hangs on it.
#[derive(Debug)]
enum Outcome {
    /// The card took the code that was presented, and did the rest.
    Done,
    /// The program said that nothing was sent.
    NothingSent,
    /// The program said that the card took the code for a wrong one.
    Wrong,
    /// Anything else.
    Failed,
}

/// Profile, operation, options, then the answers of the card.
pub(crate) fn card_answers(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let profile = input.choice(&PROFILES).unwrap_or(Profile::Cps3);
    let operation = input.choice(&OPERATIONS).unwrap_or(Operation::Verify);
    let options = input.byte();
    let has = |option| options & option != 0;
    let protocol = match (profile, has(OTHER_PROTOCOL)) {
        (Profile::Cps3, false) | (Profile::Cps4, true) => Protocol::T0,
        _ => Protocol::T1,
    };
    let mut memory = CardMemory::default();
    if has(CARD_IS_KNOWN) {
        read_recorded_card(profile, &mut memory);
    }
    let last_try = if has(LAST_TRY_CONFIRMED) {
        LastTry::Confirmed
    } else {
        LastTry::NotConfirmed
    };
    let at_end = if has(LAST_ANSWER_FOR_EVER) {
        AtEnd::Repeats
    } else {
        AtEnd::Leaves
    };
    let mut card = WatchedCard::new(Answers::new(input, at_end), protocol, last_try);
    let mut opened = profile.open(&mut card, &mut memory);
    if has(PROVES_ITSELF_FIRST) && opened.read_serial_number().is_err() {
        return;
    }
    let codes = Codes::new(has(LONG_CODE));
    if let Some(codes) = codes {
        let outcome = operate(&mut *opened, operation, &codes, last_try);
        drop(opened);
        check(&outcome, operation, card.seen());
    }
}

/// Teaches what the agent has learnt of a card before it operates on it.
fn read_recorded_card(profile: Profile, memory: &mut CardMemory) {
    let files = match profile {
        Profile::Cps4 => cps4(),
        Profile::Cps3 | Profile::Cps3Contactless => cps3(),
    };
    let mut card = FileCard::new(files.clone(), Protocol::T1);
    let mut card = profile.open(&mut card, memory);
    let _ = card.identity();
    let _ = card.capabilities();
    let _ = card.code_states();
}

struct Codes {
    pin: Pin,
    new_pin: Pin,
    unblock_code: UnblockCode,
}

impl Codes {
    fn new(long: bool) -> Option<Self> {
        let pin = if long { &b"739164"[..] } else { b"7391" };
        Some(Self {
            pin: Pin::new(pin).ok()?,
            new_pin: Pin::new(b"2580").ok()?,
            unblock_code: UnblockCode::new(b"91827364").ok()?,
        })
    }
}

fn operate(
    card: &mut dyn CpxCard,
    operation: Operation,
    codes: &Codes,
    last_try: LastTry,
) -> Outcome {
    match operation {
        Operation::ReadEverything => {
            let read = card.identity().and_then(|_| card.capabilities());
            let _ = card.pin_limits();
            without_code(&read)
        }
        Operation::ReadCodes => without_code(&card.code_states()),
        Operation::Verify => of_pin(card.verify_pin(&codes.pin, last_try).map(drop)),
        Operation::ChangePin => of_pin(card.change_pin(&codes.pin, &codes.new_pin, last_try)),
        Operation::UnblockPin => {
            of_unblock(card.unblock_pin(&codes.unblock_code, &codes.new_pin, last_try))
        }
        Operation::Use(KeyRole::Technical) => {
            without_code(&sign(card, KeyRole::Technical, &a_digest()))
        }
        Operation::Use(role) => {
            after_verify(card, codes, last_try, |card| sign(card, role, &a_digest()))
        }
        Operation::SignMessage => after_verify(card, codes, last_try, |card| {
            sign(
                card,
                KeyRole::Signature,
                &Signable::Message(RSA_SHA256, &[7; 200]),
            )
        }),
        Operation::Decipher => after_verify(card, codes, last_try, |card| {
            card.decipher(&[0x42; 256]).map(drop)
        }),
    }
}

fn without_code<T>(result: &Result<T, CardError>) -> Outcome {
    match result {
        Ok(_) => Outcome::NothingSent,
        Err(CardError::Bug(bug)) => a_bug(bug),
        Err(_) => Outcome::NothingSent,
    }
}

fn after_verify(
    card: &mut dyn CpxCard,
    codes: &Codes,
    last_try: LastTry,
    work: impl FnOnce(&mut dyn CpxCard) -> Result<(), CardError>,
) -> Outcome {
    match card.verify_pin(&codes.pin, last_try) {
        Ok(_) => {
            if let Err(CardError::Bug(bug)) = work(card) {
                a_bug(bug)
            }
            Outcome::Done
        }
        Err(error) => of_pin(Err(error)),
    }
}

fn sign(card: &mut dyn CpxCard, role: KeyRole, input: &Signable<'_>) -> Result<(), CardError> {
    let signature = card.sign(role, input)?;
    assert_eq!(signature.len(), 256);
    Ok(())
}

fn a_digest() -> Signable<'static> {
    Signable::Digest(Digest {
        algorithm: RSA_SHA256,
        value: &[0x2A; 32],
    })
}

fn of_pin(result: Result<(), PinError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(PinError::Wrong { tries_left }) => {
            assert!(tries_left.is_some_and(|tries| tries > 0));
            Outcome::Wrong
        }
        Err(
            PinError::Absent
            | PinError::Length(_)
            | PinError::NewCodeLength(_)
            | PinError::LastTryNotConfirmed,
        ) => Outcome::NothingSent,
        Err(PinError::Card(CardError::Bug(bug))) => a_bug(bug),
        Err(_) => Outcome::Failed,
    }
}

fn of_unblock(result: Result<(), UnblockError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(UnblockError::Wrong { tries_left, .. }) => {
            assert!(tries_left.is_some_and(|tries| tries > 0));
            Outcome::Wrong
        }
        Err(
            UnblockError::Absent
            | UnblockError::NewCodeLength(_)
            | UnblockError::LastTryNotConfirmed,
        ) => Outcome::NothingSent,
        Err(UnblockError::Card(CardError::Bug(bug))) => a_bug(bug),
        Err(_) => Outcome::Failed,
    }
}

/// What the program said of the code agrees with what the card saw.
fn check(outcome: &Outcome, operation: Operation, seen: &Seen) {
    let presented = seen.codes_presented();
    match outcome {
        Outcome::NothingSent => assert_eq!(presented, 0, "sent in silence by {operation:?}"),
        Outcome::Wrong => assert!(
            presented > 0 && !seen.last_code_was_taken(),
            "{operation:?}"
        ),
        Outcome::Done => assert!(presented > 0 && seen.last_code_was_taken(), "{operation:?}"),
        Outcome::Failed => {}
    }
}

#[expect(
    clippy::panic,
    reason = "a broken promise is what a fuzz target looks for"
)]
fn a_bug(bug: &str) -> ! {
    panic!("the card made the program do what it never should: {bug}")
}

const RSA_SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
