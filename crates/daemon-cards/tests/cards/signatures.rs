//! What leaves the agent for a signature is one.

use card_emulator::{CardParameters, Cps3Card, Cps4Card, VirtualCard};
use daemon_cards::{HolderCodeError, KeyUse};
use daemon_types::{ErrorCode, HashAlgorithm, KeyRole, Reason, SignatureAlgorithm};
use time::macros::datetime;

use crate::bench::{Bench, FIRST, RIGHT, SETTINGS, key_use};
use crate::test_source::{Act, Moment};

const RS256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
const PS256: SignatureAlgorithm = SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256);

const GET_RESPONSE: u8 = 0xC0;

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn cps3() -> Box<dyn VirtualCard> {
    Box::new(Cps3Card::new(&parameters()).unwrap())
}

fn cps4() -> Box<dyn VirtualCard> {
    Box::new(Cps4Card::new(&parameters()).unwrap())
}

fn signing(role: KeyRole, algorithm: SignatureAlgorithm) -> KeyUse {
    KeyUse {
        role,
        algorithm: algorithm.into(),
        ..key_use(RIGHT, 1)
    }
}

/// A bit of the signature is flipped on its way: behind GET RESPONSE on a CPS3, in the answer itself on a CPS4.
async fn corrupted(card: Box<dyn VirtualCard>, key_use: KeyUse) -> HolderCodeError {
    let mut bench = Bench::empty(SETTINGS);
    let card = bench.insert(FIRST, card).await;
    let mut uses_a_key = false;
    let brings_signature = move |command: &[u8]| {
        uses_a_key |= matches!(command, [0x00 | 0x01, 0x2A | 0x88, ..]);
        uses_a_key && matches!(command, [0x01, ..] | [0x00, GET_RESPONSE, ..])
    };
    let act = Act::FlipABit;
    bench
        .control
        .plan(brings_signature, Moment::BeforeTheAnswer, act);
    let outcome = bench.cards.use_key(&card, key_use).await;
    assert!(!bench.control.drop_plan());
    bench.all_done(&card).await;
    assert_eq!(bench.tries_left(&card).await, 3);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    outcome.unwrap_err()
}

#[tokio::test]
async fn one_that_was_corrupted_on_its_way_is_given_to_nobody() {
    for role in [KeyRole::Authentication, KeyRole::Signature] {
        for (card, algorithm) in [(cps3(), RS256), (cps4(), RS256), (cps4(), PS256)] {
            let HolderCodeError::Operation(error) = corrupted(card, signing(role, algorithm)).await
            else {
                panic!("{role:?} {algorithm:?}");
            };
            assert_eq!(error.code, ErrorCode::CardMute);
            assert_eq!(error.reason, Some(Reason::SignatureWrong));
        }
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_so_is_found_out_before_its_code_is_presented() {
    let mut bench = Bench::empty(SETTINGS);
    let card = bench.insert(FIRST, cps3()).await;
    let used = signing(KeyRole::Signature, PS256);
    let outcome = bench.cards.use_key(&card, used).await;
    let Err(HolderCodeError::Operation(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.code, ErrorCode::AlgorithmUnsupported);
    assert_eq!(bench.control.code_commands(), 0);
}

#[tokio::test]
async fn each_certificate_tells_what_its_key_signs_by() {
    for (card, of_authentication, of_signature) in [
        (cps3(), &["RS256", "RS384", "RS512"][..], &["RS256"][..]),
        (
            cps4(),
            &["RS256", "RS384", "RS512", "PS256"],
            &["RS256", "PS256"],
        ),
    ] {
        let mut bench = Bench::empty(SETTINGS);
        let card = bench.insert(FIRST, card).await;
        let card = bench.cards.read_codes(&card).await.unwrap();
        for (role, expected) in [
            (KeyRole::Authentication, of_authentication),
            (KeyRole::Signature, of_signature),
        ] {
            let certificate = card.card.summary.certificate(role).unwrap();
            let told = certificate.signature_algorithms.iter().flatten();
            let told: Vec<_> = told.map(|algorithm| algorithm.as_str()).collect();
            assert_eq!(told, expected);
        }
    }
}
