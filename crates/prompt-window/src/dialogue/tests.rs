use daemon_types::{
    Applicant, Asker, CardId, CardLabel, CodeEntry, CodesAsked, Environment, GrantQuestion,
    NewCodeEntry, Origin, Purpose, Question, Rights, Site, UnblockCodeEntry,
};
use proptest::prelude::*;

use super::*;

fn question(codes: CodesAsked) -> Dialogue {
    Dialogue::new(Asked::Card(Question {
        asker: Asker::DemoToken,
        purpose: Purpose::ChangePin,
        card: CardLabel {
            id: CardId("card".to_owned()),
            holder: "MARTIN Jeanne".to_owned(),
            card_type: None,
            number: "2900000001".to_owned(),
            environment: Environment::Test,
            days_left: None,
        },
        codes,
    }))
}

fn entry() -> CodeEntry {
    CodeEntry {
        tries_left: Some(3),
        previous_was_wrong: false,
        may_be_blocked: false,
        last_try: false,
        blocks_for_good: false,
        minimum_len: 4,
        maximum_len: 6,
    }
}

const NEW: NewCodeEntry = NewCodeEntry {
    minimum_len: 4,
    maximum_len: 6,
};

fn code() -> Dialogue {
    question(CodesAsked {
        pin: Some(entry()),
        ..CodesAsked::default()
    })
}

fn change() -> Dialogue {
    question(CodesAsked {
        pin: Some(entry()),
        new_pin: Some(NEW),
        ..CodesAsked::default()
    })
}

fn unblocking(last_try: bool) -> Dialogue {
    question(CodesAsked {
        pin: None,
        unblock_code: Some(UnblockCodeEntry {
            tries_left: None,
            uses_left: None,
            previous_was_wrong: false,
            pin_may_be_usable: false,
            last_try,
        }),
        new_pin: Some(NEW),
        keypad: None,
    })
}

fn at_keypad(last_try: bool) -> Dialogue {
    at_keypad_entry(last_try, false)
}

fn at_keypad_again(last_try: bool) -> Dialogue {
    at_keypad_entry(last_try, true)
}

fn at_keypad_entry(last_try: bool, again: bool) -> Dialogue {
    question(CodesAsked {
        pin: Some(CodeEntry {
            last_try,
            ..entry()
        }),
        keypad: Some(KeypadEntry {
            time: Duration::from_secs(30),
            again,
            not_taken: None,
        }),
        ..CodesAsked::default()
    })
}

fn type_keys(dialogue: &mut Dialogue, field: usize, keys: &str) {
    for key in keys.chars() {
        assert_eq!(dialogue.key(field, &key.to_string()), Step::Stay);
    }
}

fn digits(code: Option<Pin>) -> Vec<u8> {
    code.unwrap().digits().expose().to_vec()
}

fn answer(step: Step) -> WindowAnswer {
    if let Step::Answer(answer) = step {
        answer
    } else {
        panic!("no answer but {step:?}")
    }
}

fn problems(dialogue: &Dialogue) -> Vec<Option<Problem>> {
    dialogue
        .fields()
        .iter()
        .map(|field| field.problem)
        .collect()
}

#[test]
fn a_code_leaves_once_and_nothing_of_it_stays() {
    let mut dialogue = code();
    type_keys(&mut dialogue, 0, "7391");
    assert!(!format!("{dialogue:?}").contains("739"));
    let answer = answer(dialogue.enter(0));
    assert_eq!(digits(answer.code), b"7391");
    assert!(answer.unblock_code.is_none() && answer.new_code.is_none());
    assert!(!answer.last_try_confirmed);
    assert_eq!(dialogue.page(), Page::Working);
    assert_eq!(dialogue.fields()[0].typed(), 0);
    type_keys(&mut dialogue, 0, "1234");
    assert_eq!(dialogue.enter(0), Step::Stay);
    assert_eq!(dialogue.accept(), Step::Stay);
    assert_eq!(dialogue.stop(), Step::Close);
}

#[test]
fn other_keys_than_digits_do_not_count_and_are_told() {
    let mut dialogue = code();
    type_keys(&mut dialogue, 0, "1a2&é３٣");
    assert_eq!(problems(&dialogue), [Some(Problem::NotADigit)]);
    assert_eq!(dialogue.key(0, "1234"), Step::Stay);
    type_keys(&mut dialogue, 0, "34");
    assert_eq!(problems(&dialogue), [None]);
    for special in ["\u{10}", "\u{f704}", "\u{8}"] {
        dialogue.key(0, special);
        assert_eq!(problems(&dialogue), [None]);
    }
    assert_eq!(digits(answer(dialogue.accept()).code), b"1234");
}

