//! `cpxd pkcs11-host`: the child process that has a vendor's PKCS#11 module in its memory.

use anyhow::Context as _;
use card_pkcs11::host;
use platform::core_dumps;

use crate::command_line::{Pkcs11HostOptions, Pkcs11HostWork};

pub(crate) fn run(options: &Pkcs11HostOptions) -> anyhow::Result<()> {
    core_dumps::forbid().context("forbidding core dumps")?;
    // A death with the agent (`platform::parent`) would leave what the module has started: the end of the pipe ends
    // all of it.
    let module = &options.module;
    let served = match options.work {
        Pkcs11HostWork::Serve => host::serve(module),
        Pkcs11HostWork::Watch => host::watch(module, host::Waiting::MayBlock),
        Pkcs11HostWork::Look => host::watch(module, host::Waiting::Looks),
    };
    served.context("serving the agent")
}
