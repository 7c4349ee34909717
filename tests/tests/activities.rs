//! Where the holder works: asked for over HTTP, answered after the code, and never without it.

use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::path_of;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::scripted::{demo_with_holder, text_file};
use serde_json::{Value, json};

fn activities(agent: &Agent, card: &Value) -> Answer {
    agent.call(&path_of(card, "/activities"), &json!({}))
}

fn demo_with(kind: &str, holder: &str) -> Agent {
    let script = text_file(holder);
    let script = script.path().to_string_lossy();
    Agent::demo(&["--card", kind, "--scripted-holder", &script])
}

fn places() -> Value {
    json!({ "activities": [
        {
            "number": 1,
            "place": "CABINET DE TEST",
            "structureId": "1990000001",
            "sector": { "code": "SA07", "label": "Cabinet individuel" },
        },
        {
            "number": 3,
            "place": "CENTRE DE SANTE DE TEST",
            "structureId": "1990000002",
            "sector": { "code": "SA05", "label": "Centre de santé" },
        },
    ] })
}

#[test]
fn both_generations_tell_where_their_holder_works_after_one_code_each_time() {
    for kind in ["cps3", "cps4"] {
        let one_code = r#"answers = [ { pin = "1234" }, { pin = "1234" }, { pin = "1234" } ]"#;
        let agent = demo_with(kind, one_code);
        let card = agent.card();
        for _ in ["first", "again"] {
            let answer = activities(&agent, &card);
            assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
            assert_eq!(answer.body, places(), "{kind}");
        }
        assert_token(&authenticate(&agent, &card));
        let events = agent.events_so_far();
        let questions = events.iter().filter(|event| *event == "prompt-opened");
        assert_eq!(questions.count(), 3, "{kind}: {events:?}");
        assert_eq!(activities(&agent, &card).code(), "cancelled", "{kind}");
    }
}

#[test]
fn a_wrong_code_costs_its_try_and_tells_nothing() {
    for kind in ["cps3", "cps4"] {
        let agent = demo_with(kind, r#"pin = "0000""#);
        let answer = activities(&agent, &agent.card());
        assert_eq!((answer.status, answer.code()), (403, "pin-wrong"), "{kind}");
        assert_eq!(answer.body["triesLeft"], 2, "{kind}");
        assert!(!answer.text.contains("CABINET"), "{}", answer.text);
        assert_eq!(agent.tries_left(), 2, "{kind}");
    }
}

#[test]
fn nobody_types_a_code_where_the_card_lists_no_place_of_work() {
    for kind in [
        "cpe",
        "cpa",
        "cpf",
        "cpe-non-nominative",
        "cps3-contactless",
    ] {
        let agent = demo_with(kind, r#"pin = "0000""#);
        let answer = activities(&agent, &agent.card());
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
        assert_eq!(answer.body, json!({ "activities": [] }), "{kind}");
        let events = agent.events_so_far();
        assert!(
            !events.iter().any(|event| event == "prompt-opened"),
            "{events:?}"
        );
    }
}

#[test]
fn a_newer_table_beside_the_configuration_gives_its_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    std::fs::create_dir(folder.path().join("nomenclature")).unwrap();
    let configuration = file("cpxd.toml", "");
    file("nomenclature/R02.csv", "code;label\nSA07;Cabinet à soi\n");
    file("nomenclature/G15.csv", "code;label\n10;Docteur\n");
    let agent = Agent::demo(&["--config", &configuration]);
    let card = agent.card();
    assert_eq!(card["holder"]["profession"]["label"], "Docteur");
    let answer = activities(&agent, &card);
    let sectors = ["/activities/0/sector/label", "/activities/1/sector/label"];
    let labels = sectors.map(|sector| answer.body.pointer(sector).cloned());
    assert_eq!(
        labels,
        [Some(json!("Cabinet à soi")), Some(json!("Centre de santé"))]
    );
}

#[test]
fn the_call_is_checked_as_every_other() {
    let agent = demo_with_holder(r#"pin = "1234""#);
    let path = path_of(&agent.card(), "/activities");
    for (body, field) in [
        (json!({ "timeoutSeconds": 0 }), "timeoutSeconds"),
        (json!({ "pin": "1234" }), "pin"),
    ] {
        let answer = agent.call(&path, &body);
        assert_eq!((answer.status, answer.code()), (400, "bad-request"));
        assert_eq!(answer.body["field"], field);
    }
    let unknown = agent.call("/v1/cards/0000000000000000/activities", &json!({}));
    assert_eq!((unknown.status, unknown.code()), (404, "not-found"));
    assert_eq!(agent.read(&path).status, 405, "it is no GET");
}
