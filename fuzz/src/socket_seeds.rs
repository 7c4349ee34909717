//! What a fuzzer begins with at the user's socket: calls of good programs, and answers of a good agent.

use crate::certificates::{GENUINE_CARDS, OTHER_CARDS, part_of};
use crate::hand_made_agent::{CALLS, good, held};
use crate::input::as_piece;
use crate::module::{
    BEGINS_WELL, GOOD_CARD, GOOD_READERS, MET_AS_BROWSER, WAITS_FOR_EVENTS, objects,
};
use crate::pkcs11_odd_calls::ODD_CALLS;
use crate::pkcs11_program::USUAL_CALLS;
use crate::user_socket::{HEADERS, PATHS};

/// Requests as they go over the wire.
pub(crate) fn bytes() -> Vec<Vec<u8>> {
    let posts = BODIES.map(|(path, body)| {
        let len = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Cpxd-Client: a/1\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}")
    });
    let others = [
        "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n",
        "GET /v1/cards/{card}/objects HTTP/1.1\r\nHost: localhost\r\nAccept-Language: fr\r\n\r\nGET /v1/cards HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /v1/cards/{card}/random HTTP/1.1\r\nHost: localhost\r\nX-Cpxd-Client: a/1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"length\":8}\r\n0\r\n\r\n",
        "POST /v1/cards/{card}/random HTTP/1.1\r\nHost: localhost\r\nX-Cpxd-Client: a/1\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"length\":8}",
        "DELETE /v1/sessions/{session} HTTP/1.0\r\n\r\n",
    ];
    let others = others.map(str::to_owned);
    posts
        .into_iter()
        .chain(others)
        .map(String::into_bytes)
        .collect()
}

/// Every call with every body, before every holder, in a log-in and without one.
pub(crate) fn calls() -> Vec<Vec<u8>> {
    let mut calls = Vec::new();
    for (path, body) in BODIES {
        let path = PATHS.iter().position(|known| *known == path);
        let path = path
            .and_then(|path| u8::try_from(path).ok())
            .unwrap_or_default();
        for options in 0..2 * QUICK_HOLDERS {
            calls.push(call(options, POST, path, body));
        }
    }
    calls.push(call(LATE_HOLDER, POST, 1, BODIES[1].1));
    for path in (1..).take(PATHS.len() - 1) {
        calls.push(call(1, GET, path, ""));
    }
    for (number, value) in (0u8..)
        .zip(["", "*/*", "fr", "7", "Bearer x", "null"])
        .take(HEADERS.len())
    {
        let header = [&[number][..], &as_piece(value.as_bytes())].concat();
        calls.push([&[0, GET, EVENTS][..], &header].concat());
    }
    calls.push(call(1, DELETE, SESSION, ""));
    calls
}

fn call(options: u8, method: u8, path: u8, body: &str) -> Vec<u8> {
    let no_header = [&[0][..], &as_piece(b"")].concat();
    [&[options, method, path], &no_header[..], body.as_bytes()].concat()
}

/// Each answer of a good agent to each way of asking.
pub(crate) fn answers() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for question in 0..7 {
        for (form, text) in ANSWERS {
            inputs.push([&[question, form], &as_piece(text.as_bytes())[..]].concat());
        }
        for pace in 13..16 {
            let (form, text) = ANSWERS[0];
            let asked = question + 7 * pace;
            inputs.push([&[asked, form], &as_piece(text.as_bytes())[..]].concat());
        }
        for whole in [good("application/json", b"{}"), held("/v1/sessions/s")] {
            inputs.push([&[question, RAW], &as_piece(&whole)[..]].concat());
        }
    }
    inputs
}

/// A program that calls everything, on an agent one of whose answers is odd.
pub(crate) fn module_calls() -> Vec<Vec<u8>> {
    let none = as_piece(b"");
    let mut inputs = Vec::new();
    for options in [0, MET_AS_BROWSER, WAITS_FOR_EVENTS] {
        inputs.push([&[options][..], &none].concat());
    }
    for (call, _) in (0u8..).zip(CALLS) {
        for (form, text) in ANSWERS {
            let answer = as_piece(text.as_bytes());
            inputs.push([&[0][..], &none, &[call, form], &answer].concat());
        }
        for pace in 13..16 {
            let answer = as_piece(ANSWERS[0].1.as_bytes());
            let call = call + 12 * pace;
            inputs.push([&[0][..], &none, &[call, 0], &answer].concat());
        }
    }
    inputs.extend(odd_calls().map(|calls| [&[BEGINS_WELL][..], &as_piece(&calls)].concat()));
    let lists = [
        (0, GOOD_READERS.to_owned()),
        (1, GOOD_CARD.to_owned()),
        (2, objects(GENUINE_CARDS[0])),
    ];
    for (call, list) in lists {
        for form in [0, MANY_TIMES, CUT] {
            let answer = as_piece(list.as_bytes());
            inputs.push([&[0][..], &none, &[call, form], &answer].concat());
        }
    }
    for der in GENUINE_CARDS.iter().chain(&OTHER_CARDS) {
        let key = part_of(der, 6).unwrap_or_default();
        inputs.push([&[0][..], &none, &[WITH_CERTIFICATE], &as_piece(der)].concat());
        inputs.push([&[0][..], &none, &[WITH_KEY], &as_piece(&key)].concat());
    }
    inputs
}

