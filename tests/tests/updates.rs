//! Whether a newer version is there: what is believed, what is refused and by which name, and what is asked of whom.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a check that cannot be tried fails its test"
)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cpxd_tests::agent::Agent;
use cpxd_tests::clock::beginning_at;
use cpxd_tests::ended::Ended;
use cpxd_tests::programs::program;
use cpxd_tests::update_server::{
    CUT_OFF, MANIFEST, SIGNATURE, Said, UpdateServer, ok, sign, test_key,
};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// A workstation that asks this server.
struct Workstation {
    server: UpdateServer,
    folder: TempDir,
}

impl Workstation {
    fn new() -> Self {
        let server = UpdateServer::start();
        let folder = tempfile::tempdir().unwrap();
        let config = format!("update-url = {:?}\nreader-source = []\n", server.url());
        fs::write(folder.path().join("cpxd.toml"), config).unwrap();
        Self { server, folder }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("cpxd.toml")
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![("SSL_CERT_FILE", self.server.authority().into())]
    }

    fn cpxd(&self, more: &[(&'static str, OsString)], arguments: &[&str]) -> Ended {
        let mut cpxd = Command::new(program("cpxd"));
        for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            cpxd.env_remove(proxy);
        }
        cpxd.args(["--json", "--state-dir"])
            .arg(self.folder.path().join("state"))
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .envs(self.environment())
            .envs(more.iter().cloned())
            .stdin(Stdio::null());
        cpxd.output().unwrap().into()
    }

    /// `cpxd updates`: its exit code and what it printed.
    fn look_with(&self, more: &[(&'static str, OsString)]) -> (Option<i32>, Value) {
        let config = self.config();
        let ended = self.cpxd(more, &["updates", "--config", config.to_str().unwrap()]);
        let printed: Value = serde_json::from_str(&ended.output).unwrap_or_default();
        assert!(printed.is_object(), "{ended:?}");
        (ended.code, printed)
    }

    fn newer(&self) -> Value {
        let (code, said) = self.look_with(&[]);
        assert_eq!(code, Some(0), "{said}");
        said["newerVersion"].clone()
    }

    /// The stable word of a refusal.
    fn refused(&self) -> String {
        let (code, said) = self.look_with(&[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            ["update-refused", "update-no-answer"].contains(&said["code"].as_str().unwrap()),
            "{said}"
        );
        said["reason"].as_str().unwrap().to_owned()
    }
}

fn at(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap()
}

/// A manifest of this version that was published so long ago.
fn manifest(version: &str, ago: Duration) -> Value {
    let now = OffsetDateTime::now_utc();
    json!({
        "product": "cpxd", "format": 1, "version": version,
        "published": at(now - ago), "expires": at(now + Duration::days(90)),
        "files": [{ "name": "cpxd.deb", "size": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }],
    })
}

const HOUR: Duration = Duration::HOUR;

#[test]
fn a_newer_version_is_told_and_nothing_but_manifest_and_signature_is_asked_for() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    assert_eq!(workstation.newer(), "9.9.9");
    let heads = workstation.server.heads();
    let paths: Vec<_> = heads
        .iter()
        .map(|head| head.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(paths, [SIGNATURE, MANIFEST]);
    for head in &heads {
        let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut names: Vec<_> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        assert_eq!(names, ["accept", "host", "user-agent"], "{head}");
        assert!(
            head.to_ascii_lowercase().contains("user-agent: cpxd\r\n"),
            "{head}"
        );
    }
    let current = manifest(env!("CARGO_PKG_VERSION"), HOUR).to_string();
    let another = Workstation::new();
    another.server.announce(&current);
    assert_eq!(another.newer(), Value::Null);
}

#[test]
fn what_the_pinned_key_did_not_sign_is_refused() {
    let workstation = Workstation::new();
    let server = &workstation.server;
    let good = manifest("9.9.9", HOUR).to_string();
    let signature = sign(good.as_bytes(), &test_key());

    let changed = good.replace("9.9.9", "9.9.8");
    server.say(changed.as_bytes(), &signature);
    assert_eq!(workstation.refused(), "wrong-signature");

    let keys = tempfile::tempdir().unwrap();
    let own = keys.path().join("own.key");
    let made = Command::new("minisign")
        .args(["-G", "-W", "-p", "/dev/null", "-f", "-s"])
        .arg(&own)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    server.say(good.as_bytes(), &sign(good.as_bytes(), &own));
    assert_eq!(workstation.refused(), "wrong-key");

    let forged = signature.replace("trusted comment: cpxd", "trusted comment: else");
    server.say(good.as_bytes(), &forged);
    assert_eq!(workstation.refused(), "wrong-signature");

    for none in ["", "good, I promise", &signature[..signature.len() / 2]] {
        server.say(good.as_bytes(), none);
        assert_eq!(workstation.refused(), "signature-unreadable", "{none}");
    }
    server.say(good.as_bytes(), &signature);
    assert_eq!(workstation.newer(), "9.9.9");
}

#[test]
fn what_is_older_than_what_runs_or_was_seen_is_refused() {
    let workstation = Workstation::new();
    let announce = |manifest: &Value| workstation.server.announce(&manifest.to_string());
    announce(&manifest("0.0.9", HOUR));
    assert_eq!(workstation.refused(), "older");
    announce(&manifest("9.9.8", HOUR));
    assert_eq!(workstation.newer(), "9.9.8");
    let first = manifest("9.9.9", HOUR / 2);
    announce(&first);
    assert_eq!(workstation.newer(), "9.9.9");
    announce(&manifest("9.9.8", HOUR));
    assert_eq!(workstation.refused(), "older");
    announce(&manifest("9.9.9", HOUR));
    assert_eq!(workstation.refused(), "replayed");
    let mut other = first.clone();
    other["files"][0]["size"] = 4.into();
    announce(&other);
    assert_eq!(workstation.refused(), "changed");
    announce(&first);
    assert_eq!(workstation.newer(), "9.9.9");
}

#[test]
fn another_product_another_format_and_an_announcement_out_of_its_time_are_refused() {
    let workstation = Workstation::new();
    for (member, value, expected) in [
        ("product", json!("cryptolib"), "another-product"),
        ("format", json!(2), "format"),
        ("files", json!([]), "not-a-manifest"),
        (
            "expires",
            json!(at(OffsetDateTime::now_utc() - HOUR)),
            "expired",
        ),
        (
            "published",
            json!(at(OffsetDateTime::now_utc() + 48 * HOUR)),
            "clock-wrong",
        ),
    ] {
        let mut wrong = manifest("9.9.9", HOUR);
        wrong[member] = value;
        workstation.server.announce(&wrong.to_string());
        assert_eq!(workstation.refused(), expected, "{wrong}");
    }
    workstation.server.announce("not JSON");
    assert_eq!(workstation.refused(), "not-a-manifest");
}

#[test]
fn an_answer_that_is_cut_off_too_large_slow_or_sends_elsewhere_is_refused() {
    let workstation = Workstation::new();
    let server = &workstation.server;
    let good = manifest("9.9.9", HOUR).to_string();
    server.announce(&good);
    let mut cut_off = ok(good.as_bytes());
    cut_off.truncate(cut_off.len() - 10);
    cut_off.extend_from_slice(CUT_OFF);
    let elsewhere = UpdateServer::start();
    elsewhere.announce(&good);
    let redirection = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        elsewhere.url()
    );
    let endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let endless = [endless, chunk.clone(), chunk, b"0\r\n\r\n".to_vec()].concat();
    for (path, said, expected) in [
        (MANIFEST, Said::Bytes(cut_off), "truncated"),
        (
            MANIFEST,
            Said::Bytes(ok(&vec![b' '; 65 * 1024])),
            "too-large",
        ),
        (MANIFEST, Said::Bytes(endless), "too-large"),
        (
            SIGNATURE,
            Said::Bytes(ok(&vec![b'A'; 5 * 1024])),
            "too-large",
        ),
        (MANIFEST, Said::Bytes(redirection.into()), "redirected"),
        (
            MANIFEST,
            Said::Bytes(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
            "status",
        ),
        (
            MANIFEST,
            Said::Bytes([b"nonsense\r\n\r\n", CUT_OFF].concat()),
            "unreachable",
        ),
        (MANIFEST, Said::Slowly, "too-slow"),
    ] {
        server.announce(&good);
        server.answer_with(path, said);
        assert_eq!(workstation.refused(), expected);
    }
    assert!(elsewhere.heads().is_empty(), "it went elsewhere");
    server.announce(&good);
    assert_eq!(workstation.newer(), "9.9.9");
}

#[test]
fn a_server_that_no_authority_of_the_system_vouches_for_is_not_asked() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    let another = UpdateServer::start();
    let (code, said) = workstation.look_with(&[("SSL_CERT_FILE", another.authority().into())]);
    assert_eq!(
        (code, &said["reason"]),
        (Some(1), &json!("unreachable")),
        "{said}"
    );
    assert!(workstation.server.heads().is_empty());
}

#[test]
fn a_computer_whose_clock_says_1970_is_told_to_set_it() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    let (code, said) = workstation.look_with(&beginning_at("1970-01-01 00:10:00"));
    assert_eq!(
        (code, &said["reason"]),
        (Some(1), &json!("clock-wrong")),
        "{said}"
    );
    assert!(said["detail"].as_str().unwrap().contains("clock"), "{said}");
    assert_eq!(workstation.newer(), "9.9.9");
}

#[test]
fn without_an_address_and_where_it_is_switched_off_nobody_is_asked() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    let url = workstation.server.url();
    for config in ["", &format!("update-url = {url:?}\nupdate-check = false")] {
        fs::write(workstation.config(), config).unwrap();
        let (code, said) = workstation.look_with(&[]);
        assert_eq!(
            (code, &said["code"]),
            (Some(1), &json!("updates-off")),
            "{said}"
        );
    }
    fs::write(
        workstation.config(),
        url.replace("https", "update-url = \"http") + "\"",
    )
    .unwrap();
    let (code, said) = workstation.look_with(&[]);
    assert_eq!(code, Some(9), "{said}");
    assert!(
        said["detail"].as_str().unwrap().contains("update-url"),
        "{said}"
    );
    assert!(workstation.server.heads().is_empty());
}

#[test]
fn a_memory_that_is_damaged_is_named_and_nothing_is_asked() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    assert_eq!(workstation.newer(), "9.9.9");
    let file = workstation.folder.path().join("state/update-check.json");
    fs::write(&file, "{").unwrap();
    let before = workstation.server.heads().len();
    let (code, said) = workstation.look_with(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .contains(file.to_str().unwrap()),
        "{said}"
    );
    assert_eq!(workstation.server.heads().len(), before);
}

