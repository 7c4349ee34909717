use super::*;
use card_apdu::{AtrError, MalformedCommand};
use proptest::prelude::*;

use crate::script_bytes::Placeholder;

const HEADER: &str = "\
@what      Reading.
@card      CPS3, virtual
@source    test
@spec      ISO/IEC 7816-4
@atr       3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00
@protocol  T=0
";

fn error_in(body: &str) -> (usize, Reason) {
    let error = parse(&format!("{HEADER}{body}")).unwrap_err();
    (error.line, error.reason)
}

fn placeholder(name: &str, len: usize) -> Placeholder {
    Placeholder::new(name, len).unwrap()
}

#[test]
fn reads_header_steps_commands_answers_and_events() {
    let text = format!(
        "{HEADER}\n## VERIFY a wrong code  # once\n> 00 20 00 01 04 {{pin:4}}\n< | 63 C2\n! reset\n"
    );
    let transcript = parse(&text).unwrap();
    assert_eq!(transcript.header.what, "Reading.");
    assert_eq!(transcript.header.protocol, Protocol::T0);
    let [step] = &transcript.steps[..] else {
        panic!("one step");
    };
    assert_eq!((step.line, step.name.as_str()), (8, "VERIFY a wrong code"));
    let mut command = ScriptBytes::literal(&[0x00, 0x20, 0x00, 0x01, 0x04]);
    command.push_placeholder(placeholder("pin", 4));
    let answer = Answer {
        data: ScriptBytes::default(),
        sw: StatusWord(0x63C2),
    };
    let exchange = Exchange {
        line: 9,
        command,
        outcome: Outcome::Answer(answer),
    };
    assert_eq!(
        step.acts,
        [Act::Exchange(exchange), Act::Event(Event::Reset)]
    );
}

#[test]
fn every_header_is_required_once_and_has_a_value() {
    for line in HEADER.lines() {
        let key = line[1..].split(' ').next().unwrap();
        let known = HEADERS.into_iter().find(|known| *known == key).unwrap();
        let without = HEADER.replace(&format!("{line}\n"), "");
        let error = parse(&without).unwrap_err();
        assert_eq!(error.reason, Reason::MissingHeader(known));
        assert_eq!(error_in(line), (7, Reason::RepeatedHeader(known)));
        let empty = HEADER.replace(line, &format!("@{key}  # nothing"));
        let error = parse(&empty).unwrap_err();
        assert_eq!(error.reason, Reason::EmptyHeader(known));
    }
    assert_eq!(parse("").unwrap_err().line, 1);
}

#[test]
fn rejects_headers_with_another_meaning() {
    assert_eq!(
        error_in("@date 2026\n"),
        (7, Reason::UnknownHeader("date".into()))
    );
    assert_eq!(error_in("## step\n@what x\n"), (8, Reason::LateHeader));
    let protocol = |value| {
        let text = HEADER.replace("T=0", value);
        parse(&text).unwrap_err()
    };
    assert_eq!(
        (protocol("T0").line, protocol("T0").reason),
        (6, Reason::Protocol)
    );
    assert_eq!(protocol("T=1").reason, Reason::ProtocolNotOffered);
    let error = parse(&HEADER.replace("3B AC", "3B AD")).unwrap_err();
    assert_eq!(
        (error.line, error.reason),
        (5, Reason::Atr(AtrError::TooShort))
    );
    let error = parse(&HEADER.replace("3B AC", "3b AC")).unwrap_err();
    assert_eq!((error.line, error.reason), (5, Reason::NoByte("3b".into())));
}

