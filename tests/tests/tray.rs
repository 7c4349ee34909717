//! The tray in a real panel, with a real daemon of notifications: what the person sees, and what a choice does.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without what is looked for fails its test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use cpxd_tests::agent::{Agent, CLIENT};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::console::NotingBrowser;
use cpxd_tests::door::{fetch_token, open_pairing, open_session, pair};
use cpxd_tests::ended::Ended;
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::programs::program;
use cpxd_tests::screen::title::QUESTION;
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::tray_desk::{Desktop, send};
use cpxd_tests::waiting::until;

const CODE: &str = r#"{ pin = "1234" }"#;
const YES: &str = "{ consent = true }";
const ORIGINS: [&str; 1] = ["https://service.example"];

fn sessions_of(agent: &Agent) -> usize {
    let all = agent.read_socket("/v1/sessions").body;
    all["sessions"].as_array().map_or(usize::MAX, Vec::len)
}

fn grants_of(agent: &Agent) -> usize {
    let all = agent.read_socket("/v1/grants").body;
    all["grants"].as_array().map_or(usize::MAX, Vec::len)
}

#[test]
fn the_icon_and_its_menu_follow_the_card_in_and_out_of_the_reader() {
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, "pin = \"1234\"", &[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("cpxd – No card in the reader");
    let empty = tray.picture();
    let card = service.plug(Reader::First, &[]);
    tray.wait_for_title("CAMILLE DUPONT · CPS · TEST card · ready, 3 tries left");
    assert_eq!(
        tray.line("CAMILLE DUPONT").label,
        "CAMILLE DUPONT · CPS · TEST card · ready, 3 tries left"
    );
    assert_ne!(tray.picture(), empty);
    card.pull();
    tray.wait_for_title("cpxd – No card in the reader");
    assert_eq!(tray.picture(), empty);
}

#[test]
fn mon_poste_is_opened_from_the_menu() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let browser = NotingBrowser::new();
    let tray = desktop.tray_in(agent.state_dir(), &[("PATH", browser.path())]);
    tray.wait_for_title("ready, 3 tries left");
    tray.choose("Open My workstation");
    let address = browser.opens();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    let (page, _) = address.split_once("/#").unwrap();
    let answer = Command::new("curl")
        .args(["--silent", page])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&answer.stdout).contains("console.js"));
}

#[test]
fn a_blocked_card_is_told_once_and_can_be_unblocked_from_the_menu() {
    let wrong = r#"{ pin = "0000", consent = true }"#;
    let unblocks = r#"{ unblock_code = "12345678", new_pin = "4321" }"#;
    let agent = demo_with_holder(&format!(
        "answers = [ {wrong}, {wrong}, {wrong}, {YES}, {unblocks} ]"
    ));
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("ready, 3 tries left");
    let ready = tray.picture();
    let card = agent.card();
    for _ in 0..3 {
        let refused = agent.call_socket(&path_of(&card, "/authenticate"), &authenticate_body());
        assert_ne!(refused.status, 200, "{}", refused.text);
    }
    tray.wait_for_title("code blocked");
    assert_ne!(tray.picture(), ready);
    desktop.wait_for_notification("Card blocked");
    assert_eq!(tray.line("Diagnosis").label, "Diagnosis: Card blocked");
    let _ = pair(&agent, &["identify"], &[]);
    let _ = tray.line("1 site or program allowed");
    tray.choose("Unblock the card");
    tray.wait_for_title("ready, 3 tries left");
    desktop.wait_for_notification("The card is unblocked");
    assert_eq!(desktop.notifications_titled("Card blocked"), 1);
    let shown = desktop.notifications();
    let national_id = card["holder"]["nationalId"].as_str().unwrap();
    assert!(!shown.contains(national_id), "{shown}");
}