#[test]
fn a_running_agent_tells_of_a_newer_version_and_remembers_it_without_asking_again() {
    let workstation = Workstation::new();
    workstation
        .server
        .announce(&manifest("9.9.9", HOUR).to_string());
    let environment = workstation.environment();
    let config = workstation.config();
    let mut agent = Agent::run_in(&environment, &["--config", config.to_str().unwrap()]);
    let told = |agent: &Agent| {
        let status = agent.read_socket("/v1/status").body;
        (status["newerVersion"] == "9.9.9").then_some(())
    };
    until("the newer version", || told(&agent));
    let shown = Ended::from(agent.cli(&["status"]));
    assert!(shown.output.contains("cpxd 9.9.9 is there"), "{shown:?}");
    assert!(agent.log().contains("update-newer"), "{}", agent.log());
    assert!(
        agent.log().contains("update-key-for-tests"),
        "{}",
        agent.log()
    );
    agent.stop();
    let asked = workstation.server.heads().len();
    agent.start_again();
    until("the newer version", || told(&agent));
    assert_eq!(workstation.server.heads().len(), asked, "asked twice a day");
}

#[test]
fn a_running_agent_says_in_its_log_what_it_refused() {
    let workstation = Workstation::new();
    workstation.server.say(b"{}", "none");
    let config = workstation.config();
    let agent = Agent::run_in(
        &workstation.environment(),
        &["--config", config.to_str().unwrap()],
    );
    until("the refusal", || {
        agent.log().contains("update-refused").then_some(())
    });
    assert!(
        agent.log().contains("signature-unreadable"),
        "{}",
        agent.log()
    );
    assert_eq!(
        agent.read_socket("/v1/status").body["newerVersion"],
        Value::Null
    );
}

