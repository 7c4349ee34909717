//! What `docs/pkcs11-clients.md` tells whoever writes or keeps a program, and the program that it gives.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::process::Child;

use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::waiting::until;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::commands::{Commands, PYTHON, SHELL};
use crate::openssl::MODULE;
use crate::workstation::{GENERATIONS, Run, SIGNATURE, Workstation, module};

const DEMO: Commands = Commands {
    title: "A card to try it with",
    words: "
`cpxd demo` has a virtual card, and a holder who types its code and agrees; without `--headless` its window asks you. A
line beside the configuration has the module ask it, where none names another agent yet: take the line out again afterwards. In one shell,
until Ctrl-C:
",
    language: SHELL,
    commands: "\
FILE=~/.config/cpxd/pkcs11-module.toml
mkdir -p ~/.config/cpxd
grep -qs '^state-dir' \"$FILE\" || printf '\\nstate-dir = \"%s\"\\n' \"$HOME/cpxd-demo\" >> \"$FILE\"
cpxd demo --headless --state-dir \"$HOME/cpxd-demo\" --card cps4
",
};

const PROGRAM: Commands = Commands {
    title: "What to call, and what comes back",
    words: "
`C_Login(session, CKU_USER, NULL, 0)`: the holder types the code in the agent's window, and the call comes back when they
have, or after two minutes, so that it is not for the thread of a window. A key and its certificate have the same CKA_ID. In C
these are the calls of this program in Python (`python3-pykcs11`):
",
    language: PYTHON,
    commands: r#"import sys
import PyKCS11
from PyKCS11 import LowLevel as P

library = PyKCS11.PyKCS11Lib()
library.load("/path/to/libcpxd_pkcs11.so")
slots = library.getSlotList(tokenPresent=True)
if not slots:
    sys.exit("no card, or no agent: cpxd status says which")
session = library.openSession(slots[0], P.CKF_SERIAL_SESSION)
try:
    session.login("")
    [key] = session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_LABEL, "CPS_PRIV_SIG")])
    [identifier] = session.getAttributeValue(key, [P.CKA_ID])
    [certificate] = session.findObjects([(P.CKA_CLASS, P.CKO_CERTIFICATE), (P.CKA_ID, identifier)])
    [der] = session.getAttributeValue(certificate, [P.CKA_VALUE])
    document = open("letter.txt", "rb").read()
    signature = session.sign(key, document, PyKCS11.Mechanism(P.CKM_SHA256_RSA_PKCS))
except PyKCS11.PyKCS11Error as error:
    sys.exit(str(error))
open("letter.sig", "wb").write(bytes(signature))
open("letter.cer", "wb").write(bytes(der))
session.logout()
"#,
};

pub(crate) const BLOCKS: [&Commands; 2] = [&DEMO, &PROGRAM];

/// The chapter of the page.
pub(crate) fn chapter() -> String {
    let [demo, program] = BLOCKS.map(Commands::text);
    format!("{INTRODUCTION}{demo}{AFTER_DEMO}{program}{VALUES}")
}

const INTRODUCTION: &str = "
## For who writes a program, or keeps an old one

### A program that was written for Cryptolib

Give it the path of this module. Labels, CKA_ID and the other names are those that Cryptolib shows, so that keys and
certificates are found as before; the code that the program asks for and passes is not read, and its own box for it can go. How they
differ in names, flags, mechanisms and objects of a card with contacts is in [what programs see](pkcs11-beside-cryptolib.md), in return codes in
[the acceptance list](pkcs11-acceptance.md), and in behaviour above. The program has to be one of 64 bits.
";

