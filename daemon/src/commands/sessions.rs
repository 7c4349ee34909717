//! `cpxd sessions`.

use daemon_client::ClientError;
use daemon_wire::{CardBody, CardList, SessionBody, SessionList};
use serde_json::json;
use texts::{CommandTexts, foreign_text};

use super::card_lines::Lines;
use super::{LONGEST_ID, connect, language};
use crate::command_line::{Common, SessionsCommand, SessionsOptions};
use crate::refusal::Refusal;
use crate::screen;

pub(crate) fn run(options: &SessionsOptions, common: &Common) -> anyhow::Result<()> {
    match &options.command {
        Some(SessionsCommand::End { id }) => end(id, common),
        None => print(common),
    }
}

fn print(common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let list: SessionList = client.read("/v1/sessions")?;
    if common.json {
        return screen::json(&list);
    }
    let words = Lines::new(language());
    let texts = words.texts();
    if list.sessions.is_empty() {
        return screen::line(&texts.no_session());
    }
    let CardList { cards } = client.read("/v1/cards")?;
    for session in &list.sessions {
        let card = cards.iter().find(|card| card.id == session.card);
        for line in lines(session, card, &words) {
            screen::line(&line)?;
        }
    }
    Ok(())
}

/// Whose it is, with which card, until when; the words of others are shown as such.
fn lines(session: &SessionBody, card: Option<&CardBody>, words: &Lines) -> Vec<String> {
    let texts = words.texts();
    let foreign = |text: &str| foreign_text(text, LONGEST_ID, language());
    let caller = match (&session.name, &session.origin, &session.top_origin) {
        (Some(name), _, _) => texts.grant_of_program(&foreign(name)),
        (None, Some(origin), Some(around)) => texts.grant_of_inner_site(origin, around),
        (None, Some(origin), None) => texts.grant_of_site(origin),
        (None, None, _) => texts.session_of_demo_token(),
    };
    let card = card.map(|card| words.title(card));
    let details = [
        Some(texts.session_times(&session.opened, &session.idle_end, &session.end)),
        Some(texts.session_id(&session.id)),
    ];
    let details = [card].into_iter().chain(details).flatten();
    let details = details.map(|line| format!("  {line}"));
    [caller].into_iter().chain(details).collect()
}

fn end(id: &str, common: &Common) -> anyhow::Result<()> {
    let is_an_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let shown = foreign_text(id, LONGEST_ID, language());
    let unknown = || Refusal::own("no-such-session", |texts| texts.no_such_session(&shown));
    if !is_an_id {
        return Err(unknown().into());
    }
    match connect(common)?.delete(&format!("/v1/sessions/{id}")) {
        Err(ClientError::Problem { code, .. }) if code == "not-found" => {
            return Err(unknown().into());
        }
        done => done?,
    }
    if common.json {
        return screen::json(&json!({ "ended": id }));
    }
    screen::line(&CommandTexts::new(language()).session_ended(id))
}
