//! The deb and the rpm, made of the programs under test: what is in them, what their judges say, and a life from
//! installation over upgrade to removal in a root of its own.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a package that lacks something fails its test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use cpxd_tests::programs::{own_module, program, workspace_dir};
use cpxd_tests::waiting::until;
use serde_json::Value;
use tempfile::TempDir;

/// Packages of two versions, made once.
struct Packages {
    folder: TempDir,
}

impl Packages {
    fn get() -> &'static Self {
        static PACKAGES: OnceLock<Packages> = OnceLock::new();
        PACKAGES.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let programs = program("cpxd").parent().unwrap().to_owned();
            let _ = own_module();
            for version in ["0.1.0", "0.1.1"] {
                run(Command::new(program("xtask"))
                    .args(["package", "linux", "--package-version", version])
                    .arg("--programs-for-tests")
                    .arg(&programs)
                    .arg("--out")
                    .arg(folder.path()));
            }
            Self { folder }
        })
    }

    fn named(&self, start: &str) -> PathBuf {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let mut files = files.map(|file| file.unwrap().path());
        files
            .find(|file| {
                file.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(start)
            })
            .unwrap_or_else(|| panic!("no package is called {start}"))
    }

    fn deb(&self, version: &str) -> PathBuf {
        self.named(&format!("cpxd_{version}-1_"))
    }

    fn rpm(&self) -> PathBuf {
        self.named("cpxd-0.1.0-")
    }
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{complaints}");
    said
}

/// What both packages have, by its place.
const PLACES: &[&str] = &[
    "/etc/chromium/native-messaging-hosts/cpxd.native_host.json",
    "/etc/opt/chrome/native-messaging-hosts/cpxd.native_host.json",
    "/etc/opt/edge/native-messaging-hosts/cpxd.native_host.json",
    "/etc/xdg/autostart/cpxd-tray.desktop",
    "/usr/bin/cpxd",
    "/usr/bin/cpxd-native-host",
    "/usr/bin/cpxd-prompt-window",
    "/usr/bin/cpxd-tray",
    "/usr/lib/cpxd/libcpxd_pkcs11.so",
    "/usr/lib/mozilla/native-messaging-hosts/cpxd.native_host.json",
    "/usr/lib/systemd/user/cpxd.service",
    "/usr/lib/systemd/user/cpxd.socket",
    "/usr/lib/systemd/user/graphical-session.target.wants/cpxd.service",
    "/usr/lib/systemd/user/sockets.target.wants/cpxd.socket",
    "/usr/share/applications/cpxd-tray.desktop",
    "/usr/share/bash-completion/completions/cpxd",
    "/usr/share/doc/cpxd/EVENTS.md",
    "/usr/share/doc/cpxd/README.md",
    "/usr/share/doc/cpxd/copyright",
    "/usr/share/doc/cpxd/examples/50-cpxd-pcscd.rules",
    "/usr/share/doc/cpxd/examples/cpxd.toml",
    "/usr/share/doc/cpxd/examples/stricter.conf",
    "/usr/share/icons/hicolor/48x48/apps/cpxd.png",
    "/usr/share/man/man1/cpxd-sign.1.gz",
    "/usr/share/man/man1/cpxd.1.gz",
    "/usr/share/metainfo/dev.cpxd.cpxd.metainfo.xml",
];

/// A root into which dpkg installs without what the package depends on: its libraries are this machine's.
struct Root {
    folder: TempDir,
}

impl Root {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for place in ["var/lib/dpkg/updates", "var/lib/dpkg/info"] {
            fs::create_dir_all(folder.path().join(place)).unwrap();
        }
        fs::write(folder.path().join("var/lib/dpkg/status"), "").unwrap();
        Self { folder }
    }

    fn dpkg(&self, arguments: &[&str]) -> String {
        run(Command::new("dpkg")
            .arg(format!("--root={}", self.folder.path().display()))
            .args(["--force-depends", "--force-not-root", "--force-bad-path"])
            // The root has no shell of its own.
            .arg("--force-script-chrootless")
            .args(arguments)
            .env("LC_ALL", "C.UTF-8"))
    }

    fn install(&self, deb: &Path) {
        self.dpkg(&["--install", deb.to_str().unwrap()]);
    }

    fn version(&self) -> String {
        self.dpkg(&["--status", "cpxd"])
            .lines()
            .find_map(|line| line.strip_prefix("Version: ").map(ToOwned::to_owned))
            .unwrap()
    }

    fn place(&self, place: &str) -> PathBuf {
        self.folder.path().join(place.trim_start_matches('/'))
    }

    /// Every file of a place that is ours by its name or its folder.
    fn files_of_ours(&self) -> Vec<String> {
        let found = run(Command::new("find").arg(self.folder.path()).args([
            "-path",
            "*/var/lib/dpkg",
            "-prune",
            "-o",
            "-not",
            "-type",
            "d",
            "-print",
        ]));
        found.lines().map(ToOwned::to_owned).collect()
    }
}