/// A folder with a release in it.
fn release(folder: &Path) {
    let manifest = manifest("9.9.9", HOUR).to_string();
    fs::write(folder.join("manifest.json"), &manifest).unwrap();
    let signature = sign(manifest.as_bytes(), &test_key());
    fs::write(folder.join("manifest.json.minisig"), signature).unwrap();
    fs::write(folder.join("cpxd.deb"), "abc").unwrap();
}

#[test]
fn the_files_of_a_release_are_judged_by_its_manifest() {
    let judge = |spoil: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        release(folder.path());
        spoil(folder.path());
        let ended = Ended::cpxd(&[
            "--json",
            "updates",
            "--files",
            folder.path().to_str().unwrap(),
        ]);
        let said: Value = serde_json::from_str(&ended.output).unwrap();
        (ended.code, said)
    };
    let (code, good) = judge(&|_| {});
    assert_eq!(
        (code, &good["release"], &good["files"]),
        (Some(0), &json!("9.9.9"), &json!(1))
    );
    let write = |name: &'static str, text: &'static str| {
        move |folder: &Path| fs::write(folder.join(name), text).unwrap()
    };
    let remove =
        |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    let cut = |folder: &Path| {
        let file = folder.join("manifest.json");
        let text = fs::read(&file).unwrap();
        fs::write(&file, &text[..text.len() - 1]).unwrap();
    };
    for (spoil, expected) in [
        (&write("cpxd.deb", "abd") as &dyn Fn(&Path), "wrong-file"),
        (&write("cpxd.deb", "abcd"), "wrong-file"),
        (&remove("cpxd.deb"), "missing-file"),
        (&write("more.deb", ""), "extra-file"),
        (&cut, "wrong-signature"),
        (&remove("manifest.json.minisig"), "file-unreadable"),
        (&remove("manifest.json"), "file-unreadable"),
    ] {
        let (code, said) = judge(spoil);
        assert_eq!(
            (code, &said["reason"]),
            (Some(1), &json!(expected)),
            "{said}"
        );
    }
}

#[test]
fn what_is_missing_of_a_release_is_named_and_nobody_is_alarmed() {
    let folder = tempfile::tempdir().unwrap();
    for (there, missing) in [
        (&[][..], "manifest.json "),
        (&["manifest.json"][..], "manifest.json.minisig "),
    ] {
        for name in there {
            fs::write(folder.path().join(name), "{}").unwrap();
        }
        let ended = Ended::cpxd(&["updates", "--files", folder.path().to_str().unwrap()]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.complaint.contains(missing), "{ended:?}");
        assert!(!ended.complaint.contains("believed"), "{ended:?}");
    }
    let nowhere = folder.path().join("nowhere");
    let ended = Ended::cpxd(&["updates", "--files", nowhere.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complaint.contains("nowhere cannot"), "{ended:?}");
    assert!(!ended.complaint.contains("believed"), "{ended:?}");
}
