//! The PKCS#11 module, loaded by a program that makes the usual calls in any order, on an agent that answers anything.
#![expect(
    unsafe_code,
    reason = "the module is told where its agent is by the environment of its process"
)]

use std::collections::BTreeMap;
use std::sync::Once;
use std::{env, fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::certificates::{GENUINE_CARDS, with_part};
use crate::hand_made_agent::{
    ANYTHING, Answer, CALLS, CARD, DATA, DECIPHER, EVENTS, HandMadeAgent, LOGIN, OBJECTS, Pace,
    RANDOM, READERS, SIGN, answer_of, good, held, with_agent,
};
use crate::input::Input;
use crate::pkcs11_odd_calls::{self, ODD_CALLS};
use crate::pkcs11_program::{Program, USUAL_CALLS};

/// Options, the calls of the program, then answers of the agent, each behind the number of its call and how it comes;
/// what is not there is answered well.
pub(crate) fn calls(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let options = input.byte();
    let calls = input.piece().unwrap_or_default();
    let answers = answers(input);
    with_agent(|agent| {
        agent.answers(answers);
        configure(agent, options & MET_AS_BROWSER != 0);
        play(options, calls);
        if options & WAITS_FOR_EVENTS != 0 {
            wait_until_the_end(agent);
        }
        Program::finalise();
    });
}

/// Calls by their numbers: the usual ones, then the odd ones, which take more bytes for what is given to them.
fn play(options: u8, calls: &[u8]) {
    let mut program = Program::initialise();
    if options & BEGINS_WELL != 0 {
        program.begin();
    }
    let usual: Vec<u8> = (0..USUAL_CALLS).collect();
    let mut calls = Input::new(if calls.is_empty() { &usual } else { calls });
    for _ in 0..MOST_CALLS {
        if calls.is_over() {
            break;
        }
        let number = calls.byte() % (USUAL_CALLS + ODD_CALLS);
        match number.checked_sub(USUAL_CALLS) {
            Some(odd) => pkcs11_odd_calls::call(&mut program, odd, &mut calls),
            None => program.call(number),
        }
    }
}

/// Somebody waits for an event while the module ends: that is the end of the wait.
fn wait_until_the_end(agent: &HandMadeAgent) {
    thread::scope(|scope| {
        let waiting = scope.spawn(Program::wait_for_event);
        agent.wait_until_asked(EVENTS, || waiting.is_finished());
        Program::finalise();
        assert!(waiting.join().is_ok(), "the wait ends by a panic");
        Program::initialise();
    });
}

fn answers(mut input: Input<'_>) -> BTreeMap<&'static str, Vec<Answer>> {
    let mut answers = BTreeMap::<_, Vec<Answer>>::new();
    let kinds = u8::try_from(CALLS.len() + 2).unwrap_or(u8::MAX);
    while !input.is_over() && answers.len() < CALLS.len() {
        let byte = input.byte();
        let number = usize::from(byte % kinds);
        let (call, bytes) = match CALLS.get(number) {
            Some(call) => (*call, answer_of(&mut input)),
            None => (OBJECTS, objects_with(&mut input, number == CALLS.len())),
        };
        let of_call = answers.entry(call).or_default();
        if of_call.len() < MOST_ANSWERS {
            let pace = Pace::of_number(byte / kinds);
            of_call.push(Answer { bytes, pace });
        }
    }
    for (call, bytes) in good_answers() {
        let answer = || vec![Answer::from(bytes)];
        answers.entry(call).or_insert_with(answer);
    }
    answers
}

/// A list whose certificates are the input's, or genuine ones with a key of the input's.
fn objects_with(input: &mut Input<'_>, is_whole: bool) -> Vec<u8> {
    let piece = input.piece().unwrap_or_default();
    let with_key = || with_part(GENUINE_CARDS[1], PUBLIC_KEY, piece);
    let certificate = if is_whole { None } else { with_key() };
    let certificate = certificate.unwrap_or_else(|| piece.to_vec());
    good(JSON, objects(&certificate).as_bytes())
}

/// What an agent answers to a good program.
fn good_answers() -> [(&'static str, Vec<u8>); 10] {
    let json = |text: &str| good(JSON, text.as_bytes());
    let bytes = |name: &str, len: usize| {
        json(&format!(
            r#"{{"{name}":"{}"}}"#,
            STANDARD.encode(vec![7; len])
        ))
    };
    [
        (READERS, json(GOOD_READERS)),
        (CARD, json(GOOD_CARD)),
        (OBJECTS, json(&objects(GENUINE_CARDS[1]))),
        (LOGIN, held("/v1/sessions/s1")),
        (SIGN, bytes("signature", 256)),
        (DECIPHER, bytes("plaintext", 20)),
        (DATA, bytes("value", 12)),
        (RANDOM, bytes("bytes", 32)),
        (
            EVENTS,
            good(
                "text/event-stream",
                b"id: 1\nevent: card-state\ndata: {}\n\n",
            ),
        ),
        (ANYTHING, json("{}")),
    ]
}

/// A list of a key for each role, with this certificate, and data of both kinds.
pub(crate) fn objects(certificate: &[u8]) -> String {
    let certificate = STANDARD.encode(certificate);
    let of_key = |role: &str, id: &str| {
        format!(
            r#"{{"kind":"privateKey","label":"PRIV_{role}","id":"{id}","role":"{role}","private":true}},
            {{"kind":"certificate","label":"CERT_{role}","id":"{id}","role":"{role}","private":false,"certificate":"{certificate}"}},"#
        )
    };
    let keys = of_key("authentication", "AQ==") + &of_key("signature", "Ag==");
    format!(
        r#"{{"label":"CPS3","serialNumber":"12345678","objects":[{keys}
        {{"kind":"data","label":"CPS_NAME_PS","id":"","role":null,"private":false,"application":"CPS","objectId":"BgEq"}},
        {{"kind":"data","label":"CPS_ACTIVITY_01_PS","id":"","role":null,"private":true}}]}}"#
    )
}

