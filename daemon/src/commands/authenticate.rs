//! `cpxd authenticate`.

use daemon_wire::{AuthenticateBody, AuthenticationTokenBody};

use super::question_notice::say_when_asked;
use super::{call_timeout, choose_card, connect};
use crate::command_line::{AuthenticateOptions, Common};
use crate::screen;

pub(crate) fn run(options: &AuthenticateOptions, common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let card = choose_card(&client, &options.which)?;
    let body = AuthenticateBody {
        nonce: options.nonce.clone(),
        origin: Some(options.origin.clone()),
        algorithm: None,
        session: None,
        timeout_seconds: options.which.timeout,
    };
    say_when_asked(&client, &card)?;
    let path = format!("/v1/cards/{}/authenticate", card.id);
    let token: AuthenticationTokenBody = client.call(&path, &body, call_timeout(&options.which))?;
    screen::json(&token)
}
