//! An agent with a native host beside its executable, as the installers put it there.
//!
//! Where a test is about the agent, `curl` stands under the host's name: it says to the agent what
//! the test tells it to. The product's own host is in `native_messages.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::agent::{Agent, CLIENT, JSON};
use crate::exchange::{Exchange, curl_of};
use crate::programs::program;

/// The name that the agent looks for beside itself.
pub const NATIVE_HOST: &str = "cpxd-native-host";

/// Puts the agent's program and a native host into `folder`; gives the path of the first.
pub fn install_beside_a_native_host(folder: &Path) -> PathBuf {
    install_beside(&path_of_curl(), folder)
}

/// Puts the agent's program and the product's own native host into `folder`; gives the path of the
/// first.
pub fn install_beside_the_native_host(folder: &Path) -> PathBuf {
    install_beside(&program(NATIVE_HOST), folder)
}

fn install_beside(host: &Path, folder: &Path) -> PathBuf {
    let programs = folder.join("programs");
    fs::create_dir(&programs).expect("a folder");
    let agent = programs.join("cpxd");
    copy_program(&program("cpxd"), &agent);
    copy_program(host, &programs.join(NATIVE_HOST));
    agent
}

/// Copies a program that is to be started at once. Another process writes the copy: a descriptor
/// of ours would go along with whatever another test starts meanwhile, and the system starts no
/// file that somebody may write (`ETXTBSY`).
pub fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status();
    assert!(copied.expect("cp starts").success(), "a copy of {from:?}");
}

/// Where `curl` is.
#[must_use]
pub fn path_of_curl() -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&folders).map(|folder| folder.join("curl"));
    let curl = found.find(|path| path.is_file());
    curl.expect("curl is installed (cargo xtask test installs it)")
}

/// The agent's native host.
#[must_use]
pub fn host_of(agent: &Agent) -> PathBuf {
    agent
        .state_dir()
        .with_file_name("programs")
        .join(NATIVE_HOST)
}

/// What the program `speaker` asks on the socket, with these arguments of curl.
#[must_use]
pub fn said_by(speaker: &Path, agent: &Agent, path: &str, arguments: &[&str]) -> Exchange {
    let endpoint = agent.endpoint();
    let socket = endpoint["socket"].as_str().expect("a socket");
    let mut curl = curl_of(Command::new(speaker));
    curl.args(["--unix-socket", socket]).args(arguments);
    Exchange::by(curl.arg(format!("http://localhost{path}")))
}

/// What the native host asks for a page inside another one.
#[must_use]
pub fn for_page(agent: &Agent, page: [&str; 2], path: &str, arguments: &[&str]) -> Exchange {
    let [origin, top] = page;
    let origin = format!("Cpxd-Page-Origin: {origin}");
    let top = format!("Cpxd-Top-Origin: {top}");
    let stated = ["-H", &origin, "-H", &top];
    said_by(&host_of(agent), agent, path, &[&stated, arguments].concat())
}

/// POST of JSON by the native host for a page inside another one.
#[must_use]
pub fn post_for_page(agent: &Agent, page: [&str; 2], path: &str, body: &Value) -> Exchange {
    let body = body.to_string();
    let arguments = ["-H", CLIENT, "-H", JSON, "-d", &body];
    for_page(agent, page, path, &arguments)
}
