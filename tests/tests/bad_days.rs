//! Days on which the computer is not as it should be: its clock, its disk, its names.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bad day that cannot be had fails its test"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::Agent;
use cpxd_tests::clock::beginning_at;
use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::copy_program;
use cpxd_tests::programs::program;
use cpxd_tests::waiting::until;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn with_a_clock_of_1970_the_agent_starts_says_that_cards_are_not_valid_yet_and_goes_on_when_it_is_set()
 {
    let mut agent = Agent::demo_in(&beginning_at("1970-01-01 00:10:00"), &[]);
    let card = agent.card();
    let path = format!("/v1/cards/{}/authenticate", card["id"].as_str().unwrap());
    let body = cpxd_tests::calls::authenticate_body();
    let refused = agent.call_socket(&path, &body);
    assert_eq!(
        refused.code(),
        "certificate-not-yet-valid",
        "{}",
        refused.text
    );
    assert_eq!(agent.card()["pin"]["triesLeft"], 3);
    agent.stop();
    let kept = agent.state_dir().to_owned();

    let mut again = Command::new(program("cpxd"));
    again
        .args(["demo", "--headless", "--port", "0", "--state-dir"])
        .arg(&kept);
    let running = Running::start(&mut again, &kept);
    // What was made in 1970 is over; ca.pem has what took its place.
    let status = curl(&running.url(), &kept, "/v1");
    assert_eq!(status, "200", "{}", running.log());
    let verified = Ended::from(agent.cli(&["journal", "verify"]));
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

/// An agent that a test starts by itself, with a log.
struct Running {
    process: Child,
    state_dir: PathBuf,
    folder: TempDir,
}

impl Running {
    fn start(command: &mut Command, state_dir: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = command
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let running = Self {
            process,
            state_dir: state_dir.to_owned(),
            folder,
        };
        until("an agent", || running.endpoint());
        running
    }

    fn endpoint(&self) -> Option<Value> {
        let endpoint = fs::read(self.state_dir.join("endpoint.json")).ok()?;
        serde_json::from_slice(&endpoint).ok()
    }

    fn url(&self) -> String {
        self.endpoint().unwrap()["url"].as_str().unwrap().to_owned()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn stop(&mut self) {
        let pid = self.endpoint().unwrap()["pid"].to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        let ended = self.process.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.log());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn curl(url: &str, state_dir: &Path, path: &str) -> String {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .arg("--cacert")
        .arg(state_dir.join("ca.pem"))
        .arg(format!("{url}{path}"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A home of its own, as a login gives it; nothing of this process's user is seen.
fn in_home(home: &Path, runtime: Option<&Path>) -> Command {
    let mut cpxd = Command::new(program("cpxd"));
    for variable in [
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ] {
        cpxd.env_remove(variable);
    }
    cpxd.env("HOME", home).env("LC_ALL", "en_US.UTF-8");
    if let Some(runtime) = runtime {
        cpxd.env("XDG_RUNTIME_DIR", runtime);
    }
    cpxd
}

#[test]
fn names_with_spaces_accents_and_signs_beyond_the_basic_plane_are_names_like_others() {
    for name in [
        "Zoé d’Aÿ-Bœuf",
        "名前 𝔘𝔫𝔦 👩‍⚕️",
        "a\"b'c $HOME %s\\n",
        "e\u{301}t\u{e9}",
    ] {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join(name);
        fs::create_dir(&home).unwrap();
        let config = home.join(".config/cpxd");
        fs::create_dir_all(&config).unwrap();
        fs::write(
            config.join("cpxd.toml"),
            "log-file = \"é 👩 log.txt\"\nport = 0\n",
        )
        .unwrap();
        let state = home.join(".local/state/cpxd");
        let mut agent = in_home(&home, None);
        let mut running = Running::start(agent.args(["run", "--reader-source", "virtual"]), &state);
        assert_eq!(
            curl(&running.url(), &state, "/v1"),
            "200",
            "{name}: {}",
            running.log()
        );
        let status = Ended::from(in_home(&home, None).arg("status").output().unwrap());
        assert_eq!(status.code, Some(0), "{name}: {status:?}");
        let journal = Ended::from(
            in_home(&home, None)
                .args(["journal", "verify"])
                .output()
                .unwrap(),
        );
        assert_eq!(journal.code, Some(0), "{name}: {journal:?}");
        running.stop();
        assert!(
            state.join("log").read_dir().unwrap().count() == 1,
            "{name}: no log"
        );
        let removed = Ended::from(
            in_home(&home, None)
                .args(["uninstall", "--state"])
                .output()
                .unwrap(),
        );
        assert_eq!(removed.code, Some(0), "{name}: {removed:?}");
        assert!(!state.exists(), "{name}: {removed:?}");
    }
}

/// A user who is not root, for whom a read-only folder is one.
const NOBODY: &str = "65534";

#[test]
fn a_home_that_cannot_be_written_is_named_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let home = root.path().join("home");
    fs::create_dir(&home).unwrap();
    let owned = Command::new("chown")
        .args([NOBODY, home.to_str().unwrap()])
        .status()
        .unwrap();
    assert!(
        owned.success(),
        "this test gives a folder to another user, as root"
    );
    fs::set_permissions(&home, Permissions::from_mode(0o555)).unwrap();
    let ended = as_nobody(&home, &["run", "--reader-source", "virtual", "--port", "0"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let state = home.join(".local/state/cpxd");
    assert!(
        ended.complaint.contains(state.to_str().unwrap()),
        "{ended:?}"
    );
    assert!(ended.complaint.contains("denied"), "{ended:?}");
    let shown = as_nobody(&home, &["status"]);
    assert_eq!(shown.code, Some(8), "{shown:?}");
    assert_eq!(home.read_dir().unwrap().count(), 0);
}

#[test]
fn a_state_folder_that_became_read_only_is_named_and_what_is_in_it_stays() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let mounted = root.path().join("state");
    let mut agent = Agent::demo(&[]);
    agent.stop();
    let copied = Command::new("cp")
        .arg("-a")
        .args([agent.state_dir(), &mounted])
        .status()
        .unwrap();
    assert!(copied.success());
    // In a mount namespace of its own, as a share that turned read-only is for everybody, root included.
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec \"$0\" demo --headless --port 0 --state-dir \"$1\"";
    let ended: Ended = Command::new("timeout")
        .args(["60", "unshare", "--mount", "sh", "-c", script])
        .arg(program("cpxd"))
        .arg(&mounted)
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .unwrap()
        .into();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.complaint.contains(mounted.to_str().unwrap()),
        "{ended:?}"
    );
    assert!(
        ended.complaint.contains("Read-only file system"),
        "{ended:?}"
    );
    let grants = agent.cli(&["journal", "verify"]);
    assert!(grants.status.success(), "{grants:?}");
}

fn as_nobody(home: &Path, arguments: &[&str]) -> Ended {
    let mut setpriv = Command::new("timeout");
    // A copy where everybody may look: the build's folder may be closed to others.
    let copy = home.with_file_name("cpxd");
    copy_program(&program("cpxd"), &copy);
    for variable in [
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ] {
        setpriv.env_remove(variable);
    }
    setpriv
        .args([
            "60",
            "setpriv",
            "--reuid",
            NOBODY,
            "--regid",
            NOBODY,
            "--clear-groups",
        ])
        .arg(copy)
        .args(arguments)
        .env("HOME", home)
        .env("LC_ALL", "en_US.UTF-8")
        .stdin(Stdio::null());
    setpriv.output().unwrap().into()
}

/// Every operation on files takes so much longer, as on a share behind a slow line.
const DELAY_MICROSECONDS: u32 = 20_000;

#[test]
fn on_a_slow_share_everything_takes_longer_and_nothing_is_lost() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let calls = "openat,fsync,fdatasync,rename,renameat,renameat2,statx,mkdir,unlink";
    let mut strace = Command::new("strace");
    strace
        .args(["--follow-forks", "--quiet=all", "-o", "/dev/null", "-e"])
        .arg(format!("trace={calls}"))
        .arg("-e")
        .arg(format!("inject={calls}:delay_exit={DELAY_MICROSECONDS}"))
        .arg(program("cpxd"))
        .args(["demo", "--headless", "--port", "0", "--state-dir"])
        .arg(&state);
    let mut running = Running::start(&mut strace, &state);
    let ask = |arguments: &[&str]| {
        let cpxd = Command::new(program("cpxd"))
            .arg("--state-dir")
            .arg(&state)
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .output();
        Ended::from(cpxd.unwrap())
    };
    let nonce = cpxd_tests::calls::nonce();
    let token = [
        "authenticate",
        "--origin",
        "https://service.example",
        "--nonce",
        &nonce,
    ];
    until("a card", || {
        ask(&["cards"]).output.contains("CPS").then_some(())
    });
    for _ in 0..3 {
        let made = ask(&token);
        assert_eq!(made.code, Some(0), "{made:?}\n{}", running.log());
    }
    running.stop();
    let verified = ask(&["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let journal: Value = serde_json::from_str(&ask(&["--json", "journal"]).output).unwrap();
    let outcomes = journal["entries"].as_array().unwrap().iter();
    let outcomes = outcomes.filter(|entry| entry["kind"] == "outcome" && entry["result"] == "ok");
    assert_eq!(outcomes.count(), 3, "{journal}");
}

#[test]
fn a_command_of_another_version_asks_the_agent_that_runs_and_a_second_agent_of_it_does_not_start() {
    let agent = Agent::demo(&[]);
    // What another version wrote into the announcement, and understands less or more of.
    let file = fs::read_link(agent.state_dir().join("endpoint.json")).unwrap();
    let mut endpoint = agent.endpoint();
    endpoint["version"] = "0.0.1".into();
    endpoint["later"] = true.into();
    fs::write(&file, endpoint.to_string()).unwrap();
    let status = Ended::from(agent.cli(&["status"]));
    assert_eq!(status.code, Some(0), "{status:?}");
    let folder = agent.state_dir().to_str().unwrap();
    let second = Ended::cpxd(&["demo", "--headless", "--port", "0", "--state-dir", folder]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.complaint.contains("already running"), "{second:?}");
    assert_eq!(agent.authenticate(&agent.card()).status, 200);
}

#[test]
fn the_configuration_of_another_program_is_refused_by_line_and_key_and_nothing_is_made() {
    for (foreign, line, key) in [
        ("[galss]\nPort = 1\n", "line 1", "galss"),
        ("port = 27900\nPIN = \"\"\n", "line 2", "PIN"),
        ("{ \"port\": 27900 }", "line 1", "port"),
        ("\u{feff}port = 27900\nservice = 1\n", "line 2", "service"),
        ("port = 27900\nprompt = \"auto\"\0", "line 2", "prompt"),
        ("log-file = \"a/b\"", "log-file", "a/b"),
        ("update-url = \"ftp://x\"", "update-url", "ftp://x"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cpxd.toml");
        fs::write(&file, foreign).unwrap();
        let state = folder.path().join("state");
        let ended = Ended::cpxd(&[
            "run",
            "--config",
            file.to_str().unwrap(),
            "--state-dir",
            state.to_str().unwrap(),
        ]);
        assert_eq!(ended.code, Some(9), "{foreign:?}: {ended:?}");
        for expected in [line, key] {
            assert!(ended.complaint.contains(expected), "{foreign:?}: {ended:?}");
        }
        assert!(!state.exists(), "{foreign:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cpxd.toml");
    fs::write(&file, b"port = 1\nlog-level = \"\xe9\"\n").unwrap();
    let ended = Ended::cpxd(&["run", "--config", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(
        ended.complaint.contains(file.to_str().unwrap()),
        "{ended:?}"
    );
}
