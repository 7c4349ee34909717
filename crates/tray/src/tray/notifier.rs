//! Notifications of the desktop (org.freedesktop.Notifications, Desktop Notifications Specification 1.2).

use std::collections::HashMap;

use zbus::blocking::Connection;
use zbus::zvariant::Value;

use super::notices::Notice;

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

/// Shows a notice. One that nobody shows is in the log, without the names in it: the menu says the same.
pub(crate) fn show(connection: &Connection, notice: &Notice) {
    if let Err(error) = try_show(connection, notice) {
        tracing::warn!(%error, title = notice.title, "no desktop shows notifications");
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
