//! Every kind of card in one agent: each tells what it is and has, and nothing that it lacks.
#![expect(
    clippy::indexing_slicing,
    reason = "a card that is not listed fails its test"
)]

use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::path_of;
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// What a card of each kind has.
struct Kind {
    name: &'static str,
    generation: &'static str,
    card_type: &'static str,
    national_id_kind: &'static str,
    has_profession: bool,
    roles: &'static [&'static str],
}

impl Kind {
    fn has(&self, role: &str) -> bool {
        self.roles.contains(&role)
    }

    /// Only the technical key of a contactless card is used without a code.
    fn has_codes(&self) -> bool {
        !self.has("technical")
    }
}

const BOTH_KEYS: &[&str] = &["authentication", "signature"];
const AUTHENTICATION: &[&str] = &["authentication"];

/// In the order of the readers.
const KINDS: [Kind; 7] = [
    kind("cps3", "CPS3", "CPS", "RPPS", BOTH_KEYS),
    kind("cps4", "CPS4", "CPS", "RPPS", BOTH_KEYS),
    kind("cps3-contactless", "CPS3", "CPS", "RPPS", &["technical"]),
    kind("cpe", "CPS3", "CPE", "FINESS", AUTHENTICATION),
    kind(
        "cpe-non-nominative",
        "CPS4",
        "CPE",
        "FINESS",
        AUTHENTICATION,
    ),
    kind("cpf", "CPS4", "CPF", "STUDENT", AUTHENTICATION),
    kind("cpa", "CPS3", "CPA", "FINESS", AUTHENTICATION),
];

const fn kind(
    name: &'static str,
    generation: &'static str,
    card_type: &'static str,
    national_id_kind: &'static str,
    roles: &'static [&'static str],
) -> Kind {
    Kind {
        name,
        generation,
        card_type,
        national_id_kind,
        // Staff has none.
        has_profession: !matches!(card_type.as_bytes(), b"CPE" | b"CPA"),
        roles,
    }
}

/// A demo with a card of each kind, and the cards as they are listed.
fn demo_with_every_kind() -> (Agent, Vec<Value>) {
    let arguments: Vec<_> = KINDS
        .iter()
        .flat_map(|kind| ["--card", kind.name])
        .collect();
    let agent = Agent::demo(&arguments);
    let cards = until("all cards", || {
        let cards = agent.read_socket("/v1/cards").body["cards"].clone();
        let cards = cards.as_array()?.clone();
        (cards.len() == KINDS.len()).then_some(cards)
    });
    (agent, cards)
}

#[test]
fn every_card_is_listed_with_what_it_has_and_without_what_it_lacks() {
    let (_agent, cards) = demo_with_every_kind();
    for (kind, card) in KINDS.iter().zip(&cards) {
        assert_eq!(card["generation"], kind.generation, "{card}");
        assert_eq!(card["type"], kind.card_type, "{card}");
        let holder = &card["holder"];
        assert_eq!(holder["nationalIdKind"], kind.national_id_kind, "{card}");
        assert_eq!(
            holder["profession"].is_object(),
            kind.has_profession,
            "{card}"
        );
        let names_nobody = kind.name == "cpe-non-nominative";
        assert_eq!(holder["pseudonym"].is_string(), names_nobody, "{card}");
        for name in ["familyName", "givenName"] {
            assert_eq!(holder[name].is_null(), names_nobody, "{card}");
        }
        assert_eq!(
            holder["structure"].is_object(),
            !kind.has_profession,
            "{card}"
        );
        let is_rpps = |id: &str| id.len() == 12 && id.starts_with('8');
        let is_professional = kind.card_type == "CPS";
        let national_id = holder["nationalId"].as_str().unwrap();
        assert_eq!(is_rpps(national_id), is_professional, "{card}");
        assert_eq!(card["warnings"], json!([]), "{card}");
        let certificates = card["certificates"].as_array().unwrap();
        let level = if kind.has_profession {
            "FORT"
        } else {
            "STANDARD"
        };
        for certificate in certificates {
            let issuer = certificate["issuer"].as_str().unwrap();
            let authority = format!("CN=TEST AC IGC-SANTE {level} PERSONNES,");
            assert!(issuer.starts_with(&authority), "{issuer}");
        }
        let mut roles: Vec<_> = certificates
            .iter()
            .map(|certificate| certificate["role"].as_str().unwrap())
            .collect();
        roles.sort_unstable();
        assert_eq!(roles, kind.roles, "{card}");
        let state = if kind.has_codes() { "ready" } else { "absent" };
        assert_eq!(card["pin"]["state"], state, "{card}");
        assert_eq!(card["unblockCode"]["state"], state, "{card}");
        // A CPS4 tells neither the most tries nor the uses left of a code.
        let is_told = kind.has_codes() && kind.generation == "CPS3";
        assert_eq!(card["pin"]["triesMaximum"].is_number(), is_told, "{card}");
        assert_eq!(
            card["unblockCode"]["usesLeft"].is_number(),
            is_told,
            "{card}"
        );
    }
}

#[test]
fn each_key_works_where_it_is_and_is_absent_everywhere_else() {
    let (agent, cards) = demo_with_every_kind();
    for (kind, card) in KINDS.iter().zip(&cards) {
        let token = authenticate(&agent, card);
        if kind.has("authentication") {
            assert_token(&token);
        } else {
            assert_absent(kind, &token);
        }
        let signature = sign(&agent, card);
        if kind.has("signature") {
            assert_signature(&signature);
        } else {
            assert_absent(kind, &signature);
        }
        for role in ["authentication", "signature", "technical"] {
            let path = path_of(card, &format!("/certificates/{role}"));
            let certificate = agent.read_socket(&path);
            if kind.has(role) {
                assert_eq!(certificate.status, 200, "{}", kind.name);
            } else {
                assert_absent(kind, &certificate);
            }
        }
        if !kind.has_codes() {
            for call in ["/pin/change", "/pin/unblock"] {
                assert_absent(kind, &agent.call_socket(&path_of(card, call), &json!({})));
            }
        }
    }
}

#[track_caller]
fn assert_absent(kind: &Kind, answer: &Answer) {
    let said = (answer.status, answer.code());
    assert_eq!(said, (409, "key-absent"), "{}: {}", kind.name, answer.text);
}

#[test]
fn the_command_line_tells_the_codes_of_every_card() {
    let (agent, cards) = demo_with_every_kind();
    let told = agent.cli(&["pin", "status"]);
    assert!(told.status.success(), "{told:?}");
    let expected: String = KINDS
        .iter()
        .zip(&cards)
        .map(|(kind, card)| {
            let [pin, unblock_code] = if kind.has_codes() {
                ["3 tries left", "10 tries left"]
            } else {
                ["the card has none"; 2]
            };
            let number = card["number"].as_str().unwrap();
            format!(
                "{} card no. {number}\n  Your code: {pin}\n  Unblock code: {unblock_code}\n",
                kind.card_type
            )
        })
        .collect();
    let told = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.replace('\u{a0}', " "), expected);

    let told = agent.cli(&["pin", "status", "--json"]);
    let states: Value = serde_json::from_slice(&told.stdout).unwrap();
    for (card, state) in cards.iter().zip(states["cards"].as_array().unwrap()) {
        assert_eq!(state["number"], card["number"]);
        assert_eq!(state["pin"], card["pin"]);
        assert_eq!(state["unblockCode"], card["unblockCode"]);
    }
}
