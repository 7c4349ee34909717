//! The tray on Linux: StatusNotifier and the notifications of the desktop.

mod actions;
mod agent_watch;
mod condition;
mod diagnosis;
mod follow;
mod item;
mod memory;
mod menu;
mod notices;
mod notifier;
mod picture;
#[cfg(test)]
mod sample;
mod words;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use ksni::blocking::{Handle, TrayMethods as _};
use platform::instance::{InstanceError, InstanceLock};
use platform::paths::AgentPaths;
use texts::Language;
use time::OffsetDateTime;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

use crate::error::TrayError;
use crate::language_of_system;
use agent_watch::AgentWatch;
use condition::Condition;
use diagnosis::diagnose;
use item::{Item, View};
use memory::KeptMemory;
use menu::{Action, menu};
use notices::{Notice, Subject, Told};
use words::Speaker;
use world::{Silence, World};

/// What the tray wakes up for.
#[derive(Debug)]
pub(crate) enum Message {
    /// The agent came, went, or told of something.
    Happened,
    /// Somebody looks.
    MenuOpens,
    /// Somebody chose.
    Chosen(Action),
    /// The agent was asked, and told this.
    Seen(World),
    /// Something has to be said.
    Say(Notice),
    /// The desktop has shown what was said of a card.
    Shown(Subject),
    /// The desktop has not shown it.
    NotShown(Subject),
    /// The bus took the icon away, or is gone itself.
    IconGone,
}

/// What is shown may be so old when somebody looks: days pass without an event.
const FRESH: Duration = Duration::from_secs(60);

/// How long the desktop may take to show a notification.
const DESKTOPS_TIME: Duration = Duration::from_secs(10);

/// Shows the icon until somebody closes it.
///
/// # Errors
/// [`TrayError`] where there is no place for it or no longer one, or it is there already.
pub(crate) fn run(state_dir: Option<&Path>) -> Result<(), TrayError> {
    start_log();
    let paths = paths_of_an_agent(state_dir)?;
    let connection = session_bus().map_err(TrayError::NoSessionBus)?;
    let _lock = InstanceLock::acquire(&paths.tray_lock_file()).map_err(|error| match error {
        InstanceError::AlreadyRunning { pid } => TrayError::SecondOne { pid },
        InstanceError::LockFile(_) => TrayError::Lock(error),
    })?;
    let (sender, messages) = mpsc::channel();
    let (sooner, pauses) = mpsc::sync_channel(1);
    let memory = KeptMemory::read(&paths.tray_file());
    let speaker = speaker(&memory);
    let is_watched = Arc::new(AtomicBool::new(false));
    watch(&paths, &sooner, &is_watched);
    let item = Item {
        view: view(&World::NoAgent(Silence::Absent), speaker, &memory),
        texts: speaker.texts,
        messages: sender.clone(),
        sooner,
        has_spare_line: false,
    };
    let icon = item.assume_sni_available(true).spawn();
    let icon = icon.map_err(TrayError::Icon)?;
    let (followed, told) = (paths.clone(), sender.clone());
    thread::spawn(move || follow::follow(&followed, &told, &pauses, &is_watched));
    let (watched, told) = (connection.clone(), sender.clone());
    thread::spawn(move || wait_for_the_end_of(&watched, &told));
    let (notices, to_show) = mpsc::channel();
    let told = sender.clone();
    thread::spawn(move || notifier::show_all(&connection, &to_show, &told));
    let (looks, to_look) = mpsc::sync_channel(1);
    let (asked, told) = (paths.clone(), sender.clone());
    thread::spawn(move || look(&asked, &to_look, &told));
    let program = Program {
        paths,
        icon,
        memory,
        sender,
        notices,
        looks,
        told: Told::default(),
        world: World::NoAgent(Silence::Absent),
        looked: Instant::now(),
    };
    program.live(&messages)
}

/// A folder that was named by mistake is left as it is, and none is made.
fn paths_of_an_agent(named: Option<&Path>) -> Result<AgentPaths, TrayError> {
    if let Some(folder) = named {
        let found = AgentPaths::find(named)?;
        if !found.lock_file().is_file() {
            let folder = folder.to_owned();
            return Err(TrayError::NoAgentsFolder { folder });
        }
    }
    Ok(AgentPaths::resolve(named)?)
}

fn session_bus() -> zbus::Result<Connection> {
    Builder::session()?.method_timeout(DESKTOPS_TIME).build()
}

/// Asks the agent for everything as often as somebody wants it, until nobody listens.
fn look(paths: &AgentPaths, wanted: &Receiver<Language>, messages: &Sender<Message>) {
    for language in wanted {
        let seen = World::read(paths, language);
        if messages.send(Message::Seen(seen)).is_err() {
            return;
        }
    }
}

