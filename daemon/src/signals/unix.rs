//! Signals of Unix.

use std::sync::Arc;

use platform::terminal::QuietTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(crate) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Ctrl-\, which would leave the terminal without its echo.
    let mut quit = signal(SignalKind::quit())?;
    // A terminal that was closed: cards must not be left as sessions keep them.
    let mut hang_up = signal(SignalKind::hangup())?;
    let stopper = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
            _ = hang_up.recv() => {}
        }
        stopper.cancel();
    });
    Ok(stop)
}

/// A shell that stopped the agent or had it in the background gave the terminal settings of its own.
pub(crate) fn silence_after_each_pause(quiet: Arc<QuietTerminal>) -> anyhow::Result<()> {
    let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    let mut continued = signal(continued)?;
    tokio::spawn(async move {
        while continued.recv().await.is_some() {
            quiet.silence();
        }
    });
    Ok(())
}
