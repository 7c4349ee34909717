//! What is chosen in the menu, asked of the agent; each on a thread of its own, since a holder may have to answer.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use daemon_client::{Client, ClientError};
use daemon_wire::{
    CodesBody, DEFAULT_TIMEOUT_SECONDS, NewPinBody, OpenConsoleBody, OpenedConsoleBody,
};
use platform::default_browser;
use platform::paths::AgentPaths;
use texts::{CommandTexts, Language};

use super::Message;
use super::menu::Action;
use super::notices::Notice;

/// How long a call may take: the holder's time, and some for the card.
const HOLDERS_TIME: Duration = Duration::from_secs(DEFAULT_TIMEOUT_SECONDS as u64 + 60);

/// How long the agent may take where nobody is asked.
const AGENTS_TIME: Duration = Duration::from_secs(10);

/// Asks the agent; what has to be said of it comes back as a message.
pub(crate) fn start(
    action: Action,
    paths: &AgentPaths,
    language: Language,
    messages: &Sender<Message>,
) {
    let (paths, messages) = (paths.clone(), messages.clone());
    let started = thread::Builder::new().spawn(move || {
        let said = match ask(&action, &paths, language) {
            Ok(said) => said,
            Err(error) => problem(&error, language),
        };
        // Nobody listens any more where the tray ends.
        let _ = messages.send(Message::Happened);
        if let Some(notice) = said {
            let _ = messages.send(Message::Say(notice));
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "nothing can be asked of the agent");
    }
}

fn ask(
    action: &Action,
    paths: &AgentPaths,
    language: Language,
) -> Result<Option<Notice>, ClientError> {
    let client = Client::connect(paths, "cpxd-tray")?.with_language(language.tag());
    let texts = CommandTexts::new(language);
    match action {
        Action::EndSession(id) => client.delete(&format!("/v1/sessions/{id}")).map(|()| None),
        Action::Revoke(id) => client.delete(&format!("/v1/grants/{id}")).map(|()| None),
        Action::ChangeCode(card) => set_code(&client, card, "change", &texts.pin_changed()),
        Action::UnblockCode(card) => set_code(&client, card, "unblock", &texts.pin_unblocked()),
        Action::OpenConsole => open_console(&client, texts),
        Action::Diagnose | Action::Speak(_) | Action::Quit => Ok(None),
    }
}

/// The agent asks the holder in its own window; no code passes here.
fn set_code(
    client: &Client,
    card: &str,
    call: &str,
    done: &str,
) -> Result<Option<Notice>, ClientError> {
    let path = format!("/v1/cards/{card}/pin/{call}");
    let body = NewPinBody {
        timeout_seconds: None,
    };
    let _: CodesBody = client.call(&path, &body, HOLDERS_TIME)?;
    Ok(Some(Notice {
        title: done.to_owned(),
        body: String::new(),
    }))
}

fn open_console(client: &Client, texts: CommandTexts) -> Result<Option<Notice>, ClientError> {
    let opened: OpenedConsoleBody = client.call("/v1/console", &OpenConsoleBody {}, AGENTS_TIME)?;
    let shown = default_browser::open(&opened.url);
    Ok(shown.err().map(|error| {
        failed(
            texts,
            texts.console_not_shown(&error.to_string(), &opened.url),
        )
    }))
}

/// What the person is told; nothing of what they ended themselves, or of what was over already.
fn problem(error: &ClientError, language: Language) -> Option<Notice> {
    tracing::info!(%error, "the agent did not do it");
    let texts = CommandTexts::new(language);
    match error {
        ClientError::Problem { code, .. } if is_no_news(code) => None,
        ClientError::Problem { title, detail, .. } => Some(Notice {
            title: title.clone(),
            body: detail.clone(),
        }),
        ClientError::AgentNotRunning { .. } => Some(failed(texts, texts.agent_does_not_run())),
        ClientError::TimedOut => Some(failed(texts, texts.agent_too_slow())),
        ClientError::Exchange(_) => Some(failed(texts, texts.agent_gone())),
        ClientError::Connection(_)
        | ClientError::TooLong
        | ClientError::Unexplained { .. }
        | ClientError::Unreadable(_)
        | ClientError::NotText(_)
        | ClientError::Unwritable(_)
        | ClientError::NotARequest
        | ClientError::NotAPath { .. } => Some(failed(
            texts,
            texts.agent_not_understood(&error.to_string()),
        )),
    }
}

fn failed(texts: CommandTexts, body: String) -> Notice {
    let title = texts.command_failed();
    Notice { title, body }
}

fn is_no_news(code: &str) -> bool {
    matches!(code, "cancelled" | "session-closed" | "not-found")
}
