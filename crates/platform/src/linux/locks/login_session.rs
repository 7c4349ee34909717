//! The session that systemd-logind knows this process or its user by (org.freedesktop.login1(5)).

use std::collections::HashMap;

use zbus::blocking::Connection;
use zbus::message::Message;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::{BUS, Teller, is};
use crate::lock::LockNews;

/// The session of this process or, where it is in none (a service of the user), that of the user's
/// screen.
pub(super) struct LoginSession {
    bus: Connection,
    path: Option<OwnedObjectPath>,
}

impl LoginSession {
    pub(super) const fn new(bus: Connection) -> Self {
        Self { bus, path: None }
    }

    /// `auto` came with systemd 246; before, only a process in a session has one.
    fn find(&self) -> zbus::Result<OwnedObjectPath> {
        let manager = |method, argument: &str| {
            let manager = Some(format!("{LOGIN}.Manager"));
            let reply =
                self.bus
                    .call_method(Some(LOGIN), ROOT, manager.as_deref(), method, &argument);
            reply?.body().deserialize()
        };
        manager("GetSession", "auto").or_else(|error| {
            let id = std::env::var("XDG_SESSION_ID").map_err(|_| error)?;
            manager("GetSession", &id)
        })
    }

    fn locked_hint(&self, path: &OwnedObjectPath) -> zbus::Result<bool> {
        let arguments = (SESSION, HINT);
        let reply = self
            .bus
            .call_method(Some(LOGIN), path, Some(PROPERTIES), "Get", &arguments)?;
        let value: OwnedValue = reply.body().deserialize()?;
        Ok(bool::try_from(value)?)
    }

    fn is_about_the_session(&self, signal: &Message) -> bool {
        let header = signal.header();
        let path = self.path.as_ref();
        path.is_some_and(|path| header.path().is_some_and(|told| *told == **path))
    }
}

impl Teller for LoginSession {
    /// Of the signals to everybody the bus lets those of these senders through alone.
    fn rules() -> Vec<String> {
        let from_login = format!("type='signal',sender='{LOGIN}'");
        vec![
            format!(
                "{from_login},interface='{PROPERTIES}',path_namespace='{ROOT}/session',arg0='{SESSION}'"
            ),
            format!("{from_login},interface='{SESSION}',member='Lock'"),
            format!("{from_login},interface='{LOGIN}.Manager',member='SessionNew'"),
            format!("{from_login},interface='{LOGIN}.Manager',member='SessionRemoved'"),
            format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{LOGIN}'"),
        ]
    }

    /// A session that is not there is not locked; one of which nobody tells is as it was.
    fn look(&mut self) -> zbus::Result<bool> {
        match self.find() {
            Ok(path) => {
                let locked = self.locked_hint(&path);
                self.path = Some(path);
                locked
            }
            Err(zbus::Error::MethodError(..)) => {
                self.path = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// `Lock` only asks for a lock, and where no program follows it none comes, nor any `Unlock`:
    /// the hint alone says how it is.
    fn hear(&mut self, signal: &Message) -> zbus::Result<Option<LockNews>> {
        if is(signal, SESSION, "Lock") {
            return Ok(self.is_about_the_session(signal).then_some(LockNews::Asked));
        }
        if is(signal, PROPERTIES, "PropertiesChanged") {
            if !self.is_about_the_session(signal) {
                return Ok(None);
            }
            let body = signal.body();
            let (_, changed, _): (String, HashMap<String, OwnedValue>, Vec<String>) =
                body.deserialize()?;
            let Some(hint) = changed.get(HINT) else {
                return Ok(None);
            };
            return Ok(Some(as_news(bool::try_from(hint)?)));
        }
        // Sessions come and go, and so does logind itself: which is ours is looked up anew.
        Ok(Some(as_news(self.look()?)))
    }
}

const fn as_news(locked: bool) -> LockNews {
    if locked {
        LockNews::Locked
    } else {
        LockNews::Unlocked
    }
}

const LOGIN: &str = "org.freedesktop.login1";
const ROOT: &str = "/org/freedesktop/login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const HINT: &str = "LockedHint";
