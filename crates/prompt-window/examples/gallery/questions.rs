//! Every question that the window puts.

use std::time::Duration;

use daemon_types::{
    Applicant, Asker, CardId, CardLabel, CodeEntry, CodesAsked, Environment, GrantQuestion,
    HashAlgorithm, KeypadEntry, NewCodeEntry, NotTaken, Origin, PairingCode, Purpose, Question,
    Right, Rights, SessionLimits, SessionTerms, SignatureCode, Site, UnblockCodeEntry,
};
use daemon_wire::window::{Asked, Look, OutcomeBody, Tone, WindowQuestion};
use prompt_window::pictures::Picture;

/// Brings a window into the state of a picture.
pub(crate) type Scene = fn(&Picture, Look);

pub(crate) const QUESTIONS: [(&str, Scene); 29] = [
    ("authenticate", |picture, look| {
        ask(picture, look, authentication(), &[3]);
    }),
    ("wrong-code", |picture, look| {
        ask(picture, look, with_entry(2, true, false), &[0]);
    }),
    ("last-try", |picture, look| {
        ask(picture, look, with_entry(1, true, true), &[]);
    }),
    ("last-try-code", |picture, look| {
        ask(picture, look, with_entry(1, true, true), &[]);
        picture.go_on();
    }),
    ("last-try-for-good", |picture, look| {
        let mut question = with_entry(1, false, true);
        if let Some(entry) = &mut question.codes.pin {
            entry.blocks_for_good = true;
        }
        ask(picture, look, question, &[]);
    }),
    ("may-be-blocked", |picture, look| {
        let mut question = authentication();
        if let Some(entry) = &mut question.codes.pin {
            entry.tries_left = None;
            entry.may_be_blocked = true;
        }
        ask(picture, look, question, &[]);
    }),
    ("unblock-perhaps", |picture, look| {
        let mut question = unblocking(10, false);
        if let Some(entry) = &mut question.codes.unblock_code {
            entry.tries_left = None;
            entry.uses_left = None;
            entry.pin_may_be_usable = true;
        }
        ask(picture, look, question, &[]);
    }),
    ("little-time", |picture, look| {
        ask(picture, look, authentication(), &[2]);
        picture.wait_for_an_answer(Duration::from_secs(21));
    }),
    ("last-try-little-time", |picture, look| {
        ask(picture, look, with_entry(1, true, true), &[]);
        picture.wait_for_an_answer(Duration::from_secs(4));
    }),
    ("too-long", |picture, look| {
        ask(picture, look, authentication(), &[9]);
        picture.go_on();
    }),
    ("sign-three", |picture, look| {
        let documents = [
            "Ordonnance du 21/11/2026",
            "Arrêt de travail",
            "Compte rendu d’hospitalisation, service de cardiologie, du 14 au 19 novembre 2026",
        ];
        ask(
            picture,
            look,
            signature(&documents.map(str::to_owned), true),
            &[4],
        );
    }),
    ("sign-hundred", |picture, look| {
        let documents: Vec<_> = (1..=100)
            .map(|number| format!("Feuille de soins n° {number}"))
            .collect();
        ask(picture, look, signature(&documents, false), &[]);
    }),
    ("session", |picture, look| {
        ask(picture, look, session(), &[2]);
    }),
    ("change", |picture, look| {
        ask(picture, look, change(), &[4, 5, 2]);
    }),
    ("unblock", |picture, look| {
        ask(picture, look, unblocking(10, false), &[8, 4, 0]);
    }),
    ("unblock-last-try", |picture, look| {
        ask(picture, look, unblocking(1, true), &[]);
    }),
    ("keypad", |picture, look| {
        ask(picture, look, at_keypad(authentication()), &[]);
        picture.wait_at_keypad(Duration::from_secs(23));
    }),
    ("keypad-typed-here", |picture, look| {
        let mut question = at_keypad(with_entry(2, true, false));
        question.card.environment = Environment::Test;
        ask(picture, look, question, &[]);
        picture.wait_at_keypad(Duration::from_secs(4));
        picture.type_here();
    }),
    ("keypad-last-try", |picture, look| {
        ask(picture, look, at_keypad(with_entry(1, true, true)), &[]);
        picture.go_on();
    }),
    ("keypad-sign", |picture, look| {
        let documents = ["Ordonnance du 21/11/2026", "Arrêt de travail"];
        let question = signature(&documents.map(str::to_owned), true);
        ask(picture, look, at_keypad(question), &[]);
        picture.wait_at_keypad(Duration::from_secs(1));
    }),
    ("keypad-change", |picture, look| {
        let mut question = at_keypad(change());
        if let Some(entry) = &mut question.codes.keypad {
            entry.again = true;
            entry.not_taken = Some(NotTaken::NewCodesDiffer);
        }
        ask(picture, look, question, &[]);
        picture.go_on();
        picture.wait_at_keypad(Duration::from_secs(71));
    }),
    ("keypad-again", |picture, look| {
        let mut question = at_keypad(with_entry(2, true, false));
        if let Some(entry) = &mut question.codes.keypad {
            entry.again = true;
        }
        ask(picture, look, question, &[]);
    }),
    ("keypad-refused", |picture, look| {
        ask(picture, look, at_keypad(authentication()), &[]);
        let facts = texts::ErrorFacts {
            reason: Some("keypad-still-open"),
            ..texts::ErrorFacts::default()
        };
        failed(picture, look, "cancelled", &facts);
    }),
    ("pair", |picture, look| {
        grant(picture, look, pairing());
    }),
    ("site", |picture, look| {
        grant(picture, look, site());
    }),
    ("hostile", |picture, look| {
        let mut question = authentication();
        question.asker = Asker::PairedProgram(format!("\u{202e}dpxc\n{}", "A".repeat(10_000)));
        let label = "a".repeat(60);
        question.purpose = Purpose::Authenticate {
            origin: origin(&format!("https://{label}.{label}.example:8443")),
        };
        ask(picture, look, question, &[]);
    }),
    ("working", |picture, look| {
        ask(picture, look, authentication(), &[4]);
        picture.go_on();
    }),
    ("done", |picture, look| {
        ask(picture, look, authentication(), &[4]);
        let title = if look.english {
            "Done: the program was given the proof of who you are for https://service.example."
        } else {
            "C’est fait : la preuve de votre identité pour https://service.example est remise au programme."
        };
        end(picture, look, Tone::Done, title, "");
    }),
    ("blocked-for-good", |picture, look| {
        ask(picture, look, authentication(), &[4]);
        let code = "card-definitively-blocked";
        failed(picture, look, code, &texts::ErrorFacts::default());
    }),
];

