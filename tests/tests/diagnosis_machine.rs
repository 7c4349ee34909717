//! The diagnosis names the root cause: the computer, its browsers, Cryptolib beside the agent.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a fault that cannot be made fails its test"
)]

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use card_emulator::pki::{TEST_INTERMEDIATE_DER, TEST_ROOT_DER};
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::path_of;
use cpxd_tests::diagnosed::Diagnosed;
use cpxd_tests::judge::bytes;
use cpxd_tests::native_host::{copy_program, install_beside_the_native_host};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::room::shell_in_a_room;
use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;
use serde_json::json;

#[test]
fn a_first_port_that_another_program_has_is_told_with_its_name() {
    // Where another agent of this machine has it, that one is the other program.
    let taken = TcpListener::bind(("127.0.0.1", 27900));
    let agent = Agent::demo_at_its_usual_ports();
    let _card = agent.card();
    let found = Diagnosed::by(&agent);
    assert_eq!(found.first("failed"), None, "{:#}", found.0);
    if taken.is_ok() {
        assert_eq!(found.first("warning"), Some(("port", "port-taken")));
        let own = std::env::current_exe().unwrap();
        let own = own.file_name().unwrap().to_str().unwrap();
        let cause = found.check("port")["cause"].as_str().unwrap();
        assert!(cause.contains(own), "{cause}");
    }
    drop(taken);
    let _first = Agent::demo_at_its_usual_ports();
    let second = Agent::demo_at_its_usual_ports();
    let port = Diagnosed::by(&second);
    assert_eq!(port.of("port"), ("ok", "port-taken-by-agent"));
    assert_eq!(port.check("port")["remedy"], serde_json::Value::Null);
}

/// Root sees every program; nobody else sees what other users' have.
#[test]
fn a_first_port_that_the_agent_of_another_user_has_is_nothing_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let cpxd = folder.path().join("cpxd");
    copy_program(&program("cpxd"), &cpxd);
    let agent = Agent::demo(&[]);
    let url = agent.url();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let file = folder.path().join("cpxd.toml");
    fs::write(&file, format!("port = {port}\n")).unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(4242), Some(4242)).unwrap();
    let output = Command::new(&cpxd)
        .args(["diagnose", "--json", "--config"])
        .arg(&file)
        .arg("--state-dir")
        .arg(home.join("state"))
        .env("HOME", &home)
        .env("LC_ALL", "en_US.UTF-8")
        .current_dir("/")
        .uid(4242)
        .gid(4242)
        .output()
        .unwrap();
    let found = Diagnosed::printed(&output);
    assert_eq!(found.of("agent-runs").1, "agent-port-held-by-agent");
}

#[test]
fn a_browser_that_does_not_trust_the_authority_is_told_and_again_once_that_is_taken_away() {
    let person = Person::new();
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    let agent = Agent::demo_in(&[("HOME", person.home().into())], &[]);
    let trust = || Diagnosed::by(&agent);
    assert_eq!(trust().of("trust"), ("warning", "trust-missing"));
    assert_eq!(trust().check("trust")["action"], "install-trust");
    let remedy = trust().check("trust")["remedy"].to_string();
    let command = format!(
        "cpxd install --trust --state-dir {}",
        agent.state_dir().display()
    );
    assert!(remedy.contains(&command), "{remedy}");
    person.cpxd_of(&agent, &["install", "--trust", "--store", "chromium"]);
    assert_eq!(trust().of("trust"), ("ok", "trust-everywhere"));
    let cause = trust().check("trust")["cause"].clone();
    assert_eq!(cause, "cpxd est reconnu ici\u{a0}: Chromium.");
    person.cpxd_of(&agent, &["uninstall", "--store", "chromium"]);
    assert_eq!(trust().of("trust"), ("warning", "trust-missing"));
}

#[test]
fn a_browser_that_does_not_know_the_native_host_is_told_until_it_knows() {
    let person = Person::new();
    let cpxd = install_beside_the_native_host(person.home());
    let diagnosed = || {
        let mut command = person.starts(&cpxd);
        Diagnosed::printed(&command.args(["diagnose", "--json"]).output().unwrap())
    };
    let found = diagnosed();
    let not_told = ("warning", "native-host-not-told");
    assert_eq!(found.of("native-messaging"), not_told);
    let cause = found.check("native-messaging")["cause"].as_str().unwrap();
    assert!(cause.contains("Chromium, Firefox"), "{cause}");
    let told = person
        .starts(&cpxd)
        .args(["install", "--native-messaging"])
        .output();
    assert!(told.unwrap().status.success());
    assert_eq!(
        diagnosed().of("native-messaging"),
        ("ok", "native-host-told")
    );
}