#[test]
fn the_end_of_a_card_is_told_once_a_day_and_not_again_when_it_is_inserted_again() {
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, "pin = \"1234\"", &[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    // Issued 30 days ago, so that 12 days and some hours are left.
    let expiring = ["--valid-days", "43"];
    let card = service.plug(Reader::First, &expiring);
    tray.wait_for_title("expires in 12 days");
    desktop.wait_for_notification("The card expires in 12 days");
    card.pull();
    tray.wait_for_title("No card");
    let _card = service.plug(Reader::First, &expiring);
    tray.wait_for_title("expires in 12 days");
    drop(tray);
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("expires in 12 days");
    // Behind whatever the card would have brought.
    tray.choose("Diagnosis");
    desktop.wait_for_notification("the card and the reader work");
    let told = desktop.notifications_titled("The card expires in 12 days");
    assert_eq!(told, 1, "{}", desktop.notifications());
}

#[test]
fn a_session_that_is_ended_in_the_menu_is_over_at_the_agent() {
    let agent = demo_with_holder(&format!("answers = [ {YES}, {CODE} ]"));
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    let _ = tray.line("No open session");
    let (token, _) = pair(&agent, &["identify", "authenticate"], &ORIGINS);
    let opened = open_session(&agent, &token, &agent.card());
    assert_eq!(opened.status, 200, "{}", opened.text);
    let line = tray.line("End: Program “Logiciel du cabinet”, CAMILLE DUPONT");
    assert_eq!(line.depth, 1);
    let events = agent.events();
    tray.choose("End: Program");
    let told = events.wait_for("session-closed");
    assert_eq!(told.data["session"], opened.body["id"]);
    assert_eq!(sessions_of(&agent), 0);
    let _ = tray.line("No open session");
}

#[test]
fn a_click_on_the_session_that_was_there_before_ends_no_other() {
    let agent = demo_with_holder(&format!("answers = [ {YES}, {YES}, {CODE}, {CODE} ]"));
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    let token_of = |name: &str| {
        let opened = open_pairing(&agent, name, &["identify", "authenticate"], &ORIGINS);
        let paired = fetch_token(&agent, &opened.body["id"], &opened.body["secret"]);
        assert_eq!(paired.status, 200, "{}", paired.text);
        paired.body["token"].as_str().unwrap().to_owned()
    };
    let (first, second) = (token_of("A"), token_of("B"));
    let opened = open_session(&agent, &first, &agent.card());
    let seen = tray.line("End: Program “A”");
    // What happens meanwhile reaches the menu at once.
    tray.signal("-STOP");
    let path = format!("/v1/sessions/{}", opened.body["id"].as_str().unwrap());
    let ended = agent.curl_socket(&path, &["-X", "DELETE", "-H", CLIENT]);
    assert_eq!(ended.status, 204, "{}", ended.text);
    assert_eq!(open_session(&agent, &second, &agent.card()).status, 200);
    tray.signal("-CONT");
    let now = tray.line("End: Program “B”");
    assert!(!tray.is_taken(&seen), "{seen:?} {now:?}");
    assert_eq!(sessions_of(&agent), 1);
    assert!(tray.is_taken(&now), "{now:?}");
    let _ = tray.line("No open session");
    assert_eq!(sessions_of(&agent), 0);
}

#[test]
fn a_program_that_is_put_out_in_the_menu_is_out_and_two_submenus_guard_it() {
    let agent = demo_with_holder(&format!("answers = [ {YES} ]"));
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    let _ = tray.line("No site or program allowed");
    let _ = pair(&agent, &["identify"], &[]);
    let _ = tray.line("Program “Logiciel du cabinet”, until 20");
    assert_eq!(tray.line("Take the permission back").depth, 2);
    tray.choose("Take the permission back");
    until("no grant", || (grants_of(&agent) == 0).then_some(()));
    let _ = tray.line("No site or program allowed");
}

#[test]
fn the_language_of_the_menu_is_chosen_there_and_kept() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    assert!(tray.line("As the system").is_checked);
    tray.choose("Français");
    tray.wait_for_title("CAMILLE DUPONT · CPS · carte de TEST · prête, 3 essais");
    assert!(tray.line("Français").is_checked);
    drop(tray);
    let tray = desktop.tray(agent.state_dir());
    let _ = tray.line("Diagnostic\u{a0}: la carte et le lecteur fonctionnent");
    tray.choose("Comme le système");
    let _ = tray.line("Diagnosis: the card and the reader work");
}

#[test]
fn an_agent_that_stops_and_starts_again_is_followed() {
    let mut agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    let ready = tray.picture();
    agent.stop();
    tray.wait_for_title("The cpxd agent is not running");
    assert_ne!(tray.picture(), ready);
    tray.choose("Diagnosis");
    desktop.wait_for_notification("Start it with");
    agent.start_again();
    tray.wait_for_title("CAMILLE DUPONT");
    assert_eq!(tray.picture(), ready);
}

#[test]
fn a_tray_without_an_agent_sleeps_until_one_starts() {
    let mut agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    agent.stop();
    tray.wait_for_title("The cpxd agent is not running");
    until("seconds without a wake-up", || {
        let before = tray.wake_ups();
        std::thread::sleep(std::time::Duration::from_secs(5));
        (tray.wake_ups() == before).then_some(())
    });
    agent.start_again();
    tray.wait_for_title("CAMILLE DUPONT");
}

#[test]
fn the_names_that_callers_give_themselves_cannot_break_the_menu() {
    let agent = demo_with_holder(&format!("answers = [ {YES} ]"));
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    let name = "_Fi\u{202e}n <b>du_ cabinet & co</b>";
    let opened = open_pairing(&agent, name, &["identify"], &[]);
    let paired = fetch_token(&agent, &opened.body["id"], &opened.body["secret"]);
    assert_eq!(paired.status, 200, "{}", paired.text);
    let line = tray.line("Program");
    assert!(
        line.label
            .starts_with("Program “__Fi[U+202E]n <b>du__ cabinet & co</b>”"),
        "{line:?}"
    );
}

