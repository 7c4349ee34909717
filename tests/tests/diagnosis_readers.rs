//! The diagnosis names the root cause: the service of the readers, and the readers.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fault that cannot be made fails its test"
)]

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cpxd_tests::diagnosed::Diagnosed;
use cpxd_tests::native_host::copy_program;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::programs::program;
use cpxd_tests::room::shell_in_a_room;
use cpxd_tests::waiting::until;

#[test]
fn a_service_that_is_stopped_is_named_and_once_it_runs_the_next_thing_is() {
    let mut service = PcscService::not_running();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let found = Diagnosed::by(&agent);
    found.assert_first_failed("pcsc-service", "pcsc-not-running");
    for hanging in ["reader", "card", "code"] {
        assert_eq!(found.of(hanging), ("notApplicable", "hangs-on"));
    }
    service.launch();
    until("the empty readers", || {
        (Diagnosed::by(&agent).of("reader").0 == "ok").then_some(())
    });
    let found = Diagnosed::by(&agent);
    assert_eq!(found.of("pcsc-service"), ("ok", "pcsc-works"));
    found.assert_first_failed("card", "card-none");
}

#[test]
fn the_command_says_the_same_without_an_agent_and_that_none_runs() {
    let service = PcscService::not_running();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let found = Diagnosed::alone(&service.client_environment(), &state, &[]);
    assert_eq!(found.first("failed"), Some(("agent-runs", "agent-absent")));
    found.assert_first_failed("pcsc-service", "pcsc-not-running");
    assert!(!state.exists(), "a look leaves nothing behind");
}

#[test]
fn a_service_whose_socket_is_closed_to_this_user_is_named() {
    if !rustix::process::getuid().is_root() {
        panic!("only root can be somebody else: run as root, as cargo xtask test does in CI");
    }
    let service = PcscService::start();
    let found = diagnosed_by_nobody(&service);
    found.assert_first_failed("pcsc-service", "pcsc-access-denied");
    service.open_to_others();
    let found = diagnosed_by_nobody(&service);
    found.assert_first_failed("card", "card-none");
}

/// What the command finds for a user of the machine who is not root.
fn diagnosed_by_nobody(service: &PcscService) -> Diagnosed {
    let folder = tempfile::tempdir().unwrap();
    let cpxd = folder.path().join("cpxd");
    copy_program(&program("cpxd"), &cpxd);
    for place in [folder.path(), &cpxd] {
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new(cpxd)
        .args(["diagnose", "--json", "--state-dir", "/nonexistent/state"])
        .env("HOME", "/nonexistent")
        .envs(service.client_environment())
        .current_dir("/")
        .stdin(Stdio::null())
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    Diagnosed::printed(&output)
}

#[test]
fn without_a_reader_one_has_to_be_plugged_in() {
    let service = PcscService::without_readers();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let found = Diagnosed::by(&agent);
    found.assert_first_failed("reader", "reader-none");
    assert_eq!(found.of("card"), ("notApplicable", "hangs-on"));
}

/// No machine of tests has a reader on USB: `/sys/bus` is a fake, all else is as it is.
#[test]
fn a_reader_that_the_service_does_not_see_lacks_its_driver() {
    let service = PcscService::without_readers();
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs fake /sys/bus
        mkdir -p /sys/bus/usb/devices/1-1 /sys/bus/usb/devices/1-1:1.0
        echo 'Fake Twin Reader' > /sys/bus/usb/devices/1-1/product
        echo 0b > /sys/bus/usb/devices/1-1:1.0/bInterfaceClass
        exec \"$1\" diagnose --json --state-dir \"$2\"";
    let cpxd = program("cpxd");
    let state = folder.path().join("state");
    let output = shell_in_a_room(script, &[cpxd.to_str().unwrap(), state.to_str().unwrap()])
        .envs(service.client_environment())
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .unwrap();
    let found = Diagnosed::printed(&output);
    found.assert_first_failed("reader-driver", "driver-missing");
    let cause = found.check("reader-driver")["cause"].as_str().unwrap();
    assert!(cause.contains("Fake Twin Reader"), "{cause}");
}

#[test]
fn a_reader_that_another_program_keeps_is_named_with_that_program() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let _holder = Holder::of_the_card(&service, "opensc-explorer");
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    until("the reader that is held", || {
        (Diagnosed::by(&agent).of("reader-held").0 == "failed").then_some(())
    });
    assert_held_by(&Diagnosed::by(&agent), "opensc-explorer");
}

#[track_caller]
fn assert_held_by(found: &Diagnosed, program: &str) {
    found.assert_first_failed("reader-held", "reader-held-by");
    let cause = found.check("reader-held")["cause"].as_str().unwrap();
    assert!(cause.contains(program), "{cause}");
    assert!(cause.contains(&Reader::First.name()), "{cause}");
}

/// No machine of tests has a GALSS: another program, under the name that its server has on Linux, holds the card.
#[test]
fn a_galss_that_keeps_the_reader_is_named_also_to_a_user_who_cannot_look_into_it() {
    let service = PcscService::start();
    service.open_to_others();
    let _card = service.plug(Reader::First, &[]);
    let _holder = Holder::of_the_card(&service, "galsvlux");
    let own = Diagnosed::alone(
        &service.client_environment(),
        Path::new("/nonexistent/state"),
        &[],
    );
    assert_held_by(&own, "galsvlux");
    assert_held_by(&diagnosed_by_nobody(&service), "galsvlux");
}

/// `opensc-explorer`, which shares its card with nobody while it waits for its next command.
struct Holder {
    process: Child,
    _folder: tempfile::TempDir,
}

impl Holder {
    #[expect(clippy::unbuffered_bytes, reason = "a buffer would wait for more")]
    fn of_the_card(service: &PcscService, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(name);
        copy_program(Path::new("/usr/bin/opensc-explorer"), &program);
        let exclusive = "app default { reader_driver pcsc { connect_exclusive = true; } }";
        let started = Command::new(program)
            .args(["--mf", ""])
            .env("OPENSC_CONF", service.file(exclusive))
            .envs(service.client_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut holder = Self {
            process: started,
            _folder: folder,
        };
        let mut said = Vec::new();
        for byte in holder.process.stdout.as_mut().unwrap().bytes() {
            said.push(byte.unwrap());
            if said.ends_with(b"OpenSC []>") {
                return holder;
            }
        }
        panic!("it ended: {}", String::from_utf8_lossy(&said));
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const NOBODY: u32 = 65534;
