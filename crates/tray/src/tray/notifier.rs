//! Notifications of the desktop (org.freedesktop.Notifications, Desktop Notifications Specification 1.2).

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};

use zbus::blocking::Connection;
use zbus::zvariant::Value;

use super::Message;
use super::notices::{Notice, Subject};

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_async = false
)]
trait Notifications {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;
}

/// Urgency "normal": it goes away by itself.
const NORMAL: u8 = 1;
/// As long as the desktop likes.
const ITS_OWN_TIME: i32 = -1;

/// Shows notices one after the other until there are no more to come, and tells of those with a
/// subject whether they were shown. One that nobody shows is in the log, without the names in it: the
/// menu says the same.
pub(crate) fn show_all(
    connection: &Connection,
    notices: &Receiver<(Option<Subject>, Notice)>,
    messages: &Sender<Message>,
) {
    for (subject, notice) in notices {
        let shown = try_show(connection, &notice);
        if let Err(error) = &shown {
            tracing::warn!(%error, title = notice.title, "no desktop shows notifications");
        }
        let Some(subject) = subject else { continue };
        let told = match shown {
            Ok(()) => Message::Shown(subject),
            Err(_) => Message::NotShown(subject),
        };
        if messages.send(told).is_err() {
            return;
        }
    }
}

fn try_show(connection: &Connection, notice: &Notice) -> zbus::Result<()> {
    let desktop = NotificationsProxy::new(connection)?;
    let reads_markup = desktop
        .get_capabilities()?
        .iter()
        .any(|capability| capability == "body-markup");
    let body = if reads_markup {
        without_markup(&notice.body)
    } else {
        notice.body.clone()
    };
    let hints = HashMap::from([("urgency", Value::U8(NORMAL))]);
    desktop.notify(
        "cpxd",
        0,
        "",
        &notice.title,
        &body,
        &[],
        hints,
        ITS_OWN_TIME,
    )?;
    Ok(())
}

/// Text of which nothing is read as markup.
pub(crate) fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_read_as_markup() {
        assert_eq!(
            without_markup("<b>A & B</b> &lt;"),
            "&lt;b&gt;A &amp; B&lt;/b&gt; &amp;lt;"
        );
    }
}
