//! What the door refused, told to the journal so that nobody can fill the disk with it, or push
//! older lines out.
//!
//! The first refusal of a kind, by its code and its caller, is written at once. Those that follow
//! are counted and told each minute in one line. The kinds have a limit, and so have the lines: by
//! its own choice of names a page could make as many kinds as it likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use daemon_core::{Rate, RateLimits};
use daemon_journal::{Entry, Who};
use daemon_types::{Caller, ErrorCode};

use crate::{Operations, Parts};

/// What was refused and is not told yet.
#[derive(Debug)]
pub(crate) struct DoorRefusals(Mutex<Counted>);

#[derive(Debug)]
struct Counted {
    /// How often each kind was refused since its last line. A kind of which nothing came for a
    /// minute is forgotten.
    kinds: HashMap<Kind, u64>,
    lines: RateLimits<()>,
    is_timed: bool,
}

type Kind = (ErrorCode, Option<Who>);

impl Default for DoorRefusals {
    fn default() -> Self {
        Self(Mutex::new(Counted {
            kinds: HashMap::new(),
            lines: RateLimits::new(LINES),
            is_timed: false,
        }))
    }
}

impl DoorRefusals {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// Counts a refusal; gives it back when it is to be told now.
    fn note(&mut self, (code, who): Kind, now: Instant) -> Option<Entry> {
        let mut kind = (code, who);
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&kind) {
            kind.1 = None;
        }
        if let Some(times) = self.kinds.get_mut(&kind) {
            *times = times.saturating_add(1);
            return None;
        }
        let is_told = self.lines.take((), now).is_ok();
        self.kinds.insert(kind.clone(), u64::from(!is_told));
        is_told.then(|| entry(kind, 1))
    }

    /// What came in the last minute, as far as there are lines for it; the rest waits.
    fn minute(&mut self, now: Instant) -> Vec<Entry> {
        self.kinds.retain(|_, times| *times > 0);
        let mut told = Vec::new();
        for (kind, times) in &mut self.kinds {
            if self.lines.take((), now).is_err() {
                break;
            }
            told.push(entry(kind.clone(), std::mem::take(times)));
        }
        told
    }

    /// All that waits, at the end.
    fn rest(&mut self) -> Vec<Entry> {
        let kinds = self.kinds.drain().filter(|(_, times)| *times > 0);
        kinds.map(|(kind, times)| entry(kind, times)).collect()
    }
}

fn entry((code, who): Kind, times: u64) -> Entry {
    Entry::Refusal {
        code: code.as_str().to_owned(),
        who,
        times,
    }
}

/// The same caller in each of its processes.
fn without_its_process(caller: &Caller) -> Who {
    match Who::from(caller) {
        Who::Socket { executable, .. } => Who::Socket {
            executable,
            pid: None,
        },
        who @ (Who::Program { .. } | Who::Page { .. } | Who::Console) => who,
    }
}

impl Operations {
    /// Takes note that the door refused, of whom as far as it is known. Nobody waits for the disk.
    /// Says whether the refusal is the first of its kind for a while, which is worth a line in the
    /// log, too.
    ///
    /// Within a runtime alone.
    pub fn note_refusal(&self, code: ErrorCode, caller: Option<&Caller>) -> bool {
        let kind = (code, caller.map(without_its_process));
        let mut counted = self.0.refusals.lock();
        let told = counted.note(kind, Instant::now());
        let is_timed = std::mem::replace(&mut counted.is_timed, true);
        drop(counted);
        if !is_timed {
            tokio::spawn(tell_each_minute(Arc::downgrade(&self.0)));
        }
        let is_first = told.is_some();
        if let Some(entry) = told {
            let operations = self.clone();
            tokio::spawn(async move { operations.record_if_possible(entry).await });
        }
        is_first
    }

