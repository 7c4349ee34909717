//! `cpxd pkcs11-host`: the child process that has a vendor's PKCS#11 module in its memory.

use anyhow::Context as _;
use card_pkcs11::host;
use platform::{core_dumps, parent};

use crate::command_line::{Pkcs11HostOptions, Pkcs11HostWork};

pub(crate) fn run(options: &Pkcs11HostOptions) -> anyhow::Result<()> {
    core_dumps::forbid().context("forbidding core dumps")?;
    // Where the system cannot do that, the end of the pipe tells it.
    if let Err(error) = parent::die_with_it() {
        tracing::debug!(%error, "the system does not end this process with its agent");
    }
    let module = &options.module;
    let served = match options.work {
        Pkcs11HostWork::Serve => host::serve(module),
        Pkcs11HostWork::Watch => host::watch(module, host::Waiting::MayBlock),
        Pkcs11HostWork::Look => host::watch(module, host::Waiting::Looks),
    };
    served.context("serving the agent")
}
