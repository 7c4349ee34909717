//! Each part taken away: the page is told which one, at once.

use std::fs;

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Browser, InPlace, Kind, Surfer, tell_of_the_host};
use cpxd_tests::native_host::{NATIVE_HOST, install_beside_the_native_host};
use cpxd_tests::person::Person;
use cpxd_tests::scripted::text_file;

use crate::both::{LOG_IN, in_both_browsers};

in_both_browsers! {
    without_the_extension_the_page_is_told_in_the_same_turn
    without_the_native_host_the_page_is_told_so
    without_an_agent_that_could_be_started_the_page_is_told_so
    an_agent_that_ends_under_a_question_interrupts_it
}

const ASK_THE_EXTENSION: &str = "return await new sdk.Cpx({ road: 'extension' }).status().then(() => 'there', (error) => error.code)";

fn without_the_extension_the_page_is_told_in_the_same_turn(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let without = InPlace {
        extension: false,
        host: true,
    };
    let surfer = Surfer::with_these(kind, &agent, without);
    // Nothing but promises that are settled already stands between the two.
    let script = "
        const asked = new sdk.Cpx({ road: 'extension' }).status().catch((error) => error.code);
        const later = new Promise((resolve) => setTimeout(resolve, 0, 'later'));
        return await Promise.race([asked, later]);";
    assert_eq!(surfer.site.run("main", script), "extension-missing");
}

fn without_the_native_host_the_page_is_told_so(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let without = InPlace {
        extension: true,
        host: false,
    };
    let surfer = Surfer::with_these(kind, &agent, without);
    assert_eq!(surfer.site.run("main", ASK_THE_EXTENSION), "host-missing");
}

fn without_an_agent_that_could_be_started_the_page_is_told_so(kind: Kind) {
    let person = Person::new();
    let agent = install_beside_the_native_host(person.home());
    tell_of_the_host(&person, &agent.with_file_name(NATIVE_HOST));
    fs::remove_file(&agent).unwrap();
    let surfer = Surfer::start(kind, person, true);
    assert_eq!(surfer.site.run("main", ASK_THE_EXTENSION), "agent-stopped");
}

fn an_agent_that_ends_under_a_question_interrupts_it(kind: Kind) {
    let script = "answers = [ { consent = true }, { pin = \"1234\", delay_ms = 600000 } ]";
    let script = text_file(script);
    let script = script.path().to_string_lossy().into_owned();
    let mut agent = Agent::demo_beside_the_native_host(&["--scripted-holder", &script]);
    let _ = agent.card();
    let surfer = Surfer::with(kind, &agent);
    let events = agent.events();
    surfer.site.begin("main", LOG_IN);
    let _ = events.wait_for("prompt-opened");
    agent.stop_by("-KILL");
    assert_eq!(surfer.site.outcome("main")["error"], "interrupted");
}

/// What becomes of a worker that the system takes away: Chromium alone runs extensions in a process of their own
/// that its command line names.
#[test]
fn a_worker_that_is_killed_under_a_question_interrupts_it_and_the_next_request_is_served() {
    let script = "answers = [ { consent = true }, { pin = \"1234\", delay_ms = 600000 }, { pin = \"1234\" } ]";
    let script = text_file(script);
    let script = script.path().to_string_lossy().into_owned();
    let agent = Agent::demo_beside_the_native_host(&["--scripted-holder", &script]);
    let _ = agent.card();
    let surfer = Surfer::with(Kind::Chromium, &agent);
    let Browser::Chromium(chromium) = &surfer.browser else {
        panic!("it is Chromium");
    };
    let events = agent.events();
    surfer.site.begin("main", LOG_IN);
    let _ = events.wait_for("prompt-opened");
    chromium.kill_extensions();
    assert_eq!(surfer.site.outcome("main")["error"], "interrupted");
    let _ = events.wait_for("prompt-closed");
    let again = surfer.site.run("main", LOG_IN);
    assert_eq!(again["format"], "web-eid:1.0", "{again}");
}