    /// Tells the journal what was not told yet, before the agent stops.
    pub async fn tell_last_refusals(&self) {
        let rest = self.0.refusals.lock().rest();
        for entry in rest {
            self.record_if_possible(entry).await;
        }
    }
}

/// Runs as long as something is counted: where nothing happens, nothing wakes up.
async fn tell_each_minute(parts: std::sync::Weak<Parts>) {
    loop {
        tokio::time::sleep(MINUTE).await;
        let Some(parts) = parts.upgrade() else {
            return;
        };
        let operations = Operations(parts);
        let told = {
            let mut counted = operations.0.refusals.lock();
            let told = counted.minute(Instant::now());
            if counted.kinds.is_empty() {
                counted.is_timed = false;
                return;
            }
            told
        };
        for entry in told {
            operations.record_if_possible(entry).await;
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// Kinds that are told apart; beyond, a refusal is told by its code alone. There are fewer codes
/// than this.
const MOST_KINDS: usize = 64;

/// Lines of refusals. In the long run they take less than 100 kilobytes of the journal a day, of
/// the 32 megabytes that it keeps.
const LINES: Rate = Rate {
    burst: 60,
    interval: Duration::from_secs(5 * 60),
};

#[cfg(test)]
mod tests {
    use daemon_types::{Origin, Page, Rights, Site, SocketProgram};

    use super::*;

    fn page(number: u32) -> Kind {
        let site = Site {
            origin: Origin::parse(&format!("https://n{number}.example")).unwrap(),
            top_origin: None,
        };
        let rights = Rights::default();
        let page = Caller::Page(Page { site, rights });
        (
            ErrorCode::OriginNotGranted,
            Some(without_its_process(&page)),
        )
    }

    fn times(entries: &[Entry]) -> Vec<u64> {
        let times = entries.iter().map(|entry| {
            let Entry::Refusal { times, .. } = entry else {
                panic!("{entry:?}")
            };
            *times
        });
        times.collect()
    }

    fn counted() -> Counted {
        DoorRefusals::default().0.into_inner().unwrap()
    }

    #[test]
    fn the_first_of_a_kind_is_told_at_once_and_the_rest_each_minute_in_one_line() {
        let (mut counted, now) = (counted(), Instant::now());
        assert_eq!(times(&[counted.note(page(1), now).unwrap()]), [1]);
        for _ in 0..1000 {
            assert_eq!(counted.note(page(1), now), None);
        }
        assert!(counted.note(page(2), now).is_some(), "another kind");
        assert_eq!(times(&counted.minute(now + MINUTE)), [1000]);
        assert_eq!(counted.note(page(1), now + MINUTE), None, "it goes on");
        assert_eq!(times(&counted.minute(now + 2 * MINUTE)), [1]);
        assert_eq!(counted.minute(now + 3 * MINUTE), []);
        assert!(counted.kinds.is_empty());
        assert!(counted.note(page(1), now + 3 * MINUTE).is_some());
    }

    #[test]
    fn endless_names_make_no_endless_lines_and_none_is_lost_from_the_count() {
        let (mut counted, now) = (counted(), Instant::now());
        let mut told = Vec::new();
        for number in 0..10_000 {
            told.extend(counted.note(page(number), now));
        }
        assert_eq!(told.len(), 60);
        assert!(counted.kinds.len() <= MOST_KINDS + 1);
        for minute in 1..=60 {
            told.extend(counted.minute(now + minute * MINUTE));
        }
        assert!(told.len() <= 60 + 12, "{}", told.len());
        told.extend(counted.rest());
        assert_eq!(times(&told).iter().sum::<u64>(), 10_000);
    }

    #[test]
    fn a_program_is_one_caller_in_all_its_processes() {
        let of_process = |pid| {
            without_its_process(&Caller::SocketProgram(SocketProgram {
                pid: Some(pid),
                executable: Some("/usr/bin/curl".into()),
            }))
        };
        assert_eq!(of_process(1), of_process(2));
    }
}
