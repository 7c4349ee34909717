//! "Mon poste" in real browsers: what it shows, what a person does there, and what it never does.
#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{DrivenChromium, Firefox};
use cpxd_tests::console::{ConsoleDesk, LOOKS, NotingBrowser, address, states};
use cpxd_tests::desk::Desk;
use cpxd_tests::door::{pair, request_grant};
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::person::Person;
use cpxd_tests::programs::workspace_dir;
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// Of a card, on a machine whose browsers do not know the agent.
const ALL_WELL: &str = "est prête";
const TEST_PASSED: &str = "L’essai a réussi.";
const UNLINKED: &str = "Cette page n’est pas reliée à cpxd";

/// A person at the page of a demo, whose card is there.
fn at_the_demo(arguments: &[&str]) -> (Agent, ConsoleDesk) {
    let agent = Agent::demo(arguments);
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium.wait_for(&[ALL_WELL]);
    (agent, desk)
}

#[track_caller]
fn assert_accessible(desk: &mut ConsoleDesk) {
    for theme in ["light", "dark"] {
        desk.chromium.look(1100, theme);
        let found = desk.chromium.axe();
        assert!(found.is_empty(), "{theme}: {found:#?}");
    }
}

fn assert_well_behaved(desk: &mut ConsoleDesk) {
    assert_eq!(desk.chromium.complaints(), Vec::<String>::new());
    let requests = desk.chromium.requests();
    assert!(!requests.is_empty());
    for url in requests {
        let stays = ["http://127.0.0.1:", "blob:http://127.0.0.1:"];
        assert!(stays.iter().any(|start| url.starts_with(start)), "{url}");
    }
}

#[test]
fn each_state_is_said_in_both_languages_and_axe_finds_nothing() {
    let agent = Agent::demo(&[]);
    let mut desk = ConsoleDesk::on_a_stage(&agent, "fr", &states::named("good-card"));
    for state in states::all() {
        desk.show(&state);
        let mut spoken = "";
        for (language, theme, width) in LOOKS {
            if spoken != language {
                desk.speak(language);
                spoken = language;
            }
            desk.chromium.look(width, theme);
            if language == "fr" {
                desk.chromium.wait_for(&[state.says]);
            }
            desk.chromium.value(
                "document.querySelectorAll('details').forEach((part) => { part.open = true; })",
            );
            let found = desk.chromium.axe();
            assert!(
                found.is_empty(),
                "{} {language} {theme}: {found:#?}",
                state.name
            );
            let overflow = desk.chromium.value(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            );
            assert_eq!(overflow, 0, "{} {width}: nothing is cut", state.name);
        }
    }
    assert_well_behaved(&mut desk);
}

#[test]
fn all_is_well_only_where_nothing_is_to_be_watched() {
    let agent = Agent::demo(&[]);
    let mut desk = ConsoleDesk::on_a_stage(&agent, "fr", &states::named("to-watch"));
    let top = "document.querySelector('.verdict').textContent";
    let said = desk.chromium.value(top);
    let said = said.as_str().unwrap();
    assert!(said.contains("2 autres points sont à surveiller"), "{said}");
    assert!(said.contains("Pro Santé Connect"), "{said}");
    assert!(!desk.chromium.words().contains("Tout fonctionne"));
    desk.chromium.click("[data-do=see-diagnosis]");
    assert_eq!(
        desk.chromium.value("document.activeElement.id"),
        "diagnosis-title"
    );
    desk.chromium.value("globalThis.copied = []; navigator.clipboard.writeText = async (words) => { copied.push(words); }");
    desk.clicks_and_hears("[data-do=copy]", "La commande est copiée.");
    assert_eq!(
        desk.chromium.value("copied"),
        json!(["cpxd install --trust"])
    );
    for forbids in [
        "navigator.clipboard.writeText = async () => { throw new DOMException('', 'NotAllowedError'); }",
        "Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })",
    ] {
        desk.chromium
            .value(&format!("news.textContent = ''; {forbids}"));
        desk.clicks_and_hears("[data-do=copy]", "copiez-la");
        desk.chromium.wait_for(&["puis copiez-la (Ctrl + C)"]);
    }
    assert_accessible(&mut desk);
    for (name, others) in [
        ("last-try", vec!["expire dans 12 jours"]),
        ("no-pcsc", vec![]),
    ] {
        desk.show(&states::named(name));
        let also = desk
            .chromium
            .value("[...document.querySelectorAll('.also li')].map((item) => item.textContent)");
        let also = also.as_array().unwrap();
        assert_eq!(also.len(), others.len(), "{name}: {also:?}");
        for (said, other) in also.iter().zip(others) {
            assert!(said.as_str().unwrap().contains(other), "{name}: {said}");
        }
    }
    desk.show(&states::named("hostile"));
    let said = desk.chromium.value(top);
    assert!(said.as_str().unwrap().contains("Le journal"), "{said}");
    assert_well_behaved(&mut desk);
}

