//! States of a workstation, as the agent would tell them: the only fakes of the console's tests, since no
//! machine has a card that expires, one that is blocked and none at all at once.

use std::collections::HashMap;

use serde_json::{Value, json};
use texts::Language;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::diagnoses::{self, Surroundings};

/// One of them.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name, which is that of its pictures.
    pub name: &'static str,
    /// What is answered, by path. The diagnosis is what the agent would find, where it is not here.
    pub answers: HashMap<&'static str, (u16, Value)>,
    /// What is around readers and cards.
    pub surroundings: Surroundings,
    /// Words that the page shows for it, in French.
    pub says: &'static str,
}

impl State {
    /// What is answered at this path to somebody who speaks this language.
    #[must_use]
    pub fn answer(&self, path: &str, language: Language) -> Option<(u16, Value)> {
        match self.answers.get(path) {
            None if path == "/v1/diagnostics" && !self.answers.is_empty() => {
                let found = diagnoses::of(&self.answers, self.surroundings, language);
                Some((200, found))
            }
            answer => answer.cloned(),
        }
    }
}

/// Every state that has a picture.
#[must_use]
pub fn all() -> Vec<State> {
    let camille = card("c1", "r1", "CAMILLE", "DUPONT", "CPS");
    let with = |name, says, change: &dyn Fn(&mut Value)| {
        let mut changed = camille.clone();
        change(&mut changed);
        state(name, says, &[reader("r1", "card")], &[changed])
    };
    let mut no_service = state("no-pcsc", "service des cartes à puce est arrêté", &[], &[]);
    no_service
        .answers
        .insert("/v1/status", (200, status("pcscUnavailable", 0, 0)));
    let mut unknown = reader("r1", "card");
    unknown["problem"] = json!("card-unknown");
    unknown["atr"] = json!("3B6800000073C84013009000");
    let mut mute = reader("r1", "card");
    mute["problem"] = json!("card-mute");
    let mut to_watch = with("to-watch", "CAMILLE DUPONT est prête", &|_| {});
    to_watch.surroundings = Surroundings::Bare;
    vec![
        no_service,
        state("no-reader", "Aucun lecteur de carte", &[], &[]),
        state(
            "no-card",
            "Insérez votre carte",
            &[reader("r1", "empty")],
            &[],
        ),
        state("unknown-card", "Carte non reconnue", &[unknown], &[]),
        state("mute-card", "La carte ne répond pas", &[mute], &[]),
        state(
            "busy-reader",
            "Lecteur occupé",
            &[reader("r1", "busy")],
            &[],
        ),
        to_watch,
        with("good-card", "Tout fonctionne", &|_| {}),
        with("expiring", "expire dans 41 jours", &|card| expire(card, 41)),
        with("expired", "est périmée", &|card| expire(card, -12)),
        with("blocked", "DUPONT est bloquée", &|card| {
            card["pin"] = json!({ "state": "blocked", "triesLeft": 0, "triesMaximum": 3 });
        }),
        with("last-try", "Plus qu’un essai", &|card| {
            card["pin"]["triesLeft"] = json!(1);
            expire(card, 12);
        }),
        with("blocked-for-good", "est définitivement bloquée", &|card| {
            card["pin"] =
                json!({ "state": "definitivelyBlocked", "triesLeft": 0, "triesMaximum": 3 });
            card["unblockCode"] = json!({ "state": "blocked", "triesLeft": 0, "usesLeft": 0 });
        }),
        two_readers_with_four_cards(),
        session_open(&camille),
        after_a_swap(),
        diagnosed(&camille),
        hostile(),
    ]
}

/// The state of this name.
#[must_use]
pub fn named(name: &str) -> State {
    let mut all = all().into_iter();
    all.find(|state| state.name == name)
        .expect("a state of this name")
}

fn state(name: &'static str, says: &'static str, readers: &[Value], cards: &[Value]) -> State {
    let answers = [
        (
            "/v1/status",
            (200, status("ready", readers.len(), cards.len())),
        ),
        ("/v1/readers", (200, json!({ "readers": readers }))),
        ("/v1/cards", (200, json!({ "cards": cards }))),
        ("/v1/sessions", (200, json!({ "sessions": [] }))),
        ("/v1/grants", (200, json!({ "grants": [] }))),
        (
            "/v1/journal",
            (
                200,
                json!({ "entries": [line(1, json!({ "kind": "agent-started", "version": "0.1.0" }))], "sound": true }),
            ),
        ),
    ];
    State {
        name,
        answers: HashMap::from(answers),
        surroundings: Surroundings::InOrder,
        says,
    }
}

