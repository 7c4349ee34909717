//! What is asked of each source.

use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::door::{in_session, open_session, pair, with_token};
use cpxd_tests::judge::{bytes, openssl_accepts_chain};
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use serde_json::{Value, json};

use crate::station::{Source, Station};

const YES: &str = "{ consent = true }";
const RIGHT: &str = r#"{ pin = "1234" }"#;
const WRONG: &str = r#"{ pin = "0000", consent = true }"#;
const NEW: &str = r#"{ pin = "4321" }"#;

pub(crate) fn shows_the_card(source: &Source) {
    let station = Station::with(source, &[]);
    let card = station.agent.card();
    assert_eq!(card["generation"], source.generation(), "{source:?}");
    assert_eq!(card["type"], "CPS", "{source:?}");
    assert_eq!(card["environment"], "test", "{source:?}");
    assert_eq!(card["holder"]["familyName"], "DUPONT", "{source:?}");
    assert_eq!(card["pin"]["state"], "ready", "{source:?}");
    assert_eq!(card["pin"]["triesLeft"], station.told(3), "{source:?}");
    for (role, purpose) in [("authentication", "sslclient"), ("signature", "smimesign")] {
        let path = path_of(&card, &format!("/certificates/{role}"));
        let certificate = bytes(&station.agent.read_socket(&path).body["certificate"]);
        assert!(openssl_accepts_chain(&certificate, purpose), "{source:?}");
    }
    let status = station.agent.cli(&["status"]);
    assert!(status.status.success(), "{source:?}: {status:?}");
}

pub(crate) fn makes_tokens_and_signatures(source: &Source) {
    let station = Station::with(source, &[RIGHT; 4]);
    let card = station.agent.card();
    for _ in 0..2 {
        assert_token(&authenticate(&station.agent, &card));
        let signed = sign(&station.agent, &card);
        if source.signs() {
            assert_signature(&signed);
        } else {
            let refused = (signed.code(), &signed.body["reason"]);
            assert_eq!(refused, ("module-failed", &json!("module-cannot")));
        }
    }
    let same = station.agent.card();
    assert_eq!(same["id"], card["id"], "{source:?}");
}

pub(crate) fn blocks_and_unblocks(source: &Source) {
    let wrong_unblock_code = r#"{ unblock_code = "87654321", new_pin = "4321" }"#;
    let right_unblock_code = r#"{ unblock_code = "12345678", new_pin = "4321" }"#;
    let answers = [
        WRONG,
        WRONG,
        WRONG,
        wrong_unblock_code,
        right_unblock_code,
        NEW,
    ];
    let station = Station::with(source, &answers);
    let card = station.agent.card();
    for (tries_left, shown) in [(station.told(2), "ready"), (json!(1), "ready")] {
        let refused = authenticate(&station.agent, &card);
        assert_eq!(refused.code(), "pin-wrong", "{source:?}: {}", refused.text);
        assert_eq!(refused.body["triesLeft"], tries_left, "{source:?}");
        let pin = station.pin();
        assert_eq!(pin["state"], shown, "{source:?}");
        assert_eq!(pin["triesLeft"], tries_left, "{source:?}");
    }
    let blocking = authenticate(&station.agent, &card);
    assert_eq!(
        blocking.code(),
        "pin-blocked",
        "{source:?}: {}",
        blocking.text
    );
    assert_eq!(station.pin()["state"], "blocked", "{source:?}");
    let refused = sign(&station.agent, &card);
    assert_eq!(
        refused.code(),
        "pin-blocked",
        "{source:?}: {}",
        refused.text
    );

    let refused = station.call("/pin/unblock");
    assert_eq!(
        refused.code(),
        "unblock-wrong",
        "{source:?}: {}",
        refused.text
    );
    let unblocked = station.call("/pin/unblock");
    if !source.unblocks() {
        let refused = (unblocked.code(), &unblocked.body["reason"]);
        assert_eq!(refused, ("module-failed", &json!("module-cannot")));
        assert_eq!(station.pin()["state"], "blocked", "{source:?}");
        return;
    }
    assert_eq!(unblocked.status, 200, "{source:?}: {}", unblocked.text);
    assert_eq!(station.pin()["state"], "ready", "{source:?}");
    assert_token(&authenticate(&station.agent, &card));
}