const AFTER_DEMO: &str = "
In another shell: `pkcs11-tool --module /path/to/libcpxd_pkcs11.so --login --list-objects`. Other holders, such as one who types a
wrong code or says no, are [files](../README.md#a-holder-who-is-a-file).
";

const VALUES: &str = "
| what happened | the program hears | what helps |
| --- | --- | --- |
| a wrong code | CKR_PIN_INCORRECT | call again; the flags of the token tell the tries |
| the holder said no, or nothing in time | CKR_FUNCTION_CANCELED | ask them whether to go on |
| the code is blocked | CKR_PIN_LOCKED, at once | `cpxd pin unblock` |
| no card, or no agent | no slot with a token | `cpxd status`, with the `--state-dir` of `pkcs11-module.toml` where that names one; `cpxd diagnose` where that file cannot be understood |
| the card left | CKR_DEVICE_REMOVED in the middle of a call, and CKR_SESSION_HANDLE_INVALID from then on, from a search of keys at once | a new session, when it is back |
| the log-in is over | CKR_USER_NOT_LOGGED_IN | `C_Login` again |

The last two are seen by `tests/tests/own_module_bad_days.rs`. More values: [the module's page](../crates/pkcs11-module/README.md#what-it-returns).
";

impl Workstation {
    fn runs_the_program(&self) -> Run {
        let program = PROGRAM.on_the_page().replace(MODULE, &module());
        Run::of(self.starts("/usr/bin/python3").args(["-c", &program]))
    }
}

#[test]
fn the_program_of_the_page_signs() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.file("letter.txt", MESSAGE);
        desk.runs_the_program().success();
        desk.assert_verifies(SIGNATURE, "RS256", &desk.bytes_of("letter.sig"), MESSAGE);
        assert_eq!(desk.bytes_of("letter.cer"), desk.certificate(SIGNATURE));
    }
}

#[test]
fn the_program_of_the_page_hears_what_happened() {
    for kind in GENERATIONS {
        let mut desk = Workstation::with_holder(kind, HOLDER);
        desk.file("letter.txt", MESSAGE);
        for expected in [
            "CKR_PIN_INCORRECT",
            "CKR_FUNCTION_CANCELED",
            "CKR_PIN_INCORRECT",
            "CKR_PIN_LOCKED",
            "CKR_PIN_LOCKED",
        ] {
            let said = desk.runs_the_program().failure();
            let expected = format!("\n{expected}");
            assert!(said.contains(&expected), "{kind}: {expected}: {said}");
        }
        desk.pull();
        until("a reader without its card", || {
            let said = desk.runs_the_program().failure();
            said.contains("\nno card, or no agent").then_some(())
        });
    }
}

/// Wrong, no, wrong, and wrong for the last time.
const HOLDER: &str = r#"
consent = true
answers = [ { pin = "0000" }, { consent = false }, { pin = "0000" }, { pin = "0000" } ]
"#;

/// What was pasted into a shell, ended with all that it started.
struct Pasted(Child);

impl Drop for Pasted {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let _ = kill_process_group(group.unwrap(), Signal::KILL);
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_of_the_page_is_a_card_to_try_programs_with() {
    let person = Person::new();
    let cpxd = program("cpxd");
    let path = [
        cpxd.parent().unwrap().to_str().unwrap(),
        &std::env::var("PATH").unwrap(),
    ]
    .join(":");
    let lines = DEMO.on_the_page();
    let (before_it_runs, _) = lines.split_once("cpxd demo").unwrap();
    // Somebody's own lines stay, also where the last one does not end.
    let own = person.home().join(".config/cpxd/pkcs11-module.toml");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "browsers = [\"logiciel*\"]").unwrap();
    let log = person.home().join("demo.log");
    let output = File::create(&log).unwrap();
    let demo = person
        .starts("bash")
        // Whoever pastes it another day has the line already.
        .args(["-e", "-u", "-c", &format!("{before_it_runs}{lines}")])
        .env("PATH", path)
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .process_group(0)
        .spawn();
    let mut demo = Pasted(demo.unwrap());
    let tool = |arguments: &[&str]| {
        let mut tool = person.starts("pkcs11-tool");
        Run::of(tool.args(["--module", &module()]).args(arguments)).said()
    };
    let token = "CPS4v1-";
    until("the card of the demo", || {
        let end = demo.0.try_wait().unwrap();
        assert!(end.is_none(), "{}", fs::read_to_string(&log).unwrap());
        tool(&["--list-token-slots"]).contains(token).then_some(())
    });
    let listed = tool(&["--login", "--list-objects"]);
    assert!(listed.contains(SIGNATURE.label), "{listed}");
}

const MESSAGE: &[u8] = b"signed by the program of the page";
