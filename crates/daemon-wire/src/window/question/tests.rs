use daemon_types::{
    Applicant, Asker, CardId, CardLabel, CodeEntry, Environment, HashAlgorithm, KeypadEntry,
    NewCodeEntry, NotTaken, Origin, PairingCode, Right, Rights, Site, UnblockCodeEntry,
};
use proptest::prelude::*;

use super::*;
use crate::window::{FrameHeader, Theme};

fn site() -> impl Strategy<Value = Site> {
    (0..1000u32, any::<bool>()).prop_map(|(number, is_inside)| Site {
        origin: Origin::parse(&format!("https://site{number}.example")).unwrap(),
        top_origin: is_inside.then(|| Origin::parse("https://portal.example:8443").unwrap()),
    })
}

fn asker() -> impl Strategy<Value = Asker> {
    prop_oneof![
        any::<String>().prop_map(Asker::PairedProgram),
        Just(Asker::DemoToken),
        Just(Asker::Console),
        any::<Option<String>>().prop_map(|path| Asker::Program(path.map(Into::into))),
        site().prop_map(Asker::Page),
    ]
}

fn purpose() -> impl Strategy<Value = Purpose> {
    let documents = proptest::collection::vec((any::<String>(), any::<[u8; 32]>()), 1..5);
    prop_oneof![
        site().prop_map(|site| Purpose::Authenticate {
            origin: site.origin
        }),
        documents.prop_map(|documents| Purpose::Sign {
            documents: documents.iter().map(|(text, _)| text.clone()).collect(),
            digests: documents
                .iter()
                .map(|(_, digest)| digest.to_vec())
                .collect(),
            hash: HashAlgorithm::Sha256.into(),
        }),
        Just(Purpose::UseAuthenticationKey),
        Just(Purpose::Decipher),
        Just(Purpose::ReadActivities),
        Just(Purpose::ChangePin),
        Just(Purpose::UnblockPin),
        session_terms().prop_map(Purpose::OpenSession),
    ]
}

fn session_terms() -> impl Strategy<Value = SessionTerms> {
    let signs = prop_oneof![
        Just(None),
        Just(Some(SignatureCode::Each)),
        Just(Some(SignatureCode::Session)),
    ];
    (any::<u32>(), any::<u32>(), any::<(bool, bool)>(), signs).prop_map(
        |(inactivity, age, (authenticates, deciphers), signs)| SessionTerms {
            limits: SessionLimits {
                inactivity: Duration::from_secs(inactivity.into()),
                age: Duration::from_secs(age.into()),
            },
            authenticates,
            deciphers,
            signs,
        },
    )
}

fn environment() -> impl Strategy<Value = Environment> {
    prop_oneof![Just(Environment::Production), Just(Environment::Test)]
}

fn card() -> impl Strategy<Value = CardLabel> {
    let texts = any::<(String, String, Option<String>, String, Option<i64>)>();
    (texts, environment()).prop_map(
        |((id, holder, card_type, number, days_left), environment)| CardLabel {
            id: CardId(id),
            holder,
            card_type,
            number,
            environment,
            days_left,
        },
    )
}

fn codes() -> impl Strategy<Value = CodesAsked> {
    let pin = any::<Option<(Option<u8>, bool, bool, bool, bool, u8, u8)>>();
    let unblock_code = any::<Option<(Option<u8>, Option<u16>, bool, bool, bool)>>();
    let new_pin = any::<Option<(u8, u8)>>();
    (pin, unblock_code, new_pin, keypad()).prop_map(|(pin, unblock_code, new_pin, keypad)| {
        CodesAsked {
            pin: pin.map(
                |(
                    tries_left,
                    previous_was_wrong,
                    may_be_blocked,
                    last_try,
                    blocks_for_good,
                    minimum_len,
                    maximum_len,
                )| {
                    CodeEntry {
                        tries_left,
                        previous_was_wrong,
                        may_be_blocked,
                        last_try,
                        blocks_for_good,
                        minimum_len,
                        maximum_len,
                    }
                },
            ),
            unblock_code: unblock_code.map(
                |(tries_left, uses_left, previous_was_wrong, pin_may_be_usable, last_try)| {
                    UnblockCodeEntry {
                        tries_left,
                        uses_left,
                        previous_was_wrong,
                        pin_may_be_usable,
                        last_try,
                    }
                },
            ),
            new_pin: new_pin.map(|(minimum_len, maximum_len)| NewCodeEntry {
                minimum_len,
                maximum_len,
            }),
            keypad,
        }
    })
}

