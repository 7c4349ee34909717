//! `cpxd cards`.

use daemon_wire::CardList;

use super::card_lines::Lines;
use super::{connect, language, no_card};
use crate::command_line::Common;
use crate::screen;

pub(crate) fn print(common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let list: CardList = client.read("/v1/cards")?;
    if list.cards.is_empty() {
        return Err(no_card(&client)?);
    }
    if common.json {
        return screen::json(&list);
    }
    let lines = Lines::new(language());
    for line in list.cards.iter().flat_map(|card| lines.card(card)) {
        screen::line(&line)?;
    }
    Ok(())
}
