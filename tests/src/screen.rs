//! A screen of a test's own, and the hands and eyes of a holder in front of it: Xvfb and xdotool.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::waiting::until;

/// Titles of the window, in English.
pub mod title {
    /// A question.
    pub const QUESTION: &str = "cpxd – a question for you";
    /// The same question after a wrong code.
    pub const AGAIN: &str = "cpxd – that was not the right code";
    /// The reader waits at its keypad.
    pub const KEYPAD: &str = "cpxd – type your code on the reader";
    /// The warning before a last try.
    pub const LAST_TRY: &str = "cpxd – last try";
    /// What was asked for is done.
    pub const DONE: &str = "cpxd – done";
    /// It is not done.
    pub const FAILED: &str = "cpxd – not done";
}

/// An X server without a screen.
#[derive(Debug)]
pub struct Screen {
    server: Child,
    display: String,
    /// Where the server keeps its pixels.
    pixels: TempDir,
}

impl Screen {
    /// Starts one on a free number.
    #[must_use]
    pub fn start() -> Self {
        let pixels = tempfile::tempdir().expect("a temporary folder");
        let mut server = Command::new("Xvfb")
            .arg("-fbdir")
            .arg(pixels.path())
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24"])
            // Without this it starts anew after its last window, and refuses the next one meanwhile.
            .args(["-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed (cargo xtask test installs it)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("its output"))
            .read_line(&mut number)
            .expect("the number of its display");
        Self {
            server,
            display: format!(":{}", number.trim()),
            pixels,
        }
    }

    /// What an agent on this screen has in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("DISPLAY", self.display.clone().into()),
            ("LC_ALL", "en_US.UTF-8".into()),
        ]
    }

    /// Waits for a window of ours with this title, gives it the keyboard, and answers its id.
    pub fn window(&self, title: &str) -> String {
        let window = until(&format!("the window {title:?}"), || {
            self.windows()
                .into_iter()
                .find(|(_, shown)| shown == title)
                .map(|(window, _)| window)
        });
        self.xdotool(&["windowfocus", "--sync", &window]);
        self.pause();
        window
    }

    /// Waits until no window of ours is there.
    pub fn nothing(&self) {
        until("an empty screen", || {
            self.windows().is_empty().then_some(())
        });
    }

    /// Whether a window of ours is there, in one quick look.
    #[must_use]
    pub fn shows_a_window(&self) -> bool {
        !self
            .run(&["search", "--onlyvisible", "--name", "^cpxd"])
            .is_empty()
    }

    /// The windows of ours and their titles.
    #[must_use]
    pub fn windows(&self) -> Vec<(String, String)> {
        let found = self.run(&["search", "--onlyvisible", "--name", "^cpxd"]);
        let ids = found.lines().map(str::to_owned);
        let titled = ids.map(|id| {
            let title = self.run(&["getwindowname", &id]).trim().to_owned();
            (id, title)
        });
        titled.collect()
    }

    /// The process of the one window that is there.
    #[must_use]
    pub fn pid(&self) -> String {
        let windows = self.windows();
        let [(window, _)] = windows.as_slice() else {
            panic!("not one window: {windows:?}");
        };
        self.run(&["getwindowpid", window]).trim().to_owned()
    }

    /// The colour of a point (0xRRGGBB). The server keeps its pixels as a dump of XWD version 7: a
    /// header of numbers, a table of colours, lines of 4 bytes a pixel.
    #[must_use]
    pub fn colour(&self, x: usize, y: usize) -> u32 {
        let dump = fs::read(self.pixels.path().join("Xvfb_screen0")).expect("the pixels");
        let number = |place: usize| {
            let bytes = dump[place * 4..][..4].try_into().expect("4 bytes");
            u32::from_be_bytes(bytes) as usize
        };
        let (header, line, colours) = (number(0), number(12), number(19));
        let pixel = &dump[header + colours * 12 + y * line + x * 4..][..4];
        u32::from_le_bytes(pixel.try_into().expect("4 bytes")) & 0x00FF_FFFF
    }

    /// Types characters.
    pub fn type_text(&self, text: &str) {
        self.xdotool(&["type", "--delay", "4", text]);
    }

    /// Presses keys by their names, one after the other.
    pub fn press(&self, keys: &[&str]) {
        self.xdotool(&[&["key", "--delay", "30"], keys].concat());
    }

    /// Types a code and Enter.
    pub fn enter(&self, code: &str) {
        self.type_text(code);
        self.press(&["Return"]);
    }

    /// A yes: its button takes no key for the half second in which a key may have been meant for
    /// another window.
    pub fn agree(&self) {
        std::thread::sleep(std::time::Duration::from_millis(700));
        self.press(&["Tab", "Return"]);
    }

    /// What a program prints that is run on this screen.
    #[must_use]
    pub fn output_of(&self, program: &mut Command) -> String {
        let output = program
            .env("DISPLAY", &self.display)
            .output()
            .expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// As long as a hand needs from the eye's news to the first key: a page that has just come up
    /// brings the focus to its first field within some milliseconds, and nothing outside tells.
    fn pause(&self) {
        self.xdotool(&["sleep", "0.25"]);
    }

    fn xdotool(&self, arguments: &[&str]) {
        let done = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .stderr(Stdio::null())
            .status()
            .expect("xdotool is installed (cargo xtask test installs it)");
        // A window that went away meanwhile takes no key.
        let _ = done;
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut xdotool = Command::new("xdotool");
        self.output_of(xdotool.args(arguments).stderr(Stdio::null()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
