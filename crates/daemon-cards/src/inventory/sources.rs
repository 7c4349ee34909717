//! Which readers are shown where several sources list the same one: those of the source that stands first.

use std::sync::Arc;

use daemon_types::{ErrorCode, Happening, ReaderId};

use super::{Inventory, State};
use crate::source::{ConnectCard, ReaderSource, ReaderState};

/// Place of a source in the order of precedence, from nought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourcePlace(pub(crate) usize);

/// A source as the inventory knows it.
pub(super) struct KnownSource {
    name: &'static str,
    connector: Arc<dyn ConnectCard>,
    missing_code: ErrorCode,
    told: Told,
}

/// What a source said last.
enum Told {
    /// Nothing yet, or nothing any more: the sources after it wait, since a reader may be its own.
    Nothing,
    /// These readers, the ones that an earlier source has as well among them.
    Readers(Vec<ReaderState>),
    /// That its service is not there.
    Missing,
}

/// A reader that is shown, as its source sees it.
struct ShownReader {
    id: ReaderId,
    source: SourcePlace,
    connector: Arc<dyn ConnectCard>,
    seen: ReaderState,
}

impl KnownSource {
    pub(super) fn of(source: &dyn ReaderSource) -> Self {
        Self {
            name: source.name(),
            connector: source.connector(),
            missing_code: source.missing_code(),
            told: Told::Nothing,
        }
    }

    /// Why it has no readers, where its service is not there.
    pub(super) fn missing(&self) -> Option<ErrorCode> {
        matches!(self.told, Told::Missing).then_some(self.missing_code)
    }
}

impl Inventory {
    /// Takes over what a source sees now.
    pub(crate) fn update(self: &Arc<Self>, source: SourcePlace, readers: Vec<ReaderState>) {
        self.take_over(source, Told::Readers(readers));
    }

    /// Forgets the readers of a source whose service went away; the sources after it show theirs.
    /// Says whether that is news.
    pub(crate) fn lose_source(self: &Arc<Self>, source: SourcePlace) -> bool {
        let before = self.take_over(source, Told::Missing);
        !matches!(before, Some(Told::Missing))
    }

    /// Forgets the readers of a source that was stopped, as all of them are.
    pub(crate) fn end_source(self: &Arc<Self>, source: SourcePlace) {
        self.take_over(source, Told::Nothing);
    }

    /// Gives what the source said before.
    fn take_over(self: &Arc<Self>, source: SourcePlace, told: Told) -> Option<Told> {
        let mut state = self.lock();
        let known = state.sources.get_mut(source.0)?;
        let before = std::mem::replace(&mut known.told, told);
        let shown = self.shown_readers(&state.sources);
        // What a source takes from a later one leaves that one before.
        self.remove_readers(&mut state, |id, _| {
            !shown.iter().any(|reader| reader.id == *id)
        });
        for reader in shown {
            self.show_reader(&mut state, &reader);
        }
        Some(before)
    }

    /// The readers of each source but for those that a source before it lists.
    fn shown_readers(&self, sources: &[KnownSource]) -> Vec<ShownReader> {
        let mut shown = Vec::new();
        let mut listed: Vec<&str> = Vec::new();
        for (place, source) in sources.iter().enumerate() {
            let readers = match &source.told {
                Told::Nothing => break,
                Told::Missing => continue,
                Told::Readers(readers) => readers,
            };
            let is_listed = |name: &str| listed.iter().any(|other| is_same_reader(name, other));
            let own = readers.iter().filter(|reader| !is_listed(&reader.name));
            shown.extend(own.map(|reader| ShownReader {
                id: self.reader_id(place, source.name, &reader.name),
                source: SourcePlace(place),
                connector: Arc::clone(&source.connector),
                seen: reader.clone(),
            }));
            listed.extend(readers.iter().map(|reader| reader.name.as_str()));
        }
        shown
    }

    fn show_reader(self: &Arc<Self>, state: &mut State, shown: &ShownReader) {
        let ShownReader {
            id,
            source,
            connector,
            seen,
        } = shown;
        if !state.readers.contains_key(id) {
            let left_behind = state.left_behind.remove(id);
            match self.new_reader(id, *source, connector, seen, left_behind) {
                Ok(reader) => {
                    state.readers.insert(id.clone(), reader);
                    let reader = id.clone();
                    self.events.push(Happening::ReaderAdded { reader });
                }
                Err(error) => {
                    tracing::error!(event = "no-thread", %error, "no thread for a reader");
                    return;
                }
            }
        }
        self.update_reader(state, id, seen);
    }

    /// Two sources of one kind may each have a reader of the same name.
    fn reader_id(&self, place: usize, source: &str, name: &str) -> ReaderId {
        ReaderId(self.salted_id(&format!("{source} {place}"), name))
    }
}

/// Whether two sources mean the same reader: a module gives no more of its name than a
/// slotDescription holds.
fn is_same_reader(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|name| name.trim_end_matches(' '));
    one == other || in_slot_description(one) == other || one == in_slot_description(other)
}

/// What a slotDescription holds of a name (PKCS#11, CK_SLOT_INFO): 64 bytes, padded with blanks; a
/// character that is cut through is read as U+FFFD.
fn in_slot_description(name: &str) -> String {
    let held = name.as_bytes();
    let held = held.get(..SLOT_DESCRIPTION_LEN).unwrap_or(held);
    let held = String::from_utf8_lossy(held);
    held.trim_end_matches(' ').to_owned()
}

const SLOT_DESCRIPTION_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_of_64_bytes_is_that_of_each_reader_whose_name_begins_with_it() {
        let long = "Gemalto PC Twin Reader (00000000-1111-2222-3333) [CCID Interface] 00 00";
        let (cut, _) = long.split_at(64);
        assert!(is_same_reader(long, cut) && is_same_reader(cut, long));
        let (shorter, _) = long.split_at(63);
        assert!(!is_same_reader(long, shorter) && !is_same_reader(shorter, long));
        let other = long.replace("00 00", "01 00");
        assert!(!is_same_reader(long, &other));
        let cut_at_a_blank = format!("{} 00 00", "x".repeat(63));
        assert!(is_same_reader(&cut_at_a_blank, &"x".repeat(63)));
        let cut_through = format!("{}é 00 00", "x".repeat(63));
        let read = format!("{}\u{FFFD}", "x".repeat(63));
        assert!(is_same_reader(&cut_through, &read));
        assert!(is_same_reader("Reader", "Reader   "));
    }

    proptest! {
        #[test]
        fn a_reader_is_known_by_what_its_slot_description_holds(name: String) {
            prop_assert!(is_same_reader(&name, &in_slot_description(&name)));
            prop_assert!(is_same_reader(&in_slot_description(&name), &name));
        }

        #[test]
        fn readers_of_two_whole_names_are_two(one in "[ -~]{0,40}", other in "[ -~]{0,40}") {
            let is_same = one.trim_end() == other.trim_end();
            prop_assert_eq!(is_same_reader(&one, &other), is_same);
        }
    }
}
