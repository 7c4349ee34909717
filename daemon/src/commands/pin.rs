//! `cpxd pin`.

use daemon_wire::{CardList, CodesBody, NewPinBody, PinBody, UnblockCodeBody};
use platform::terminal::open_foreground_terminal;
use serde_json::json;

use super::card_lines::Lines;
use super::question_notice::say_when_asked;
use super::{call_timeout, choose_card, connect, language, no_card};
use crate::command_line::{Common, PinCommand, PinOptions, WhichCard};
use crate::screen;

pub(crate) fn run(options: &PinOptions, common: &Common) -> anyhow::Result<()> {
    match &options.command {
        PinCommand::Status => status(common),
        PinCommand::Change(which) => set_pin(Call::Change, which, common),
        PinCommand::Unblock(which) => set_pin(Call::Unblock, which, common),
    }
}

/// The two ways to a new code.
#[derive(Clone, Copy)]
enum Call {
    Change,
    Unblock,
}

/// No code passes here: the agent reads them from this terminal, which it is lent, and where there
/// is none, asks where it runs.
fn set_pin(call: Call, which: &WhichCard, common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let card = choose_card(&client, which)?;
    let body = NewPinBody {
        timeout_seconds: which.timeout,
    };
    let lines = Lines::new(language());
    let texts = lines.texts();
    let (name, done) = match call {
        Call::Change => ("change", texts.pin_changed()),
        Call::Unblock => ("unblock", texts.pin_unblocked()),
    };
    let path = format!("/v1/cards/{}/pin/{name}", card.id);
    let codes: CodesBody = match open_foreground_terminal() {
        Some(terminal) => {
            let _kept = terminal.keep_settings()?;
            client.lend_terminal(terminal);
            client.call(&path, &body, call_timeout(which))?
        }
        None => {
            say_when_asked(&client, &card)?;
            client.call(&path, &body, call_timeout(which))?
        }
    };
    if common.json {
        return screen::json(&codes);
    }
    screen::line(&done)?;
    print_codes(&lines, &codes.pin, &codes.unblock_code)
}

fn print_codes(lines: &Lines, pin: &PinBody, unblock_code: &UnblockCodeBody) -> anyhow::Result<()> {
    let texts = lines.texts();
    let way_out = lines.way_out(pin, unblock_code);
    let pin = lines.code_state(&pin.state, pin.tries_left);
    screen::line(&format!("  {}", texts.pin(&pin)))?;
    let unblock_code = lines.code_state(&unblock_code.state, unblock_code.tries_left);
    screen::line(&format!("  {}", texts.unblock_code(&unblock_code)))?;
    way_out.map_or(Ok(()), |way_out| screen::line(&format!("  {way_out}")))
}

fn status(common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let CardList { cards } = client.read("/v1/cards")?;
    if cards.is_empty() {
        return Err(no_card(&client)?);
    }
    if common.json {
        let states: Vec<_> = cards
            .iter()
            .map(|card| json!({ "card": card.id, "number": card.number, "pin": card.pin, "unblockCode": card.unblock_code }))
            .collect();
        return screen::json(&json!({ "cards": states }));
    }
    let lines = Lines::new(language());
    for card in &cards {
        screen::line(&lines.title(card))?;
        print_codes(&lines, &card.pin, &card.unblock_code)?;
    }
    Ok(())
}