/// Leads the module to the agent, as the file of its user does.
fn configure(agent: &HandMadeAgent, is_browser: bool) {
    static ONCE: Once = Once::new();
    let folder = agent.folder.path().join("configuration");
    ONCE.call_once(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "the program is the one whose environment it is"
        )]
        // SAFETY: everything here asks for variables through the standard library, which has a lock for it.
        unsafe {
            env::set_var("XDG_CONFIG_HOME", &folder);
        }
    });
    let browsers = if is_browser { "[\"*\"]" } else { "[]" };
    let state = agent.paths.state_dir().display();
    let lines = format!("state-dir = \"{state}\"\nbrowsers = {browsers}\n");
    let folder = folder.join("cpxd");
    let written = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("pkcs11-module.toml"), lines));
    assert!(written.is_ok(), "the module cannot be led to its agent");
}

/// Options: the program is met as a browser.
pub(crate) const MET_AS_BROWSER: u8 = 1;
/// Another thread of it waits for an event when the module ends.
pub(crate) const WAITS_FOR_EVENTS: u8 = 2;
/// It has a session, a log-in and all objects before its first call.
pub(crate) const BEGINS_WELL: u8 = 4;
const MOST_CALLS: usize = 64;
const MOST_ANSWERS: usize = 8;
/// The place of the key among the parts of a certificate.
const PUBLIC_KEY: usize = 6;
const JSON: &str = "application/json";

pub(crate) const GOOD_READERS: &str = r#"{"readers":[{"id":"r1","name":"Reader 1","keypad":false,"contactless":null,"state":"card","card":"c1"},{"id":"r2","name":"Lecteur à deux","keypad":true,"contactless":true,"state":"empty"}]}"#;
pub(crate) const GOOD_CARD: &str = r#"{"id":"c1","reader":"r1","generation":"CPS3","type":"CPS","environment":"test","number":"1234567890","holder":{"familyName":"DUPONT","givenName":null,"pseudonym":null,"nationalId":null,"nationalIdKind":null,"profession":null,"knowHow":[],"structure":null},"validity":null,"pin":{"state":"ready","triesLeft":3,"triesMaximum":3},"unblockCode":{"state":"ready","triesLeft":3,"usesLeft":5},"certificates":[{"role":"authentication","serialNumber":"01","issuer":"CN=A","notBefore":"2026-01-01T00:00:00Z","notAfter":"2029-01-01T00:00:00Z","status":"valid","revocation":"notChecked","signatureAlgorithms":["RS256","RS384","RS512","PS256"]}],"warnings":[]}"#;