#[test]
fn words_of_others_are_shown_as_words_and_the_page_goes_on() {
    let agent = Agent::demo(&[]);
    let mut desk = ConsoleDesk::on_a_stage(&agent, "fr", &states::named("hostile"));
    let words = desk.chromium.words();
    for shown in [
        "<img src=x onerror=alert(1)>",
        "O’\"<b>CAMILLE</b>",
        "Le journal des usages de la carte a été modifié ou abîmé",
    ] {
        assert!(words.contains(shown), "{shown}: {words}");
    }
    let made = "document.querySelectorAll('main script, main img, main b, main i, main form, main iframe').length";
    assert_eq!(desk.chromium.value(made), 0);
    for unseen in ['\u{0}', '\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!words.contains(unseen), "{unseen:?}");
    }
    assert!(
        !words.contains("format-disk") && words.len() < 8000,
        "{}",
        words.len()
    );
    desk.show(&states::named("diagnosis"));
    let words = desk.chromium.words();
    let counted = "2 autres non vérifiés ou sans objet";
    for shown in ["cpxd install --native-messaging", "e-CPS", counted] {
        assert!(words.contains(shown), "{words}");
    }
    assert_eq!(
        desk.chromium
            .value("document.querySelectorAll('.checks button:not([data-do=copy])').length"),
        1
    );
    desk.show(&states::named("good-card"));
    desk.chromium.wait_for(&[ALL_WELL]);
    assert_well_behaved(&mut desk);
}

#[test]
fn ten_thousand_events_are_one_look() {
    let agent = Agent::demo(&[]);
    let mut desk = ConsoleDesk::waiting("fr");
    let events: String = (1..=10_000)
        .map(|id| format!("id: {id}\nevent: card-state\ndata: {{\"card\":\"c{id}\"}}\n\n"))
        .collect();
    // Each time that the page follows the events it is told all of them at once, and then the stream ends.
    desk.chromium.stand_in(move |path| {
        (path == "/v1/events").then(|| (200, "text/event-stream", events.clone()))
    });
    desk.chromium.visit(&address(&agent));
    desk.chromium.wait_for(&[ALL_WELL]);
    let streams = |requests: &[String]| {
        requests
            .iter()
            .filter(|url| url.ends_with("/v1/events"))
            .count()
    };
    until("a third stream", || {
        desk.chromium.words();
        (streams(&desk.chromium.requests()) >= 3).then_some(())
    });
    desk.speak("en");
    desk.chromium.wait_for(&["is ready"]);
    let requests = desk.chromium.requests();
    let looks = requests
        .iter()
        .filter(|url| url.ends_with("/v1/cards"))
        .count();
    let streams = streams(&requests);
    assert!(
        looks <= 40 * streams,
        "{looks} looks at the cards for {streams} times ten thousand events"
    );
    assert_eq!(desk.chromium.complaints(), Vec::<String>::new());
}

