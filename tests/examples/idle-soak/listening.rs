//! What an agent listens on from its start to its end: strace says it, and ss is the second judge.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::authenticate;

/// Starts an agent beneath strace, uses it, ends it, and says whether it listened on its user's socket and loopback alone.
pub(crate) fn judge() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("calls");
    let mut agent = Agent::demo_traced("network", &trace);
    let used = authenticate(&agent, &agent.card());
    assert_eq!(used.status, 200, "{}", used.text);
    let socket = agent.endpoint()["socket"]
        .as_str()
        .expect("a socket")
        .to_owned();
    let by_ss = by_ss(agent.pid());
    assert!(agent.stop().success(), "{}", agent.log());
    let by_strace = by_strace(folder.path());
    println!("listening by strace: {by_strace:?}\nlistening by ss:     {by_ss:?}");
    let is_ours = |place: &String| *place == socket || is_loopback(place);
    let mut is_well = by_strace == by_ss && by_strace.contains(&socket);
    for place in by_strace
        .iter()
        .chain(&by_ss)
        .filter(|place| !is_ours(place))
    {
        println!("NOT its user's socket and not loopback: {place}");
        is_well = false;
    }
    is_well
}

fn is_loopback(place: &str) -> bool {
    place.starts_with("127.0.0.1:") || place.starts_with("[::1]:")
}

/// One file for each thread, in which no call is torn by another thread's.
fn by_strace(folder: &Path) -> BTreeSet<String> {
    let mut listening = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the traces") {
        let calls = fs::read_to_string(file.expect("a trace").path()).expect("a trace in UTF-8");
        let mut bound = BTreeMap::new();
        for call in calls.lines() {
            let Some((name, rest)) = call.split_once('(') else {
                continue;
            };
            let descriptor = rest.split([',', ')']).next().unwrap_or_default();
            let place = place_in(call);
            if !call.ends_with(" = 0") {
                continue;
            }
            // A socket for datagrams takes them from its bind on; one to the kernel has no stranger at its other end.
            if name == "bind" && !place.contains("AF_NETLINK") {
                bound.insert(descriptor.to_owned(), place.clone());
                listening.insert(place);
            } else if name == "listen" && !bound.contains_key(descriptor) {
                listening.insert(format!("unknown: {call}"));
            }
        }
    }
    listening
}

/// The address in a call of bind(2), as strace shows it.
fn place_in(call: &str) -> String {
    let between = |begin: &str, end: &str| {
        let (_, rest) = call.split_once(begin)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let port = between("htons(", ")").unwrap_or_default();
    if let Some(path) = between("sun_path=\"", "\"") {
        path
    } else if let Some(address) = between("inet_addr(\"", "\"") {
        format!("{address}:{port}")
    } else if let Some(address) = between("inet_pton(AF_INET6, \"", "\"") {
        format!("[{address}]:{port}")
    } else {
        call.to_owned()
    }
}

fn by_ss(pid: u32) -> BTreeSet<String> {
    let listed = Command::new("ss")
        .args(["--no-header", "--listening", "--numeric", "--processes"])
        .args(["--tcp", "--udp", "--raw", "--unix", "--packet"])
        .output()
        .expect("ss is installed (cargo xtask soak installs it)");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let ours = listed
        .lines()
        .filter(|line| line.contains(&format!("pid={pid},")));
    // The local address is the fifth word.
    let places = ours.filter_map(|line| line.split_whitespace().nth(4));
    places.map(ToOwned::to_owned).collect()
}
