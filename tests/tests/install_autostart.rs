//! `cpxd install --autostart`: the sessions of this user start the agent and the tray, and start them no more after
//! `cpxd uninstall`. systemd and the desktop's own validator judge the files.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a program that does not start fails its test"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::copy_program;
use cpxd_tests::person::Person;
use cpxd_tests::programs::{program, workspace_dir};
use serde_json::Value;

const SOCKET: &str = ".config/systemd/user/cpxd.socket";
const SERVICE: &str = ".config/systemd/user/cpxd.service";
const TRAY: &str = ".config/autostart/cpxd-tray.desktop";
const LINKS: [&str; 2] = [
    ".config/systemd/user/sockets.target.wants/cpxd.socket",
    ".config/systemd/user/graphical-session.target.wants/cpxd.service",
];

/// A person, and the programs in a folder of this name.
fn installed_in(folder: impl AsRef<Path>) -> (Person, PathBuf) {
    let person = Person::new();
    let programs = person.home().join(folder);
    fs::create_dir_all(&programs).unwrap();
    let cpxd = programs.join("cpxd");
    copy_program(&program("cpxd"), &cpxd);
    copy_program(Path::new("/bin/true"), &programs.join("cpxd-tray"));
    (person, cpxd)
}

/// As on a machine that has no package.
fn cpxd(person: &Person, cpxd: &Path, arguments: &[&str]) -> Ended {
    let nowhere = person.home().join("nowhere");
    let mut command = person.starts(cpxd);
    command
        .env("XDG_CONFIG_DIRS", &nowhere)
        .env("XDG_DATA_DIRS", &nowhere);
    command
        .args(arguments)
        .output()
        .expect("cpxd starts")
        .into()
}

