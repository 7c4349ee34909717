//! The log, on standard error or in a file for each day.

mod bounded;

use std::ffi::OsStr;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use platform::paths::AgentPaths;
use platform::private_files::{ensure_private_folder, keep_new_files_private};
use time::OffsetDateTime;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::command_line::{LogFormat, LogLevel};
use bounded::{BoundedDays, LARGEST_DAY};

/// Where the log goes in place of standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogFile {
    /// A file of this name, in the folder `log` of the state folder.
    InStateFolder(String),
    /// This file.
    At(PathBuf),
}

impl LogFile {
    /// # Errors
    /// For a path that is neither a plain name nor absolute: what it is relative to nobody would know.
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().and_then(OsStr::to_str);
        let name = name.context("log-file: it names no file")?;
        if path.is_absolute() {
            return Ok(Self::At(path.to_owned()));
        }
        anyhow::ensure!(
            Path::new(name) == path,
            "log-file: {} is neither a plain name nor a full path",
            path.display()
        );
        Ok(Self::InStateFolder(name.to_owned()))
    }
}

/// Starts logging; what is secret is redacted in the types that are logged. A file that cannot be had
/// is no reason not to start: the log is then on standard error, and says so.
pub(crate) fn start(
    level: LogLevel,
    format: LogFormat,
    file: Option<&LogFile>,
    paths: &AgentPaths,
) -> anyhow::Result<()> {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let opened = file.map(|file| open(file, format, paths)).transpose();
    let (writer, unusable) = match opened {
        Ok(Some(days)) => (BoxMakeWriter::new(Mutex::new(days)), None),
        Ok(None) => (BoxMakeWriter::new(std::io::stderr), None),
        Err(error) => (BoxMakeWriter::new(std::io::stderr), Some(error)),
    };
    let is_in_color = (file.is_none() || unusable.is_some()) && std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(is_in_color)
        .with_writer(writer)
        // On a full disk the log cannot be written. Saying so on standard error would fail in its turn,
        // and take the request along that was being answered.
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))?;
    if let Some(error) = unusable {
        tracing::warn!(event = "log-file-unusable", error = %format!("{error:#}"), "the log is on standard error");
    }
    Ok(())
}

/// A file for each day, whose date stands before the end of its name, and no more than the last of them.
fn open(
    file: &LogFile,
    format: LogFormat,
    paths: &AgentPaths,
) -> anyhow::Result<BoundedDays<RollingFileAppender>> {
    keep_new_files_private();
    let path = match file {
        LogFile::InStateFolder(name) => {
            ensure_private_folder(&paths.log_dir())?;
            paths.log_dir().join(name)
        }
        LogFile::At(path) => path.clone(),
    };
    let folder = path.parent().context("the log has no folder")?;
    // The appender would make a folder that is not there, whoever's it would be, and complain past this log.
    fs::read_dir(folder).with_context(|| format!("the log's folder {}", folder.display()))?;
    let part = |part: Option<&OsStr>| part.and_then(OsStr::to_str).unwrap_or_default().to_owned();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let now = OffsetDateTime::now_utc;
    let today = now().date().to_string();
    let today = [stem.as_str(), &today, &extension].into_iter();
    let today: Vec<_> = today.filter(|part| !part.is_empty()).collect();
    let there = fs::metadata(folder.join(today.join("."))).map_or(0, |today| today.len());
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(stem)
        .filename_suffix(extension)
        .max_log_files(DAYS_KEPT)
        .build(folder)
        // Its words have their cause in them.
        .map_err(|error| anyhow::anyhow!("opening the log {}: {error}", path.display()))?;
    Ok(BoundedDays::new(appender, LARGEST_DAY, format, now, there))
}

/// The file that was written last, of those that [`open`] makes for each day.
pub(crate) fn newest_file(path: &Path) -> Option<PathBuf> {
    let begin = path.file_stem()?.to_str()?;
    let end = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let entries = fs::read_dir(path.parent()?).ok()?.flatten();
    let is_of_a_day = |name: &str| {
        let day = name.strip_prefix(begin)?.strip_prefix('.')?;
        let day = day.strip_suffix(end)?;
        let day = if end.is_empty() {
            day
        } else {
            day.strip_suffix('.')?
        };
        (day.len() == DAY.len()
            && day
                .bytes()
                .all(|sign| sign.is_ascii_digit() || sign == b'-'))
        .then_some(())
    };
    let of_this_log = entries.filter(|entry| {
        let is_a_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_a_file && entry.file_name().to_str().and_then(is_of_a_day).is_some()
    });
    let newest = of_this_log.max_by_key(|entry| entry.metadata().and_then(|it| it.modified()).ok());
    Some(newest?.path())
}

const DAYS_KEPT: usize = 14;
const DAY: &str = "YYYY-MM-DD";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_a_plain_name_or_a_full_path() {
        let of = |path: &str| LogFile::of(Path::new(path)).ok();
        assert_eq!(
            of("cpxd.log"),
            Some(LogFile::InStateFolder("cpxd.log".into()))
        );
        assert_eq!(
            of("/var/log/cpxd.log"),
            Some(LogFile::At("/var/log/cpxd.log".into()))
        );
        for wrong in ["", "..", "/", "log/cpxd.log", "../cpxd.log", "./cpxd.log"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
