//! What a fuzzer begins with: well-formed inputs, from the fixtures and the test certificates.

use card_apdu::tlv;
use card_transcript::{Act, Outcome, Transcript};

use crate::card_answers::{CARD_IS_KNOWN, LAST_TRY_CONFIRMED, OPERATION_COUNT};
use crate::certificates::{AUTHORITIES, GENUINE_CARDS, OTHER_CARDS, PARTS, TEST_ROOT, part_of};
use crate::input::as_piece;
use crate::pkcs15_files::{FILES, PROFILES};
use crate::recorded_files::{cps3, cps4};
#[cfg(unix)]
use crate::socket_seeds;
use crate::watched_card::FAULT;

/// The inputs for a target; `dialogues` are texts of `.apdu` files.
#[must_use]
pub fn of(target: &str, dialogues: &[String]) -> Vec<Vec<u8>> {
    let transcripts = dialogues
        .iter()
        .filter_map(|text| Transcript::parse(text).ok());
    let transcripts: Vec<Transcript> = transcripts.collect();
    match target {
        "atr" => atrs(&transcripts),
        "apdu" => apdus(&transcripts),
        "tlv" | "fcp" => templates(&transcripts),
        "keypad" => KEYPADS.iter().map(|bytes| bytes.to_vec()).collect(),
        "pkcs15" => pkcs15_files(),
        "certificate" => certificates(),
        "certificate-parts" => certificate_parts(),
        "chain" => chains(),
        "transcript" => dialogues
            .iter()
            .map(|text| text.clone().into_bytes())
            .collect(),
        "scripted-holder" => texts(&SCRIPTS),
        "request" => requests(),
        "window" => window_frames(),
        "pinentry" => texts(&PINENTRY_LINES),
        "card-answers" => transcripts.iter().flat_map(card_answers).collect(),
        #[cfg(unix)]
        "socket-bytes" => socket_seeds::bytes(),
        #[cfg(unix)]
        "socket-calls" => socket_seeds::calls(),
        #[cfg(unix)]
        "agent-answers" => socket_seeds::answers(),
        #[cfg(unix)]
        "module-calls" => socket_seeds::module_calls(),
        _ => Vec::new(),
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn atrs(transcripts: &[Transcript]) -> Vec<Vec<u8>> {
    let of_cards = transcripts.iter().map(|transcript| &transcript.header.atr);
    let of_cards = of_cards.map(|atr| atr.as_bytes().to_vec());
    of_cards.chain([CONTACTLESS_ATR.to_vec()]).collect()
}

/// Commands and answers as they go over the wire.
fn apdus(transcripts: &[Transcript]) -> Vec<Vec<u8>> {
    let commands = acts(transcripts).filter_map(|act| match act {
        Act::Exchange(exchange) => Some(exchange.command.zero_filled()),
        Act::Event(_) => None,
    });
    commands
        .chain(acts(transcripts).filter_map(answer))
        .collect()
}

/// Data of answers that is itself made of data objects.
fn templates(transcripts: &[Transcript]) -> Vec<Vec<u8>> {
    let answers = acts(transcripts).filter_map(answer);
    let data = answers.filter_map(|answer| answer.strip_suffix(&[0x90, 0x00]).map(<[u8]>::to_vec));
    data.filter(|data| tlv::objects(data).next().is_some())
        .collect()
}

fn pkcs15_files() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for (profile, files) in (0..).zip([cps3(), cps3(), cps4()]).take(PROFILES.len()) {
        for (number, file) in (0..).zip(FILES) {
            let content = files.get(&file).cloned().unwrap_or_default();
            inputs.push([&[profile, number], &content[..]].concat());
        }
    }
    inputs
}

fn certificates() -> Vec<Vec<u8>> {
    let all = GENUINE_CARDS.iter().chain(&OTHER_CARDS).chain(&AUTHORITIES);
    all.map(|der| der.to_vec()).collect()
}

fn certificate_parts() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for der in GENUINE_CARDS.iter().chain(&OTHER_CARDS) {
        for number in (0u8..).take(PARTS) {
            let part = part_of(der, usize::from(number)).unwrap_or_default();
            inputs.push([&[number], &part[..]].concat());
        }
    }
    inputs
}

fn chains() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for card in GENUINE_CARDS.iter().chain(&OTHER_CARDS) {
        for authority in AUTHORITIES {
            inputs.push([as_piece(card), as_piece(authority)].concat());
        }
    }
    let everything = AUTHORITIES.iter().chain([&TEST_ROOT]);
    let everything: Vec<u8> = everything.flat_map(|der| as_piece(der)).collect();
    inputs.push([as_piece(GENUINE_CARDS[0]), everything].concat());
    inputs
}

/// The answers of a dialogue, to every operation that the generation knows.
fn card_answers(transcript: &Transcript) -> Vec<Vec<u8>> {
    let answers = acts(std::slice::from_ref(transcript)).flat_map(|act| match answer(act) {
        Some(answer) => as_piece(&answer),
        None => vec![FAULT, 0],
    });
    let answers: Vec<u8> = answers.collect();
    let is_cps4 = transcript.header.card.contains("CPS4");
    let is_contactless = transcript.header.card.contains("contactless");
    let profile = u8::from(is_contactless) + 2 * u8::from(is_cps4);
    let mut inputs = Vec::new();
    for operation in 0..OPERATION_COUNT {
        for options in [0, CARD_IS_KNOWN, CARD_IS_KNOWN | LAST_TRY_CONFIRMED] {
            inputs.push([&[profile, operation, options], &answers[..]].concat());
        }
    }
    inputs
}