#[test]
fn a_full_disk_is_named_by_the_agent_whose_state_lies_on_it() {
    let script = "mount -t tmpfs -o size=8m small \"$2\"
        \"$1\" demo --headless --port 0 --state-dir \"$2/state\" 2> \"$2/../log\" &
        while ! [ -e \"$2/state/endpoint.json\" ]; do sleep 0.1; done
        dd if=/dev/zero of=\"$2/filler\" bs=4k 2> /dev/null || true
        \"$1\" diagnose --json --state-dir \"$2/state\" && failed=0 || failed=$?
        kill $!
        exit $failed";
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let cpxd = program("cpxd");
    let output = shell_in_a_room(script, &[cpxd.to_str().unwrap(), disk.to_str().unwrap()])
        .env("LC_ALL", "en_US.UTF-8")
        .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .env_remove("DISPLAY")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let found = Diagnosed::printed(&output);
    assert_eq!(found.first("failed"), Some(("disk-space", "disk-full")));
}

#[test]
fn a_proxy_that_would_catch_loopback_is_told_unless_it_is_told_not_to() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let with = |no_proxy: &str| {
        let environment = [
            ("https_proxy", OsString::from("http://proxy.example:3128")),
            ("no_proxy", no_proxy.into()),
            ("NO_PROXY", no_proxy.into()),
        ];
        Diagnosed::alone(&environment, &state, &[])
    };
    let caught = with("hopital.example");
    assert_eq!(caught.of("proxy"), ("warning", "proxy-catches-loopback"));
    assert_eq!(with("127.0.0.1").of("proxy"), ("ok", "proxy-none"));
}

#[test]
fn an_agent_whose_program_was_replaced_wants_to_be_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let cpxd = folder.path().join("cpxd");
    copy_program(&program("cpxd"), &cpxd);
    let state = folder.path().join("state");
    let mut agent = Command::new(&cpxd)
        .args(["demo", "--headless", "--port", "0", "--state-dir"])
        .arg(&state)
        .env_remove("DISPLAY")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let diagnosed = || Diagnosed::alone(&[], &state, &[]);
    cpxd_tests::waiting::until("the agent", || {
        state.join("endpoint.json").exists().then_some(())
    });
    assert_eq!(diagnosed().of("agent-version"), ("ok", "agent-current"));
    fs::remove_file(&cpxd).unwrap();
    copy_program(&program("cpxd"), &cpxd);
    let found = diagnosed();
    assert_eq!(found.of("agent-version"), ("warning", "agent-replaced"));
    let endpoint = fs::read(state.join("endpoint.json")).unwrap();
    let endpoint: serde_json::Value = serde_json::from_slice(&endpoint).unwrap();
    let url = endpoint["url"].as_str().unwrap();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let file = folder.path().join("cpxd.toml");
    fs::write(&file, format!("port = {port}\n")).unwrap();
    let arguments = ["--config", file.to_str().unwrap()];
    let other = Diagnosed::alone(&[], &folder.path().join("other"), &arguments);
    assert_eq!(other.of("agent-runs").1, "agent-port-held-by-agent");
    agent.kill().unwrap();
    agent.wait().unwrap();
}

/// No machine of tests has an agent of another version: a fake one, which says word for word what a real one does, but
/// for its version and for what it does not know yet.
struct OlderAgent {
    _folder: tempfile::TempDir,
    state: PathBuf,
    _lock: InstanceLock,
}

impl OlderAgent {
    fn like(agent: &Agent, knows_diagnosis: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let paths = AgentPaths::resolve(Some(&state)).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        let listener = socket::bind(&paths, &lock).unwrap();
        let mut status = agent.read_socket("/v1/status").body;
        status["version"] = json!("0.0.9");
        let diagnostics = match knows_diagnosis {
            true => agent.read_socket("/v1/diagnostics"),
            false => agent.read_socket("/v1/not-known-yet"),
        };
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut asked = [0; 4096];
                let len = stream.read(&mut asked).unwrap_or_default();
                let asked = String::from_utf8_lossy(&asked[..len]).into_owned();
                let (code, body) = if asked.starts_with("GET /v1/diagnostics ") {
                    (diagnostics.status, diagnostics.text.clone())
                } else {
                    (200, status.to_string())
                };
                let kind = if code == 200 { "json" } else { "problem+json" };
                let head = format!("HTTP/1.1 {code} x\r\nContent-Type: application/{kind}");
                let len = body.len();
                let _ = write!(stream, "{head}\r\nContent-Length: {len}\r\n\r\n{body}");
            }
        });
        Self {
            _folder: folder,
            state,
            _lock: lock,
        }
    }
}

