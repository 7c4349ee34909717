//! Who may reach the agent at all: this machine, and of its users the agent's own.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be looked at fails its test"
)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::ORIGIN;
use cpxd_tests::door::{pair, request_grant};
use cpxd_tests::exchange::{Exchange, curl};
use cpxd_tests::waiting::until;

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

/// `curl` run by another user, who trusts whatever certificate comes.
fn curl_of_another_user() -> Command {
    let own = fs::metadata("/proc/self").unwrap().uid();
    assert_eq!(
        own, 0,
        "this test must run as root: only root can start a program of another user"
    );
    let mut curl = curl();
    curl.arg("--insecure")
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/");
    curl
}

fn socket_of(agent: &Agent) -> PathBuf {
    agent.endpoint()["socket"].as_str().unwrap().into()
}

/// Every socket of a process that waits for callers, as `protocol address`, in the kernel's hexadecimal.
fn listening_sockets(pid: u32) -> BTreeSet<String> {
    let inodes: BTreeSet<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|file| fs::read_link(file.unwrap().path()).ok())
        .filter_map(|target| {
            let target = target.to_str()?.strip_prefix("socket:[")?;
            Some(target.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut listening = BTreeSet::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6"] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{protocol}")).unwrap();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let (local, state, inode) = (fields[1], fields[3], fields[9]);
            if inodes.contains(inode) && [LISTENS, TAKES_DATAGRAMS].contains(&state) {
                listening.insert(format!("{protocol} {}", local.split(':').next().unwrap()));
            }
        }
    }
    listening
}

const LISTENS: &str = "0A";
const TAKES_DATAGRAMS: &str = "07";

#[test]
fn the_agent_listens_on_loopback_alone() {
    let agent = Agent::demo(&[]);
    let listening = listening_sockets(agent.pid());
    let over_ipv4 = "tcp 0100007F";
    let over_ipv6 = "tcp6 00000000000000000000000001000000";
    assert!(listening.contains(over_ipv4), "{listening:?}");
    for socket in &listening {
        assert!(
            [over_ipv4, over_ipv6].contains(&socket.as_str()),
            "{socket}"
        );
    }
}

/// Every file below a folder, links as they are; not what is renamed meanwhile.
fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => found.extend(everything_below(&path)),
            Ok(_) => found.push(path),
            Err(_) => {}
        }
    }
    found
}

#[test]
fn what_the_agent_keeps_is_closed_to_other_users() {
    let agent = Agent::demo(&[]);
    let runtime_dir = socket_of(&agent).parent().unwrap().to_owned();
    let mut files = everything_below(agent.state_dir());
    files.extend(everything_below(&runtime_dir));
    let (mut folders, mut sockets, mut regular) = (0, 0, 0);
    for path in &files {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            continue;
        };
        let mode = metadata.mode() & 0o777;
        let file_type = metadata.file_type();
        if file_type.is_symlink() {
            continue;
        }
        let expected = if file_type.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{} has mode {mode:o}", path.display());
        folders += u32::from(file_type.is_dir());
        sockets += u32::from(file_type.is_socket());
        regular += u32::from(file_type.is_file());
    }
    assert!(folders >= 3 && sockets >= 1 && regular >= 7, "{files:?}");
    for name in [
        "ca.pem",
        "demo-token",
        "card-id-salt",
        "tls/ca.pem",
        "tls/leaf.pem",
    ] {
        assert!(files.contains(&agent.state_dir().join(name)), "{name}");
    }
}