fn ask(picture: &Picture, look: Look, question: Question, typed: &[usize]) {
    let asked = Asked::Card(question);
    let time = None;
    picture.ask(WindowQuestion { look, asked, time }, typed);
}

fn grant(picture: &Picture, look: Look, question: GrantQuestion) {
    let asked = Asked::Grant(question);
    let time = None;
    picture.ask(WindowQuestion { look, asked, time }, &[]);
}

fn end(picture: &Picture, look: Look, tone: Tone, title: &str, detail: &str) {
    picture.end(OutcomeBody {
        look,
        tone,
        title: title.to_owned(),
        detail: detail.to_owned(),
    });
}

fn failed(picture: &Picture, look: Look, code: &str, facts: &texts::ErrorFacts<'_>) {
    let language = if look.english {
        texts::Language::English
    } else {
        texts::Language::French
    };
    let title = texts::error_title(code, language);
    let detail = texts::error_detail(code, language, facts);
    end(picture, look, Tone::Failed, &title, &detail);
}

fn authentication() -> Question {
    Question {
        asker: Asker::Program(Some("/usr/lib/cabinet/logiciel-du-cabinet".into())),
        purpose: Purpose::Authenticate {
            origin: origin("https://service.example"),
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

fn with_entry(tries_left: u8, previous_was_wrong: bool, last_try: bool) -> Question {
    let mut question = authentication();
    if let Some(entry) = &mut question.codes.pin {
        entry.tries_left = Some(tries_left);
        entry.previous_was_wrong = previous_was_wrong;
        entry.last_try = last_try;
    }
    question
}

fn signature(documents: &[String], with_code: bool) -> Question {
    let mut question = authentication();
    question.purpose = Purpose::Sign {
        documents: documents.to_vec(),
        digests: documents.iter().map(|_| vec![0xA5; 32]).collect(),
        hash: HashAlgorithm::Sha256.into(),
    };
    if !with_code {
        question.codes = CodesAsked::default();
    }
    question.card.days_left = Some(21);
    question
}

fn session() -> Question {
    Question {
        asker: Asker::PairedProgram("Logiciel du cabinet".to_owned()),
        purpose: Purpose::OpenSession(SessionTerms {
            limits: SessionLimits::DEFAULT,
            authenticates: true,
            deciphers: false,
            signs: Some(SignatureCode::Each),
        }),
        ..authentication()
    }
}

fn change() -> Question {
    let mut question = authentication();
    question.asker = Asker::PairedProgram("Logiciel du cabinet".to_owned());
    question.purpose = Purpose::ChangePin;
    question.codes.new_pin = Some(NEW_CODE);
    question.card.environment = Environment::Test;
    question
}

fn unblocking(tries_left: u8, is_last_try: bool) -> Question {
    let mut question = authentication();
    question.purpose = Purpose::UnblockPin;
    question.codes = CodesAsked {
        pin: None,
        unblock_code: Some(UnblockCodeEntry {
            tries_left: Some(tries_left),
            uses_left: Some(if is_last_try { 1 } else { 100 }),
            previous_was_wrong: is_last_try,
            pin_may_be_usable: false,
            last_try: is_last_try,
        }),
        new_pin: Some(NEW_CODE),
        keypad: None,
    };
    question
}

fn at_keypad(mut question: Question) -> Question {
    question.codes.keypad = Some(KeypadEntry {
        time: Duration::from_secs(30) * question.codes.entries(),
        again: false,
        not_taken: None,
    });
    question
}

fn pairing() -> GrantQuestion {
    GrantQuestion {
        applicant: Applicant::Program {
            name: "Logiciel du cabinet".to_owned(),
            executable: Some("/usr/lib/cabinet/logiciel".into()),
            origins: vec![origin("https://service.example")],
            code: PairingCode::from_random([1, 2, 3, 10, 11, 12]),
            name_is_taken: false,
        },
        rights: Rights::all(),
        environment: Environment::Production,
    }
}

fn site() -> GrantQuestion {
    GrantQuestion {
        applicant: Applicant::Page(Site {
            origin: origin("https://service.example"),
            top_origin: Some(origin("https://portal.example:8443")),
        }),
        rights: Rights::from_iter([Right::Identify, Right::Authenticate, Right::Sign]),
        environment: Environment::Test,
    }
}

#[expect(clippy::unwrap_used, reason = "an origin that stands here is one")]
fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

const NEW_CODE: NewCodeEntry = NewCodeEntry {
    minimum_len: 4,
    maximum_len: 8,
};
