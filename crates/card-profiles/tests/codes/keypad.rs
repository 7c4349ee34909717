//! Codes typed at the keypad of a virtual reader: the rules of typed codes hold for them.

use std::cell::Cell;
use std::time::Duration;

use card_apdu::KeypadAbilities;
use card_emulator::{
    CardParameters, Cps3Card, Cps4Card, KeypadAct, VirtualCard, VirtualConnection, VirtualReaders,
};
use card_profiles::{
    CardError, CardMemory, CpxCard, KeypadTime, KeypadUses, LastTry, NotSent, PinError, Profile,
};
use time::macros::datetime;

const READER: &str = "Virtual CPS reader 00";
const KEYPAD: KeypadAbilities = KeypadAbilities {
    verifies: true,
    modifies: true,
    has_display: false,
    ends_by_key: true,
    minimum_len: 4,
    maximum_len: 8,
};
const NO: LastTry = LastTry::NotConfirmed;

/// A card in a reader with a keypad.
struct Desk {
    readers: VirtualReaders,
    connection: VirtualConnection,
    memory: CardMemory,
    profile: Profile,
}

impl Desk {
    fn new(card: impl VirtualCard + 'static, profile: Profile, keypad: KeypadAbilities) -> Self {
        let readers = VirtualReaders::with_count(1);
        readers.add_keypad(READER, keypad).unwrap();
        readers.insert(READER, Box::new(card)).unwrap();
        Self {
            connection: readers.connect(READER).unwrap(),
            memory: CardMemory::default(),
            readers,
            profile,
        }
    }

    fn both() -> [Self; 2] {
        let parameters = parameters();
        [
            Self::new(Cps3Card::new(&parameters).unwrap(), Profile::Cps3, KEYPAD),
            Self::new(Cps4Card::new(&parameters).unwrap(), Profile::Cps4, KEYPAD),
        ]
    }

    fn hands(&self, act: KeypadAct) {
        self.readers.at_keypad(READER, act).unwrap();
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
        act(&mut *self.profile.open(&mut self.connection, &mut self.memory))
    }

    fn verify(&mut self, last_try: LastTry) -> Result<(), PinError> {
        let verified = self.with(|card| card.verify_pin_at_keypad(time(), last_try));
        verified.map(drop)
    }

    fn opened(&self) -> u64 {
        self.readers.keypad_counts(READER).unwrap().opened
    }

    fn codes_sent(&self) -> u64 {
        self.readers.keypad_counts(READER).unwrap().codes_sent
    }

    fn tries_left(&mut self) -> Option<u8> {
        let states = self.with(|card| card.code_states()).ok()?;
        states.pin?.tries_left
    }
}

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn time() -> KeypadTime {
    KeypadTime::of(Duration::from_secs(30))
}

#[test]
fn a_last_try_that_nobody_confirmed_opens_no_keypad_and_a_blocked_code_neither() {
    for mut desk in Desk::both() {
        for _ in 0..2 {
            desk.hands(KeypadAct::type_codes(&["0000"]));
            assert!(matches!(desk.verify(NO), Err(PinError::Wrong { .. })));
        }
        assert!(matches!(
            desk.verify(NO),
            Err(PinError::LastTryNotConfirmed)
        ));
        let change = desk.with(|card| card.change_pin_at_keypad(time(), NO, &|| true));
        assert!(matches!(change, Err(PinError::LastTryNotConfirmed)));
        assert_eq!((desk.opened(), desk.codes_sent()), (2, 2));
        desk.hands(KeypadAct::type_codes(&["0000"]));
        assert!(matches!(
            desk.verify(LastTry::Confirmed),
            Err(PinError::Blocked)
        ));
        assert!(matches!(
            desk.verify(LastTry::Confirmed),
            Err(PinError::Blocked)
        ));
        assert_eq!((desk.opened(), desk.codes_sent()), (3, 3));
        assert_eq!(desk.tries_left(), Some(0));
    }
}

#[test]
fn a_state_that_is_ours_to_drop_is_told_of_a_code_that_was_accepted_and_of_no_other() {
    for mut desk in Desk::both() {
        for (act, is_ours) in [
            (KeypadAct::Cancel, false),
            (KeypadAct::type_codes(&["0000"]), false),
            (KeypadAct::type_codes(&["1234"]), true),
        ] {
            desk.hands(act);
            let leaves = desk.with(|card| {
                let _ = card.verify_pin_at_keypad(time(), NO);
                card.leaves_code_presented()
            });
            assert_eq!(leaves, is_ours);
        }
    }
}

