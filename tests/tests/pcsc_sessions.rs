//! Every end of a session on real PC/SC readers, on cards of both generations: the event says which,
//! the card knows of no code any more, and the next call needs it again.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without what is looked for fails its test"
)]

use cpxd_tests::agent::{Agent, Answer, CLIENT, Events};
use cpxd_tests::calls::{authenticate_body, path_of, sign_body};
use cpxd_tests::door::{in_session, open_session, pair, with_token};
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::pcsc_stack::{
    PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VERIFIED, VirtualCardProgram,
};
use serde_json::{Value, json};

const GENERATIONS: [&str; 2] = ["cps3", "cps4"];

/// A workstation with one card and one paired program; its holder types the right code whenever they
/// are asked.
struct Workstation {
    agent: Agent,
    token: String,
    grant: String,
    events: Events,
    card: Option<VirtualCardProgram>,
    shown: Value,
    service: PcscService,
}

impl Workstation {
    fn with(kind: &str, configuration: &str) -> Self {
        let service = PcscService::start();
        let card = service.plug(Reader::First, &["--card", kind]);
        let configuration = format!("{TEST_ENVIRONMENT}\n{configuration}");
        let agent = service.agent(&configuration, "pin = \"1234\"\nconsent = true", &[]);
        let rights = ["identify", "authenticate", "sign"];
        let (token, grant) = pair(&agent, &rights, &["https://service.example"]);
        Self {
            events: agent.events(),
            shown: agent.card(),
            agent,
            token,
            grant,
            card: Some(card),
            service,
        }
    }

    /// An open session, in which two authentications were made on the one code.
    fn session(&self) -> Value {
        let opened = open_session(&self.agent, &self.token, &self.shown);
        assert_eq!(opened.status, 200, "{}", opened.text);
        for _ in 0..2 {
            assert_token(&self.authenticate(&opened.body));
        }
        opened.body
    }

    fn authenticate(&self, session: &Value) -> Answer {
        let body = in_session(authenticate_body(), session);
        let path = path_of(&self.shown, "/authenticate");
        with_token(&self.agent, &self.token, &path, &body)
    }

    fn touch(&self, session: &Value) -> Answer {
        let path = format!(
            "/v1/sessions/{}/touch",
            session["id"].as_str().unwrap_or_default()
        );
        with_token(&self.agent, &self.token, &path, &json!({}))
    }

    fn questions(&self) -> usize {
        let journal = self.agent.cli(&["journal", "--json", "--last", "1000"]);
        let journal: Value = serde_json::from_slice(&journal.stdout).unwrap_or_default();
        let entries = journal["entries"].as_array().cloned().unwrap_or_default();
        let opens = |entry: &&Value| entry["operation"] == "open-session";
        entries.iter().filter(opens).count()
    }

    /// The event of the end names session and reason, the caller is told the same, and the code is
    /// needed again.
    fn assert_ended(&self, session: &Value, reason: &str) {
        let told = self.events.wait_for("session-closed").data;
        assert_eq!(told["session"], session["id"]);
        assert_eq!(told["reason"], reason);
        let refused = self.authenticate(session);
        let said = (refused.status, refused.code(), &refused.body["reason"]);
        let expected = match reason {
            // That card is not there any more, whatever became of its session.
            "card-removed" | "reader-lost" => (410, "card-removed", &Value::Null),
            _ => (409, "session-closed", &json!(format!("session-{reason}"))),
        };
        assert_eq!(said, expected, "{}", refused.text);
    }
}

/// What an empty VERIFY says of a card of this kind, in OpenSC's words.
fn pin_state(service: &PcscService, kind: &str) -> String {
    match kind {
        "cps4" => service.pin_state_of_cps4(Reader::First),
        _ => service.pin_state(Reader::First),
    }
}

#[test]
fn a_session_without_a_use_ends_by_inactivity() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind, "session-inactivity-seconds = 6");
        let session = desk.session();
        assert_eq!(pin_state(&desk.service, kind), VERIFIED);
        desk.assert_ended(&session, "inactivity");
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
    }
}

