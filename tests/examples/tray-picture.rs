//! A picture of the icon's menu in the panel of a real desktop, for a person to look at:
//! `cargo run -p cpxd-tests --example tray-picture -- FILE.png`. It needs `xwd` and ImageMagick's `convert`.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a picture that cannot be made ends it")]

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::door::{open_session, pair, request_grant};
use cpxd_tests::screen::Screen;
use cpxd_tests::tray_desk::Desktop;

fn main() {
    let file = std::env::args().nth(1).expect("a file for the picture");
    let agent = Agent::demo(&[]);
    let origin = "https://dossier.hopital.example";
    let (token, _) = pair(&agent, &["authenticate", "sign"], &[origin]);
    let opened = open_session(&agent, &token, &agent.card());
    assert_eq!(opened.status, 200, "{}", opened.text);
    assert_eq!(request_grant(&agent, origin, &["identify"]).status, 200);
    let desktop = Desktop::start();
    let tray = desktop.tray(agent.state_dir());
    tray.wait_for_title("ready, 3 tries left");
    // A panel draws when it likes.
    sleep(Duration::from_secs(3));
    let (x, y) = icon_on(&desktop.screen);
    let point = |x: usize, y: usize, click: bool| {
        let mut hand = Command::new("xdotool");
        hand.args(["mousemove", &x.to_string(), &y.to_string()]);
        let _ = desktop.screen.output_of(if click {
            hand.args(["click", "1"])
        } else {
            &mut hand
        });
        sleep(Duration::from_secs(1));
    };
    point(x, y, true);
    point(x - 200, y + 4 * LINE, false);
    let left = x.saturating_sub(430);
    let script = format!("xwd -root -silent | convert xwd:- -crop 560x250+{left}+0 +repage \"$0\"");
    let mut picture = Command::new("sh");
    let _ = desktop
        .screen
        .output_of(picture.args(["-c", &script, &file]));
}

/// Where the panel shows the icon: nothing else in its right half is blue.
fn icon_on(screen: &Screen) -> (usize, usize) {
    let is_blue = |colour: u32| colour & 0xFF > 0xC0 && colour >> 16 < 0x60;
    let mut places = (640..1280).flat_map(|x| (0..40).map(move |y| (x, y)));
    let place = places.find(|(x, y)| is_blue(screen.colour(*x, *y)));
    place.expect("the icon in the panel")
}

/// Pixels of a line of the menu.
const LINE: usize = 25;
