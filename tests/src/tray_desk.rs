//! A desktop with a panel, its notifications, and the tray of an agent in it: the panel of Xfce, which
//! watches and hosts the icons, and the notification daemon dunst. What they get is read on the bus.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use crate::ended::Ended;
use crate::programs::program;
use crate::screen::Screen;
use crate::session_bus::{PYTHON, SessionBus};
use crate::waiting::until;

/// A desktop. Its parts go in this order.
#[derive(Debug)]
pub struct Desktop {
    programs: Mutex<Vec<Child>>,
    bus: SessionBus,
    /// What the person looks at.
    pub screen: Screen,
    folder: TempDir,
}

/// A tray in the panel of a desktop; it is ended when this is dropped.
#[derive(Debug)]
pub struct TrayProgram<'a> {
    process: Child,
    desktop: &'a Desktop,
    log: PathBuf,
}

/// One line of the menu as it is on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuLine {
    id: i64,
    /// How many submenus it lies in.
    pub depth: u64,
    /// Its label, underscores doubled.
    pub label: String,
    /// Whether it can be chosen.
    pub is_enabled: bool,
    /// Whether it is the one of several that holds.
    pub is_checked: bool,
}

impl Desktop {
    /// One with a panel and notifications.
    #[must_use]
    pub fn start() -> Self {
        let desktop = Self::without_a_panel();
        desktop.start_the_panel();
        desktop
    }

    /// One that shows notifications, and no icons yet.
    #[must_use]
    pub fn without_a_panel() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let screen = Screen::start();
        let bus = SessionBus::start(&screen, "");
        let desktop = Self {
            programs: Mutex::default(),
            bus,
            screen,
            folder,
        };
        let shown = fs::File::create(desktop.notifications_file()).expect("a file");
        desktop.start_program("dunst", &["-print"], shown.into());
        until("a daemon of notifications", || {
            desktop.knows(&["has-owner", "org.freedesktop.Notifications"])
        });
        desktop
    }

    /// Starts the panel, and waits until it shows icons.
    pub fn start_the_panel(&self) {
        self.start_program("xfce4-panel", &["--disable-wm-check"], Stdio::null());
        until("a panel with icons", || self.knows(&["has-host"]));
    }

    /// Sends the daemon of notifications a signal, such as `-STOP`.
    pub fn signal_notifications(&self, signal: &str) {
        let programs = self.programs.lock().expect("the programs");
        send(signal, programs.first().expect("dunst comes first").id());
    }

    /// Ends the bus under everything, as the end of the session does.
    pub fn end_the_bus(&self) {
        self.bus.end();
    }

    fn start_program(&self, name: &str, arguments: &[&str], output: Stdio) {
        let program = Command::new(name)
            .args(arguments)
            .envs(self.environment())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn();
        let program = program.unwrap_or_else(|error| {
            panic!("{name} does not start ({error}); cargo xtask test installs it")
        });
        self.programs.lock().expect("the programs").push(program);
    }

    /// Whether a stranger on the bus says yes; nothing where not.
    fn knows(&self, arguments: &[&str]) -> Option<()> {
        (self.python(arguments) == true).then_some(())
    }

    fn notifications_file(&self) -> PathBuf {
        self.folder.path().join("notifications")
    }

    /// What a program on this desktop has in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let address = ("DBUS_SESSION_BUS_ADDRESS", self.bus.address.clone().into());
        [self.screen.environment(), vec![address]].concat()
    }

    /// Starts the tray of the agent with this state folder, in English.
    #[must_use]
    pub fn tray(&self, state_dir: &Path) -> TrayProgram<'_> {
        self.tray_in(state_dir, &[])
    }

    /// The same with more environment variables.
    #[must_use]
    pub fn tray_in(&self, state_dir: &Path, environment: &[(&str, OsString)]) -> TrayProgram<'_> {
        let log = self.folder.path().join("tray-log");
        let file = fs::File::create(&log).expect("a log file");
        let process = self
            .tray_command(state_dir)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stderr(file)
            .spawn()
            .expect("cpxd-tray starts");
        TrayProgram {
            process,
            desktop: self,
            log,
        }
    }

    /// A start of the tray that must end by itself.
    #[must_use]
    pub fn tray_that_ends(&self, state_dir: &Path) -> Ended {
        let output = self.tray_command(state_dir).output();
        output.expect("cpxd-tray starts").into()
    }

    fn tray_command(&self, state_dir: &Path) -> Command {
        let mut tray = Command::new(program("cpxd-tray"));
        tray.arg("--state-dir")
            .arg(state_dir)
            .envs(self.environment())
            .stdin(Stdio::null());
        tray
    }

    /// Every notification that was shown so far, as the daemon prints it.
    #[must_use]
    pub fn notifications(&self) -> String {
        fs::read_to_string(self.notifications_file()).unwrap_or_default()
    }

    /// How many notifications with this title were shown.
    #[must_use]
    pub fn notifications_titled(&self, title: &str) -> usize {
        let title = format!("summary: '{title}'");
        self.notifications().matches(&title).count()
    }

    /// Waits for a notification with these words.
    pub fn wait_for_notification(&self, words: &str) {
        until(&format!("the notification {words:?}"), || {
            self.notifications().contains(words).then_some(())
        });
    }

    fn python(&self, arguments: &[&str]) -> Value {
        let output = Command::new(PYTHON)
            .args(["-c", ON_THE_BUS])
            .args(arguments)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address)
            .output()
            .expect("Python is installed (cargo xtask test installs it)");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for program in self.programs.get_mut().expect("the programs") {
            // One that has ended already needs no end.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl TrayProgram<'_> {
    /// What the icon is called.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.desktop.python(&["title"]);
        title.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the icon is called so.
    pub fn wait_for_title(&self, words: &str) {
        until(&format!("the title {words:?}"), || {
            self.title().contains(words).then_some(())
        });
    }

    /// The pixels of the icon, as their digest.
    #[must_use]
    pub fn picture(&self) -> String {
        let picture = self.desktop.python(&["picture"]);
        picture.as_str().unwrap_or_default().to_owned()
    }

    /// The whole menu, from above.
    #[must_use]
    pub fn menu(&self) -> Vec<MenuLine> {
        let lines = self.desktop.python(&["menu"]);
        let lines = lines.as_array().into_iter().flatten();
        let lines = lines.map(|line| MenuLine {
            id: line["id"].as_i64().unwrap_or_default(),
            depth: line["depth"].as_u64().unwrap_or_default(),
            label: line["label"].as_str().unwrap_or_default().to_owned(),
            is_enabled: line["enabled"] != false,
            is_checked: line["toggle-state"] == 1,
        });
        lines.collect()
    }

    /// Waits for a line with these words.
    #[must_use]
    pub fn line(&self, words: &str) -> MenuLine {
        until(&format!("{words:?} in the menu"), || {
            self.menu()
                .into_iter()
                .find(|line| line.label.contains(words))
        })
    }

    /// Waits for a line with these words, and chooses it.
    pub fn choose(&self, words: &str) {
        let line = self.line(words);
        assert!(line.is_enabled, "{line:?}");
        let _ = self.is_taken(&line);
    }

    /// Chooses a line as it was seen; whether that was taken.
    #[must_use]
    pub fn is_taken(&self, line: &MenuLine) -> bool {
        self.desktop.python(&["click", &line.id.to_string()]) == true
    }

    /// Opens the menu, as a panel does.
    pub fn open(&self) {
        let _ = self.desktop.python(&["open"]);
    }

    /// Sends it a signal, such as `-STOP`.
    pub fn signal(&self, signal: &str) {
        send(signal, self.pid());
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How often each of its threads has gone to sleep so far.
    #[must_use]
    pub fn wake_ups(&self) -> Vec<(OsString, String)> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).expect("its threads");
        let mut counts: Vec<_> = threads
            .filter_map(|thread| {
                let thread = thread.ok()?;
                let status = fs::read_to_string(thread.path().join("status")).ok()?;
                let mut lines = status.lines();
                let count = lines.find(|line| line.starts_with("voluntary_ctxt_switches"))?;
                Some((thread.file_name(), count.to_owned()))
            })
            .collect();
        counts.sort();
        counts
    }

    /// Waits for its own end.
    pub fn wait_for_the_end(&mut self) -> ExitStatus {
        until("the end of the tray", || {
            self.process.try_wait().expect("its state")
        })
    }
}

