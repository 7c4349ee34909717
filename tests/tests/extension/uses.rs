//! What a page does with the card of its person.

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Kind, Surfer};
use cpxd_tests::calls::nonce;
use cpxd_tests::judge::{bytes, openssl_verifies, web_eid_message};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::scripted::text_file;
use serde_json::json;

use crate::both::{LOG_IN, in_both_browsers};

in_both_browsers! {
    a_page_logs_its_person_in_and_has_a_document_signed
    a_wrong_code_a_refusal_and_a_page_that_gives_up_are_told_apart
    a_page_sees_the_card_pulled_and_inserted_again
    a_site_that_is_refused_or_revoked_gets_nothing
    two_tabs_ask_at_once_and_each_gets_its_own_answer
    a_page_that_navigates_takes_its_question_along
    a_site_that_is_revoked_under_its_question_loses_it
}

/// An agent whose holder is this file.
fn agent_with(holder: &str) -> Agent {
    let script = text_file(holder);
    let script = script.path().to_string_lossy().into_owned();
    let agent = Agent::demo_beside_the_native_host(&["--scripted-holder", &script]);
    let _ = agent.card();
    agent
}

fn a_page_logs_its_person_in_and_has_a_document_signed(kind: Kind) {
    let agent = agent_with("pin = \"1234\"");
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    let status = site.run("main", "return await cpx.status()");
    assert_eq!(status, json!({ "road": "extension", "granted": false }));

    let token = site.run("main", LOG_IN);
    let certificate = bytes(&token["unverifiedCertificate"]);
    let message = web_eid_message(&site.origin("service.example"), &nonce());
    let signature = bytes(&token["signature"]);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        &message
    ));

    let script = "
        const document = new TextEncoder().encode('Ordonnance');
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', document));
        const value = btoa(String.fromCharCode(...digest));
        return await cpx.sign({ hash: 'SHA-256', digests: [{ value, description: 'Ordonnance' }] });";
    let signed = site.run("main", script);
    let certificate = bytes(&signed["certificate"]);
    let signature = bytes(&signed["signatures"][0]);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        b"Ordonnance"
    ));

    let status = site.run("main", "return await cpx.status()");
    assert_eq!(status["agent"]["cards"], 1, "{status}");
    assert_eq!(status["cards"][0]["type"], "CPS", "{status}");
}

fn a_wrong_code_a_refusal_and_a_page_that_gives_up_are_told_apart(kind: Kind) {
    let agent = agent_with(
        "answers = [ { consent = true }, { pin = \"9999\" }, { consent = false }, { pin = \"1234\", delay_ms = 600000 }, { pin = \"1234\" } ]",
    );
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    let wrong = site.run("main", LOG_IN);
    assert_eq!(wrong["error"], "pin-wrong", "{wrong}");
    assert_eq!(wrong["problem"]["triesLeft"], 2, "{wrong}");
    assert_eq!(site.run("main", LOG_IN)["error"], "cancelled");

    let events = agent.events();
    let script = "
        globalThis.end = new AbortController();
        globalThis.asked = cpx.authenticate({ nonce: btoa('n'.repeat(33)), signal: end.signal }).catch((error) => error.code);";
    site.does("main", script);
    let _ = events.wait_for("prompt-opened");
    let given_up = site.run("main", "end.abort(); return await asked");
    assert_eq!(given_up, "aborted");
    let _ = events.wait_for("prompt-closed");
    assert_eq!(site.run("main", LOG_IN)["format"], "web-eid:1.0");
}

