//! `cpxd grants`.

use daemon_wire::{GrantBody, GrantList};
use serde_json::json;
use texts::{CommandTexts, foreign_text};

use super::{LONGEST_ID, connect, language};
use crate::command_line::{Common, GrantsCommand, GrantsOptions};
use crate::refusal::Refusal;
use crate::screen;

pub(crate) fn run(options: &GrantsOptions, common: &Common) -> anyhow::Result<()> {
    match &options.command {
        Some(GrantsCommand::Revoke { id }) => revoke(id, common),
        None => print(common),
    }
}

fn print(common: &Common) -> anyhow::Result<()> {
    let list: GrantList = connect(common)?.read("/v1/grants")?;
    if common.json {
        return screen::json(&list);
    }
    let texts = CommandTexts::new(language());
    if list.grants.is_empty() {
        return screen::line(&texts.no_grant());
    }
    for grant in &list.grants {
        for line in lines(grant, texts) {
            screen::line(&line)?;
        }
    }
    Ok(())
}

/// Who may call, with what right, for which sites, until when; the words of others are shown as such.
fn lines(grant: &GrantBody, texts: CommandTexts) -> Vec<String> {
    let foreign = |text: &str| foreign_text(text, LONGEST_ID, language());
    let mut lines = vec![match (&grant.name, &grant.origin, &grant.top_origin) {
        (Some(name), _, _) => texts.grant_of_program(&foreign(name)),
        (None, Some(origin), Some(around)) => texts.grant_of_inner_site(origin, around),
        (None, origin, _) => texts.grant_of_site(origin.as_deref().unwrap_or_default()),
    }];
    let mut detail = |line: String| lines.push(format!("  {line}"));
    detail(texts.grant_rights(&grant.rights.join(", ")));
    if !grant.origins.is_empty() {
        detail(texts.grant_origins(&grant.origins.join(", ")));
    }
    if let Some(last_use) = &grant.last_use {
        detail(texts.grant_last_use(day(last_use)));
    }
    match (&grant.id, &grant.end) {
        (Some(id), Some(end)) => {
            detail(texts.grant_until(day(end)));
            detail(texts.grant_id(id));
        }
        _ => detail(texts.grant_by_policy()),
    }
    lines
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

fn revoke(id: &str, common: &Common) -> anyhow::Result<()> {
    let is_an_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let shown = foreign_text(id, LONGEST_ID, language());
    let unknown = || Refusal::own("no-such-grant", |texts| texts.no_such_grant(&shown));
    if !is_an_id {
        return Err(unknown().into());
    }
    match connect(common)?.delete(&format!("/v1/grants/{id}")) {
        Err(daemon_client::ClientError::Problem { code, .. }) if code == "not-found" => {
            return Err(unknown().into());
        }
        done => done?,
    }
    if common.json {
        return screen::json(&json!({ "revoked": id }));
    }
    screen::line(&CommandTexts::new(language()).grant_revoked(id))
}