#[test]
fn a_state_folder_that_is_open_to_others_is_closed_at_the_next_start() {
    let mut agent = Agent::demo(&[]);
    agent.stop();
    fs::set_permissions(agent.state_dir(), Permissions::from_mode(0o755)).unwrap();
    agent.start_again();
    let mode = fs::metadata(agent.state_dir()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn another_user_is_refused_with_the_stolen_token_and_before_anything_else_is_looked_at() {
    let agent = Agent::demo(&[]);
    let token = agent.authorization();
    for (path, header) in [
        ("/v1/cards", token.as_str()),
        ("/v1", token.as_str()),
        ("/v1/cards", "Host: evil.example"),
        ("/v1/cards", "Origin: https://evil.example"),
        ("/docs", "Accept: text/html"),
    ] {
        for address in [agent.url(), agent.url().replace("127.0.0.1", "localhost")] {
            let url = format!("{address}{path}");
            let answer = Exchange::by(curl_of_another_user().args(["-H", header, &url]));
            let refused = (answer.status, answer.code());
            assert_eq!(
                refused,
                (403, "peer-refused".to_owned()),
                "{path} {header}: {answer:?}"
            );
        }
    }
    assert_eq!(
        agent.read("/v1/cards").status,
        200,
        "its own user is served"
    );
}

#[test]
fn another_user_is_refused_with_a_granted_origin_and_a_paired_token() {
    let agent = Agent::demo(&[]);
    let (paired, _) = pair(&agent, &["identify"], &[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let paired = format!("Authorization: Bearer {paired}");
    let origin = format!("Origin: {ORIGIN}");
    let preflight = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET"];
    for arguments in [
        vec!["-H", &paired],
        vec!["-H", &origin],
        vec!["-H", &origin, "-H", &paired],
        [&preflight[..], &["-H", &origin]].concat(),
        vec!["-H", &paired, "--http1.1", "-H", "Connection: keep-alive"],
        vec!["-H", &paired, "--tls-max", "1.2"],
    ] {
        let url = format!("{}/v1/cards", agent.url());
        let answer = Exchange::by(curl_of_another_user().args(&arguments).arg(url));
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (403, "peer-refused".to_owned()), "{arguments:?}");
        let reader = answer.header("access-control-allow-origin");
        assert_eq!(reader, None, "no page of another user reads anything");
    }
    for arguments in [["-H", paired.as_str()], ["-H", origin.as_str()]] {
        let own = agent.exchange("/v1/cards", &arguments);
        assert_eq!(own.status, 200, "the same by its own user");
    }
}

/// Whether another user gets at the bytes of a file.
fn is_read_by_another_user(path: &Path) -> bool {
    let mut cat = Command::new("cat");
    cat.arg(path).uid(NOBODY).gid(NOBODY).current_dir("/");
    let output = cat.output().unwrap();
    output.status.success() || !output.stdout.is_empty()
}

#[test]
fn another_user_reads_no_key_token_grant_or_journal() {
    let own = fs::metadata("/proc/self").unwrap().uid();
    assert_eq!(
        own, 0,
        "this test must run as root: only root can start a program of another user"
    );
    let agent = Agent::demo(&[]);
    let _ = pair(&agent, &["identify"], &[]);
    let card = agent.card();
    assert_eq!(agent.authenticate(&card).status, 200);
    let state_dir = agent.state_dir();
    let kept = everything_below(state_dir);
    let regular = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|file| file.is_file());
    let kept: Vec<_> = kept.iter().filter(regular).collect();
    for name in [
        "demo-token",
        "grants-test.json",
        "tls/leaf.pem",
        "tls/ca.pem",
    ] {
        assert!(kept.contains(&&state_dir.join(name)), "{name}: {kept:?}");
    }
    let in_journal = kept
        .iter()
        .filter(|path| path.starts_with(state_dir.join("journal")));
    assert!(in_journal.count() > 0, "{kept:?}");
    for path in &kept {
        assert!(!is_read_by_another_user(path), "{}", path.display());
    }
    // Each file by itself, too, as if the folders around it were open.
    let folders = everything_below(state_dir);
    for folder in folders.iter().filter(|path| path.is_dir()) {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    let folder_of_test = state_dir.parent().unwrap();
    fs::set_permissions(folder_of_test, Permissions::from_mode(0o755)).unwrap();
    for path in &kept {
        assert!(!is_read_by_another_user(path), "{}", path.display());
    }
    // The test itself: what is open, another user does read.
    let open = folder_of_test.join("open");
    fs::write(&open, "open").unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    assert!(is_read_by_another_user(&open));
}

#[test]
fn another_user_cannot_connect_to_the_socket() {
    // Without a session's folder the socket is in the state folder, which this test may open.
    let environment = [("XDG_RUNTIME_DIR", OsString::new())];
    let agent = Agent::run_in(&environment, &["--reader-source", "virtual"]);
    let socket = socket_of(&agent);
    let ask = || {
        let mut curl = curl_of_another_user();
        curl.arg("--unix-socket").arg(&socket);
        let answer = Exchange::by(curl.arg("http://localhost/v1"));
        assert_eq!(answer.status, 0, "{answer:?}");
    };
    let refusal = "belongs to another user (uid 65534)";
    ask();
    assert!(!agent.log().contains(refusal), "the folder kept him out");

    // Even with every door on the way open, the agent itself looks who it is.
    for folder in socket.ancestors().skip(1).take(3) {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    ask();
    until("the refusal in the log", || {
        agent.log().contains(refusal).then_some(())
    });
    assert_eq!(agent.read_socket("/v1").status, 200);
}
