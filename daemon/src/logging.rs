//! The log, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::LevelFilter;

use crate::command_line::{LogFormat, LogLevel};

/// Starts logging; what is secret is redacted in the types that are logged.
pub(crate) fn start(level: LogLevel, format: LogFormat) -> anyhow::Result<()> {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // On a full disk the log cannot be written. Saying so on standard error would fail in its turn,
        // and take the request along that was being answered.
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