#[test]
fn an_agent_of_another_version_than_the_programs_is_told_first_and_both_versions() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let _card = agent.card();
    let configuration = service.file(TEST_ENVIRONMENT);
    let arguments = ["--config", configuration.to_str().unwrap()];
    for knows_diagnosis in [true, false] {
        let older = OlderAgent::like(&agent, knows_diagnosis);
        let environment = service.client_environment();
        let found = Diagnosed::alone(&environment, &older.state, &arguments);
        assert_eq!(found.first("failed"), None, "{:#}", found.0);
        let told = Some(("agent-version", "agent-version-differs"));
        assert_eq!(found.first("warning"), told, "{:#}", found.0);
        assert_eq!(found.of("agent-runs"), ("ok", "agent-runs"));
        let cause = found.check("agent-version")["cause"].as_str().unwrap();
        let versions = ["0.0.9", env!("CARGO_PKG_VERSION")];
        assert!(versions.iter().all(|it| cause.contains(it)), "{cause}");
        assert!(found.check("agent-version")["remedy"].is_string());
    }
}

/// A `certutil` that hangs until it is let go, as with a home on a share that is gone; each one leaves a line.
const HANGING_CERTUTIL: &str = "#!/bin/sh
echo asked >> \"$HOME/asked\"
while ! [ -e \"$HOME/go-on\" ]; do sleep 0.1; done
exit 1
";

#[test]
fn a_look_that_hangs_is_told_as_such_has_no_second_beside_it_and_keeps_no_agent_from_stopping() {
    let person = Person::new();
    let home = person.home().to_owned();
    let database = home.join(".pki/nssdb");
    fs::create_dir_all(&database).unwrap();
    let made = Command::new("certutil")
        .args(["-N", "--empty-password", "-d"])
        .arg(format!("sql:{}", database.display()))
        .status();
    assert!(made.unwrap().success());
    let certutil = home.join("programs/certutil");
    fs::create_dir_all(certutil.parent().unwrap()).unwrap();
    fs::write(&certutil, HANGING_CERTUTIL).unwrap();
    fs::set_permissions(&certutil, fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = certutil.parent().unwrap().as_os_str().to_owned();
    path.push(":/usr/bin:/bin");
    let mut agent = Agent::demo_in(&[("HOME", home.clone().into()), ("PATH", path)], &[]);
    let asked = || {
        let lines = fs::read_to_string(home.join("asked")).unwrap_or_default();
        lines.lines().count()
    };
    for _ in 0..2 {
        // Whoever leaves before the answer leaves the look behind.
        let _ = agent.exchange(
            "/v1/diagnostics",
            &["-H", &agent.authorization(), "--max-time", "1"],
        );
    }
    for _ in 0..2 {
        assert_eq!(Diagnosed::by(&agent).of("trust"), ("unknown", "no-answer"));
    }
    assert_eq!(asked(), 1);
    fs::write(home.join("go-on"), "").unwrap();
    cpxd_tests::waiting::until("trust is looked at again", || {
        (Diagnosed::by(&agent).of("trust").1 != "no-answer").then_some(())
    });
    fs::remove_file(home.join("go-on")).unwrap();
    assert_eq!(Diagnosed::by(&agent).of("trust"), ("unknown", "no-answer"));
    agent.stop();
    fs::write(home.join("go-on"), "").unwrap();
}

/// Cryptolib's folders and the list of packages are fakes; cards, service and agent are not.
struct FakeCryptolib<'a> {
    service: &'a PcscService,
    /// What the list of packages says of its version.
    version: &'a str,
    /// The width of its module, as the fifth byte of an ELF file.
    width: u8,
    /// A file of its cache.
    cached: &'a [u8],
    /// Its certificates of authorities.
    authorities: &'a [&'a [u8]],
}

impl<'a> FakeCryptolib<'a> {
    fn of(service: &'a PcscService, version: &'a str) -> Self {
        Self {
            service,
            version,
            width: 2,
            cached: b"",
            authorities: &[],
        }
    }