#[test]
fn the_code_leaves_the_address_and_nothing_is_stored() {
    let (agent, mut desk) = at_the_demo(&[]);
    let place = desk.chromium.value("[location.pathname, location.hash, history.length > 0 && history.state, document.referrer, document.cookie, localStorage.length, sessionStorage.length].join('|')");
    assert_eq!(place, "/|||||0|0", "{place}");
    let used: Vec<_> = desk.chromium.requests();
    assert!(
        used.iter().skip(1).all(|url| !url.contains('#')),
        "{used:?}"
    );
    desk.chromium
        .wait_until("indexedDB.databases().then((all) => all.length === 0)");
    desk.chromium.reload();
    desk.chromium.wait_for(&[UNLINKED, "cpxd console"]);
    assert_accessible(&mut desk);
    desk.chromium.visit(&address(&agent));
    desk.chromium.wait_for(&[ALL_WELL]);
    assert_well_behaved(&mut desk);
}

#[test]
fn the_card_is_tried_and_each_step_is_shown_with_its_time() {
    let (agent, mut desk) = at_the_demo(&["--card", "cps4"]);
    desk.chromium.click("[data-do=test-authentication]");
    desk.chromium
        .wait_for(&[TEST_PASSED, "La carte prouve votre identité"]);
    desk.chromium.click("[data-do=test-signature]");
    desk.chromium.wait_for(&["La carte signe un texte d’essai"]);
    desk.chromium
        .wait_until("document.querySelectorAll('.step.done').length === 4");
    let times = desk.chromium.value("[...document.querySelectorAll('.step .quiet')].every((time) => /\\d\\s(ms|s)$/.test(time.textContent))");
    assert_eq!(times, true);
    assert_accessible(&mut desk);
    desk.chromium.wait_for(&["Signature depuis cette page"]);
    let journal = agent.read_socket("/v1/journal?last=10").body;
    assert_eq!(journal["sound"], true);
    let mut entries = journal["entries"].as_array().unwrap().iter();
    assert!(
        entries.any(|entry| entry["who"]["caller"] == "console" && entry["operation"] == "sign"),
        "{journal}"
    );
    assert_well_behaved(&mut desk);
}

#[test]
fn a_holder_who_says_no_is_told_so_and_may_try_again() {
    let agent =
        demo_with_holder("answers = [ { consent = false }, { pin = \"1234\", consent = true } ]");
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium.click("[data-do=test-signature]");
    desk.chromium.wait_for(&["échec", "pas fait"]);
    let alert = desk
        .chromium
        .value("document.querySelector('[role=alert]').textContent");
    assert!(alert.as_str().unwrap().contains("refus"), "{alert}");
    assert_accessible(&mut desk);
    desk.chromium.click("[data-do=test-signature]");
    desk.chromium.wait_for(&[TEST_PASSED]);
    assert_eq!(
        desk.chromium
            .value("document.querySelector('[role=alert]')"),
        json!(null)
    );
    assert_well_behaved(&mut desk);
}