fn keypad() -> impl Strategy<Value = Option<KeypadEntry>> {
    let not_taken = prop_oneof![
        Just(None),
        Just(Some(NotTaken::NewCodesDiffer)),
        Just(Some(NotTaken::Length)),
    ];
    let entry = (any::<u32>(), any::<bool>(), not_taken);
    let entry = entry.prop_map(|(milliseconds, again, not_taken)| KeypadEntry {
        time: Duration::from_millis(milliseconds.into()),
        again,
        not_taken,
    });
    proptest::option::of(entry)
}

fn about_a_card() -> impl Strategy<Value = Asked> {
    (asker(), purpose(), card(), codes()).prop_map(|(asker, purpose, card, codes)| {
        Asked::Card(Question {
            asker,
            purpose,
            card,
            codes,
        })
    })
}

fn grant() -> impl Strategy<Value = Asked> {
    let program = (
        any::<String>(),
        any::<Option<String>>(),
        any::<[u8; 6]>(),
        site(),
    )
        .prop_map(|(name, executable, code, site)| Applicant::Program {
            name,
            executable: executable.map(Into::into),
            origins: vec![site.origin],
            code: PairingCode::from_random(code),
            name_is_taken: false,
        });
    let applicant = prop_oneof![program, site().prop_map(Applicant::Page)];
    let rights = proptest::sample::subsequence(&Right::ALL[..], 0..=Right::ALL.len());
    (applicant, rights, environment()).prop_map(|(applicant, rights, environment)| {
        Asked::Grant(GrantQuestion {
            applicant,
            rights: rights.into_iter().collect::<Rights>(),
            environment,
        })
    })
}

fn look() -> impl Strategy<Value = Look> {
    let theme = prop_oneof![
        Just(None),
        Just(Some(Theme::Light)),
        Just(Some(Theme::Dark))
    ];
    (any::<bool>(), theme).prop_map(|(english, theme)| Look { english, theme })
}

proptest! {
    #[test]
    fn every_question_comes_back(
        asked in prop_oneof![about_a_card(), grant()],
        look in look(),
        seconds: Option<u64>,
    ) {
        let time = seconds.map(Duration::from_secs);
        let question = WindowQuestion { look, asked, time };
        let frame = question.to_frame().unwrap();
        let (header, content) = frame.split_at(FrameHeader::LEN);
        let header = FrameHeader::parse(header.try_into().unwrap()).unwrap();
        prop_assert_eq!((header.kind, header.len), (FrameKind::Question, content.len()));
        prop_assert_eq!(WindowQuestion::parse(content), Ok(question));
    }

    #[test]
    fn no_content_panics(bytes: Vec<u8>, text: String) {
        let _ = WindowQuestion::parse(&bytes);
        let _ = WindowQuestion::parse(text.as_bytes());
    }
}

#[test]
fn a_field_of_another_version_is_refused() {
    let question = WindowQuestion {
        look: Look::default(),
        asked: Asked::Grant(GrantQuestion {
            applicant: Applicant::Page(Site {
                origin: Origin::parse("https://service.example").unwrap(),
                top_origin: None,
            }),
            rights: Rights::all(),
            environment: Environment::Test,
        }),
        time: None,
    };
    let frame = question.to_frame().unwrap();
    let text = std::str::from_utf8(&frame[FrameHeader::LEN..]).unwrap();
    assert!(WindowQuestion::parse(text.as_bytes()).is_ok());
    for (from, to) in [
        ("\"isTest\"", "\"isDemo\""),
        ("https://", "http://"),
        ("identify", "identity"),
        ("\"rights\"", "\"extra\":1,\"rights\""),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        assert!(WindowQuestion::parse(other.as_bytes()).is_err(), "{other}");
    }
}
