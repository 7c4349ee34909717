//! The agent under the restrictions of the Linux packages' unit: the same filters of system calls, set by a program
//! that reads them from the unit, for no systemd runs where tests do.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what does not start fails its test")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use cpxd_tests::agent::Agent;
use cpxd_tests::official_module::official_module;
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::restrictions::Restrictions;
use cpxd_tests::screen::title::{DONE, QUESTION};
use cpxd_tests::soft_reader::opensc_module;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

fn assert_is_restricted(pid: &str) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in ["NoNewPrivs:\t1\n", "Seccomp:\t2\n"] {
        assert!(status.contains(line), "{status}");
    }
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    for (limit, most) in [("Max core file size", "0"), ("Max open files", "4096")] {
        let limited = limits.lines().find_map(|line| line.strip_prefix(limit));
        let soft_and_hard: Vec<_> = limited.unwrap().split_whitespace().take(2).collect();
        assert_eq!(soft_and_hard, [most, most], "{limit}");
    }
}

/// What Python says when it tries this, or "done".
fn tried(mut python: Command, what: &str) -> String {
    let script = format!(
        "import ctypes, errno, mmap, os, socket, tempfile\n\
         c = ctypes.CDLL(None, use_errno=True)\n\
         try:\n refused = {what} == -1 and ctypes.get_errno()\n\
         except OSError as error:\n refused = error.errno\n\
         print(errno.errorcode[refused] if refused else 'done')"
    );
    let output = python.args(["-c", &script]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn what_the_unit_and_its_stricter_form_forbid_is_refused() {
    let python = Path::new("/usr/bin/python3");
    for (forbidden, refusal) in [
        (
            "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
            "EAFNOSUPPORT",
        ),
        ("os.chown('/', 0, 0)", "EPERM"),
        ("os.setpriority(os.PRIO_PROCESS, 0, 5)", "EPERM"),
        ("os.chmod(tempfile.mkdtemp(), 0o4700)", "EPERM"),
        ("c.unshare(0x10000000)", "EPERM"),
        ("c.personality(0x40000)", "EPERM"),
    ] {
        assert_eq!(tried(Command::new(python), forbidden), "done", "as root");
        assert_eq!(tried(Restrictions::Unit.on(python), forbidden), refusal);
    }
    let written_and_run = "mmap.mmap(-1, 4096, prot=7)";
    let of_the_stricter = Restrictions::StricterUnit.on(python);
    assert_eq!(tried(of_the_stricter, written_and_run), "EPERM");
    assert_eq!(
        tried(Restrictions::Unit.on(python), written_and_run),
        "done"
    );
}

#[test]
fn the_agent_and_its_window_make_a_token() {
    for (by, kind) in [
        (Restrictions::Unit, "cps3"),
        (Restrictions::StricterUnit, "cps4"),
    ] {
        let desk = WindowDesk::restricted(by, kind, "1234");
        assert_is_restricted(&desk.agent.pid().to_string());
        let screen = &desk.screen;
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            screen.window(QUESTION);
            assert_is_restricted(&screen.pid());
            screen.enter("1234");
            let answer = answer_of(asking);
            screen.window(DONE);
            assert_token(&answer);
        });
        let over_https = desk.agent.curl("/v1", &[]);
        assert_eq!(over_https.status, 200, "{}", over_https.text);
    }
}

#[test]
fn the_modules_of_this_machine_work_in_their_hosts() {
    // OpenSC's has no signature key.
    let mut modules = vec![(opensc_module(), "cps3", Restrictions::StricterUnit)];
    let official = official_module().into_iter();
    modules.extend(official.map(|module| (module, "cps4", Restrictions::Unit)));
    for (module, kind, by) in modules {
        let service = PcscService::start();
        let _card = service.plug(Reader::First, &["--card", kind]);
        let files = [TEST_ENVIRONMENT, AGREEING].map(|text| service.file(text));
        let [configuration, holder] = files.each_ref().map(|file| file.to_str().unwrap());
        let source = format!("pkcs11:{}", module.display());
        let agent = Agent::run_restricted_in(
            by,
            &service.client_environment(),
            &[
                "--reader-source",
                &source,
                "--config",
                configuration,
                "--scripted-holder",
                holder,
            ],
        );
        let card = agent.card();
        assert_token(&authenticate(&agent, &card));
        if kind == "cps4" {
            assert_signature(&sign(&agent, &card));
        }
    }
}