    fn diagnosed(&self) -> Diagnosed {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        file("module", &[&b"\x7fELF"[..], &[self.width]].concat());
        file("CPS/cache/01234567_7001", self.cached);
        for (number, authority) in self.authorities.iter().enumerate() {
            file(&format!("CPS/Coffre/{number}.cer"), authority);
        }
        let printing = |version: &str| format!("#!/bin/sh\nprintf %s {version}\n");
        file("list/rpm", printing(self.version).as_bytes());
        // What lies first on the path of search is not asked.
        file("programs/rpm", printing("1.0.0").as_bytes());
        let configuration = self.service.file(TEST_ENVIRONMENT);
        let output = self.in_a_room(folder.path(), &configuration);
        Diagnosed::printed(&output)
    }

    fn in_a_room(&self, folder: &Path, configuration: &Path) -> Output {
        let script = "chmod +x \"$2/programs/rpm\" \"$2/list/rpm\"
            mount --bind \"$2/list/rpm\" /usr/bin/rpm
            mount -t tmpfs fake /opt
            mkdir -p /opt/santesocial/CPS/lib
            cp \"$2/module\" /opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so
            mount -t overlay -o \"lowerdir=$2/etc:/etc\" fake /etc
            PATH=\"$2/programs:$PATH\"
            exec \"$1\" diagnose --json --state-dir \"$2/state\" --config \"$3\"";
        let etc = folder.join("etc/opt/santesocial");
        fs::create_dir_all(&etc).unwrap();
        fs::rename(folder.join("CPS"), etc.join("CPS")).unwrap();
        let cpxd = program("cpxd");
        let arguments = [&cpxd, folder, configuration].map(|path: &Path| path.to_str().unwrap());
        shell_in_a_room(script, &arguments)
            .envs(self.service.client_environment())
            .env("LC_ALL", "en_US.UTF-8")
            // The browsers of whoever runs this may know cpxd's own module.
            .env("HOME", folder)
            .output()
            .unwrap()
    }
}

#[test]
fn an_old_cryptolib_beside_a_cps4_is_told_and_keeps_pro_sante_connect_from_working() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps4"]);
    let found = FakeCryptolib::of(&service, "5.1.12").diagnosed();
    assert_eq!(
        found.first("warning"),
        Some(("cryptolib", "cryptolib-too-old"))
    );
    let psc = &found.0["proSanteConnect"];
    assert_eq!(psc["state"], "notReady", "{psc}");
    assert!(psc["reason"].as_str().unwrap().contains("too old"), "{psc}");
    assert!(psc["otherWay"].as_str().unwrap().contains("e-CPS"), "{psc}");

    let found = FakeCryptolib::of(&service, "5.2.2").diagnosed();
    assert_eq!(found.of("cryptolib"), ("ok", "cryptolib-good"));
    assert_eq!(found.0["proSanteConnect"]["state"], "ready");
}

#[test]
fn a_cryptolib_for_programs_of_32_bits_alone_is_told() {
    let service = PcscService::start();
    let narrow = FakeCryptolib {
        width: 1,
        ..FakeCryptolib::of(&service, "5.2.2")
    };
    let found = narrow.diagnosed();
    assert_eq!(found.of("cryptolib"), ("warning", "cryptolib-only-32-bits"));
}

#[test]
fn a_cache_with_a_former_certificate_of_the_card_is_told() {
    let service = PcscService::start();
    let authentication = |key_set: &str| {
        let arguments = ["--key-set", key_set, "--card-number", "9999123456"];
        let card = service.plug(Reader::First, &arguments);
        let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
        let path = path_of(&agent.card(), "/certificates/authentication");
        let certificate = bytes(&agent.read_socket(&path).body["certificate"]);
        (certificate, card)
    };
    let (former, card) = authentication("2");
    card.pull();
    let (current, _card) = authentication("1");
    for (cached, expected) in [
        (&former, ("warning", "cache-stale")),
        (&current, ("ok", "cache-good")),
    ] {
        let cryptolib = FakeCryptolib {
            cached,
            authorities: &[TEST_ROOT_DER, TEST_INTERMEDIATE_DER],
            ..FakeCryptolib::of(&service, "5.2.2")
        };
        let found = cryptolib.diagnosed();
        assert_eq!(found.of("cryptolib-cache"), expected, "{:#}", found.0);
        assert_eq!(found.of("certificate-chain"), ("ok", "chain-proven"));
    }
}
