//! A workstation as the agent tells it, for tests.

use daemon_wire::{CardBody, CardList};
use serde_json::json;

use super::world::Workstation;

/// One reader with one card, one session, three grants.
pub(super) fn workstation() -> Workstation {
    let CardList { cards } = serde_json::from_value(cards()).unwrap();
    Workstation {
        status: serde_json::from_value(json!({
            "state": "ready", "version": "1", "environment": "test", "readers": 1, "cards": 1
        }))
        .unwrap(),
        readers: serde_json::from_value(json!([
            { "id": "r", "name": "Reader 1", "keypad": false, "contactless": false, "state": "card" }
        ]))
        .unwrap(),
        cards,
        sessions: serde_json::from_value(json!([
            { "id": "s1", "card": "c1", "name": "Logiciel_du_cabinet", "opened": "2026-11-28T08:00:00Z",
              "idleEnd": "2026-11-28T08:15:00Z", "end": "2026-11-28T12:00:00Z" }
        ]))
        .unwrap(),
        grants: serde_json::from_value(json!([
            { "id": "g1", "tier": "holder", "name": "Logiciel_du_cabinet", "rights": ["identify"],
              "end": "2027-11-28T08:00:00Z" },
            { "id": "g2", "tier": "holder", "origin": "https://service.example", "rights": ["identify"],
              "end": "2027-02-26T08:00:00Z" },
            { "tier": "policy", "origin": "https://hopital.example", "rights": ["identify"] }
        ]))
        .unwrap(),
    }
}

/// The card in it.
pub(super) fn card() -> CardBody {
    workstation().cards.remove(0)
}

fn cards() -> serde_json::Value {
    json!({ "cards": [ {
        "id": "c1", "reader": "r", "generation": "CPS3", "type": "CPS", "environment": "test",
        "number": "9999123456",
        "holder": { "familyName": "MARTIN", "givenName": "JEANNE", "pseudonym": null,
            "nationalId": "899700000018", "nationalIdKind": "RPPS", "profession": null, "knowHow": [],
            "structure": null },
        "validity": { "notBefore": "2026-01-01T00:00:00Z", "notAfter": "2028-12-31T00:00:00Z", "daysLeft": 764 },
        "pin": { "state": "ready", "triesLeft": 3, "triesMaximum": 3 },
        "unblockCode": { "state": "ready", "triesLeft": 10, "usesLeft": 100 },
        "certificates": [], "warnings": []
    } ] })
}