impl Drop for TrayProgram<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a process a signal, such as `-STOP`.
///
/// # Panics
/// Where there is none.
pub fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.expect("kill starts").success(), "no signal was sent");
}

/// A stranger on the bus: reads the one icon that the panel's watcher knows, and chooses from its menu.
const ON_THE_BUS: &str = r#"
import hashlib, json, sys, time
from gi.repository import Gio, GLib

bus = Gio.bus_get_sync(Gio.BusType.SESSION)

def call(name, path, interface, method, arguments=None):
    return bus.call_sync(name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 5000).unpack()

def get(name, path, interface, what):
    return call(name, path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (interface, what)))[0]

WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")

def has_owner(name):
    return call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                GLib.Variant("(s)", (name,)))[0]

def icon():
    [item] = get(*WATCHER, "RegisteredStatusNotifierItems")
    return item.split("/")[0]

def lines(node, depth):
    id, properties, children = node
    yield {"id": id, "depth": depth, **{name: value for name, value in properties.items() if name != "shortcut"}}
    for child in children:
        yield from lines(child, depth + 1)

verb, *rest = sys.argv[1:]
if verb == "has-owner":
    answer = has_owner(rest[0])
elif verb == "has-host":
    answer = has_owner(WATCHER[0]) and get(*WATCHER, "IsStatusNotifierHostRegistered")
elif verb == "title":
    answer = get(icon(), "/StatusNotifierItem", "org.kde.StatusNotifierItem", "Title")
elif verb == "picture":
    pixels = get(icon(), "/StatusNotifierItem", "org.kde.StatusNotifierItem", "IconPixmap")
    answer = hashlib.sha256(repr(pixels).encode()).hexdigest()
elif verb == "menu":
    layout = call(icon(), "/MenuBar", "com.canonical.dbusmenu", "GetLayout", GLib.Variant("(iias)", (0, -1, [])))
    answer = [line for line in lines(layout[1], 0) if line["depth"] > 0]
    for line in answer:
        line["depth"] -= 1
elif verb == "open":
    answer = call(icon(), "/MenuBar", "com.canonical.dbusmenu", "AboutToShow", GLib.Variant("(i)", (0,)))
elif verb == "click":
    event = GLib.Variant("(isvu)", (int(rest[0]), "clicked", GLib.Variant("i", 0), int(time.time()) % 2**31))
    call(icon(), "/MenuBar", "com.canonical.dbusmenu", "Event", event)
    answer = True
print(json.dumps(answer))
"#;