fn a_page_sees_the_card_pulled_and_inserted_again(kind: Kind) {
    let service = PcscService::start();
    let card = service.plug(Reader::First, &[]);
    let agent = service.agent_beside_the_native_host(TEST_ENVIRONMENT, AGREEING);
    let _ = agent.card();
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    let script = "
        await cpx.requestAccess(['identify']);
        globalThis.seen = [];
        globalThis.stop = cpx.onCardEvent((event) => {
          seen.push(event.name);
          if (globalThis.waits?.name === event.name) waits.done(event.name);
        });
        globalThis.next = (name) => seen.includes(name) ? name : new Promise((done) => { globalThis.waits = { name, done }; });
        await cpx.status();";
    assert_eq!(site.run("main", script), json!(null));
    let agent_sees = agent.events();
    card.pull();
    let _ = agent_sees.wait_for("card-removed");
    assert_eq!(
        site.run("main", "return await next('card-removed')"),
        "card-removed"
    );
    assert_eq!(site.run("main", LOG_IN)["error"], "no-card");
    let _card = service.plug(Reader::First, &[]);
    assert_eq!(
        site.run("main", "return await next('card-inserted')"),
        "card-inserted"
    );
    site.does("main", "stop()");
    assert_eq!(site.run("main", LOG_IN)["format"], "web-eid:1.0");
}

fn a_site_that_is_refused_or_revoked_gets_nothing(kind: Kind) {
    let agent =
        agent_with("answers = [ { consent = false }, { consent = true }, { pin = \"1234\" } ]");
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    assert_eq!(site.run("main", LOG_IN)["error"], "cancelled");
    let again = site.run("main", LOG_IN);
    assert_eq!(again["error"], "rate-limited", "it is silenced: {again}");

    surfer.opens_tab("portal.example", "portal");
    let token = site.run("portal", LOG_IN);
    assert_eq!(token["format"], "web-eid:1.0", "{token}");
    let script = "globalThis.told = new Promise((tell) => cpx.onCardEvent(() => {}, (error) => tell(error.code)))";
    site.does("portal", &format!("{script}; await cpx.status()"));
    let grants = agent.read_socket("/v1/grants").body;
    let id = grants["grants"][0]["id"].as_str().unwrap_or_default();
    assert!(
        agent.cli(&["grants", "revoke", id]).status.success(),
        "{grants}"
    );
    assert_eq!(
        site.run("portal", "return await told"),
        "origin-not-granted"
    );
    let status = site.run("portal", "return await cpx.status()");
    assert_eq!(status["granted"], false, "{status}");
}

fn two_tabs_ask_at_once_and_each_gets_its_own_answer(kind: Kind) {
    let agent = agent_with("pin = \"1234\"");
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    surfer.opens_tab("portal.example", "portal");
    site.begin("main", LOG_IN);
    site.begin("portal", LOG_IN);
    for (page, name) in [("main", "service.example"), ("portal", "portal.example")] {
        let token = site.outcome(page);
        let certificate = bytes(&token["unverifiedCertificate"]);
        let message = web_eid_message(&site.origin(name), &nonce());
        let signature = bytes(&token["signature"]);
        assert!(
            openssl_verifies(&certificate, "-sha256", &signature, &message),
            "{page}"
        );
    }
}

fn a_page_that_navigates_takes_its_question_along(kind: Kind) {
    let agent =
        agent_with("answers = [ { consent = true }, { pin = \"1234\", delay_ms = 600000 } ]");
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    site.does(
        "main",
        "await cpx.requestAccess(['identify', 'authenticate'])",
    );
    let events = agent.events();
    site.does(
        "main",
        "void cpx.authenticate({ nonce: btoa('n'.repeat(33)) }).catch(() => {})",
    );
    let _ = events.wait_for("prompt-opened");
    site.begin("main", "location.reload()");
    let _ = events.wait_for("prompt-closed");
}

fn a_site_that_is_revoked_under_its_question_loses_it(kind: Kind) {
    let agent =
        agent_with("answers = [ { consent = true }, { pin = \"1234\", delay_ms = 600000 } ]");
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    site.does(
        "main",
        "await cpx.requestAccess(['identify', 'authenticate'])",
    );
    let events = agent.events();
    site.begin("main", LOG_IN);
    let _ = events.wait_for("prompt-opened");
    let grants = agent.read_socket("/v1/grants").body;
    let id = grants["grants"][0]["id"].as_str().unwrap_or_default();
    assert!(agent.cli(&["grants", "revoke", id]).status.success());
    let _ = events.wait_for("prompt-closed");
    let lost = site.outcome("main");
    assert_eq!(lost["error"], "cancelled", "{lost}");
    let again = site.run("main", "return (await cpx.status()).granted");
    assert_eq!(again, false);
}