fn done(person: &Person, program: &Path, arguments: &[&str]) -> String {
    let ended = cpxd(person, program, arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.output
}

/// Every file and link below a folder of the person's.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_session_starts_the_agent_once_installed_and_nothing_is_left_after_uninstall() {
    let (person, program) = installed_in("programs");
    let config = person.home().join(".config");

    let shown = done(&person, &program, &["install"]);
    for file in [SOCKET, SERVICE, TRAY] {
        let path = person.home().join(file);
        assert!(shown.contains(path.to_str().unwrap()), "{shown}");
    }
    assert!(shown.contains("not in place"), "{shown}");
    assert_eq!(files_below(&config), Vec::<PathBuf>::new(), "it only shows");

    let added = done(&person, &program, &["install", "--autostart"]);
    assert!(added.contains("daemon-reload"), "{added}");
    let before: Vec<_> = files_below(&config);
    assert_eq!(before.len(), 5, "{before:?}");
    for link in LINKS {
        let target = fs::canonicalize(person.home().join(link)).unwrap();
        assert!(target.starts_with(fs::canonicalize(&config).unwrap()));
    }
    let again = done(&person, &program, &["install", "--autostart"]);
    assert!(again.contains("was in place already"), "{again}");
    assert!(!again.contains("daemon-reload"), "nothing is new: {again}");
    let told = done(&person, &program, &["install", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    for file in told["autostart"].as_array().unwrap() {
        assert_eq!(file["state"], "inPlace", "{told}");
    }

    let removed = done(&person, &program, &["uninstall"]);
    assert!(removed.contains("removed"), "{removed}");
    assert_eq!(files_below(&config), Vec::<PathBuf>::new());
    let _ = done(&person, &program, &["uninstall"]);
}

#[test]
fn the_units_are_the_packages_with_the_place_of_this_program() {
    let (person, program) = installed_in("programs");
    let _ = done(&person, &program, &["install", "--autostart"]);
    for (file, of_package, changed) in [
        (SOCKET, "cpxd.socket", None),
        (SERVICE, "cpxd.service", Some("ExecStart=")),
        (TRAY, "cpxd-tray.desktop", Some("Exec=")),
    ] {
        let written = fs::read_to_string(person.home().join(file)).unwrap();
        let packaged = workspace_dir().join("packaging/linux").join(of_package);
        let packaged = fs::read_to_string(packaged).unwrap();
        let (_, written) = written.split_once('\n').unwrap();
        let mut differing = written.lines().zip(packaged.lines());
        let differing: Vec<_> = differing.by_ref().filter(|(a, b)| a != b).collect();
        assert_eq!(written.lines().count(), packaged.lines().count());
        assert_eq!(differing.len(), usize::from(changed.is_some()), "{written}");
        if let Some(changed) = changed {
            assert!(differing[0].0.starts_with(changed), "{differing:?}");
        }
    }
}

/// What systemd says of the units of a person; nothing when it finds no fault.
fn judged_by_systemd(person: &Person) -> String {
    let judged = person
        .starts("systemd-analyze")
        .args(["verify", "--user", "--man=no"])
        .args([SOCKET, SERVICE].map(|unit| person.home().join(unit)))
        .env("XDG_RUNTIME_DIR", person.home())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("systemd-analyze is installed (cargo xtask test installs it)");
    let said = [judged.stdout, judged.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(judged.status.success(), said.is_empty(), "{said}");
    said
}

#[test]
fn systemd_and_the_desktop_find_the_programs_wherever_they_are() {
    for folder in [
        "programs",
        "mes programmes à moi",
        "100%h %% 𝒵",
        "-@+!:leading",
        "o'ne \"two\" \\three",
        "$HOME ${PATH} $$ `id`",
        "line\nbreak\ttab",
    ] {
        let (person, program) = installed_in(folder);
        let _ = done(&person, &program, &["install", "--autostart"]);
        assert_eq!(judged_by_systemd(&person), "", "{folder}");
        let validated = Command::new("desktop-file-validate")
            .arg(person.home().join(TRAY))
            .output()
            .expect("desktop-file-validate is installed (cargo xtask test installs it)");
        assert!(validated.status.success(), "{folder}: {validated:?}");
        assert_eq!(
            exec_of_desktop(&person.home().join(TRAY)),
            program.with_file_name("cpxd-tray").to_str().unwrap(),
            "{folder}"
        );
        let _ = done(&person, &program, &["uninstall"]);
        assert!(!person.home().join(SERVICE).exists(), "{folder}");
    }
}

/// The program that GLib, and with it most desktops, takes from an entry.
fn exec_of_desktop(entry: &Path) -> String {
    let script = "import sys; from gi.repository import GLib; k = GLib.KeyFile(); \
         k.load_from_file(sys.argv[1], 0); e = k.get_string('Desktop Entry', 'Exec'); \
         print(GLib.shell_parse_argv(e)[1][0].replace('%%', '%'), end='')";
    let parsed = Command::new(cpxd_tests::session_bus::PYTHON)
        .args(["-c", script])
        .arg(entry)
        .output()
        .expect("Python starts");
    assert!(parsed.status.success(), "{parsed:?}");
    String::from_utf8(parsed.stdout).unwrap()
}

#[test]
fn systemd_finds_a_program_that_is_not_there_any_more() {
    let (person, program) = installed_in("programs");
    let _ = done(&person, &program, &["install", "--autostart"]);
    fs::remove_file(&program).unwrap();
    assert!(
        judged_by_systemd(&person).contains("programs/cpxd"),
        "the judge looks"
    );
}

#[test]
fn the_line_of_a_path_with_quotes_starts_exactly_that_program() {
    // systemd takes its own escapes away, and hands a shell what is left.
    let (person, program) = installed_in("o'ne \"two\" \\three $HOME %h\n𝒵");
    let _ = done(&person, &program, &["install", "--autostart"]);
    let unit = fs::read_to_string(person.home().join(SERVICE)).unwrap();
    let line = unit.lines().find(|line| line.starts_with("ExecStart="));
    let line = line.unwrap().strip_prefix("ExecStart=").unwrap();
    let script = "import sys, re\n\
         words = re.findall(r'\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S+)', sys.argv[1])\n\
         plain = lambda w: w.encode('latin1', 'backslashreplace').decode('unicode_escape')\n\
         words = [(plain(q) if q else w).replace('%%', '%').replace('$$', '$') for q, w in words]\n\
         import subprocess; words[-1] = '--version'\n\
         print(subprocess.run(words, capture_output=True, text=True).stdout, end='')";
    let ran = Command::new(cpxd_tests::session_bus::PYTHON)
        .args(["-c", script, line])
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(said.starts_with("cpxd "), "{line}: {said}{ran:?}");
}

#[test]
fn what_a_package_has_already_is_said_and_not_written() {
    let (person, program) = installed_in("programs");
    let of_package = person.home().join("usr/share/systemd/user");
    fs::create_dir_all(&of_package).unwrap();
    for unit in ["cpxd.service", "cpxd.socket"] {
        fs::write(of_package.join(unit), "[Unit]\n").unwrap();
    }
    let output = person
        .starts(&program)
        .args(["install", "--autostart"])
        .env("XDG_DATA_DIRS", person.home().join("usr/share"))
        .env("XDG_CONFIG_DIRS", person.home().join("nowhere"))
        .output();
    let told: Ended = output.expect("cpxd starts").into();
    assert_eq!(told.code, Some(0), "{told:?}");
    let named = of_package.join("cpxd.service");
    assert!(told.output.contains(named.to_str().unwrap()), "{told:?}");
    assert!(!person.home().join(SERVICE).exists());
    assert!(!person.home().join(SOCKET).exists());
    assert!(person.home().join(TRAY).exists(), "no package has this one");
}

#[test]
fn what_somebody_else_wrote_is_neither_written_over_nor_taken_away() {
    let (person, program) = installed_in("programs");
    let of_another = "[Service]\nExecStart=/opt/other/cpxd run\n";
    let file = person.home().join(SERVICE);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, of_another).unwrap();
    let refused = cpxd(&person, &program, &["install", "--autostart"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.output.contains("left alone"), "{refused:?}");
    let json = cpxd(&person, &program, &["install", "--autostart", "--json"]);
    let json: Value = serde_json::from_str(&json.output).expect("one JSON document");
    assert_eq!(json["code"], "install-incomplete", "{json}");
    let _ = done(&person, &program, &["uninstall"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), of_another);

    // Nor is what another installation of this user wrote.
    fs::remove_file(&file).unwrap();
    let _ = done(&person, &program, &["install", "--autostart"]);
    let written = fs::read_to_string(&file).unwrap();
    let other = person.home().join("other");
    fs::create_dir(&other).unwrap();
    copy_program(&program, &other.join("cpxd"));
    let _ = done(&person, &other.join("cpxd"), &["uninstall"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}

#[test]
fn the_unit_of_an_older_version_is_brought_up_to_date() {
    let (person, program) = installed_in("programs");
    let _ = done(&person, &program, &["install", "--autostart"]);
    let file = person.home().join(SERVICE);
    let current = fs::read_to_string(&file).unwrap();
    fs::write(&file, current.replace("RestartSec=2", "RestartSec=9")).unwrap();
    let added = done(&person, &program, &["install", "--autostart"]);
    assert!(added.contains("daemon-reload"), "{added}");
    assert_eq!(fs::read_to_string(&file).unwrap(), current);
}

#[test]
fn a_tray_that_is_not_there_is_left_out_and_said() {
    let (person, program) = installed_in("programs");
    fs::remove_file(program.with_file_name("cpxd-tray")).unwrap();
    let told = done(&person, &program, &["install", "--autostart"]);
    assert!(told.contains("left out"), "{told}");
    assert!(!person.home().join(TRAY).exists());
    assert!(person.home().join(SERVICE).exists());
}

#[test]
fn a_path_that_no_unit_can_say_is_refused() {
    let (person, program) = installed_in(OsStr::from_bytes(b"not-\xff-utf8"));
    let refused = cpxd(&person, &program, &["install", "--autostart"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(!person.home().join(SERVICE).exists());
    let _ = done(&person, &program, &["install"]);
    let _ = done(&person, &program, &["uninstall"]);
}