/// A person who uses what is installed in a root, with a folder of their own beside it.
struct Person<'a> {
    root: &'a Root,
    state: PathBuf,
    agent: Option<Child>,
}

impl Person<'_> {
    fn start_agent(&mut self) {
        let log = fs::File::create(self.state.with_file_name("log")).unwrap();
        let agent = Command::new(self.root.place("usr/bin/cpxd"))
            .args(["demo", "--headless", "--port", "0", "--state-dir"])
            .arg(&self.state)
            .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.agent = Some(agent.unwrap());
        until("a card of the agent that was installed", || {
            let cards = self.cpxd(&["cards", "--json"]);
            let cards: Value = serde_json::from_slice(&cards.stdout).ok()?;
            (cards["cards"].as_array()?.len() == 1).then_some(())
        });
    }

    fn stop_agent(&mut self) {
        let mut agent = self.agent.take().unwrap();
        run(Command::new("kill").arg(agent.id().to_string()));
        assert!(agent.wait().unwrap().success());
    }

    fn cpxd(&self, arguments: &[&str]) -> Output {
        Command::new(self.root.place("usr/bin/cpxd"))
            .arg("--state-dir")
            .arg(&self.state)
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.cpxd(arguments);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}{complaints}");
        told
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

#[test]
fn an_installed_agent_makes_a_token_an_upgrade_keeps_what_its_holder_gave_and_removal_takes_the_rest()
 {
    let packages = Packages::get();
    let root = Root::new();
    root.install(&packages.deb("0.1.0"));
    assert_eq!(root.version(), "0.1.0-1");
    let home = tempfile::tempdir().unwrap();
    let mut person = Person {
        root: &root,
        state: home.path().join("state"),
        agent: None,
    };
    person.start_agent();
    let token = [
        "authenticate",
        "--origin",
        "https://service.example",
        "--nonce",
        NONCE,
    ];
    let token = person.done(&token);
    assert!(token.contains("web-eid:1.0"), "{token}");
    person.done(&["pair", "--name", "Logiciel", "--right", "identify"]);
    let grants = person.done(&["grants", "--json"]);
    assert!(grants.contains("Logiciel"), "{grants}");
    person.stop_agent();

    root.install(&packages.deb("0.1.1"));
    assert_eq!(root.version(), "0.1.1-1");
    person.start_agent();
    assert_eq!(person.done(&["grants", "--json"]), grants);
    let journal = person.done(&["journal", "--last", "100"]);
    for told in ["asks for an authentication", "“Logiciel” was paired"] {
        assert!(journal.contains(told), "{told}: {journal}");
    }
    person.done(&["journal", "verify"]);
    person.stop_agent();

    root.dpkg(&["--remove", "cpxd"]);
    let left = root.files_of_ours();
    assert!(left.iter().all(|file| file.contains("/etc/")), "{left:?}");
    let said = root.dpkg(&["--purge", "cpxd"]);
    for told in ["~/.local/state/cpxd", "stays", "reste", "/etc/cpxd"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert_eq!(root.files_of_ours(), Vec::<String>::new());
    assert!(
        person.state.join("grants-test.json").exists() || person.state.join("grants.json").exists()
    );
    assert!(person.state.join("journal").is_dir());
}

/// 32 bytes.
const NONCE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn both_packages_have_every_part_at_its_place_belong_to_root_and_run_nothing_but_a_farewell() {
    let packages = Packages::get();
    let deb = run(Command::new("dpkg-deb")
        .arg("--contents")
        .arg(packages.deb("0.1.0")));
    let rpm = run(Command::new("rpm")
        .args(["-qp", "--qf", "[%{FILENAMES} %{FILEUSERNAME}\n]"])
        .arg(packages.rpm()));
    for place in PLACES {
        let in_deb = deb.lines().find(|line| {
            line.split_whitespace()
                .any(|word| word == format!(".{place}"))
        });
        assert!(
            in_deb.is_some_and(|line| line.contains(" root/root ")),
            "{place} in the deb: {in_deb:?}"
        );
        assert!(
            rpm.lines().any(|line| line == format!("{place} root")),
            "{place} in the rpm"
        );
    }
    let scripts = run(Command::new("rpm")
        .args(["-qp", "--scripts"])
        .arg(packages.rpm()));
    let (first, rest) = scripts.split_once('\n').unwrap();
    assert_eq!(first, "postuninstall scriptlet (using <lua>):");
    assert!(!rest.contains("scriptlet ("), "{scripts}");
    assert!(scripts.contains("print([["), "{scripts}");
    let control = tempfile::tempdir().unwrap();
    run(Command::new("dpkg-deb")
        .arg("--control")
        .arg(packages.deb("0.1.0"))
        .arg(control.path()));
    let mut files: Vec<_> = fs::read_dir(control.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["conffiles", "control", "postrm"]);
    for (action, is_told) in [("remove", false), ("upgrade", false), ("purge", true)] {
        let farewell = run(Command::new(control.path().join("postrm")).arg(action));
        assert_eq!(!farewell.is_empty(), is_told, "{action}: {farewell}");
    }
}

#[test]
fn both_packages_name_the_readers_service_and_the_libraries_they_need() {
    let packages = Packages::get();
    let deb = run(Command::new("dpkg-deb")
        .args(["--field"])
        .arg(packages.deb("0.1.0"))
        .arg("Depends"));
    for needed in ["libc6 (>= ", "libpcsclite1", "libfontconfig1", "pcscd"] {
        assert!(deb.contains(needed), "{needed}: {deb}");
    }
    let rpm = run(Command::new("rpm")
        .args(["-qp", "--requires"])
        .arg(packages.rpm()));
    for needed in ["libpcsclite.so.1", "libfontconfig.so.1", "pcsc-lite"] {
        assert!(rpm.contains(needed), "{needed}: {rpm}");
    }
}

#[test]
fn what_the_packages_say_of_themselves_leads_to_no_source_tree() {
    for file in ["EVENTS.md", "linux/README.md", "linux/cpxd.toml.example"] {
        let text = fs::read_to_string(workspace_dir().join("packaging").join(file)).unwrap();
        for elsewhere in ["tests/", "xtask", "packaging/", "the README's", "](.."] {
            assert!(!text.contains(elsewhere), "{file}: {elsewhere}");
        }
    }
}

#[test]
fn the_rpm_installs_into_a_root_and_leaves_it() {
    let packages = Packages::get();
    let root = tempfile::tempdir().unwrap();
    let rpm = |arguments: &[&str]| {
        run(Command::new("rpm")
            .arg("--root")
            .arg(root.path())
            .args(arguments))
    };
    rpm(&["--install", "--nodeps", packages.rpm().to_str().unwrap()]);
    let installed = root.path().join("usr/bin/cpxd");
    let mode = fs::metadata(&installed).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
    run(Command::new(&installed).arg("--version"));
    let said = rpm(&["--erase", "--nodeps", "cpxd"]);
    assert!(said.contains("~/.local/state/cpxd"), "{said}");
    let folders = ["/etc/chromium", "/etc/cpxd", "/usr/lib64/mozilla"];
    for place in PLACES.iter().chain(&folders) {
        assert!(!root.path().join(&place[1..]).exists(), "{place} stays");
    }
}

#[test]
fn the_judges_of_debian_desktops_and_systemd_find_no_fault() {
    let packages = Packages::get();
    let linux = workspace_dir().join("packaging/linux");
    // What a package for tests lacks, and programs that nobody calls by hand, are no fault.
    run(Command::new("lintian")
        .args([
            "--fail-on",
            "error",
            "--no-tag-display-limit",
            "--allow-root",
        ])
        .args(["--suppress-tags", "unstripped-binary-or-object"])
        .arg(packages.deb("0.1.0")));
    run(Command::new("desktop-file-validate").arg(linux.join("cpxd-tray.desktop")));
    run(Command::new("appstreamcli")
        .args(["validate", "--no-net"])
        .arg(linux.join("cpxd.metainfo.xml")));
    let root = Root::new();
    root.install(&packages.deb("0.1.0"));
    let units = tempfile::tempdir().unwrap();
    for unit in ["cpxd.service", "cpxd.socket"] {
        let text = fs::read_to_string(root.place("usr/lib/systemd/user").join(unit)).unwrap();
        let program = root.place("usr/bin/cpxd");
        let text = text.replace("/usr/bin/cpxd", program.to_str().unwrap());
        fs::write(units.path().join(unit), text).unwrap();
    }
    run(Command::new("systemd-analyze")
        .args(["verify", "--user", "--man=no"])
        .arg(units.path().join("cpxd.service"))
        .arg(units.path().join("cpxd.socket"))
        .env("XDG_RUNTIME_DIR", units.path()));
    run(Command::new("systemd-analyze")
        .args(["security", "--user", "--offline=true", "--threshold=65"])
        .arg(units.path().join("cpxd.service"))
        .env("XDG_RUNTIME_DIR", units.path()));
}

#[test]
fn browsers_are_told_the_same_by_the_package_as_by_the_install_command() {
    let home = tempfile::tempdir().unwrap();
    for folder in [".mozilla", ".config/chromium"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    run(Command::new(program("cpxd"))
        .args(["install", "--native-messaging"])
        .env("HOME", home.path())
        .env("PATH", "/nonexistent")
        .env_remove("XDG_CONFIG_HOME"));
    for (browser, folder) in [
        ("chromium", ".config/chromium/NativeMessagingHosts"),
        ("firefox", ".mozilla/native-messaging-hosts"),
    ] {
        let written = home.path().join(folder).join("cpxd.native_host.json");
        let packed =
            workspace_dir().join(format!("packaging/linux/native-messaging/{browser}.json"));
        let read =
            |file: &Path| -> Value { serde_json::from_slice(&fs::read(file).unwrap()).unwrap() };
        let (mut written, packed) = (read(&written), read(&packed));
        written["path"] = "/usr/bin/cpxd-native-host".into();
        assert_eq!(written, packed, "{browser}");
    }
}
