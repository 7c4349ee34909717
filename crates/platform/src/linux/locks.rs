//! Locks, as D-Bus tells them: systemd-logind on the system's bus, the screen saver on the session's.

mod login_session;
mod screen_savers;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zbus::blocking::{Connection, MessageIterator, connection};
use zbus::message::{Message, Type};

use crate::lock::LockNews;
use login_session::LoginSession;
use screen_savers::ScreenSavers;

type Told = Arc<dyn Fn(LockNews) + Send + Sync>;

/// One thread for each bus. A bus that is not there, or leaves, locks nothing.
pub(crate) fn watch_locks(told: Told) -> io::Result<()> {
    let locks = Arc::new(Locks::new(told));
    start("lock-login", Arc::clone(&locks), Source::Login, || {
        let asking = to_ask(connection::Builder::system()?)?;
        Ok((LoginSession::new(asking), Connection::system()?))
    })?;
    start("lock-screen", locks, Source::Screen, || {
        let asking = to_ask(connection::Builder::session()?)?;
        Ok((ScreenSavers::new(asking), Connection::session()?))
    })
}

/// A connection for questions alone: on the one that signals come by, a burst of them would keep an
/// answer out.
fn to_ask(bus: connection::Builder<'_>) -> zbus::Result<Connection> {
    bus.method_timeout(LONGEST_ANSWER).build()
}

/// Something on a bus that knows of locks.
trait Teller: Send + 'static {
    /// The signals that it follows, as match rules of the bus.
    fn rules() -> Vec<String>;

    /// Whether it is locked now.
    fn look(&mut self) -> zbus::Result<bool>;

    /// What a signal says, if anything.
    fn hear(&mut self, signal: &Message) -> zbus::Result<Option<LockNews>>;
}

fn start<T: Teller>(
    name: &str,
    locks: Arc<Locks>,
    source: Source,
    connect: impl FnOnce() -> zbus::Result<(T, Connection)> + Send + 'static,
) -> io::Result<()> {
    let listening = move || {
        let ended = connect().and_then(|(teller, bus)| listen(teller, &bus, &locks, source));
        if let Err(error) = ended {
            tracing::debug!(%error, ?source, "this bus does not tell of locks");
        }
        locks.tell(source, LockNews::Unlocked);
    };
    thread::Builder::new().name(name.into()).spawn(listening)?;
    Ok(())
}

/// Follows the signals until the bus leaves.
fn listen<T: Teller>(
    mut teller: T,
    bus: &Connection,
    locks: &Locks,
    source: Source,
) -> zbus::Result<()> {
    // Before the first look, so that nothing is missed between the two.
    let signals = MessageIterator::from(bus);
    for rule in T::rules() {
        bus.call_method(
            Some(BUS),
            "/org/freedesktop/DBus",
            Some(BUS),
            "AddMatch",
            &rule,
        )?;
    }
    // Where there is no such service yet, its coming will be told.
    if let Ok(true) = teller.look() {
        locks.tell(source, LockNews::Locked);
    }
    for signal in signals {
        let signal = signal?;
        // The rules let the senders that they name through; a signal to us alone passes by them, and
        // anybody may send one.
        if signal.message_type() != Type::Signal || signal.header().destination().is_some() {
            continue;
        }
        match teller.hear(&signal) {
            Ok(Some(news)) => locks.tell(source, news),
            Ok(None) => {}
            // All stays as it was said last.
            Err(error) => {
                tracing::debug!(%error, ?source, "what is said of a lock is not understood");
            }
        }
    }
    Ok(())
}

/// Whether a signal is this one.
fn is(signal: &Message, interface: &str, member: &str) -> bool {
    let header = signal.header();
    header.interface().is_some_and(|name| name == interface)
        && header.member().is_some_and(|name| name == member)
}

/// The locks of both buses, as one.
struct Locks {
    told: Told,
    locked: Mutex<[bool; 2]>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Login,
    Screen,
}

impl Locks {
    fn new(told: Told) -> Self {
        Self {
            told,
            locked: Mutex::default(),
        }
    }

    /// The session is locked while either says so. Both threads tell in the order of their news.
    fn tell(&self, source: Source, news: LockNews) {
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *locked != [false, false];
        let [login, screen] = &mut *locked;
        let of_source = match source {
            Source::Login => login,
            Source::Screen => screen,
        };
        match news {
            LockNews::Asked => return (self.told)(LockNews::Asked),
            LockNews::Locked => *of_source = true,
            LockNews::Unlocked => *of_source = false,
        }
        match (before, *locked != [false, false]) {
            (false, true) => (self.told)(LockNews::Locked),
            (true, false) => (self.told)(LockNews::Unlocked),
            (false, false) | (true, true) => {}
        }
    }
}

/// How long a program of the system or of the desktop may take to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// The bus itself, and its interface.
const BUS: &str = "org.freedesktop.DBus";

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_session_is_locked_as_long_as_one_bus_says_so() {
        let (sender, told) = mpsc::channel();
        let locks = Locks::new(Arc::new(move |news| sender.send(news).unwrap()));
        for (source, news) in [
            (Source::Login, LockNews::Unlocked),
            (Source::Screen, LockNews::Locked),
            (Source::Login, LockNews::Locked),
            (Source::Screen, LockNews::Unlocked),
            (Source::Login, LockNews::Asked),
            (Source::Login, LockNews::Unlocked),
            (Source::Login, LockNews::Unlocked),
        ] {
            locks.tell(source, news);
        }
        drop(locks);
        let told: Vec<_> = told.iter().collect();
        assert_eq!(
            told,
            [LockNews::Locked, LockNews::Asked, LockNews::Unlocked]
        );
    }
}