fn status(state: &str, readers: usize, cards: usize) -> Value {
    json!({ "state": state, "version": "0.1.0", "newerVersion": null, "environment": "production", "readers": readers, "cards": cards })
}

fn reader(id: &str, state: &str) -> Value {
    let name = match id {
        "r1" => "Identiv uTrust 2700 R Smart Card Reader [CCID Interface] 00 00",
        "r2" => "Identiv uTrust 2700 R Smart Card Reader [CCID Interface] 00 01",
        "r3" => "Ingenico TL TELIUM (26373538383138313138353436383132) 01 00",
        _ => "Ingenico TL TELIUM (26373538383138313138353436383132) 01 01",
    };
    let has_keypad = ["r3", "r4"].contains(&id);
    json!({ "id": id, "name": name, "keypad": has_keypad, "contactless": false, "state": state })
}

fn card(id: &str, reader: &str, given: &str, family: &str, kind: &str) -> Value {
    let certificate = |role: &str, serial: &str| {
        json!({
            "role": role, "serialNumber": serial, "issuer": "C=FR,O=ASIP-SANTE,OU=0002 187512751,OU=IGC-SANTE,CN=AC IGC-SANTE FORT PERSONNES",
            "notBefore": in_days(-300), "notAfter": in_days(700), "status": "valid", "revocation": "notChecked",
            "signatureAlgorithms": ["RS256", "PS256"],
        })
    };
    json!({
        "id": id, "reader": reader, "generation": "CPS3", "type": kind, "environment": "production", "number": "2800123456",
        "holder": {
            "familyName": family, "givenName": given, "pseudonym": null, "nationalId": "810001234567", "nationalIdKind": "RPPS",
            "profession": { "code": "60", "label": "Infirmier" }, "knowHow": [], "structure": null,
        },
        "validity": { "notBefore": in_days(-300), "notAfter": in_days(700), "daysLeft": 700 },
        "pin": { "state": "ready", "triesLeft": 3, "triesMaximum": 3 },
        "unblockCode": { "state": "ready", "triesLeft": 10, "usesLeft": 100 },
        "certificates": [certificate("authentication", "0A"), certificate("signature", "0B")],
        "warnings": [],
    })
}

fn expire(card: &mut Value, days: i64) {
    card["validity"]["notAfter"] = json!(in_days(days));
    card["validity"]["daysLeft"] = json!(days);
    for certificate in card["certificates"].as_array_mut().into_iter().flatten() {
        certificate["notAfter"] = json!(in_days(days));
        if days < 0 {
            certificate["status"] = json!("expired");
        }
    }
}

fn two_readers_with_four_cards() -> State {
    // A reader has one card: four cards are in two readers with two slots each.
    let readers: Vec<_> = ["r1", "r2", "r3", "r4"]
        .into_iter()
        .map(|id| reader(id, "card"))
        .collect();
    let mut cards = vec![
        card("c1", "r1", "CAMILLE", "DUPONT", "CPS"),
        card("c2", "r2", "JEAN-BAPTISTE", "LEFÈVRE DE LA TOUR", "CPF"),
        card("c3", "r3", "NOUR", "BENALI", "CPE"),
        card("c4", "r4", "ÉLODIE", "MARTIN", "CPS"),
    ];
    for (card, number) in cards.iter_mut().zip(1..) {
        card["number"] = json!(format!("280012345{number}"));
        card["holder"]["nationalId"] = json!(format!("81000123456{number}"));
    }
    expire(&mut cards[1], 12);
    cards[2]["holder"]["structure"] = json!({ "id": "1990000001", "name": "CENTRE HOSPITALIER UNIVERSITAIRE DE LA CÔTE D’OPALE", "locality": "62100 CALAIS" });
    cards[2]["certificates"]
        .as_array_mut()
        .expect("certificates")
        .pop();
    cards[3]["pin"] = json!({ "state": "ready", "triesLeft": 1, "triesMaximum": 3 });
    state("four-cards", "Plus qu’un essai", &readers, &cards)
}

