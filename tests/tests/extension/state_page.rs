//! The extension's own page: what it shows, in Firefox, whose driver reads it.

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Firefox, packed_for_firefox, tell_of_the_host};
use cpxd_tests::native_host::host_of;
use cpxd_tests::native_messages::become_theirs;
use cpxd_tests::person::Person;
use cpxd_tests::waiting::until;
use serde_json::json;

/// The extension's address in this Firefox, which would choose one by chance.
const UUID: &str = "11111111-2222-4333-8444-555555555555";

fn firefox_with_the_extension(person: &Person) -> Firefox {
    Firefox::make_profile(person);
    let uuids = json!({ "extension@cpxd": UUID }).to_string();
    Firefox::prefer(person, "extensions.webextensions.uuids", &json!(uuids));
    let mut firefox = Firefox::start(person);
    firefox.install(&packed_for_firefox());
    firefox
}

/// Opens the page, and waits until it says all of this.
fn wait_for(firefox: &mut Firefox, words: &[&str]) {
    firefox.open_inner_page(&format!("moz-extension://{UUID}/state.html"));
    until(&words.join(", "), || {
        let page = firefox.source()?;
        words.iter().all(|words| page.contains(words)).then_some(())
    });
}

#[test]
fn it_shows_agent_card_and_sites() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let _ = agent.card();
    let asked = cpxd_tests::door::request_grant(&agent, "https://service.example", &["identify"]);
    assert_eq!(asked.status, 200);
    let person = Person::new();
    become_theirs(&agent, &person);
    tell_of_the_host(&person, &host_of(&agent));
    let mut firefox = firefox_with_the_extension(&person);
    let words = [
        "cpxd is ready.",
        "CAMILLE DUPONT",
        "https://service.example</strong>",
        "may see the card",
    ];
    wait_for(&mut firefox, &words);
}

#[test]
fn it_says_what_is_missing_and_starts_nothing() {
    let mut agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    become_theirs(&agent, &person);
    let mut firefox = firefox_with_the_extension(&person);
    wait_for(&mut firefox, &["cpxd is not installed on this computer"]);
    drop(firefox);
    tell_of_the_host(&person, &host_of(&agent));
    agent.stop();
    let mut firefox = Firefox::start(&person);
    firefox.install(&packed_for_firefox());
    wait_for(&mut firefox, &["cpxd does not run."]);
    assert!(!agent.state_dir().join("endpoint.json").exists());
}