/// Each odd call with arguments of each kind, and operations from their beginning to their end.
fn odd_calls() -> impl Iterator<Item = Vec<u8>> {
    let alone = (0..ODD_CALLS).flat_map(|number| {
        [0, 4, 13, 38, u8::MAX].map(|argument| [&[odd(number)][..], &[argument; 16]].concat())
    });
    let [begin, part, whole, end, verify] = [5, 7, 8, 9, 10].map(odd);
    let rooms = [ASKS_FOR_LENGTH, ROOM_FOR_ALL, ROOM_FOR_NOTHING];
    let operations = rooms.into_iter().flat_map(move |room| {
        let at_once = |which, key| [begin, which, 0, key, 0, 0, whole, which, 0, 6, 20, room, 0];
        [
            at_once(0, 0).to_vec(),
            at_once(2, 1).to_vec(),
            at_once(3, 0).to_vec(),
            vec![begin, 0, 0, 0, 2, 0, part, 0, 0, 4, end, 0, 0, room, 0],
            vec![
                begin, 3, 0, 0, 0, 0, part, 4, 0, 4, room, 0, end, 3, 0, room, 0,
            ],
            vec![begin, 1, 0, 1, 2, 0, part, 1, 0, 4, verify, 0, 1, 4],
            vec![begin, 1, 0, 1, 4, 5, verify, 0, 0, 4, 6, 32],
            vec![odd(6), 0, 7, 0, 0, part, 2, 0, 4, end, 1, 0, room, 0],
        ]
    });
    alone.chain(operations)
}

fn odd(number: u8) -> u8 {
    USUAL_CALLS + number
}

const ASKS_FOR_LENGTH: u8 = 8;
const ROOM_FOR_ALL: u8 = 16;
const ROOM_FOR_NOTHING: u8 = 48;
const POST: u8 = 0;
const GET: u8 = 1;
const DELETE: u8 = 2;
const EVENTS: u8 = 8;
const SESSION: u8 = 13;
const RAW: u8 = 1;
/// How many holders a call may meet who answer at once, and the one who does not.
const QUICK_HOLDERS: u8 = 4;
const LATE_HOLDER: u8 = u8::MAX - 1;
/// The form of an answer whose list has fifteen hundred elements more.
const MANY_TIMES: u8 = 6 + 8 * 15;
/// The form of an answer that breaks off.
const CUT: u8 = 7 + 8 * 8;
const WITH_CERTIFICATE: u8 = 10;
const WITH_KEY: u8 = 11;

const BODIES: [(&str, &str); 12] = [
    (
        PATHS[1],
        r#"{"algorithm":"RS256","value":"9Lc1pdQUyGkL8sUvRfQqP1cIR5M3p5iYJY3x6qQmXJ8=","session":"{session}","timeoutSeconds":60}"#,
    ),
    (
        PATHS[1],
        r#"{"algorithm":"RSA-PKCS1","value":"AQID","timeoutSeconds":1}"#,
    ),
    (
        PATHS[2],
        r#"{"algorithm":"PS256","value":"9Lc1pdQUyGkL8sUvRfQqP1cIR5M3p5iYJY3x6qQmXJ8=","description":"é"}"#,
    ),
    (
        PATHS[2],
        r#"{"algorithm":"RSA-PKCS1","value":"MDEwDQYJYIZIAWUDBAIBBQAEIPS3NaXUFMhpC/LFL0X0Kj9XCEeTN6eYmCWN8eqkJlyf"}"#,
    ),
    (PATHS[4], r#"{"label":"CPS_NAME_PS"}"#),
    (
        PATHS[4],
        r#"{"label":"CPS_ACTIVITY_01_PS","session":"{session}"}"#,
    ),
    (PATHS[5], r#"{"length":256}"#),
    (
        PATHS[6],
        r#"{"cryptogram":"{cryptogram}","session":"{session}"}"#,
    ),
    (PATHS[6], r#"{"cryptogram":"{cryptogram}"}"#),
    (PATHS[7], r#"{"timeoutSeconds":600}"#),
    (PATHS[12], r#"{"card":"{card}"}"#),
    (PATHS[14], "{}"),
];

/// Answers by their form.
const ANSWERS: [(u8, &str); 9] = [
    (
        0,
        r#"{"signature":"AQID","plaintext":"AQID","value":"AQID","bytes":"AQ==","readers":[]}"#,
    ),
    (
        2,
        r#"{"type":"urn:cpxd:error:pin-wrong","title":"t","status":403,"code":"pin-wrong","detail":"d","triesLeft":2}"#,
    ),
    (
        2,
        r#"{"type":"urn:cpxd:error:bad-request","title":"t","status":400,"code":"bad-request","detail":"d","reason":"not-deciphered"}"#,
    ),
    (2, r#"{"title":"t","code":"card-removed"}"#),
    (2, r#"{"title":"t","code":"session-closed"}"#),
    (
        3,
        "id: 1\nevent: card-inserted\ndata: {\"card\":\"c1\"}\n\n",
    ),
    (4 + 8 * 15, "/v1/sessions/sidata: x\n\n"),
    (5, "{}"),
    (6 + 8, "[{}]"),
];
