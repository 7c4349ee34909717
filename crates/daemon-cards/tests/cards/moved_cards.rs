//! Cards that another program left elsewhere than we did: each code is presented once all the same.

use card_apdu::StatusWord;
use card_emulator::{CardParameters, Cps3Card, Cps4Card, VirtualCard};
use daemon_cards::{AfterUse, KeyUse, Settings};
use daemon_types::KeyRole;
use time::macros::datetime;

use crate::bench::{Bench, FIRST, OtherProgram, RIGHT, SETTINGS, key_use};

/// The CPS2ter view, the IAS root anew, the master file, a file of the application.
const MOVES_OF_A_CPS3: [&[u8]; 4] = [
    &[
        0x00, 0xA4, 0x04, 0x00, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 0, 2,
    ],
    &[
        0x00, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 1, 0,
    ],
    &[0x00, 0xA4, 0x09, 0x0C, 0x02, 0x3F, 0x00],
    &[0x00, 0xA4, 0x09, 0x0C, 0x06, 0x3F, 0x00, 0, 1, 0x70, 0x05],
];

/// The applet on channel 0, the issuer domain on channel 1, the applet anew, channel 1 closed, the CPS2ter
/// view, a file outside the application.
const MOVES_OF_A_CPS4: [&[u8]; 6] = [
    &[
        0x00, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 1, 0,
    ],
    &[0x01, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0],
    &[
        0x01, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 1, 0,
    ],
    &[0x00, 0x70, 0x80, 0x01],
    &[
        0x00, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 0, 2,
    ],
    &[0x01, 0xA4, 0x08, 0x0C, 0x02, 0xD0, 0x03],
];

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn use_of(role: KeyRole) -> KeyUse {
    KeyUse {
        role,
        ..key_use(RIGHT, 1)
    }
}

/// Both keys, each after the other program's move: two codes reach the card, and none of them is lost.
async fn check(card: Box<dyn VirtualCard>, settings: Settings, moved: &[u8]) {
    let mut bench = Bench::empty(settings);
    let card = bench.insert(FIRST, card).await;
    for role in [KeyRole::Authentication, KeyRole::Signature] {
        OtherProgram::on(&bench, FIRST).send(moved);
        let used = bench.cards.use_key(&card, use_of(role)).await;
        assert!(used.is_ok(), "{role:?} after {moved:02X?}: {used:?}");
    }
    assert_eq!(bench.control.verifies(), 2, "after {moved:02X?}");
}

#[tokio::test]
async fn a_moved_cps3_takes_each_code_once() {
    for after_use in [AfterUse::Reset, AfterUse::Leave] {
        for moved in MOVES_OF_A_CPS3 {
            let card = Cps3Card::new(&parameters()).unwrap();
            let settings = Settings {
                after_use,
                ..SETTINGS
            };
            check(Box::new(card), settings, moved).await;
        }
    }
}

#[tokio::test]
async fn a_moved_cps4_takes_each_code_once_whatever_it_says_and_forgets() {
    let answers = [
        None,
        Some(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED),
        Some(StatusWord::CLASS_NOT_SUPPORTED),
        Some(StatusWord::WRONG_P1_P2),
        Some(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
    ];
    for (nth, moved) in MOVES_OF_A_CPS4.into_iter().enumerate() {
        for answer in answers {
            let mut parameters = parameters();
            parameters.cps4.lost_applet_answer = answer;
            parameters.cps4.forgets_codes_when_deselected = nth % 2 == 0;
            for after_use in [AfterUse::Reset, AfterUse::Leave] {
                let card = Cps4Card::new(&parameters).unwrap();
                let settings = Settings {
                    after_use,
                    ..SETTINGS
                };
                check(Box::new(card), settings, moved).await;
            }
        }
    }
}

#[tokio::test]
async fn a_cps4_is_opened_again_behind_its_reset_and_each_use_takes_six_commands() {
    let mut bench = Bench::empty(SETTINGS);
    let card = Cps4Card::new(&parameters()).unwrap();
    let card = bench.insert(FIRST, Box::new(card)).await;
    for _ in 0..3 {
        bench.control.count_from_here();
        assert!(bench.use_key(&card, RIGHT).await.is_ok());
        bench.all_done(&card).await;
        assert_eq!(bench.control.resets(), 1);
        let (reopening, looking) = (1, 3);
        assert_eq!(bench.control.commands(), 6 + reopening + looking);
    }
}
