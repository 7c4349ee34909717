//! Pictures of "Mon poste" in a real Chromium without a screen, for a person to look at:
//! `cargo run -p cpxd-tests --example console-pictures -- FOLDER [STATE…]`.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a picture that cannot be made ends it")]

use std::fs;
use std::path::{Path, PathBuf};

use cpxd_tests::agent::Agent;
use cpxd_tests::console::{ConsoleDesk, LOOKS, states};
use cpxd_tests::door::request_grant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder for the pictures"));
    let wanted: Vec<_> = arguments.collect();
    fs::create_dir_all(&folder).expect("the folder");
    let agent = Agent::demo(&[]);
    let mut desk = ConsoleDesk::on_a_stage(&agent, "fr", &states::named("good-card"));
    for state in states::all() {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == state.name) {
            continue;
        }
        desk.show(&state);
        draw(&mut desk, state.name, &folder);
        if state.name == "expired" || state.name == "hostile" {
            desk.chromium.value(
                "document.querySelectorAll('details').forEach((part) => { part.open = true; })",
            );
            draw(&mut desk, &format!("{}-unfolded", state.name), &folder);
            desk.chromium.value(
                "document.querySelectorAll('details').forEach((part) => { part.open = false; })",
            );
        }
    }
    if wanted.is_empty() || wanted.iter().any(|name| name == "tried") {
        draw_a_trial(&folder);
    }
}

/// On the demo's own card: a trial that went well, and a grant that is about to be taken back.
fn draw_a_trial(folder: &Path) {
    let agent = Agent::demo(&[]);
    let asked = request_grant(
        &agent,
        "https://service.example",
        &["identify", "authenticate"],
    );
    assert_eq!(asked.status, 200, "{asked:?}");
    let mut desk = ConsoleDesk::at(&agent, "fr");
    desk.chromium.click("[data-do=test-signature]");
    desk.chromium.wait_for(&["L’essai a réussi."]);
    desk.chromium.click("[data-do=revoke]");
    draw(&mut desk, "tried", folder);
    drop(agent);
    desk.chromium
        .wait_until("!!document.querySelector('.verdict.failed')");
    draw(&mut desk, "gone", folder);
}

fn draw(desk: &mut ConsoleDesk, name: &str, folder: &Path) {
    let mut spoken = "";
    for (language, theme, width) in LOOKS {
        if spoken != language {
            desk.speak(language);
            spoken = language;
        }
        desk.chromium.look(width, theme);
        desk.chromium.value(SETTLED);
        let name = format!("{name}-{language}-{theme}-{width}.png");
        fs::write(folder.join(name), desk.chromium.picture()).expect("a file");
    }
}

const SETTLED: &str = "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 250))";
