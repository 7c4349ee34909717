//! The tray on Linux: StatusNotifier and the notifications of the desktop.

mod actions;
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
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use daemon_client::Client;
use ksni::blocking::{Handle, TrayMethods as _};
use platform::instance::{InstanceError, InstanceLock};
use platform::paths::AgentPaths;
use texts::Language;
use time::OffsetDateTime;
use zbus::blocking::Connection;

use crate::error::TrayError;
use crate::language_of_system;
use condition::Condition;
use diagnosis::diagnose;
use item::{Item, View};
use memory::KeptMemory;
use menu::{Action, menu};
use notices::{Notice, Told};
use words::Speaker;
use world::{Workstation, World};

/// What the tray wakes up for.
#[derive(Debug)]
pub(crate) enum Message {
    /// The agent came, went, or told of something.
    Happened,
    /// Somebody looks.
    MenuOpens,
    /// Somebody chose.
    Chosen(Action),
    /// Something has to be said.
    Say(Notice),
    /// The bus took the icon away, or is gone itself.
    IconGone,
}

/// What is shown may be so old when somebody looks: days pass without an event.
const FRESH: Duration = Duration::from_secs(60);

/// Shows the icon until somebody closes it.
///
/// # Errors
/// [`TrayError`] where there is no place for it or no longer one, or it is there already.
pub(crate) fn run(state_dir: Option<&Path>) -> Result<(), TrayError> {
    start_log();
    let paths = AgentPaths::resolve(state_dir)?;
    let connection = Connection::session().map_err(TrayError::NoSessionBus)?;
    let _lock = InstanceLock::acquire(&paths.tray_lock_file()).map_err(|error| match error {
        InstanceError::AlreadyRunning { pid } => TrayError::SecondOne { pid },
        InstanceError::LockFile(_) => TrayError::Lock(error),
    })?;
    let (sender, messages) = mpsc::channel();
    let (sooner, pauses) = mpsc::sync_channel(1);
    let memory = KeptMemory::read(&paths.tray_file());
    let speaker = speaker(&memory);
    let item = Item {
        view: view(&World::NoAgent, speaker, &memory),
        texts: speaker.texts,
        messages: sender.clone(),
        sooner,
        has_spare_line: false,
    };
    let icon = item.assume_sni_available(true).spawn();
    let icon = icon.map_err(TrayError::Icon)?;
    let (followed, told) = (paths.clone(), sender.clone());
    thread::spawn(move || follow::follow(&followed, &told, &pauses));
    let (watched, told) = (connection.clone(), sender.clone());
    thread::spawn(move || wait_for_the_end_of(&watched, &told));
    let program = Program {
        paths,
        connection,
        icon,
        memory,
        sender,
        told: Told::default(),
        world: World::NoAgent,
        looked: Instant::now(),
    };
    program.live(&messages)
}

/// The icon's own connection says nothing when its bus ends, and a tray that stayed would keep the
/// next session's from starting.
fn wait_for_the_end_of(bus: &Connection, messages: &Sender<Message>) {
    zbus::block_on(bus.inner().closed());
    // The program is about to end where nobody listens.
    let _ = messages.send(Message::IconGone);
}

struct Program {
    paths: AgentPaths,
    connection: Connection,
    icon: Handle<Item>,
    memory: KeptMemory,
    sender: Sender<Message>,
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
                    Message::MenuOpens => must_look |= self.looked.elapsed() > FRESH,
                    Message::Say(notice) => notifier::show(&self.connection, &notice),
                    Message::Chosen(Action::Quit) => {
                        self.icon.shutdown().wait();
                        return Ok(());
                    }
                    Message::IconGone => return Err(TrayError::DesktopGone),
                    Message::Chosen(action) => self.act(action),
                }
            }
            if must_look {
                self.look();
            }
        }
        Ok(())
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
                notifier::show(&self.connection, &notice);
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
            | Action::Quit => actions::start(action, &self.paths, speaker.language(), &self.sender),
        }
    }

    /// Asks the agent for everything, shows it, and says what is to be said.
    fn look(&mut self) {
        let read =
            Client::connect(&self.paths, "cpxd-tray").and_then(|client| Workstation::read(&client));
        self.looked = Instant::now();
        self.world = match read {
            Ok(workstation) => World::Workstation(Box::new(workstation)),
            Err(error) => {
                tracing::debug!(%error, "the agent tells nothing");
                World::NoAgent
            }
        };
        let speaker = speaker(&self.memory);
        let today = OffsetDateTime::now_utc().date().to_string();
        let memory = &mut self.memory.memory;
        let notices = self.told.due(&self.world, memory, &today, speaker);
        self.memory.keep();
        self.show();
        for notice in notices {
            notifier::show(&self.connection, &notice);
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