/// Frames of the window's pipe: version, kind, length, content.
fn window_frames() -> Vec<Vec<u8>> {
    let framed = |kind: u8, content: &[u8]| {
        let len = u32::try_from(content.len()).unwrap_or_default();
        [&[1, kind], &len.to_be_bytes()[..], content].concat()
    };
    let questions = WINDOW_QUESTIONS.map(|text| framed(1, text.as_bytes()));
    let others = [
        framed(
            2,
            br#"{"look":{"english":true,"theme":null},"tone":"done","title":"a","detail":""}"#,
        ),
        framed(0x81, b""),
        framed(0x82, b"\x01\x041234\x0812345678\x044321"),
        framed(0x83, b"\x01"),
    ];
    questions.into_iter().chain(others).collect()
}

const WINDOW_QUESTIONS: [&str; 3] = [
    r#"{"look":{"english":false,"theme":"dark"},"asked":{"card":{"asker":{"program":"/a/b"},"purpose":{"authenticate":{"origin":"https://a.example"}},"card":{"id":"c","holder":"H","cardType":"CPS","number":"1","isTest":true,"daysLeft":3},"pin":{"triesLeft":3,"previousWasWrong":false,"lastTry":false,"blocksForGood":false,"minimumLen":4,"maximumLen":8},"unblockCode":null,"newPin":null}}}"#,
    r#"{"look":{"english":true,"theme":null},"asked":{"card":{"asker":"demoToken","purpose":{"sign":{"documents":["d"],"digests":["AAAA"],"hash":"SHA-256"}},"card":{"id":"c","holder":"H","cardType":null,"number":"1","isTest":false,"daysLeft":null},"pin":null,"unblockCode":{"triesLeft":1,"usesLeft":2,"previousWasWrong":true,"lastTry":true},"newPin":{"minimumLen":4,"maximumLen":8}}}}"#,
    r#"{"look":{"english":true,"theme":null},"asked":{"grant":{"applicant":{"program":{"name":"n","executable":null,"origins":["https://a.example"],"code":"123ABC"}},"rights":["identify","sign"],"isTest":true}}}"#,
];

fn requests() -> Vec<Vec<u8>> {
    let nonce = "A".repeat(44);
    let digest = format!("{}=", "A".repeat(43));
    [
        (
            0,
            format!(r#"{{"nonce":"{nonce}","origin":"https://a.example","timeoutSeconds":60}}"#),
        ),
        (
            1,
            format!(r#"{{"hash":"SHA-256","digests":[{{"value":"{digest}","description":"é"}}]}}"#),
        ),
        (1, r#"{"hash":"SHA-384","digests":[]}"#.to_owned()),
        (2, r#"{"timeoutSeconds":600}"#.to_owned()),
        (3, nonce),
        (3, "https://[2001:db8::1]:8443".to_owned()),
        (3, "https://service.example".to_owned()),
    ]
    .into_iter()
    .map(|(kind, text)| [&[kind], text.as_bytes()].concat())
    .collect()
}

fn acts(transcripts: &[Transcript]) -> impl Iterator<Item = &Act> {
    let steps = transcripts.iter().flat_map(|transcript| &transcript.steps);
    steps.flat_map(|step| &step.acts)
}

fn answer(act: &Act) -> Option<Vec<u8>> {
    let Act::Exchange(exchange) = act else {
        return None;
    };
    let Outcome::Answer(answer) = &exchange.outcome else {
        return None;
    };
    let mut bytes = answer.data.zero_filled();
    bytes.extend([answer.sw.sw1(), answer.sw.sw2()]);
    Some(bytes)
}

const CONTACTLESS_ATR: [u8; 20] = [
    0x3B, 0x8F, 0x80, 0x01, 0x00, 0x31, 0xB8, 0x64, 0x04, 0xB0, 0xEC, 0xC1, 0x73, 0x94, 0x01, 0x80,
    0x82, 0x90, 0x00, 0x0E,
];

/// What pinentries say, and what none should.
const PINENTRY_LINES: [&str; 9] = [
    "OK Pleased to meet you",
    "ERR 83886179 Operation cancelled <Pinentry>",
    "ERR 83886194",
    "D 1234",
    "D 12%2534%0A%",
    "D",
    "S PASSWORD_FROM_CACHE",
    "# Nothing to say",
    "INQUIRE QUALITY 1234",
];

const SCRIPTS: [&str; 3] = [
    "pin = \"1234\"\nnew_pin = \"4321\"\nunblock_code = \"12345678\"\nconsent = true\ndelay_ms = 0x10\n",
    "consent = false\nanswers = [ { pin = \"0000\" }, { pin = '1234', go_away = true } ]\n",
    "[[answers]]\npin = \"\\u00e9\"\n[[answers]]\ndelay_ms = 5 # slow\n",
];
/// What drivers say of their keypads, as [`crate::wire_formats::keypad`] takes it apart.
const KEYPADS: [&[u8]; 3] = [
    &[
        24, 0x06, 4, 0x42, 0x33, 0, 6, 0x07, 4, 0x42, 0x33, 0, 7, 0x0A, 4, 0x42, 0x33, 0, 10, 0x12,
        4, 0x42, 0x33, 0, 18, 0x10, 0x02, 0x07, 0x00, 6, 1, 4, 7, 1, 8, 11, 2, 0x6B, 0x07, 12, 2,
        0x31, 0x30,
    ],
    &[6, 0x06, 4, 0x42, 0x33, 0, 6, 0x00, 0x00, 0x01, 0x00],
    &[0, 0x64, 0x01],
];