fn session_open(camille: &Value) -> State {
    let mut open = state(
        "session-open",
        "Logiciel du cabinet",
        &[reader("r1", "card")],
        std::slice::from_ref(camille),
    );
    let sessions = json!({ "sessions": [
        { "id": "s1", "card": "c1", "name": "Logiciel du cabinet 2.1", "opened": in_minutes(-90), "idleEnd": in_minutes(15), "end": in_minutes(150) },
    ]});
    let grants = json!({ "grants": [
        { "id": "g1", "tier": "holder", "name": "Logiciel du cabinet 2.1", "origins": ["https://dmp.example"], "rights": ["identify", "authenticate", "sign"], "created": in_days(-20), "lastUse": in_days(-1), "end": in_days(364) },
        { "id": "g2", "tier": "holder", "origin": "https://service.example", "rights": ["authenticate"], "created": in_days(-3), "end": in_days(87) },
        { "tier": "policy", "origin": "https://portail.hopital.example", "rights": ["identify", "authenticate"] },
    ]});
    let program = json!({ "caller": "program", "id": "g1", "name": "Logiciel du cabinet 2.1" });
    let page = json!({ "caller": "page", "origin": "https://service.example" });
    let entries = [
        line(
            9,
            json!({ "kind": "session-opened", "session": "s1", "who": program, "card": "c1" }),
        ),
        line(8, json!({ "kind": "outcome", "of": 7, "result": "ok" })),
        line(
            7,
            json!({ "kind": "intent", "who": program, "operation": "open-session", "card": "c1" }),
        ),
        line(
            6,
            json!({ "kind": "outcome", "of": 5, "result": "cancelled" }),
        ),
        line(
            5,
            json!({ "kind": "intent", "who": page, "operation": "authenticate", "card": "c1", "key": "authentication" }),
        ),
        line(4, json!({ "kind": "outcome", "of": 3, "result": "ok" })),
        line(
            3,
            json!({ "kind": "intent", "who": { "caller": "socket", "executable": "/usr/bin/cpxd", "pid": 71 }, "operation": "sign", "card": "c1", "digests": 1 }),
        ),
        line(
            2,
            json!({ "kind": "grant", "decision": "given", "who": page, "rights": ["authenticate"] }),
        ),
    ];
    open.answers.insert("/v1/sessions", (200, sessions));
    open.answers.insert("/v1/grants", (200, grants));
    open.answers.insert(
        "/v1/journal",
        (200, json!({ "entries": entries, "sound": true })),
    );
    let mut newer = status("ready", 1, 1);
    newer["newerVersion"] = json!("0.2.0");
    open.answers.insert("/v1/status", (200, newer));
    open
}

fn after_a_swap() -> State {
    let mut other = card("c9", "r1", "NOUR", "BENALI", "CPS");
    other["unblockCode"] = json!({ "state": "ready", "triesLeft": null, "usesLeft": null });
    let mut swapped = state(
        "after-a-swap",
        "carte au nom de NOUR BENALI est prête",
        &[reader("r1", "card")],
        &[other],
    );
    let program = json!({ "caller": "program", "id": "g1", "name": "Logiciel du cabinet 2.1" });
    let entries = [
        line(
            5,
            json!({ "kind": "session-closed", "session": "s1", "reason": "card-removed" }),
        ),
        line(
            4,
            json!({ "kind": "outcome", "of": 3, "result": "card-removed" }),
        ),
        line(
            3,
            json!({ "kind": "intent", "who": program, "operation": "sign", "card": "c1", "digests": 2 }),
        ),
        line(
            2,
            json!({ "kind": "session-opened", "session": "s1", "who": program, "card": "c1" }),
        ),
    ];
    swapped.answers.insert(
        "/v1/journal",
        (200, json!({ "entries": entries, "sound": true })),
    );
    swapped
}

