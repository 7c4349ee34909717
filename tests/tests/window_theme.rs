//! The window is light or dark as the desktop says, through its settings portal.
#![cfg(target_os = "linux")]

use std::thread;

use cpxd_tests::screen::Screen;
use cpxd_tests::screen::title::QUESTION;
use cpxd_tests::session_bus::SessionBus;
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

/// The ground of the window, light and dark.
const LIGHT: u32 = 0x00F5_F7F9;
const DARK: u32 = 0x0012_1A21;
/// A point of the ground, beside the buttons.
const POINT: (usize, usize) = (10, 300);

/// A fake of the one call that a toolkit makes (org.freedesktop.portal.Settings): 1 is dark.
const PORTAL: &str = r#"
/usr/bin/python3 -c '
from gi.repository import Gio, GLib
XML = """<node><interface name="org.freedesktop.portal.Settings">
<method name="Read"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="out"/></method>
<method name="ReadOne"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="out"/></method>
<signal name="SettingChanged"><arg type="s"/><arg type="s"/><arg type="v"/></signal>
</interface></node>"""
def answer(bus, sender, path, interface, method, arguments, call):
    dark = GLib.Variant("u", 1)
    call.return_value(GLib.Variant("(v)", (GLib.Variant("v", dark) if method == "Read" else dark,)))
def serve(bus, name):
    interface = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
    bus.register_object("/org/freedesktop/portal/desktop", interface, answer, None, None)
Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.portal.Desktop", 0, serve, None, None)
GLib.MainLoop().run()
' >/dev/null &
gdbus wait --session --timeout 20 org.freedesktop.portal.Desktop"#;

fn ground_is(screen: Screen, bus: &SessionBus, ground: u32) {
    let address = [("DBUS_SESSION_BUS_ADDRESS", bus.address.clone().into())];
    let desk = WindowDesk::on(screen, "cps3", "1234", &address);
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        desk.screen.window(QUESTION);
        until(&format!("the ground {ground:06x}"), || {
            (desk.screen.colour(POINT.0, POINT.1) == ground).then_some(())
        });
        desk.screen.press(&["Escape"]);
        assert_eq!(answer_of(asking).code(), "cancelled");
    });
}

#[test]
fn a_dark_desktop_gets_a_dark_window() {
    let screen = Screen::start();
    let bus = SessionBus::start(&screen, PORTAL);
    ground_is(screen, &bus, DARK);
}

#[test]
fn a_desktop_that_says_nothing_gets_a_light_window() {
    let screen = Screen::start();
    let bus = SessionBus::start(&screen, "");
    ground_is(screen, &bus, LIGHT);
}
