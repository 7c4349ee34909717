//! The screen savers of desktops, which lock where logind is not told of it.

use zbus::blocking::Connection;
use zbus::message::Message;

use super::{BUS, Teller, is};
use crate::lock::LockNews;

/// The screen saver of this session, by whichever of its names.
pub(super) struct ScreenSavers {
    bus: Connection,
    active: [bool; NAMES.len()],
}

impl ScreenSavers {
    pub(super) fn new(bus: Connection) -> Self {
        Self {
            bus,
            active: Default::default(),
        }
    }

    /// Whether it runs and is active. One that does not run is not to be started by the question.
    fn is_active(&self, (name, path): (&str, &str)) -> bool {
        let root = "/org/freedesktop/DBus";
        let runs = self
            .bus
            .call_method(Some(BUS), root, Some(BUS), "NameHasOwner", &name)
            .and_then(|reply| reply.body().deserialize());
        if !matches!(runs, Ok(true)) {
            return false;
        }
        let active = self
            .bus
            .call_method(Some(name), path, Some(name), "GetActive", &())
            .and_then(|reply| reply.body().deserialize());
        active.unwrap_or(false)
    }

    fn news(&self) -> LockNews {
        if self.active.contains(&true) {
            LockNews::Locked
        } else {
            LockNews::Unlocked
        }
    }
}

impl Teller for ScreenSavers {
    /// Of the signals to everybody the bus lets those of these senders through alone.
    fn rules() -> Vec<String> {
        let rules = NAMES.iter().flat_map(|(name, _)| {
            [
                format!("type='signal',sender='{name}',interface='{name}',member='ActiveChanged'"),
                format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{name}'"),
            ]
        });
        rules.collect()
    }

    fn look(&mut self) -> zbus::Result<bool> {
        self.active = NAMES.map(|saver| self.is_active(saver));
        Ok(self.active.contains(&true))
    }

    fn hear(&mut self, signal: &Message) -> zbus::Result<Option<LockNews>> {
        for ((name, _), active) in NAMES.iter().zip(&mut self.active) {
            if is(signal, name, "ActiveChanged") {
                *active = signal.body().deserialize()?;
                return Ok(Some(self.news()));
            }
        }
        if is(signal, BUS, "NameOwnerChanged") {
            self.look()?;
            return Ok(Some(self.news()));
        }
        Ok(None)
    }
}

/// Names, which are their interfaces too, and where they are found.
const NAMES: [(&str, &str); 2] = [
    (
        "org.freedesktop.ScreenSaver",
        "/org/freedesktop/ScreenSaver",
    ),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
];
