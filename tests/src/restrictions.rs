//! What systemd forbids a program by the units of the Linux packages, where no systemd runs.

use std::path::Path;
use std::process::Command;

use crate::programs::workspace_dir;

/// Whose restrictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restrictions {
    /// The unit's, as it is packaged.
    Unit,
    /// The unit's and those of the drop-in that is packaged as an example.
    StricterUnit,
}

impl Restrictions {
    /// A program that is under them from its start.
    #[must_use]
    pub fn on(self, program: &Path) -> Command {
        let workspace = workspace_dir();
        let packaging = workspace.join("packaging/linux");
        let packaging = packaging.display();
        let unit = format!("{packaging}/cpxd.service");
        // The Python that Debian's packages belong to; another may come first in the path of search.
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(workspace.join("tests/restrictions/restricted.py"))
            .arg(match self {
                Self::Unit => unit,
                Self::StricterUnit => format!("{unit}:{packaging}/stricter.conf.example"),
            })
            .arg(program);
        command
    }
}