#[test]
fn rejects_what_stands_in_the_wrong_place() {
    let read = "> 00 B0 00 00 02\n";
    for (body, error) in [
        (read.to_owned(), (7, Reason::OutsideStep)),
        ("! reset\n".to_owned(), (7, Reason::OutsideStep)),
        ("## \n".to_owned(), (7, Reason::UnnamedStep)),
        (format!("## s\n{read}"), (8, Reason::Unanswered)),
        (format!("## s\n{read}{read}"), (9, Reason::Unanswered)),
        (format!("## s\n{read}## t\n"), (9, Reason::Unanswered)),
        (
            "## s\n< | 90 00\n".to_owned(),
            (8, Reason::AnswerWithoutCommand),
        ),
        (format!("## s\n{read}< 01 02\n"), (9, Reason::NoStatusWord)),
        (
            format!("## s\n{read}< 01 | 90\n"),
            (9, Reason::NoStatusWord),
        ),
        (
            format!("## s\n{read}< | 90 00 00\n"),
            (9, Reason::NoStatusWord),
        ),
        (format!("## s\n{read}! pulled\n"), (9, Reason::UnknownEvent)),
    ] {
        assert_eq!(error_in(&body), error, "{body}");
    }
}

#[test]
fn rejects_commands_whose_lengths_or_placeholders_disagree() {
    let mismatch = |len| Reason::Command(MalformedCommand::LengthMismatch { len });
    let outside = |name, len| Reason::PlaceholderOutsideData(placeholder(name, len));
    for (command, reason) in [
        ("00 A4 09 0C 03 3F 00", mismatch(7)),
        ("00 2A 9E 9A 20 {hash:30}", mismatch(35)),
        (
            "00 A4",
            Reason::Command(MalformedCommand::NoHeader { len: 2 }),
        ),
        ("{header:4}", outside("header", 4)),
        ("00 B0 00 00 {le:1}", outside("le", 1)),
        ("00 88 00 00 04 {data:5}", outside("data", 5)),
        ("00 20 00 01 04 31 32 33 34", Reason::LiteralData),
        ("00 24 00 01 08 {old:4} 31 32 33 34", Reason::LiteralData),
        ("A0 2C 02 01 04 31 32 33 34", Reason::LiteralData),
        ("00 2A 9E 9A 04 01 02 03 04", Reason::LiteralData),
    ] {
        assert_eq!(
            error_in(&format!("## s\n> {command}\n< | 90 00\n")),
            (8, reason)
        );
    }
}

#[test]
fn a_placeholder_has_one_length() {
    let body = "## s\n> 00 20 00 01 04 {pin:4}\n< | 90 00\n> 00 B0 00 00 08\n< {pin:8} | 90 00\n";
    assert_eq!(
        error_in(body),
        (11, Reason::PlaceholderLen(placeholder("pin", 8)))
    );
}

#[test]
fn a_verify_without_data_asks_for_the_counter_and_needs_no_placeholder() {
    let text = format!("{HEADER}## s\n> 00 20 00 01 00\n< | 63 C3\n");
    assert!(parse(&text).is_ok());
}

/// The same without lines, which a text that was written anew has elsewhere.
fn without_lines(mut transcript: Transcript) -> Transcript {
    for step in &mut transcript.steps {
        step.line = 0;
        for act in &mut step.acts {
            if let Act::Exchange(exchange) = act {
                exchange.line = 0;
            }
        }
    }
    transcript
}

fn any_script_data() -> impl Strategy<Value = ScriptBytes> {
    let literal = proptest::collection::vec(any::<u8>(), 0..120);
    let name = prop_oneof![Just("hash"), Just("signature-2"), Just("x")];
    (literal.clone(), proptest::option::of(name), literal).prop_map(|(before, name, after)| {
        let mut script = ScriptBytes::literal(&before);
        if let Some(name) = name {
            script.push_placeholder(placeholder(name, 4 + name.len()));
        }
        script.push_literal(&after);
        script
    })
}

