//! What a console, the end of a session and the service tell.

use std::sync::Arc;

use platform::terminal::QuietTerminal;
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio_util::sync::CancellationToken;

/// Cancelled when the agent is to end.
pub(crate) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut stopped) = (ctrl_c()?, ctrl_break()?);
    let (mut closed, mut log_off) = (ctrl_close()?, ctrl_logoff()?);
    let mut shutdown = ctrl_shutdown()?;
    let stopper = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stopped.recv() => {}
            _ = closed.recv() => {}
            _ = log_off.recv() => {}
            _ = shutdown.recv() => {}
        }
        stopper.cancel();
    });
    Ok(stop)
}

/// Nobody stops and continues a process here, and there is no terminal.
pub(crate) fn silence_after_each_pause(quiet: Arc<QuietTerminal>) -> anyhow::Result<()> {
    match *quiet {}
}
