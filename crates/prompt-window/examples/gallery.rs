//! Pictures of every question: `cargo run -p prompt-window --example gallery -- FOLDER [NAME…]`.
//!
//! It needs a display, such as Xvfb, and ImageMagick; `WINIT_X11_SCALE_FACTOR=2` doubles the pixels.

#[path = "gallery/questions.rs"]
mod questions;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use daemon_wire::window::{Look, Theme};
use prompt_window::pictures::Picture;
use slint::Timer;

use questions::{QUESTIONS, Scene};

/// Time for the toolkit to have drawn what was asked for.
const DRAWN: Duration = Duration::from_millis(250);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("into which folder?")?);
    let names: Vec<String> = arguments.collect();
    let looks = [false, true]
        .into_iter()
        .flat_map(|english| [Theme::Light, Theme::Dark].map(|theme| (english, theme)));
    let looks: Vec<_> = looks.collect();
    let scenes = QUESTIONS
        .iter()
        .filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let scenes: VecDeque<_> = scenes
        .flat_map(|scene| looks.iter().map(move |look| (*scene, *look)))
        .collect();
    next(Rc::new(RefCell::new(scenes)), Rc::new(folder));
    slint::run_event_loop_until_quit()?;
    Ok(())
}

type Scenes = VecDeque<((&'static str, Scene), (bool, Theme))>;

fn next(scenes: Rc<RefCell<Scenes>>, folder: Rc<PathBuf>) {
    let following = scenes.borrow_mut().pop_front();
    let Some(((name, scene), (english, theme))) = following else {
        let _ = slint::quit_event_loop();
        return;
    };
    let look = Look {
        english,
        theme: Some(theme),
    };
    let language = if english { "en" } else { "fr" };
    let theme = if theme == Theme::Dark {
        "dark"
    } else {
        "light"
    };
    let file = folder.join(format!("{name}-{language}-{theme}.png"));
    let shown = Picture::show().and_then(|picture| {
        scene(&picture, look);
        picture.present()?;
        Ok(picture)
    });
    let picture = match shown {
        Ok(picture) => picture,
        Err(error) => return give_up(&error),
    };
    Timer::single_shot(DRAWN, move || {
        if let Err(error) = save(&picture, &file) {
            return give_up(error.as_ref());
        }
        drop(picture);
        next(scenes, folder);
    });
}

/// The window as it is on the screen: without a window manager it is at the upper left.
fn save(picture: &Picture, file: &Path) -> Result<(), Box<dyn Error>> {
    let (width, height) = picture.size();
    let taken = Command::new("import")
        .args(["-window", "root", "-crop", &format!("{width}x{height}+0+0")])
        .args(["+repage", "-strip"])
        .arg(file)
        .status()?;
    if !taken.success() {
        return Err("no picture was taken".into());
    }
    Ok(picture.take_away()?)
}

#[expect(clippy::print_stderr, reason = "a person runs this")]
fn give_up(error: &dyn Error) {
    eprintln!("{error}");
    std::process::exit(1);
}
