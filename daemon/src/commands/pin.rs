//! `cpxd pin`.

use daemon_wire::CardList;
use serde_json::json;

use super::card_lines::Lines;
use super::{connect, language, no_card};
use crate::command_line::{Common, PinCommand, PinOptions};
use crate::screen;

pub(crate) fn run(options: &PinOptions, common: &Common) -> anyhow::Result<()> {
    match options.command {
        PinCommand::Status => status(common),
    }
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
    let texts = lines.texts();
    for card in &cards {
        let kind = card.card_type.as_deref().unwrap_or(&card.generation);
        screen::line(&texts.card(kind, &card.number))?;
        let pin = lines.code_state(&card.pin.state, card.pin.tries_left);
        screen::line(&format!("  {}", texts.pin(&pin)))?;
        let code = &card.unblock_code;
        let unblock_code = lines.code_state(&code.state, code.tries_left);
        screen::line(&format!("  {}", texts.unblock_code(&unblock_code)))?;
    }
    Ok(())
}
