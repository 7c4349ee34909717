//! Questions for tests.

use std::time::Duration;

use daemon_types::{
    Applicant, Asker, CardId, CardLabel, CodeEntry, CodesAsked, Environment, GrantQuestion,
    HashAlgorithm, KeypadEntry, NewCodeEntry, Origin, PairingCode, Purpose, Question, Right,
    Rights, Site, UnblockCodeEntry,
};

/// A paired program asks for a proof of identity with a test card, and so for its code.
pub(crate) fn authentication() -> Question {
    Question {
        asker: Asker::PairedProgram("Logiciel du cabinet".to_owned()),
        purpose: Purpose::Authenticate {
            origin: Origin::parse("https://service.example").unwrap(),
        },
        card: CardLabel {
            id: CardId("card".to_owned()),
            holder: "MARTIN Jeanne".to_owned(),
            card_type: Some("CPS".to_owned()),
            number: "2900000001".to_owned(),
            environment: Environment::Test,
            days_left: None,
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

/// The same after two wrong codes.
pub(crate) fn last_try() -> Question {
    with_entry(|entry| {
        entry.tries_left = Some(1);
        entry.previous_was_wrong = true;
        entry.last_try = true;
    })
}

/// The same with another code entry.
pub(crate) fn with_entry(change: impl FnOnce(&mut CodeEntry)) -> Question {
    let mut question = authentication();
    change(question.codes.pin.as_mut().unwrap());
    question
}

/// The same for signatures, where a yes is enough.
pub(crate) fn signature(descriptions: &[&str]) -> Question {
    Question {
        purpose: Purpose::Sign {
            documents: descriptions.iter().copied().map(str::to_owned).collect(),
            digests: descriptions.iter().map(|_| vec![0xA5; 32]).collect(),
            hash: HashAlgorithm::Sha256.into(),
        },
        codes: CodesAsked::default(),
        ..authentication()
    }
}

/// A question whose codes are typed at the keypad of the reader within half a minute.
pub(crate) fn at_keypad(mut question: Question) -> Question {
    question.codes.keypad = Some(KeypadEntry {
        time: Duration::from_secs(30),
        again: false,
        not_taken: None,
    });
    question
}

/// The same for a change of the code.
pub(crate) fn pin_change() -> Question {
    let mut question = authentication();
    question.purpose = Purpose::ChangePin;
    question.codes.new_pin = Some(NEW_PIN);
    question
}

/// The same for a card whose code is blocked.
pub(crate) fn unblocking() -> Question {
    unblocking_with(UnblockCodeEntry {
        tries_left: Some(10),
        uses_left: Some(100),
        previous_was_wrong: false,
        pin_may_be_usable: false,
        last_try: false,
    })
}

/// The same after nine wrong unblock codes.
pub(crate) fn last_unblock_try() -> Question {
    unblocking_with(UnblockCodeEntry {
        tries_left: Some(1),
        uses_left: Some(1),
        previous_was_wrong: true,
        pin_may_be_usable: false,
        last_try: true,
    })
}

/// A program wants to be paired.
pub(crate) fn pairing() -> GrantQuestion {
    GrantQuestion {
        applicant: Applicant::Program {
            name: "Logiciel du cabinet".to_owned(),
            executable: Some("/usr/lib/cabinet/logiciel".into()),
            name_is_taken: false,
            origins: vec![Origin::parse("https://service.example").unwrap()],
            code: PairingCode::from_random([1, 2, 3, 10, 11, 12]),
        },
        rights: Rights::all(),
        environment: Environment::Test,
    }
}

/// A page inside another one wants a grant.
pub(crate) fn site_grant() -> GrantQuestion {
    GrantQuestion {
        applicant: Applicant::Page(Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: Some(Origin::parse("https://portal.example:8443").unwrap()),
        }),
        rights: Rights::from_iter([Right::Identify, Right::Sign]),
        environment: Environment::Production,
    }
}

fn unblocking_with(entry: UnblockCodeEntry) -> Question {
    Question {
        purpose: Purpose::UnblockPin,
        codes: CodesAsked {
            unblock_code: Some(entry),
            new_pin: Some(NEW_PIN),
            ..CodesAsked::default()
        },
        ..authentication()
    }
}

const NEW_PIN: NewCodeEntry = NewCodeEntry {
    minimum_len: 4,
    maximum_len: 8,
};