#[test]
fn a_session_that_is_used_all_the_time_ends_by_age() {
    for kind in GENERATIONS {
        let limits = "session-inactivity-seconds = 8\nsession-age-seconds = 10";
        let desk = Workstation::with(kind, limits);
        let session = desk.session();
        // Somebody says all the time that they are there, until that helps no more.
        while desk.touch(&session).status == 200 {}
        desk.assert_ended(&session, "age");
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
    }
}

#[test]
fn a_session_ends_when_its_card_is_pulled_and_does_not_come_back_with_it() {
    for kind in GENERATIONS {
        let mut desk = Workstation::with(kind, "");
        let session = desk.session();
        drop(desk.card.take());
        desk.assert_ended(&session, "card-removed");
        let _back = desk.service.plug(Reader::First, &["--card", kind]);
        let _ = desk.events.wait_for("card-inserted");
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
        let closed = desk.authenticate(&session);
        assert_eq!(closed.status, 409, "{}", closed.text);
        assert_eq!(closed.body["reason"], "session-card-removed");
    }
}

#[test]
fn a_session_ends_when_its_reader_is_lost() {
    for kind in GENERATIONS {
        let mut desk = Workstation::with(kind, "");
        let session = desk.session();
        desk.service.stop();
        desk.assert_ended(&session, "reader-lost");
    }
}

#[test]
fn a_session_ends_with_the_agent_which_tells_and_drops_the_code_first() {
    for kind in GENERATIONS {
        let mut desk = Workstation::with(kind, "");
        let session = desk.session();
        assert_eq!(pin_state(&desk.service, kind), VERIFIED);
        assert!(desk.agent.stop().success());
        let told = desk.events.wait_for("session-closed").data;
        assert_eq!(told["session"], session["id"]);
        assert_eq!(told["reason"], "agent-stopped");
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
    }
}

#[test]
fn a_session_ends_by_its_caller_and_by_its_holder() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind, "");
        let session = desk.session();
        let path = format!(
            "/v1/sessions/{}",
            session["id"].as_str().unwrap_or_default()
        );
        let ended = desk
            .agent
            .curl_socket(&path, &["-X", "DELETE", "-H", CLIENT]);
        assert_eq!(ended.status, 204, "{}", ended.text);
        desk.assert_ended(&session, "ended");
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
        let again = desk.session();
        assert!(
            desk.agent
                .cli(&["grants", "revoke", &desk.grant])
                .status
                .success()
        );
        let told = desk.events.wait_for("session-closed").data;
        assert_eq!(
            (&told["session"], &told["reason"]),
            (&again["id"], &json!("grant-revoked"))
        );
        assert_eq!(pin_state(&desk.service, kind), THREE_LEFT);
    }
}

#[test]
fn a_session_goes_on_after_a_reset_by_another_program_with_the_code_typed_again() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind, "");
        let session = desk.session();
        let reset = desk
            .service
            .opensc("opensc-tool", &["--reset", "--reader", "0"]);
        reset.success();
        assert_ne!(pin_state(&desk.service, kind), VERIFIED);
        assert_token(&desk.authenticate(&session));
        assert_eq!(pin_state(&desk.service, kind), VERIFIED);
        assert_eq!(desk.questions(), 1, "no other session was opened");
        let body = in_session(sign_body(&[DOCUMENT]), &session);
        let path = path_of(&desk.shown, "/sign");
        assert_signature(&with_token(&desk.agent, &desk.token, &path, &body));
    }
}

#[test]
fn a_session_that_shares_the_card_leaves_it_as_it_is() {
    let desk = Workstation::with(
        "cps3",
        "after-use = \"leave\"\nsession-inactivity-seconds = 6",
    );
    let session = desk.session();
    desk.assert_ended(&session, "inactivity");
    assert_eq!(pin_state(&desk.service, "cps3"), VERIFIED);
}