fn any_command() -> impl Strategy<Value = ScriptBytes> {
    let plain = (
        any::<[u8; 2]>(),
        any_script_data(),
        proptest::option::of(any::<u8>()),
    );
    let plain = plain.prop_map(|([p1, p2], data, le)| {
        let mut command = ScriptBytes::literal(&[0x00, 0x88, p1, p2]);
        if !data.is_empty() {
            command.push_literal(&[u8::try_from(data.len()).unwrap()]);
        }
        for part in data.parts() {
            match part {
                crate::Part::Literal(bytes) => command.push_literal(bytes),
                crate::Part::Placeholder(placeholder) => {
                    command.push_placeholder(placeholder.clone());
                }
            }
        }
        command.push_literal(le.as_slice());
        command
    });
    let mut verify = ScriptBytes::literal(&[0x00, 0x20, 0x00, 0x01, 0x04]);
    verify.push_placeholder(placeholder("pin", 4));
    prop_oneof![4 => plain, 1 => Just(verify)]
}

fn any_event() -> impl Strategy<Value = Event> {
    let error = "SCARD_[A-Z_]{1,12}".prop_map(|name| Event::parse(&format!("reader-error {name}")));
    prop_oneof![
        Just(Event::Reset),
        Just(Event::Removed),
        error.prop_filter_map("a PC/SC name", |event| event),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let answer = (any_script_data(), any::<u16>()).prop_map(|(data, sw)| {
        Outcome::Answer(Answer {
            data,
            sw: StatusWord(sw),
        })
    });
    let outcome = prop_oneof![4 => answer, 1 => any_event().prop_map(Outcome::Event)];
    let exchange = (any_command(), outcome).prop_map(|(command, outcome)| {
        Act::Exchange(Exchange {
            line: 0,
            command,
            outcome,
        })
    });
    prop_oneof![4 => exchange, 1 => any_event().prop_map(Act::Event)]
}

fn any_transcript() -> impl Strategy<Value = Transcript> {
    let text = "\\PC*[A-Za-z0-9]\\PC{0,20}".prop_map(|text| one_line(&text));
    let acts = proptest::collection::vec(any_act(), 0..5);
    let step = (text.clone(), acts).prop_map(|(name, acts)| Step {
        line: 0,
        name,
        acts,
    });
    let steps = proptest::collection::vec(step, 0..4);
    (proptest::array::uniform4(text), steps).prop_map(|([what, card, source, spec], steps)| {
        let header = parse(HEADER).unwrap().header;
        let header = Header {
            what,
            card,
            source,
            spec,
            ..header
        };
        Transcript { header, steps }
    })
}

/// Texts that come near the grammar.
fn grammar_soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[0-9A-F]{2}",
        "\\{[a-z-]{0,3}:[0-9]{0,6}\\}",
        Just("| 90 00".to_owned()),
        "[>!<@|#]{1,3}",
        Just("\n".to_owned()),
        Just("\n> 00 20 00 01 04 {pin:4}\n".to_owned()),
        Just("\n< | 63 C2\n".to_owned()),
        Just("\n## step\n".to_owned()),
        Just("\n! reset\n".to_owned()),
        "\\PC{0,4}",
    ];
    let body = proptest::collection::vec(word, 0..40).prop_map(|words| words.join(" "));
    (any::<bool>(), body).prop_map(|(header, body)| {
        if header {
            format!("{HEADER}## s{body}")
        } else {
            body
        }
    })
}

proptest! {
    #[test]
    fn what_was_written_reads_back(transcript in any_transcript()) {
        let text = transcript.to_string();
        let read = parse(&text).map(without_lines);
        prop_assert_eq!(read, Ok(transcript), "{}", text);
    }

    #[test]
    fn writing_what_was_read_is_stable(transcript in any_transcript()) {
        let text = transcript.to_string();
        prop_assert_eq!(parse(&text).unwrap().to_string(), text);
    }

    #[test]
    fn no_text_panics(text: String) {
        let _ = parse(&text);
    }

    #[test]
    fn whatever_comes_near_the_grammar_parses_or_not_but_means_one_thing(text in grammar_soup()) {
        if let Ok(transcript) = parse(&text) {
            let again = parse(&transcript.to_string()).map(without_lines);
            prop_assert_eq!(again, Ok(without_lines(transcript)));
        }
    }
}
