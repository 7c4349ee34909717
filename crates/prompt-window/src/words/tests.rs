use std::time::Duration;

use daemon_types::{
    CardId, CodeEntry, CodesAsked, HashAlgorithm, KeypadEntry, NewCodeEntry, Origin, PairingCode,
    Rights, UnblockCodeEntry,
};

use super::*;

fn authentication() -> Question {
    Question {
        asker: Asker::PairedProgram("Logiciel du cabinet".to_owned()),
        purpose: Purpose::Authenticate {
            origin: Origin::parse("https://service.example").unwrap(),
        },
        card: CardLabel {
            id: CardId("card".to_owned()),
            holder: "Jeanne MARTIN".to_owned(),
            card_type: Some("CPS".to_owned()),
            number: "2900000001".to_owned(),
            environment: Environment::Production,
            days_left: Some(400),
        },
        codes: CodesAsked {
            pin: Some(CodeEntry {
                tries_left: Some(3),
                previous_was_wrong: false,
                may_be_blocked: false,
                last_try: false,
                blocks_for_good: false,
                minimum_len: 4,
                maximum_len: 8,
            }),
            ..CodesAsked::default()
        },
    }
}

fn english(question: Question) -> Words {
    Words::of(&Asked::Card(question), Language::English)
}

fn notices(words: &Words) -> Vec<(Weight, &str)> {
    let notices = words.notices.iter();
    notices
        .map(|notice| (notice.weight, notice.text.as_str()))
        .collect()
}

#[test]
fn an_authentication_says_who_asks_for_what_with_which_card() {
    let words = english(authentication());
    assert_eq!(words.header_title, "Jeanne MARTIN");
    assert_eq!(words.header_detail, "CPS card no.\u{a0}2900000001");
    assert_eq!(words.facts[0].value, "https://service.example");
    assert_eq!(words.facts[1].value, "Logiciel du cabinet");
    assert!(words.facts[1].detail.contains("you paired"));
    assert_eq!(
        words.remark,
        "3 tries are left before the card blocks itself."
    );
    assert!(words.notices.is_empty() && words.test.is_empty());
}

#[test]
fn what_is_at_stake_is_said_with_its_weight() {
    let mut question = authentication();
    if let Some(entry) = &mut question.codes.pin {
        entry.tries_left = Some(2);
        entry.previous_was_wrong = true;
    }
    let words = english(question.clone());
    let wrong =
        "The code typed is not the right one. 2 tries are left before the card blocks itself.";
    assert_eq!(notices(&words), [(Weight::Warning, wrong)]);
    assert_eq!(words.remark, "");
    if let Some(entry) = &mut question.codes.pin {
        entry.tries_left = Some(1);
        entry.last_try = true;
    }
    let words = english(question.clone());
    assert_eq!(words.notices.len(), 2);
    assert_eq!(words.notices[1].weight, Weight::Danger);
    assert!(words.notices[1].text.contains("unblock code"));
    if let Some(entry) = &mut question.codes.pin {
        entry.blocks_for_good = true;
    }
    assert!(english(question).notices[1].text.contains("for good"));
}

#[test]
fn tries_that_nobody_counts_are_neither_a_number_nor_the_last_nor_plenty() {
    let mut question = authentication();
    if let Some(entry) = &mut question.codes.pin {
        entry.tries_left = None;
    }
    let words = english(question.clone());
    assert_eq!((words.remark.as_str(), words.notices.len()), ("", 0));
    if let Some(entry) = &mut question.codes.pin {
        entry.previous_was_wrong = true;
    }
    let wrong =
        "The code typed is not the right one. After several wrong codes the card blocks itself.";
    let words = english(question.clone());
    assert_eq!(notices(&words), [(Weight::Warning, wrong)]);
    question.codes.pin = None;
    question.codes.unblock_code = Some(UnblockCodeEntry {
        tries_left: None,
        uses_left: None,
        previous_was_wrong: true,
        pin_may_be_usable: false,
        last_try: false,
    });
    let wrong = "The unblock code typed is not the right one. \
        After several wrong unblock codes the card is blocked for good.";
    let words = english(question);
    assert_eq!(notices(&words).last(), Some(&(Weight::Warning, wrong)));
}

#[test]
fn a_card_that_may_be_blocked_is_said_to_be_in_both_languages() {
    let mut question = authentication();
    if let Some(entry) = &mut question.codes.pin {
        entry.tries_left = None;
        entry.may_be_blocked = true;
    }
    let mut unblocking = question.clone();
    unblocking.codes.pin = None;
    unblocking.codes.unblock_code = Some(UnblockCodeEntry {
        tries_left: None,
        uses_left: None,
        previous_was_wrong: false,
        pin_may_be_usable: true,
        last_try: false,
    });
    for (language, beginning) in [
        (Language::French, "La carte est peut-être bloquée"),
        (Language::English, "The card may be blocked"),
    ] {
        for (question, weight) in [(&question, Weight::Warning), (&unblocking, Weight::Info)] {
            let words = Words::of(&Asked::Card(question.clone()), language);
            let (shown, text) = notices(&words)[0];
            assert_eq!(shown, weight);
            assert!(text.starts_with(beginning), "{text}");
        }
    }
}

#[test]
fn a_card_that_expires_soon_says_when() {
    for (days, words) in [
        (Some(61), None),
        (
            Some(60),
            Some("Your card expires in 60 days: ask for a new one."),
        ),
        (
            Some(1),
            Some("Your card expires tomorrow: ask for a new one."),
        ),
        (Some(0), Some("Your card expires today: ask for a new one.")),
        (Some(-1), None),
        (None, None),
    ] {
        let mut question = authentication();
        question.card.days_left = days;
        let said = english(question);
        let said = said.notices.first().map(|notice| notice.text.as_str());
        assert_eq!(said, words, "{days:?}");
    }
}