#[test]
fn a_grant_is_taken_back_after_a_question_of_its_own() {
    let agent = Agent::demo(&[]);
    let _ = pair(&agent, &["identify"], &[]);
    assert_eq!(
        request_grant(&agent, "https://service.example", &["identify"]).status,
        200
    );
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium
        .wait_for(&["Logiciel du cabinet", "https://service.example"]);
    let focus = "document.activeElement.dataset.do ?? ''";
    desk.chromium.click("[data-do=revoke]");
    assert_eq!(
        desk.chromium.value(focus),
        "revoke-no",
        "a slip changes nothing"
    );
    assert_accessible(&mut desk);
    desk.chromium.press("Escape", 27);
    desk.chromium
        .wait_until("!document.querySelector('.question')");
    assert_eq!(desk.chromium.value(focus), "revoke");
    assert_eq!(
        agent.read_socket("/v1/grants").body["grants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for left in [1, 0] {
        desk.chromium.click("[data-do=revoke]");
        desk.clicks_and_hears("[data-do=revoke-yes]", "L’autorisation est retirée.");
        until("the end of the grant", || {
            let grants = agent.read_socket("/v1/grants").body;
            (grants["grants"].as_array()?.len() == left).then_some(())
        });
        desk.chromium.wait_until(&format!(
            "document.querySelectorAll('[data-do=revoke]').length === {left}"
        ));
    }
    desk.chromium
        .wait_for(&["personne ne peut se servir de votre carte"]);
    assert_well_behaved(&mut desk);
}

#[test]
fn a_session_of_a_program_is_seen_and_ended() {
    let agent = Agent::demo(&[]);
    let (token, _) = pair(&agent, &["authenticate"], &["https://service.example"]);
    let opened = cpxd_tests::door::open_session(&agent, &token, &agent.card());
    assert_eq!(opened.status, 200, "{}", opened.text);
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium.click("[data-do=end-session]");
    desk.chromium.wait_for(&["Aucune session ouverte"]);
    assert_eq!(
        agent.read_socket("/v1/sessions").body["sessions"],
        json!([])
    );
    assert_well_behaved(&mut desk);
}

#[test]
fn a_certificate_is_exported_as_the_agent_has_it() {
    let (_agent, mut desk) = at_the_demo(&[]);
    let caught = "globalThis.saved = []; URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return 'blob:' + location.origin + '/x'; }; HTMLAnchorElement.prototype.click = function () { saved.push(this.download); };";
    desk.chromium.value(caught);
    desk.chromium.click("[data-do=export][data-role=signature]");
    desk.chromium.wait_until("saved.length === 2");
    let saved = desk.chromium.value("saved.sort()");
    assert!(
        saved[0]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----"),
        "{saved}"
    );
    assert_eq!(saved[1], "signature.pem");
}

#[test]
fn the_page_is_used_by_keyboard_alone_and_keeps_the_focus() {
    let (agent, mut desk) = at_the_demo(&[]);
    let mut seen = Vec::new();
    for _ in 0..40 {
        desk.chromium.press("Tab", 9);
        let at = desk
            .chromium
            .value("document.activeElement.dataset.do ?? document.activeElement.localName");
        let at = at.as_str().unwrap().to_owned();
        if at == "test-authentication" {
            break;
        }
        seen.push(at);
    }
    assert!(
        seen.starts_with(&["skip".into(), "speak".into(), "speak".into()]),
        "{seen:?}"
    );
    assert!(seen.contains(&"change-code".into()), "{seen:?}");
    let enter =
        json!({ "type": "keyDown", "key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
    desk.chromium.call("Input.dispatchKeyEvent", enter);
    desk.chromium.wait_for(&[TEST_PASSED]);
    // Everything was drawn anew meanwhile, and more comes in.
    assert_eq!(
        request_grant(&agent, "https://service.example", &["identify"]).status,
        200
    );
    desk.chromium.wait_for(&["https://service.example"]);
    assert_eq!(
        desk.chromium.value("document.activeElement.dataset.do"),
        "test-authentication"
    );
    let marks = desk.chromium.value("['header', 'main', 'footer', '[aria-live=polite]', 'h1', 'main h2'].every((mark) => document.querySelector(mark))");
    assert_eq!(marks, true);
}

#[test]
fn an_agent_that_stops_is_missed_and_its_next_page_works() {
    let (mut agent, mut desk) = at_the_demo(&[]);
    agent.stop();
    desk.chromium.wait_for(&["cpxd ne répond plus"]);
    assert_accessible(&mut desk);
    agent.start_again();
    let _ = agent.card();
    desk.chromium.visit(&address(&agent));
    desk.chromium.wait_for(&[ALL_WELL]);
    assert_eq!(desk.chromium.complaints(), Vec::<String>::new());
}

#[test]
fn a_page_whose_agent_stays_away_stops_asking_until_it_is_told_to() {
    let (mut agent, mut desk) = at_the_demo(&[]);
    let page = &mut desk.chromium;
    // Its waits are over a thousand times sooner, and its requests are counted.
    let _ = page.value(
        "(() => {
            const [wait, ask] = [window.setTimeout, window.fetch];
            window.asked = 0;
            window.setTimeout = (then, time) => wait(then, time / 1000);
            window.fetch = (...what) => { window.asked += 1; return ask(...what); };
            return true;
        })()",
    );
    agent.stop();
    page.wait_for(&["cpxd ne répond plus", "Réessayer"]);
    let asked = |page: &mut DrivenChromium| page.value("window.asked").as_u64().unwrap_or(0);
    let before = asked(page);
    // Minutes for this page.
    let _ = page.value("new Promise((then) => window.setTimeout(then, 500_000))");
    assert_eq!(asked(page), before);
    page.click("[data-do=retry]");
    page.wait_until(&format!("window.asked > {before}"));
    page.wait_for(&["cpxd ne répond plus", "Réessayer"]);
}

#[test]
fn on_real_readers_the_code_is_changed_the_card_tried_pulled_and_put_back() {
    let service = PcscService::start();
    let card = service.plug(Reader::First, &["--card", "cps3"]);
    let holder = "answers = [ { pin = \"1234\", new_pin = \"4321\", consent = true }, { pin = \"4321\", consent = true }, { pin = \"4321\", consent = true, delay_ms = 25000 } ]";
    let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium.wait_for(&[ALL_WELL, "utilisable, 3 essais"]);
    desk.clicks_and_hears("[data-do=change-code]", "a été changé");
    desk.chromium.click("[data-do=test-signature]");
    desk.chromium.wait_for(&[TEST_PASSED]);
    desk.chromium.click("[data-do=test-authentication]");
    desk.chromium.wait_for(&["Une question vous attend"]);
    card.pull();
    desk.chromium.wait_for(&["Insérez votre carte"]);
    let _card = service.plug(Reader::First, &["--card", "cps3"]);
    desk.chromium.wait_for(&[ALL_WELL]);
    desk.chromium.wait_until("!document.querySelector('.busy')");
    assert_well_behaved(&mut desk);
}

#[test]
fn on_real_readers_a_blocked_card_says_so_first_and_is_unblocked() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps3"]);
    let wrong = "{ pin = \"0000\", consent = true }";
    let holder = format!(
        "answers = [ {wrong}, {wrong}, {wrong}, {{ unblock_code = \"12345678\", new_pin = \"4321\", consent = true }}, {{ pin = \"4321\", consent = true }} ]"
    );
    let agent = service.agent(TEST_ENVIRONMENT, &holder, &[]);
    let mut desk = ConsoleDesk::at(&agent, "fr");
    for says in ["encore 2 essais", "Plus qu’un essai", "est bloquée"] {
        desk.chromium.click("[data-do=test-authentication]");
        desk.chromium.wait_for(&[says]);
    }
    desk.chromium
        .wait_for(&["Débloquez-la avec le code de déblocage"]);
    assert_eq!(
        desk.chromium
            .value("document.querySelectorAll('[data-do=test-authentication]').length"),
        0
    );
    desk.chromium.click(".verdict [data-do=unblock-code]");
    desk.chromium.wait_for(&[ALL_WELL, "utilisable, 3 essais"]);
    desk.chromium.click("[data-do=test-authentication]");
    desk.chromium.wait_for(&[TEST_PASSED]);
    assert_well_behaved(&mut desk);
}