/// The answer of `GET /v1/diagnostics`, by its contract.
fn diagnosed(camille: &Value) -> State {
    let mut diagnosed = state(
        "diagnosis",
        "pas prêt pour Pro Santé Connect",
        &[reader("r1", "card")],
        std::slice::from_ref(camille),
    );
    let checks = json!([
        { "id": "pcsc-service", "state": "ok", "title": "Service des lecteurs", "cause": "", "remedy": "", "details": [] },
        { "id": "browser-extension", "state": "failed", "title": "Extension du navigateur", "cause": "Firefox ne connaît pas le programme de cpxd.", "remedy": "Faites-le connaître par cette commande, puis redémarrez Firefox.", "details": [{ "name": "Dossier", "value": "/home/camille/.mozilla/native-messaging-hosts" }], "action": "install-native-messaging" },
        { "id": "cryptolib", "state": "warning", "title": "Cryptolib CPS", "cause": "La version 5.0.40 est trop ancienne pour une carte CPS4.", "remedy": "Demandez la version 5.2 à votre service informatique.", "details": [] },
        { "id": "revocation", "state": "unknown", "title": "Révocation", "cause": "Elle n’est pas encore vérifiée.", "remedy": "", "details": [] },
        { "id": "loopback", "state": "notApplicable", "title": "Accès des sites à cet ordinateur", "cause": "Dépend de l’extension.", "remedy": "", "details": [] },
        { "id": "code", "state": "warning", "title": "Code porteur", "cause": "Il a été mal tapé une fois.", "remedy": "Essayez-le ici.", "details": [], "action": "function-test" },
        { "id": "later", "state": "of-a-later-version", "title": "Plus tard", "cause": "", "remedy": "", "details": [], "action": "format-disk" },
    ]);
    let psc = json!({ "state": "notReady", "reason": "L’extension n’est pas installée dans Firefox.", "otherWay": "Vous pouvez vous identifier avec votre téléphone, par l’application e-CPS." });
    diagnosed.answers.insert(
        "/v1/diagnostics",
        (
            200,
            json!({ "made": in_days(0), "checks": checks, "proSanteConnect": psc }),
        ),
    );
    diagnosed
}

/// Whatever somebody could put into a reader, a card, a name or a diagnosis.
fn hostile() -> State {
    let markup = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&lt;";
    let mut reader = reader("r1", "card");
    reader["name"] = json!(format!(
        "{markup}\u{0}\u{1b}[31m\u{202e}{}",
        "A<b>\u{7}".repeat(1000)
    ));
    let mut card = card(
        "c1",
        "r1",
        "O’\"<b>CAMILLE</b>",
        "DU\u{202e}PONT\n<script>alert(3)</script>",
        "CPS",
    );
    card["holder"]["profession"] = json!({ "code": markup, "label": null });
    card["number"] = json!("\u{0}\u{0}9".repeat(500));
    card["warnings"] = json!([markup]);
    card["certificates"] = json!([
        { "role": markup, "serialNumber": "", "issuer": markup, "notBefore": "never", "notAfter": "<i>no day</i>", "status": markup, "revocation": "notChecked", "signatureAlgorithms": null },
        { "role": "signature", "serialNumber": "00", "issuer": "", "notBefore": "", "notAfter": "", "status": "expired", "revocation": "notChecked", "signatureAlgorithms": [] },
    ]);
    let mut hostile = state(
        "hostile",
        "Le journal des usages de la carte a été modifié ou abîmé",
        &[reader],
        &[card],
    );
    let entries = [
        line(3, json!({ "kind": "a-kind-of-later", "name": markup })),
        line(
            2,
            json!({ "kind": "pairing", "step": "asked", "id": "x", "name": format!("{markup}{}", "W".repeat(400)), "rights": [markup] }),
        ),
        json!({ "seq": "no number", "time": markup, "kind": "intent", "who": { "caller": "page", "origin": markup }, "operation": markup }),
    ];
    hostile.answers.insert(
        "/v1/journal",
        (200, json!({ "entries": entries, "sound": false })),
    );
    let grants = json!({ "grants": [{ "id": markup, "tier": "holder", "name": format!("{markup}\u{202e}"), "rights": [markup], "end": markup }] });
    hostile.answers.insert("/v1/grants", (200, grants));
    let checks = json!([{ "id": markup, "state": markup, "title": markup, "cause": "Z".repeat(9000), "remedy": markup, "details": [{ "name": markup, "value": "Y".repeat(9000) }], "action": markup }]);
    hostile.answers.insert("/v1/diagnostics", (200, json!({ "made": markup, "checks": checks, "proSanteConnect": { "state": markup, "reason": markup, "otherWay": markup } })));
    hostile
}

fn line(seq: u64, entry: Value) -> Value {
    let minutes = i64::try_from(seq).unwrap_or_default() * 7 - 90;
    let mut line =
        json!({ "seq": seq, "time": in_minutes(minutes), "previous": "00", "hash": "00" });
    if let (Some(line), Value::Object(entry)) = (line.as_object_mut(), entry) {
        line.extend(entry);
    }
    line
}

fn in_days(days: i64) -> String {
    in_minutes(days * 24 * 60)
}

fn in_minutes(minutes: i64) -> String {
    let time = OffsetDateTime::now_utc() + Duration::minutes(minutes);
    time.format(&Rfc3339).expect("a time")
}
