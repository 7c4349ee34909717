//! A log whose days end at a number of bytes, so that no trouble fills a disk: the rest of the day is left out, and
//! the day's last line says so.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::command_line::LogFormat;

/// Bytes of a day.
pub(super) const LARGEST_DAY: u64 = 16 * 1024 * 1024;

/// Writes lines to the file of a day.
pub(super) struct BoundedDays<W> {
    days: W,
    limit: u64,
    /// The line that says so, with [`TIME_TO_COME`] in the place of its time.
    notice: String,
    now: fn() -> OffsetDateTime,
    day: Date,
    written: u64,
    is_full: bool,
}

impl<W: Write> BoundedDays<W> {
    /// `there` is how many bytes the file of this day has already.
    pub(super) fn new(
        days: W,
        limit: u64,
        format: LogFormat,
        now: fn() -> OffsetDateTime,
        there: u64,
    ) -> Self {
        let mut days = Self {
            days,
            limit,
            notice: notice(format),
            now,
            day: now().date(),
            written: there,
            is_full: false,
        };
        // Without room for the notice there was one already.
        days.is_full = days.room_after_notice().is_none();
        days
    }

    fn room_after_notice(&self) -> Option<u64> {
        let taken = self.written.checked_add(length(&self.notice))?;
        self.limit.checked_sub(taken)
    }
}

impl<W: Write> Write for BoundedDays<W> {
    /// A whole line; one that is left out counts as written.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let now = (self.now)();
        if now.date() != self.day {
            (self.day, self.written, self.is_full) = (now.date(), 0, false);
        }
        if self.is_full {
            return Ok(line.len());
        }
        let room = self.room_after_notice().unwrap_or(0);
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if bytes <= room {
            self.days.write_all(line)?;
            self.written = self.written.saturating_add(bytes);
        } else {
            self.is_full = true;
            let time = now.format(&Rfc3339).unwrap_or_default();
            let notice = self.notice.replace(TIME_TO_COME, &time);
            self.days.write_all(notice.as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.days.flush()
    }
}

/// As long as the longest time of RFC 3339 in UTC.
const TIME_TO_COME: &str = "<time of this line, nanoseconds>";

/// The line as the log's own format has it.
fn notice(format: LogFormat) -> String {
    let line = Line::default();
    let writer = line.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_timer(TimeToCome)
        .with_writer(move || writer.clone());
    let say = || {
        tracing::warn!(
            event = "log-file-full",
            "the log of this day is full: what follows is left out until tomorrow (UTC)"
        );
    };
    match format {
        LogFormat::Text => tracing::subscriber::with_default(subscriber.finish(), say),
        LogFormat::Json => tracing::subscriber::with_default(subscriber.json().finish(), say),
    }
    let bytes = line.0.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

struct TimeToCome;

impl FormatTime for TimeToCome {
    fn format_time(&self, to: &mut Writer<'_>) -> fmt::Result {
        to.write_str(TIME_TO_COME)
    }
}

#[derive(Clone, Default)]
struct Line(Arc<Mutex<Vec<u8>>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use time::Duration;
    use time::macros::datetime;

    const LIMIT: u64 = 1000;

    fn text(days: &BoundedDays<Vec<u8>>) -> String {
        String::from_utf8(days.days.clone()).unwrap()
    }

    fn noon() -> OffsetDateTime {
        datetime!(2026-12-01 12:00:00.123456789 UTC)
    }

    #[test]
    fn a_day_ends_before_its_limit_with_one_line_that_says_so() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let mut days = BoundedDays::new(Vec::new(), LIMIT, format, noon, 0);
            for number in 0..1000 {
                days.write_all(format!("line {number}\n").as_bytes())
                    .unwrap();
            }
            let text = text(&days);
            assert!(length(&text) <= LIMIT, "{text}");
            assert!(length(&text) > LIMIT / 2, "{text}");
            let last = text.lines().last().unwrap();
            assert!(last.contains("2026-12-01T12:00:00.123456789Z"), "{last}");
            assert!(last.contains("log-file-full"), "{last}");
            assert_eq!(text.matches("log-file-full").count(), 1, "{text}");
            if format == LogFormat::Json {
                let json: serde_json::Value = serde_json::from_str(last).unwrap();
                assert_eq!(json["fields"]["event"], "log-file-full");
                assert_eq!(json["level"], "WARN");
            }
        }
    }

    #[test]
    fn the_next_day_has_room_again() {
        static HOURS: AtomicI64 = AtomicI64::new(0);
        let now = || noon() + Duration::hours(HOURS.load(Ordering::Relaxed));
        let mut days = BoundedDays::new(Vec::new(), LIMIT, LogFormat::Text, now, 0);
        days.write_all(&[b'x'; 2000]).unwrap();
        days.write_all(b"left out\n").unwrap();
        HOURS.store(12, Ordering::Relaxed);
        days.write_all(b"tomorrow\n").unwrap();
        let text = text(&days);
        assert!(
            !text.contains("left out\n") && !text.contains("xxx"),
            "{text}"
        );
        assert!(text.ends_with("tomorrow\n"), "{text}");
    }

    #[test]
    fn what_the_file_of_this_day_has_already_counts() {
        let mut days = BoundedDays::new(Vec::new(), LIMIT, LogFormat::Text, noon, LIMIT - 300);
        days.write_all(&[b'x'; 200]).unwrap();
        days.write_all(b"more\n").unwrap();
        let text = text(&days);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("log-file-full"), "{text}");

        let mut full = BoundedDays::new(Vec::new(), LIMIT, LogFormat::Text, noon, LIMIT - 10);
        full.write_all(b"more\n").unwrap();
        assert_eq!(full.days, b"", "nothing, and no second notice");
    }
}