#[test]
fn a_length_that_the_card_does_not_take_stays_here() {
    for keys in ["", "123", "1234567", "123456789", "123456789012"] {
        let mut dialogue = code();
        type_keys(&mut dialogue, 0, keys);
        assert_eq!(dialogue.enter(0), Step::Focus(0), "{keys}");
        assert_eq!(problems(&dialogue), [Some(Problem::Length)]);
        assert_eq!(dialogue.page(), Page::Question);
    }
    let mut dialogue = code();
    type_keys(&mut dialogue, 0, "1234567");
    dialogue.erase(0);
    assert_eq!(digits(answer(dialogue.enter(0)).code), b"123456");
}

#[test]
fn a_change_asks_for_each_code_in_its_turn() {
    let mut dialogue = change();
    type_keys(&mut dialogue, 0, "1234");
    assert_eq!(dialogue.enter(0), Step::Focus(1));
    type_keys(&mut dialogue, 1, "43210");
    assert_eq!(dialogue.enter(1), Step::Focus(2));
    type_keys(&mut dialogue, 2, "43210");
    let answer = answer(dialogue.enter(2));
    assert_eq!(digits(answer.code), b"1234");
    assert_eq!(digits(answer.new_code), b"43210");
}

#[test]
fn a_new_code_that_is_the_old_one_or_typed_in_two_ways_stays_here() {
    let mut dialogue = change();
    type_keys(&mut dialogue, 0, "1234");
    type_keys(&mut dialogue, 1, "1234");
    assert_eq!(dialogue.enter(1), Step::Focus(1));
    assert_eq!(problems(&dialogue), [None, Some(Problem::SameAsOld), None]);
    assert_eq!(dialogue.fields()[1].typed(), 0);
    type_keys(&mut dialogue, 1, "4321");
    type_keys(&mut dialogue, 2, "4312");
    assert_eq!(dialogue.accept(), Step::Focus(1));
    assert_eq!(problems(&dialogue), [None, Some(Problem::Different), None]);
    assert_eq!(
        dialogue
            .fields()
            .iter()
            .map(Field::typed)
            .collect::<Vec<_>>(),
        [4, 0, 0]
    );
    assert_eq!(dialogue.accept(), Step::Focus(1));
    assert_eq!(problems(&dialogue), [None, Some(Problem::Length), None]);
}

#[test]
fn an_unblock_code_has_eight_digits() {
    let mut dialogue = unblocking(false);
    type_keys(&mut dialogue, 0, "1234567");
    assert_eq!(dialogue.enter(0), Step::Focus(0));
    type_keys(&mut dialogue, 0, "8");
    assert_eq!(dialogue.enter(0), Step::Focus(1));
    type_keys(&mut dialogue, 1, "4321");
    type_keys(&mut dialogue, 2, "4321");
    let answer = answer(dialogue.accept());
    let unblock_code = answer.unblock_code.unwrap();
    assert_eq!(unblock_code.digits().expose(), b"12345678");
    assert!(answer.code.is_none());
}

#[test]
fn a_last_try_needs_an_act_of_its_own() {
    let mut last = entry();
    last.last_try = true;
    let asked = CodesAsked {
        pin: Some(last),
        ..CodesAsked::default()
    };
    let mut dialogue = question(asked);
    assert_eq!(dialogue.page(), Page::LastTry);
    type_keys(&mut dialogue, 0, "1234");
    assert_eq!(dialogue.enter(0), Step::Stay);
    assert_eq!(dialogue.stop(), Step::Refuse(Refusal::LastTryNotConfirmed));
    let mut dialogue = question(asked);
    assert_eq!(dialogue.accept(), Step::Focus(0));
    assert_eq!(dialogue.fields()[0].typed(), 0);
    type_keys(&mut dialogue, 0, "1234");
    assert!(answer(dialogue.enter(0)).last_try_confirmed);
    assert_eq!(unblocking(true).page(), Page::LastTry);
}

#[test]
fn a_yes_is_enough_where_no_code_is_asked_for() {
    let grant = Asked::Grant(GrantQuestion {
        applicant: Applicant::Page(Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: None,
        }),
        rights: Rights::all(),
        environment: Environment::Test,
    });
    let mut dialogue = Dialogue::new(grant);
    assert_eq!(answer(dialogue.accept()), WindowAnswer::default());
    let mut dialogue = question(CodesAsked::default());
    assert_eq!(dialogue.stop(), Step::Refuse(Refusal::Cancelled));
}