/// Says so, sooner than any pause ends, when an agent announces itself.
fn watch(paths: &AgentPaths, sooner: &SyncSender<()>, is_watched: &Arc<AtomicBool>) {
    let watch = match AgentWatch::start(paths) {
        Ok(watch) => watch,
        Err(error) => {
            tracing::info!(%error, "an agent is looked for every now and then");
            return;
        }
    };
    is_watched.store(true, Ordering::Release);
    let (sooner, is_watched) = (sooner.clone(), Arc::clone(is_watched));
    thread::spawn(move || {
        while watch.wait().is_ok() {
            // Full means that it was told already.
            let _ = sooner.try_send(());
        }
        is_watched.store(false, Ordering::Release);
        let _ = sooner.try_send(());
    });
}

/// The icon's own connection says nothing when its bus ends, and a tray that stayed would keep the
/// next session's from starting.
fn wait_for_the_end_of(bus: &Connection, messages: &Sender<Message>) {
    zbus::block_on(bus.inner().closed());
    // The program is about to end where nobody listens.
    let _ = messages.send(Message::IconGone);
}

/// Nothing in it waits for the agent or for the daemon of notifications: the icon can be closed
/// whatever they do.
struct Program {
    paths: AgentPaths,
    icon: Handle<Item>,
    memory: KeptMemory,
    sender: Sender<Message>,
    notices: Sender<(Option<Subject>, Notice)>,
    /// Has room for one look: it begins after whatever happened before it was taken out.
    looks: SyncSender<Language>,
    told: Told,
    world: World,
    looked: Instant,
}

impl Program {
    fn live(mut self, messages: &Receiver<Message>) -> Result<(), TrayError> {
        while let Ok(first) = messages.recv() {
            let mut must_look = false;
            // Several events at once are one look.
            for message in std::iter::once(first).chain(messages.try_iter()) {
                match message {
                    Message::Happened => must_look = true,
                    Message::MenuOpens => must_look |= self.is_stale(),
                    Message::Seen(world) => self.see(world),
                    Message::Say(notice) => self.say(None, notice),
                    Message::Shown(subject) => {
                        self.told.shown(subject, &mut self.memory.memory);
                        self.memory.keep();
                    }
                    Message::NotShown(subject) => self.told.not_shown(&subject),
                    Message::Chosen(Action::Quit) => {
                        self.icon.shutdown().wait();
                        return Ok(());
                    }
                    Message::IconGone => return Err(TrayError::DesktopGone),
                    Message::Chosen(action) => self.act(action),
                }
            }
            if must_look {
                // Full means that a look is to come.
                let _ = self.looks.try_send(speaker(&self.memory).language());
            }
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        let tells = matches!(self.world, World::Workstation(_));
        !tells || self.looked.elapsed() > FRESH
    }

    fn say(&self, subject: Option<Subject>, notice: Notice) {
        // The thread at the other end lives as long as this.
        let _ = self.notices.send((subject, notice));
    }

    fn act(&mut self, action: Action) {
        let speaker = speaker(&self.memory);
        match action {
            Action::Diagnose => {
                let finding = diagnose(&self.world, speaker);
                let notice = Notice {
                    title: finding.sentence,
                    body: finding.remedy,
                };
                self.say(None, notice);
            }
            Action::Speak(language) => {
                self.memory.memory.choose(language);
                self.memory.keep();
                self.show();
            }
            Action::EndSession(_)
            | Action::Revoke(_)
            | Action::ChangeCode(_)
            | Action::UnblockCode(_)
            | Action::OpenConsole
            | Action::Quit => actions::start(action, &self.paths, speaker.language(), &self.sender),
        }
    }

    /// Shows what the agent told, and says what is to be said.
    fn see(&mut self, world: World) {
        self.looked = Instant::now();
        self.world = world;
        self.show();
        let today = OffsetDateTime::now_utc().date().to_string();
        let speaker = speaker(&self.memory);
        let due = self
            .told
            .due(&self.world, &self.memory.memory, &today, speaker);
        for (subject, notice) in due {
            self.say(Some(subject), notice);
        }
    }

    fn show(&self) {
        let speaker = speaker(&self.memory);
        let view = view(&self.world, speaker, &self.memory);
        // An icon that is gone has told so.
        let _ = self.icon.update(move |item| item.show(view, speaker.texts));
    }
}

fn view(world: &World, speaker: Speaker, memory: &KeptMemory) -> View {
    let condition = Condition::of(world);
    let detail = if condition == Condition::Ready {
        String::new()
    } else {
        diagnose(world, speaker).remedy
    };
    View {
        condition,
        title: speaker.title(world),
        detail,
        menu: menu(world, speaker, memory.memory.language()),
    }
}

fn speaker(memory: &KeptMemory) -> Speaker {
    let chosen: Option<Language> = memory.memory.language();
    Speaker::new(chosen.unwrap_or_else(language_of_system))
}

/// The log, on standard error, as the session keeps it.
fn start_log() {
    let started = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .try_init();
    // There was one already: its words go there.
    let _ = started;
}
