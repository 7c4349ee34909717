//! Stand-ins for what tells of locks, each on a bus of its own: systemd-logind and the screen
//! savers of desktops, which no test can have without a session to lock.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};

use crate::waiting::until;

/// A real message bus; it ends when this is dropped.
#[derive(Debug)]
pub struct MessageBus {
    daemon: Child,
    /// Where it is found.
    pub address: String,
}

impl MessageBus {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed (cargo xtask test installs it)");
        let mut line = String::new();
        BufReader::new(daemon.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("the address of the bus");
        Self {
            daemon,
            address: line.trim().to_owned(),
        }
    }

    fn connect(&self) -> Builder<'_> {
        Builder::address(self.address.as_str()).expect("an address")
    }
}

impl Drop for MessageBus {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// What a stand-in is asked and says.
#[derive(Clone, Debug, Default)]
struct Known {
    locked: Arc<AtomicBool>,
    was_asked: Arc<AtomicBool>,
}

impl Known {
    fn told(&self) -> bool {
        self.was_asked.store(true, Ordering::SeqCst);
        self.locked.load(Ordering::SeqCst)
    }

    fn wait_until_asked(&self) {
        until("a question whether it is locked", || {
            self.was_asked.load(Ordering::SeqCst).then_some(())
        });
    }
}

/// Stands in for systemd-logind, with one session of this user and one of another.
#[derive(Debug)]
pub struct StandInForLogind {
    bus: Connection,
    known: Known,
}

impl StandInForLogind {
    /// Takes logind's name on this bus.
    #[must_use]
    pub fn on(bus: &MessageBus) -> Self {
        let known = Known::default();
        let connection = bus.connect().serve_at(LOGIN_ROOT, Manager);
        let connection = connection.and_then(|bus| bus.serve_at(OWN, Session(known.clone())));
        let connection = connection.and_then(|bus| bus.name(LOGIN)?.build());
        Self {
            bus: connection.expect("logind's name on the bus"),
            known,
        }
    }

    /// Waits until an agent follows it.
    pub fn wait_until_asked(&self) {
        self.known.wait_until_asked();
    }

    /// The hint of the user's session is set, as a locker of screens does.
    pub fn set_locked_hint(&self, locked: bool) {
        self.known.locked.store(locked, Ordering::SeqCst);
        self.tell_hint(OWN, locked);
    }

    /// Another user's session is locked.
    pub fn lock_another_session(&self) {
        self.tell_hint(FOREIGN, true);
    }

    /// `loginctl lock-session`, which nobody may follow.
    pub fn ask_for_a_lock(&self) {
        let sent = self
            .bus
            .emit_signal(None::<&str>, OWN, SESSION, "Lock", &());
        sent.expect("a signal");
    }

    fn tell_hint(&self, session: &str, locked: bool) {
        emit_hint(&self.bus, None, session, locked);
    }
}

struct Manager;

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn get_session(&self, id: &str) -> zbus::fdo::Result<OwnedObjectPath> {
        if id != "auto" {
            return Err(zbus::fdo::Error::Failed(format!("No session '{id}' known")));
        }
        Ok(ObjectPath::from_static_str_unchecked(OWN).into())
    }
}

struct Session(Known);

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property(emits_changed_signal = "false"))]
    fn locked_hint(&self) -> bool {
        self.0.told()
    }
}

/// Stands in for the screen saver of a desktop.
#[derive(Debug)]
pub struct StandInForScreenSaver {
    bus: Connection,
    known: Known,
    name: &'static str,
    path: &'static str,
}

impl StandInForScreenSaver {
    /// By the name that freedesktop.org gives it.
    #[must_use]
    pub fn of_freedesktop(bus: &MessageBus) -> Self {
        let known = Known::default();
        let path = "/org/freedesktop/ScreenSaver";
        let served = bus.connect().serve_at(path, Freedesktop(known.clone()));
        Self::named(served, known, "org.freedesktop.ScreenSaver", path)
    }

    /// By the name that GNOME gives it.
    #[must_use]
    pub fn of_gnome(bus: &MessageBus) -> Self {
        let known = Known::default();
        let path = "/org/gnome/ScreenSaver";
        let served = bus.connect().serve_at(path, Gnome(known.clone()));
        Self::named(served, known, "org.gnome.ScreenSaver", path)
    }

    fn named(
        served: zbus::Result<Builder<'_>>,
        known: Known,
        name: &'static str,
        path: &'static str,
    ) -> Self {
        let connection = served.and_then(|bus| bus.name(name)?.build());
        Self {
            bus: connection.expect("its name on the bus"),
            known,
            name,
            path,
        }
    }

    /// Waits until an agent follows it.
    pub fn wait_until_asked(&self) {
        self.known.wait_until_asked();
    }

    /// It covers the screen, or uncovers it.
    pub fn set_active(&self, active: bool) {
        self.known.locked.store(active, Ordering::SeqCst);
        let sent =
            self.bus
                .emit_signal(None::<&str>, self.path, self.name, "ActiveChanged", &active);
        sent.expect("a signal");
    }
}

struct Freedesktop(Known);

#[zbus::interface(name = "org.freedesktop.ScreenSaver")]
impl Freedesktop {
    fn get_active(&self) -> bool {
        self.0.told()
    }
}

struct Gnome(Known);

#[zbus::interface(name = "org.gnome.ScreenSaver")]
impl Gnome {
    fn get_active(&self) -> bool {
        self.0.told()
    }
}

/// A program without any such name that claims that the session is locked, to everybody and to each
/// program on the bus.
pub fn claim_locks_without_their_names(bus: &MessageBus) {
    let liar = bus.connect().build().expect("a connection");
    let names = DBusProxy::new(&liar).and_then(|bus| Ok(bus.list_names()?));
    let unique = names.expect("the names on the bus").into_iter();
    let unique = unique
        .map(|name| name.to_string())
        .filter(|name| name.starts_with(':'));
    for to in unique.map(Some).chain([None]) {
        claim_locks(&liar, to.as_deref());
    }
}

fn claim_locks(liar: &Connection, to: Option<&str>) {
    for name in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
        let path = format!("/{}", name.replace('.', "/"));
        let sent = liar.emit_signal(to, path.as_str(), name, "ActiveChanged", &true);
        sent.expect("a signal");
    }
    let sent = liar.emit_signal(to, OWN, SESSION, "Lock", &());
    sent.expect("a signal");
    emit_hint(liar, to, OWN, true);
}

fn emit_hint(bus: &Connection, to: Option<&str>, session: &str, locked: bool) {
    let changed =
        std::collections::HashMap::from([("LockedHint", zbus::zvariant::Value::from(locked))]);
    let body = (SESSION, changed, Vec::<&str>::new());
    let properties = "org.freedesktop.DBus.Properties";
    let sent = bus.emit_signal(to, session, properties, "PropertiesChanged", &body);
    sent.expect("a signal");
}

const LOGIN: &str = "org.freedesktop.login1";
const LOGIN_ROOT: &str = "/org/freedesktop/login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const OWN: &str = "/org/freedesktop/login1/session/_32";
const FOREIGN: &str = "/org/freedesktop/login1/session/_35";