pub(crate) fn changes_the_code(source: &Source) {
    let change = r#"{ pin = "1234", new_pin = "4321" }"#;
    let wrong_change = r#"{ pin = "0000", new_pin = "4321" }"#;
    let station = Station::with(source, &[wrong_change, change, RIGHT, NEW]);
    let card = station.agent.card();
    let refused = station.call("/pin/change");
    assert_eq!(refused.code(), "pin-wrong", "{source:?}: {}", refused.text);
    let changed = station.call("/pin/change");
    assert_eq!(changed.status, 200, "{source:?}: {}", changed.text);
    assert_eq!(station.pin()["triesLeft"], station.told(3), "{source:?}");
    let old = authenticate(&station.agent, &card);
    assert_eq!(old.code(), "pin-wrong", "{source:?}: {}", old.text);
    assert_token(&authenticate(&station.agent, &card));
}

pub(crate) fn keeps_the_last_try(source: &Source) {
    let hesitant = r#"{ pin = "0000", consent = false }"#;
    let station = Station::with(source, &[WRONG, WRONG, hesitant, WRONG]);
    let card = station.agent.card();
    for _ in 0..2 {
        assert_eq!(authenticate(&station.agent, &card).code(), "pin-wrong");
    }
    let kept = authenticate(&station.agent, &card);
    assert_ne!(kept.code(), "pin-blocked", "{source:?}: {}", kept.text);
    assert_eq!(station.pin()["triesLeft"], 1, "{source:?}");
}

pub(crate) fn loses_and_finds_the_card(source: &Source) {
    let mut station = Station::with(source, &[RIGHT; 4]);
    let card = station.agent.card();
    let events = station.agent.events();
    station.pull();
    let removed = events.wait_for("card-removed");
    assert_eq!(removed.data["card"], card["id"], "{source:?}");
    let gone = authenticate(&station.agent, &card);
    assert_eq!(gone.code(), "card-removed", "{source:?}: {}", gone.text);
    station.put_back();
    wait_for_card(&events, &card["id"]);
    assert_token(&authenticate(&station.agent, &card));
}

fn wait_for_card(events: &cpxd_tests::agent::Events, id: &Value) {
    loop {
        if events.wait_for("card-inserted").data["card"] == *id {
            return;
        }
    }
}

pub(crate) fn opens_a_session_where_the_code_is_kept(source: &Source) {
    let station = Station::with(source, &[YES, RIGHT]);
    let agent = &station.agent;
    let (token, _) = pair(
        agent,
        &["identify", "authenticate"],
        &["https://service.example"],
    );
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let opened = open_session(agent, &token, &card);
    // The holder has one code to give, so a second question would fail.
    if source.keeps_code() {
        assert_eq!(opened.status, 200, "{source:?}: {}", opened.text);
        for _ in 0..2 {
            let body = in_session(authenticate_body(), &opened.body);
            assert_token(&with_token(agent, &token, &path, &body));
        }
    } else {
        let refused = (opened.status, opened.code(), &opened.body["reason"]);
        let expected = (409, "card-unsupported", &json!("code-not-kept"));
        assert_eq!(refused, expected, "{source:?}: {}", opened.text);
        assert_token(&with_token(agent, &token, &path, &authenticate_body()));
    }
}

pub(crate) fn tells_the_places_of_work(source: &Source) {
    let station = Station::with(source, &[RIGHT]);
    let told = station.call("/activities");
    assert_eq!(told.status, 200, "{source:?}: {}", told.text);
    let activities = told.body["activities"].as_array().unwrap().iter();
    let numbers: Vec<_> = activities.map(|one| one["number"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(3)], "{source:?}: {}", told.text);
}