#[test]
fn firefox_shows_the_page_and_verifies_what_the_card_made() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let person = Person::new();
    Firefox::make_profile(&person);
    Firefox::prefer(&person, "intl.accept_languages", &json!("fr"));
    let mut firefox = Firefox::start(&person);
    let _ = firefox.visit(&address(&agent));
    let shows = |firefox: &mut Firefox, words: &str| {
        until(words, || firefox.source()?.contains(words).then_some(()));
    };
    shows(&mut firefox, ALL_WELL);
    for test in ["test-authentication", "test-signature"] {
        firefox.click(&format!("[data-do={test}]"));
        shows(&mut firefox, TEST_PASSED);
    }
    firefox.click("[data-do=speak][data-id=en]");
    shows(&mut firefox, "is ready");
    let page = firefox.source().unwrap();
    assert!(page.contains("lang=\"en\""), "{page}");
}

#[test]
fn the_command_opens_the_browser_of_the_user_and_says_so_where_there_is_none() {
    let agent = Agent::demo(&[]);
    let browser = NotingBrowser::new();
    let console = |path: &OsString| {
        let mut cpxd = Command::new(cpxd_tests::programs::program("cpxd"));
        cpxd.args(["console", "--state-dir"]).arg(agent.state_dir());
        cpxd.env("PATH", path)
            .env("LC_ALL", "fr_FR.UTF-8")
            .output()
            .unwrap()
    };
    let done = console(&browser.path());
    assert!(done.status.success(), "{done:?}");
    assert!(browser.opens().starts_with("http://127.0.0.1:"));
    let failed = console(&"/nowhere".into());
    assert_eq!(failed.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(
        complaint.contains("http://127.0.0.1:") && complaint.contains("Ouvrez vous-même"),
        "{complaint}"
    );
    let json = agent.cli(&["console", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(
        json["url"].as_str().unwrap().contains("/#") && json["expiresAt"].is_string(),
        "{json}"
    );
}

#[test]
fn the_demo_opens_it_for_who_sits_at_a_screen_and_not_headless() {
    let browser = NotingBrowser::new();
    // No window can be shown on this display, so that questions come to the terminal.
    let environment = [("PATH", browser.path()), ("DISPLAY", ":4999".into())];
    let ready = "openssl as judge.\r\n";
    let desk = Desk::start_in(&environment, &["demo", "--port", "0", "--headless"]);
    let greeting = desk.see(ready);
    assert!(greeting.contains("cpxd console --state-dir"), "{greeting}");
    let asked = desk.start_cli(&["status"]).wait_with_output().unwrap();
    assert!(asked.status.success(), "{asked:?}");
    assert_eq!(browser.shows(), None);
    drop(desk);
    let _desk = Desk::start_in(&environment, &["demo", "--port", "0"]);
    let url = browser.opens();
    assert!(
        url.starts_with("http://127.0.0.1:") && url.contains("/#"),
        "{url}"
    );
}

/// The words of both languages, where they take values with some; what kind they are, too.
const ALL_WORDS: &str = r#"
const { pathToFileURL } = await import("node:url");
const all = {};
for (const tag of ["fr", "en"]) {
  const { default: words } = await import(pathToFileURL(`${process.argv[1]}/texts-${tag}.js`));
  const said = (words) => [1, 2, null].map((value) => (typeof words === "function" ? words(value, value) : words));
  all[tag] = Object.fromEntries(Object.entries(words).map(([name, words]) => [name, said(words)]));
  all[`${tag}-values`] = Object.fromEntries(Object.entries(words).map(([name, words]) => [name, words.length * (typeof words === "function")]));
}
console.log(JSON.stringify(all));
"#;

#[test]
fn both_languages_have_the_same_words_and_french_its_no_break_spaces() {
    let folder = workspace_dir().join("browser/console");
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-e", ALL_WORDS])
        .arg(&folder);
    let listed = node.output().unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let all: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(all["fr-values"], all["en-values"]);
    let french = all["fr"].as_object().unwrap();
    assert!(french.len() > 150);
    for words in french.values().flat_map(|words| words.as_array().unwrap()) {
        let words = words.as_str().unwrap();
        for sign in [" :", " ;", " !", " ?", " »", "« "] {
            assert!(!words.contains(sign), "{words}");
        }
    }
}
