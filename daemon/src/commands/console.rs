//! `cpxd console`.

use std::time::Duration;

use daemon_wire::{OpenConsoleBody, OpenedConsoleBody};
use platform::default_browser;
use texts::CommandTexts;

use super::{connect, language};
use crate::command_line::{Common, ConsoleOptions};
use crate::refusal::Refusal;
use crate::screen;

pub(crate) fn run(options: &ConsoleOptions, common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let opened: OpenedConsoleBody = client.call("/v1/console", &OpenConsoleBody {}, AGENTS_TIME)?;
    if common.json {
        return screen::json(&opened);
    }
    if options.print {
        return screen::line(&opened.url);
    }
    if let Err(error) = default_browser::open(&opened.url) {
        let problem = error.to_string();
        let refusal = Refusal::own("no-browser", |texts| {
            texts.console_not_shown(&problem, &opened.url)
        });
        return Err(refusal.into());
    }
    screen::line(&CommandTexts::new(language()).console_is_open())
}

const AGENTS_TIME: Duration = Duration::from_secs(10);