#[test]
fn a_second_tray_says_that_the_first_is_there_and_ends() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    let second = desktop.tray_that_ends(agent.state_dir());
    assert_eq!(second.code, Some(1));
    let words = format!(
        "The icon of cpxd is there already (process {}).",
        tray.pid()
    );
    assert!(second.complaint.contains(&words), "{second:?}");
}

#[test]
fn a_tray_ends_with_its_desktop_and_leaves_its_place_to_the_next_sessions() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let mut tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    desktop.end_the_bus();
    assert_eq!(tray.wait_for_the_end().code(), Some(1));
    let log = tray.log();
    assert!(log.contains("The desktop is gone"), "{log}");
    let next = Desktop::start();
    let tray = next.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
}

#[test]
fn a_desktop_that_shows_icons_later_shows_this_one_then() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::without_a_panel();
    let tray = desktop.tray(agent.state_dir());
    until("a word about the panel", || {
        tray.log()
            .contains("This desktop shows no icons")
            .then_some(())
    });
    desktop.start_the_panel();
    tray.wait_for_title("CAMILLE DUPONT");
}

#[test]
fn a_folder_that_is_no_agents_is_named_and_left_as_it_is() {
    let desktop = Desktop::start();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("wrong");
    let absent = desktop.tray_that_ends(&folder);
    assert_eq!(absent.code, Some(1));
    let words = format!("No cpxd agent has used the folder {}", folder.display());
    assert!(absent.complaint.contains(&words), "{absent:?}");
    assert!(!folder.exists());
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let foreign = desktop.tray_that_ends(&folder);
    assert!(foreign.complaint.contains(&words), "{foreign:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn without_a_desktop_it_says_so_and_ends() {
    let agent = Agent::demo(&[]);
    let folder = tempfile::tempdir().unwrap();
    let tray = Command::new(program("cpxd-tray"))
        .arg("--state-dir")
        .arg(agent.state_dir())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("LC_ALL", "en_US.UTF-8")
        .output();
    let ended = Ended::from(tray.unwrap());
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.complaint.contains("no D-Bus session bus"),
        "{ended:?}"
    );
}

#[test]
fn a_change_of_the_code_is_asked_in_the_agents_own_window() {
    let desktop = Desktop::start();
    let agent = Agent::demo_with_a_person(&desktop.environment());
    let tray = desktop.tray(agent.state_dir());
    tray.choose("Change the code");
    desktop.screen.window(QUESTION);
    desktop.screen.press(&["Escape"]);
    desktop.screen.nothing();
    assert_eq!(agent.card()["pin"]["triesLeft"], 3);
    until("the refusal at the tray", || {
        tray.log().contains("the agent did not do it").then_some(())
    });
    tray.choose("Diagnosis");
    desktop.wait_for_notification("the card and the reader work");
    assert_eq!(desktop.notifications().matches("summary:").count(), 1);
}

#[test]
fn closing_the_icon_leaves_the_agent_alone() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let mut tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    tray.choose("Close this icon (the agent goes on)");
    assert!(tray.wait_for_the_end().success());
    assert_eq!(agent.read_socket("/v1/status").status, 200);
}

#[test]
fn an_icon_can_be_closed_while_the_notifications_hang() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let mut tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    desktop.signal_notifications("-STOP");
    for _ in 0..8 {
        tray.choose("Diagnosis");
    }
    tray.choose("Close this icon");
    let ended = tray.wait_for_the_end();
    desktop.signal_notifications("-CONT");
    assert!(ended.success());
}

#[test]
fn an_agent_that_hangs_is_called_slow_and_not_absent() {
    let agent = Agent::demo(&[]);
    let pid = agent.pid();
    let desktop = Desktop::start();
    send("-STOP", pid);
    let tray = desktop.tray(agent.state_dir());
    let _ = tray.line("Diagnosis");
    tray.open();
    // The look that began when the menu opened waits for the agent; the menu does not.
    tray.choose("Français");
    let _ = tray.line("Comme le système");
    tray.choose("English");
    tray.wait_for_title("The cpxd agent does not answer in time");
    send("-CONT", pid);
    tray.wait_for_title("CAMILLE DUPONT");
}

#[test]
fn a_tray_for_which_nothing_happens_sleeps() {
    let agent = Agent::demo(&[]);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("CAMILLE DUPONT");
    until("seconds without a wake-up", || {
        let before = tray.wake_ups();
        std::thread::sleep(std::time::Duration::from_secs(3));
        (tray.wake_ups() == before).then_some(())
    });
}
