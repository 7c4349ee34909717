//! What the agent says to the person who started it, once it is ready.

use std::path::Path;

use texts::CommandTexts;

/// What there is to greet with.
pub(crate) struct Greeting<'a> {
    pub(crate) texts: CommandTexts,
    pub(crate) url: &'a str,
    pub(crate) state_dir: &'a Path,
    /// Cards are those of the demo, and one of them has a code.
    pub(crate) has_virtual_codes: bool,
    /// The holder sits at this terminal.
    pub(crate) asks_here: bool,
    /// The holder is asked in a window.
    pub(crate) shows_windows: bool,
}

impl Greeting<'_> {
    /// The agent of `cpxd demo`.
    pub(crate) fn of_demo(&self) -> String {
        let Self { texts, url, .. } = self;
        let mut lines = vec![texts.demo_is_ready(url)];
        if self.has_virtual_codes {
            lines.push(texts.demo_code());
        }
        if self.has_virtual_codes && (self.asks_here || self.shows_windows) {
            lines.push(texts.demo_unblock_code());
        }
        lines.extend(self.how_it_asks_and_ends());
        let state_dir = quoted(&self.state_dir.display().to_string());
        lines.push(texts.demo_console(&format!("cpxd console --state-dir {state_dir}")));
        lines.push(texts.demo_try_next());
        lines.push(format!(
            "  curl --cacert {state_dir}/ca.pem -H \"Authorization: Bearer $(cat {state_dir}/demo-token)\" {url}/v1/cards"
        ));
        lines.push(texts.demo_goes_on());
        lines.join("\n")
    }

    /// The agent of `cpxd run`; a log is enough for whoever sits at no terminal.
    pub(crate) fn of_run(&self) -> Option<String> {
        let lines = [
            vec![self.texts.run_is_ready(self.url)],
            self.how_it_asks_and_ends(),
        ];
        self.asks_here.then(|| lines.concat().join("\n"))
    }

    fn how_it_asks_and_ends(&self) -> Vec<String> {
        if self.asks_here {
            vec![self.texts.questions_come_here()]
        } else {
            vec![self.texts.ctrl_c_ends_it()]
        }
    }
}

/// A word that a POSIX shell takes as it stands.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use texts::Language;

    #[test]
    fn a_shell_reads_a_quoted_folder_as_it_is_called() {
        for name in ["/tmp/demo", "it's", "a b; c $HOME `id`", "'", ""] {
            let echo = format!("printf %s {}", quoted(name));
            let output = Command::new("sh").args(["-c", &echo]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), name);
        }
    }

    #[test]
    fn codes_are_told_of_virtual_cards_alone() {
        let mut greeting = Greeting {
            texts: CommandTexts::new(Language::English),
            url: "https://127.0.0.1:27900",
            state_dir: Path::new("/state"),
            has_virtual_codes: true,
            asks_here: false,
            shows_windows: false,
        };
        assert!(greeting.of_demo().contains("1234"));
        assert_eq!(greeting.of_run(), None);
        assert!(!greeting.of_demo().contains("12345678"));
        greeting.shows_windows = true;
        assert!(greeting.of_demo().contains("12345678"));
        greeting.has_virtual_codes = false;
        greeting.asks_here = true;
        assert!(!greeting.of_demo().contains("1234"));
        assert!(greeting.of_run().unwrap().contains("Esc"));
    }
}