#[test]
fn unblocking_says_what_blocked_means_where_the_code_is_and_whom_to_call() {
    let mut question = authentication();
    question.purpose = Purpose::UnblockPin;
    question.codes = CodesAsked {
        pin: None,
        unblock_code: Some(UnblockCodeEntry {
            tries_left: Some(1),
            uses_left: Some(1),
            previous_was_wrong: true,
            pin_may_be_usable: false,
            last_try: true,
        }),
        new_pin: Some(NewCodeEntry {
            minimum_len: 4,
            maximum_len: 8,
        }),
        keypad: None,
    };
    for language in Language::ALL {
        let words = Words::of(&Asked::Card(question.clone()), language);
        let all = notices(&words)
            .iter()
            .map(|(_, text)| *text)
            .collect::<Vec<_>>()
            .join(" ")
            .replace('\u{a0}', " ");
        for part in [
            "0 809 40 00 82",
            "F501",
            "monserviceclient.cartes@esante.gouv.fr",
        ] {
            assert!(all.contains(part), "{all}");
        }
        assert_eq!(words.notices.last().unwrap().weight, Weight::Danger);
    }
}

#[test]
fn signatures_show_every_document_and_whose_words_they_are() {
    let mut question = authentication();
    question.purpose = Purpose::Sign {
        documents: (1..=100)
            .map(|number| format!("Document {number}"))
            .collect(),
        digests: vec![vec![0xA5; 32]; 100],
        hash: HashAlgorithm::Sha256.into(),
    };
    let words = english(question.clone());
    assert_eq!(words.heading, "Sign 100 documents");
    assert_eq!(words.entries.len(), 100);
    assert_eq!(words.entries[99].text, "Document 100");
    assert_eq!(words.entries[99].number, "100.");
    assert_eq!(
        words.entries[99].digest,
        format!("SHA-256 {}", "a5".repeat(32))
    );
    assert!(words.remark.contains("did not check them"));
    assert_eq!(words.accept, "Sign");
    question.codes = CodesAsked::default();
    assert_eq!(english(question).accept, "Sign");
}

#[test]
fn what_others_wrote_cannot_turn_or_hide_the_words_around() {
    let hostile = format!("\u{202e}dpxc\n{}", "A".repeat(10_000));
    let mut question = authentication();
    question.asker = Asker::PairedProgram(hostile.clone());
    question.card.holder = hostile.clone();
    question.card.card_type = Some(hostile.clone());
    question.purpose = Purpose::Sign {
        documents: vec![hostile.clone()],
        digests: vec![vec![1; 32]],
        hash: HashAlgorithm::Sha256.into(),
    };
    let words = english(question);
    let pairing = Asked::Grant(GrantQuestion {
        applicant: Applicant::Program {
            name: hostile,
            executable: None,
            origins: Vec::new(),
            code: PairingCode::from_random([1, 2, 3, 10, 11, 12]),
            name_is_taken: false,
        },
        rights: Rights::all(),
        environment: Environment::Test,
    });
    let pairing = Words::of(&pairing, Language::English);
    assert_eq!(pairing.pairing_code, "123ABC");
    for text in [
        &words.facts[0].value,
        &words.header_title,
        &words.header_detail,
        &words.entries[0].text,
        &pairing.facts[0].value,
    ] {
        assert!(text.starts_with("[U+202E]dpxc[U+000A]AAA"), "{text}");
        assert!(text.chars().count() < 300, "{text}");
        assert!(!text.contains(['\u{202e}', '\n']));
    }
}

#[test]
fn a_site_sees_for_how_long_it_is_let_in() {
    let site = Asked::Grant(GrantQuestion {
        applicant: Applicant::Page(Site {
            origin: Origin::parse("https://xn--srvice-bva.example").unwrap(),
            top_origin: None,
        }),
        rights: Rights::from_iter([Right::Identify]),
        environment: Environment::Production,
    });
    let words = Words::of(&site, Language::French);
    assert_eq!(words.facts[0].value, "https://xn--srvice-bva.example");
    assert!(words.remark.contains("90 jours"), "{}", words.remark);
    assert_eq!(words.lists[0].items.len(), 1);
}

#[test]
fn codes_that_are_typed_at_the_keypad_are_named_and_what_it_did_not_take_is_a_warning() {
    let at_keypad = |not_taken| {
        let mut question = authentication();
        question.codes.keypad = Some(KeypadEntry {
            time: Duration::from_secs(30),
            again: false,
            not_taken,
        });
        question
    };
    let words = english(at_keypad(None));
    assert!(words.keypad.starts_with("Type your code on the keypad"));
    assert_eq!(words.title, "cpxd – a question for you");
    assert_eq!(words.accept, "Try again on the reader");
    assert_eq!(words.cancel, "Refuse");
    assert_eq!(
        words.remark,
        "3 tries are left before the card blocks itself."
    );
    assert!(words.notices.is_empty());
    let words = english(at_keypad(Some(NotTaken::Length)));
    assert!(matches!(&notices(&words)[..], [(Weight::Warning, text)] if text.contains("length")));
    let mut change = at_keypad(Some(NotTaken::NewCodesDiffer));
    change.purpose = Purpose::ChangePin;
    change.codes.new_pin = Some(NewCodeEntry {
        minimum_len: 4,
        maximum_len: 8,
    });
    let words = english(change);
    assert!(
        words
            .keypad
            .contains("your present code, then your new code")
    );
    assert_eq!(notices(&words).len(), 1);
    assert!(english(authentication()).keypad.is_empty());
}