#[test]
fn a_reader_that_breaks_down_at_its_keypad_has_none_and_a_mute_card_is_told_as_such() {
    for mut desk in Desk::both() {
        desk.hands(KeypadAct::BreakDown);
        let refused = desk.verify(NO);
        assert!(matches!(
            refused,
            Err(PinError::NotEntered(NotSent::Refused))
        ));
        let plan = desk.readers.fault_plan(READER).unwrap();
        desk.with(|card| card.code_states()).unwrap();
        plan.arm("mute@every".parse().unwrap());
        let mute = desk.with(|card| card.verify_pin_at_keypad(time(), NO));
        assert!(
            matches!(mute, Err(PinError::Card(CardError::Reader(_)))),
            "{mute:?}"
        );
        plan.disarm();
        assert_eq!((desk.codes_sent(), desk.tries_left()), (0, Some(3)));
    }
}

#[test]
fn an_answer_that_was_lost_is_no_refusal_whatever_the_code_was() {
    for code in ["1234", "0000"] {
        for mut desk in Desk::both() {
            desk.with(|card| card.code_states()).unwrap();
            let plan = desk.readers.fault_plan(READER).unwrap();
            let before = plan.counts().commands;
            desk.hands(KeypadAct::Cancel);
            assert!(matches!(desk.verify(NO), Err(PinError::NotEntered(_))));
            let verify = plan.counts().commands - before + 1;
            plan.arm(format!("mute-after@{verify}").parse().unwrap());
            desk.hands(KeypadAct::type_codes(&[code]));
            let error = desk.verify(NO);
            assert!(
                matches!(error, Err(PinError::Card(CardError::Reader(_)))),
                "{error:?}"
            );
            assert_eq!(desk.codes_sent(), 1);
        }
    }
}

#[test]
fn a_code_is_presented_and_changed_at_the_keypad_and_nothing_else() {
    for mut desk in Desk::both() {
        let KeypadUses { verify, change } = desk.with(|card| card.keypad_uses()).unwrap();
        assert!(verify && change);
    }
}

#[test]
fn nobody_who_waits_no_more_is_asked_for_another_code() {
    for mut desk in Desk::both() {
        let opened = desk.opened();
        let stopped = desk.with(|card| card.change_pin_at_keypad(time(), NO, &|| false));
        assert!(matches!(
            stopped,
            Err(PinError::NotEntered(NotSent::Cancelled))
        ));
        assert_eq!(desk.opened(), opened);
    }
    let [_, mut cps4] = Desk::both();
    let asked = Cell::new(0);
    let once = || asked.replace(asked.get() + 1) == 0;
    cps4.hands(KeypadAct::type_codes(&["1234"]));
    cps4.hands(KeypadAct::type_codes(&["4321", "4321"]));
    let stopped = cps4.with(|card| card.change_pin_at_keypad(time(), NO, &once));
    assert!(matches!(
        stopped,
        Err(PinError::NotEntered(NotSent::Cancelled))
    ));
    assert_eq!((cps4.opened(), cps4.codes_sent()), (1, 1));
}

#[test]
fn codes_of_several_lengths_are_changed_at_the_keypad_only_one_by_one() {
    let mut parameters = parameters();
    parameters.pin_maximum_len = Some(8);
    let cps3 = Cps3Card::new(&parameters).unwrap();
    let mut cps3 = Desk::new(cps3, Profile::Cps3, KEYPAD);
    let uses = cps3.with(|card| card.keypad_uses()).unwrap();
    let expected = KeypadUses {
        verify: true,
        change: false,
    };
    assert_eq!(uses, expected);
    cps3.hands(KeypadAct::type_codes(&["1234"]));
    assert!(cps3.verify(NO).is_ok());
}

#[test]
fn a_reader_without_a_keypad_or_with_a_poor_one_is_of_no_use() {
    for keypad in [
        KeypadAbilities::NONE,
        KeypadAbilities {
            maximum_len: 3,
            ..KEYPAD
        },
    ] {
        let card = Cps3Card::new(&parameters()).unwrap();
        let mut desk = Desk::new(card, Profile::Cps3, keypad);
        let uses = desk.with(|card| card.keypad_uses()).unwrap();
        assert_eq!(uses, KeypadUses::default());
    }
}
