//! `cpxd readers`.

use daemon_wire::ReaderList;

use super::card_lines::Lines;
use super::{connect, language, no_reader};
use crate::command_line::Common;
use crate::screen;

pub(crate) fn print(common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let list: ReaderList = client.read("/v1/readers")?;
    if list.readers.is_empty() {
        return Err(no_reader(&client)?);
    }
    if common.json {
        return screen::json(&list);
    }
    let lines = Lines::new(language());
    for reader in &list.readers {
        screen::line(lines.reader(reader).trim_start())?;
    }
    Ok(())
}