proptest! {
    /// Whatever is pressed, what leaves is what the question asks for, and only once.
    #[test]
    fn no_row_of_keys_sends_what_the_card_does_not_take(
        keys in proptest::collection::vec((0..3usize, 0..14u8), 0..80),
        which in 0..3u8,
    ) {
        let mut dialogue = match which { 0 => code(), 1 => change(), _ => unblocking(true) };
        let mut sent = 0;
        for (field, key) in keys {
            let step = match key {
                0..=9 => dialogue.key(field, &key.to_string()),
                10 => dialogue.erase(field),
                11 => dialogue.enter(field),
                12 => dialogue.accept(),
                _ => dialogue.key(field, "x"),
            };
            if let Step::Answer(answer) = step {
                sent += 1;
                prop_assert_eq!(answer.code.is_some(), which < 2);
                prop_assert_eq!(answer.unblock_code.is_some(), which == 2);
                prop_assert_eq!(answer.new_code.is_some(), which > 0);
                prop_assert_eq!(answer.last_try_confirmed, which == 2);
                for code in answer.code.iter().chain(&answer.new_code) {
                    prop_assert!((4..=6).contains(&code.digits().len()));
                }
                prop_assert!(answer.new_code.is_none() || answer.new_code != answer.code);
            }
        }
        prop_assert!(sent <= 1);
    }
}

#[test]
fn codes_at_the_keypad_are_agreed_to_once_when_the_window_is_seen_and_no_key_is_one() {
    let mut dialogue = at_keypad(false);
    assert_eq!(dialogue.page(), Page::Keypad);
    assert_eq!(dialogue.keypad_time(), Some(Duration::from_secs(30)));
    assert!(dialogue.fields().is_empty());
    assert_eq!(dialogue.seen(), Step::Open(WindowAnswer::default()));
    assert_eq!(dialogue.seen(), Step::Stay);
    assert_eq!(dialogue.key(0, "1"), Step::Stay);
    assert_eq!(dialogue.enter(0), Step::Stay);
    assert_eq!(dialogue.accept(), Step::Stay);
    assert_eq!(dialogue.page(), Page::Keypad);
    dialogue.entered();
    assert_eq!(dialogue.page(), Page::Working);
    assert_eq!(dialogue.stop(), Step::Close);
}

#[test]
fn a_last_try_is_agreed_to_here_before_the_keypad_opens() {
    let mut dialogue = at_keypad(true);
    assert_eq!(dialogue.page(), Page::LastTry);
    assert_eq!(dialogue.seen(), Step::Stay);
    let agreed = WindowAnswer {
        last_try_confirmed: true,
        ..WindowAnswer::default()
    };
    assert_eq!(dialogue.accept(), Step::Open(agreed));
    assert_eq!(dialogue.page(), Page::Keypad);
    let refused = at_keypad(true).stop();
    assert_eq!(refused, Step::Refuse(Refusal::LastTryNotConfirmed));
}

#[test]
fn a_reader_that_asked_before_asks_again_only_when_the_button_is_pressed() {
    let mut dialogue = at_keypad_again(false);
    assert_eq!(dialogue.page(), Page::Question);
    assert!(dialogue.fields().is_empty());
    assert_eq!(dialogue.seen(), Step::Stay);
    assert_eq!(dialogue.key(0, "1"), Step::Stay);
    assert_eq!(dialogue.page(), Page::Question);
    assert_eq!(dialogue.accept(), Step::Open(WindowAnswer::default()));
    assert_eq!(dialogue.page(), Page::Keypad);
    assert_eq!(dialogue.stop(), Step::RefuseEntry);
    let refused = at_keypad_again(false).stop();
    assert_eq!(refused, Step::Refuse(Refusal::Cancelled));
}

#[test]
fn the_yes_to_a_last_try_is_the_act_that_has_the_reader_ask_again() {
    let mut dialogue = at_keypad_again(true);
    assert_eq!(dialogue.page(), Page::LastTry);
    assert!(matches!(dialogue.accept(), Step::Open(_)));
    assert_eq!(dialogue.page(), Page::Keypad);
}

#[test]
fn a_no_while_the_reader_waits_is_told_and_the_window_stays_for_what_to_do_at_the_reader() {
    let mut dialogue = at_keypad(false);
    assert_eq!(dialogue.stop(), Step::Refuse(Refusal::Cancelled));
    dialogue.seen();
    assert_eq!(dialogue.stop(), Step::RefuseEntry);
    assert_eq!(dialogue.page(), Page::Working);
    dialogue.end();
    assert_eq!(dialogue.stop(), Step::Close);
}
