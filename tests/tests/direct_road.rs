//! Pages in real browsers without the extension: the SDK over HTTPS, and what a browser's permission
//! for the loopback network does to it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    reason = "what a test needs and does not get fails it"
)]

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Kind, Loopback, Surfer};
use serde_json::Value;

/// What a script says with this road to this agent as `direct`.
fn says(surfer: &Surfer, port: &str, script: &str) -> Value {
    let direct = format!(
        "const direct = new sdk.Cpx({{
           road: 'direct', ports: [{port}], explainLoopback: () => {{ globalThis.explained = true; }},
         }});"
    );
    surfer.site.run("main", &format!("{direct} {script}"))
}

fn port_of(agent: &Agent) -> String {
    let url = agent.url();
    url.rsplit(':').next().unwrap_or_default().to_owned()
}

const LOG_IN: &str = "return await direct.authenticate({ nonce: btoa('n'.repeat(33)) })";
const STATUS: &str = "return await direct.status()";

fn a_page_that_may_reach_loopback_logs_its_person_in(kind: Kind) {
    let mut agent = Agent::demo(&[]);
    let _ = agent.card();
    let port = port_of(&agent);
    let surfer = Surfer::on_the_direct_road(kind, &agent, Loopback::Allowed);
    assert_eq!(says(&surfer, &port, STATUS)["granted"], false);
    let token = says(&surfer, &port, LOG_IN);
    assert_eq!(token["format"], "web-eid:1.0", "{token}");
    let status = says(&surfer, &port, STATUS);
    assert_eq!(status["cards"][0]["type"], "CPS", "{status}");
    agent.stop();
    assert_eq!(says(&surfer, &port, STATUS)["error"], "unreachable");
}

fn a_page_that_may_not_is_told_so(kind: Kind) {
    let agent = Agent::demo(&[]);
    let port = port_of(&agent);
    let surfer = Surfer::on_the_direct_road(kind, &agent, Loopback::Denied);
    let refused = says(&surfer, &port, STATUS);
    assert_eq!(refused["error"], "loopback-denied", "{refused}");
    // Where the person had said no already, there is nothing to explain.
    let explained = surfer
        .site
        .run("main", "return globalThis.explained ?? false");
    assert_eq!(explained, kind == Kind::Chromium);
}

#[test]
fn chromium_lets_a_page_that_may_reach_loopback_log_its_person_in() {
    a_page_that_may_reach_loopback_logs_its_person_in(Kind::Chromium);
}

#[test]
fn firefox_lets_a_page_that_may_reach_loopback_log_its_person_in() {
    a_page_that_may_reach_loopback_logs_its_person_in(Kind::Firefox);
}

#[test]
fn a_page_that_may_not_reach_loopback_is_told_so_in_chromium_after_an_explanation() {
    a_page_that_may_not_is_told_so(Kind::Chromium);
}

#[test]
fn a_page_that_may_not_reach_loopback_is_told_so_in_firefox() {
    a_page_that_may_not_is_told_so(Kind::Firefox);
}
