//! The files by which a session starts this program where no package did it: the packages' own, with the place of
//! this program in them.

use std::path::Path;

/// The files of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionStart<'a> {
    program: &'a str,
}

/// The unit that keeps the user's socket.
pub(crate) const SOCKET: &str = "systemd/user/cpxd.socket";
/// The unit of the agent.
pub(crate) const SERVICE: &str = "systemd/user/cpxd.service";
/// The entry of the desktop that starts the tray.
pub(crate) const TRAY: &str = "autostart/cpxd-tray.desktop";

const PACKAGED_SOCKET: &str = include_str!("../../packaging/linux/cpxd.socket");
const PACKAGED_SERVICE: &str = include_str!("../../packaging/linux/cpxd.service");
const PACKAGED_TRAY: &str = include_str!("../../packaging/linux/cpxd-tray.desktop");

impl<'a> SessionStart<'a> {
    /// Those that start the program at this path; `None` for a path that no such file can say.
    pub(crate) fn of(program: &'a Path) -> Option<Self> {
        let program = program.to_str()?;
        Some(Self { program })
    }

    pub(crate) fn socket(&self) -> String {
        self.with_mark(PACKAGED_SOCKET)
    }

    pub(crate) fn service(&self) -> String {
        let unit = PACKAGED_SERVICE.replace(
            "ExecStart=/usr/bin/cpxd run\n",
            &format!("ExecStart={} run\n", unit_command(self.program)),
        );
        self.with_mark(&unit)
    }

    /// The entry that starts the tray at this path.
    pub(crate) fn tray(&self, tray: &str) -> String {
        let entry = PACKAGED_TRAY.replace(
            "Exec=cpxd-tray\n",
            &format!("Exec={}\n", desktop_command(tray)),
        );
        self.with_mark(&entry)
    }

    /// Whether a file was written by this installation, in whatever version.
    pub(crate) fn has_mark(&self, text: &str) -> bool {
        text.lines().next() == Some(&self.mark())
    }

    fn with_mark(&self, text: &str) -> String {
        format!("{}\n{text}", self.mark())
    }

    /// A comment of units and of desktop entries, in one line whatever the path has.
    fn mark(&self) -> String {
        format!("# Of \"cpxd install --autostart\" by {:?}", self.program)
    }
}

/// A program as the first words of `ExecStart=` (systemd.service(5), "Command lines").
///
/// A path with quotes, backslashes or control characters is no program to systemd, and a dollar sign there means
/// different things to its versions: a shell starts these.
fn unit_command(program: &str) -> String {
    let is_plain = |c: char| !(c.is_control() || matches!(c, '"' | '\'' | '\\' | '$'));
    if program.chars().all(is_plain) {
        return format!("\"{}\"", program.replace('%', "%%"));
    }
    let word: String = program
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '%' => "%%".to_owned(),
            '$' => "$$".to_owned(),
            c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("/bin/sh -c \"exec \\\"$$0\\\" \\\"$$@\\\"\" \"{word}\"")
}

/// A program as the value of `Exec` (Desktop Entry Specification 1.5, "The Exec key"): quoted for the command line,
/// and the whole once more as a string of the file.
fn desktop_command(program: &str) -> String {
    let quoted: String = program
        .chars()
        .map(|c| match c {
            '"' | '`' | '$' | '\\' => format!("\\{c}"),
            '%' => "%%".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let value = format!("\"{quoted}\"");
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str) -> SessionStart<'_> {
        SessionStart { program }
    }

    #[test]
    fn the_packages_files_have_the_lines_that_are_changed_once() {
        assert_eq!(PACKAGED_SERVICE.matches("ExecStart=").count(), 1);
        let service = start("/opt/cpxd").service();
        assert!(
            service.contains("ExecStart=\"/opt/cpxd\" run\n"),
            "{service}"
        );
        assert_eq!(PACKAGED_TRAY.matches("\nExec=").count(), 1);
        let tray = start("/opt/cpxd").tray("/opt/cpxd-tray");
        assert!(tray.contains("\nExec=\"/opt/cpxd-tray\"\n"), "{tray}");
    }

    #[test]
    fn nothing_else_of_them_is_changed() {
        let of_package = PACKAGED_SERVICE.replace("/usr/bin/cpxd run", "\"/opt/cpxd\" run");
        let service = start("/opt/cpxd").service();
        assert_eq!(service.split_once('\n').unwrap().1, of_package);
    }

    #[test]
    fn what_another_installation_wrote_has_another_mark() {
        let ours = start("/opt/a");
        let texts = [ours.socket(), ours.service(), ours.tray("/opt/a-tray")];
        assert!(texts.iter().all(|text| ours.has_mark(text)));
        assert!(!texts.iter().any(|text| start("/opt/b").has_mark(text)));
        assert!(!ours.has_mark(PACKAGED_SOCKET) && !ours.has_mark(""));
    }

    #[test]
    fn a_mark_is_one_line_whatever_the_path_has() {
        let odd = start("/opt/a\nExecStart=/bin/false");
        assert!(odd.has_mark(&odd.service()));
        assert_eq!(odd.service().matches("\nExecStart=").count(), 1);
    }

    #[test]
    fn a_path_that_is_a_program_to_systemd_is_quoted_and_another_one_is_started_by_a_shell() {
        for (program, command) in [
            ("/opt/é 𝒵/cpxd", "\"/opt/é 𝒵/cpxd\""),
            ("/opt/100%h/cpxd", "\"/opt/100%%h/cpxd\""),
            (
                "/o'p\"t\\$a\n/cpxd",
                "/bin/sh -c \"exec \\\"$$0\\\" \\\"$$@\\\"\" \"/o'p\\\"t\\\\$$a\\x0a/cpxd\"",
            ),
        ] {
            assert_eq!(unit_command(program), command);
        }
    }

    #[test]
    fn a_desktop_escapes_twice() {
        let command = desktop_command("/o p\"t\\$`%h/cpxd-tray");
        assert_eq!(command, "\"/o p\\\\\"t\\\\\\\\\\\\$\\\\`%%h/cpxd-tray\"");
    }
}
