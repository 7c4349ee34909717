//! The window as a screen reader sees it: names, roles and the order of the focus, through AT-SPI.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bus that cannot be asked fails its test"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use cpxd_tests::operations::{DOCUMENT, assert_signature};
use cpxd_tests::screen::Screen;
use cpxd_tests::screen::title::QUESTION;
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::{WindowDesk, answer_of};
use tempfile::TempDir;

/// A session bus of a test's own, with the accessibility bus switched on as a screen reader does.
struct Bus {
    session: Child,
    address: String,
    _folder: TempDir,
}

impl Bus {
    fn start(screen: &Screen) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("dbus-run-session");
        command
            .env("XDG_RUNTIME_DIR", folder.path())
            .args(["--", "sh", "-c", SWITCH_ON])
            .envs(screen.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut session = command.spawn().unwrap();
        let mut line = String::new();
        let output = session.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        Self {
            session,
            address: line.trim().to_owned(),
            _folder: folder,
        }
    }

    /// Every control of the window: role, name, and whether it has the focus.
    fn tree(&self, screen: &Screen) -> Vec<[String; 3]> {
        let mut python = Command::new(PYTHON);
        python
            .args(["-c", READ_THE_TREE])
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        let text = screen.output_of(&mut python);
        let rows = text.lines().filter_map(|line| {
            let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
            cells.try_into().ok()
        });
        rows.collect()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // The end of its input ends the shell, and the buses with it.
        drop(self.session.stdin.take());
        self.session.wait().unwrap();
    }
}

const SWITCH_ON: &str = "
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status IsEnabled '<true>' >/dev/null
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status ScreenReaderEnabled '<true>' >/dev/null
echo $DBUS_SESSION_BUS_ADDRESS
cat";

/// The one that Debian's pyatspi belongs to; another may come first in the path of search.
const PYTHON: &str = "/usr/bin/python3";

const READ_THE_TREE: &str = r#"
import pyatspi
def walk(node):
    if node is None:
        return
    states = node.getState()
    focus = "focused" if states.contains(pyatspi.STATE_FOCUSED) else ""
    print(node.getRoleName(), node.name, focus, sep="\t")
    for child in node:
        walk(child)
for program in pyatspi.Registry.getDesktop(0):
    if program is not None and program.name and "cpxd" in program.name:
        walk(program)
"#;

fn focused(tree: &[[String; 3]]) -> Option<String> {
    let found = tree.iter().find(|[_, _, focus]| focus == "focused");
    found.map(|[_, name, _]| name.clone())
}

#[test]
fn every_control_has_a_name_and_a_role_and_tab_goes_through_them_in_order() {
    let screen = Screen::start();
    let bus = Bus::start(&screen);
    let address = [("DBUS_SESSION_BUS_ADDRESS", bus.address.clone().into())];
    let desk = WindowDesk::on(screen, "cps3", "1234", &address);
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.sign(scope, &[DOCUMENT]);
        screen.window(QUESTION);
        let tree = until("the window on the accessibility bus", || {
            let tree = bus.tree(screen);
            (tree.len() > 8).then_some(tree)
        });
        for [role, name, _] in &tree {
            let is_control = ["push button", "text", "entry", "password text", "list item"]
                .contains(&role.as_str());
            assert!(
                !is_control || !name.is_empty(),
                "{role} without a name: {tree:?}"
            );
        }
        let has = |wanted_role: &str, wanted_name: &str| {
            tree.iter()
                .any(|[role, name, _]| role == wanted_role && name.contains(wanted_name))
        };
        for (role, name) in [
            ("push button", "Cancel"),
            ("push button", "Sign"),
            ("push button", "Show the digests"),
            ("label", "Sign one document"),
            ("label", "CAMILLE DUPONT"),
        ] {
            assert!(has(role, name), "no {role} {name}: {tree:?}");
        }
        assert!(
            tree.iter()
                .any(|[_, name, _]| name == "Your code, 4 digits"),
            "{tree:?}"
        );
        // What was typed is told by its number alone.
        screen.type_text("12");
        let mut order = Vec::new();
        for _ in 0..4 {
            let last = order.last().cloned();
            let next = until("the next focus", || {
                focused(&bus.tree(screen)).filter(|name| Some(name) != last.as_ref())
            });
            order.push(next);
            screen.press(&["Tab"]);
        }
        assert_eq!(
            order,
            ["Your code, 4 digits", "Cancel", "Sign", "Show the digests"]
        );
        assert!(bus.tree(screen).iter().all(|row| !row[1].contains("12 ")));
        screen.enter("34");
        assert_signature(&answer_of(asking));
    });
}
