//! Whatever is done to a single line is found, and where it is.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::place::{NOW, Place, intent, lines_of, write_lines};
use crate::Fault;

/// What somebody could do to one line of a journal.
#[derive(Clone, Debug)]
enum Mutation {
    FlipBit { at: usize, bit: u8 },
    Remove,
    Repeat,
    SwapWithNext,
    InsertForeign,
    InsertJunk,
    Cut { keep: usize },
    Merge,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Mutation::FlipBit { at, bit }),
        1 => Just(Mutation::Remove),
        1 => Just(Mutation::Repeat),
        1 => Just(Mutation::SwapWithNext),
        1 => Just(Mutation::InsertForeign),
        1 => Just(Mutation::InsertJunk),
        1 => any::<usize>().prop_map(|keep| Mutation::Cut { keep }),
        1 => Just(Mutation::Merge),
    ]
}

/// Does it to line `at` of `lines`; `false` when that changes nothing.
fn mutate(lines: &mut Vec<Vec<u8>>, at: usize, mutation: &Mutation, foreign: &[u8]) -> bool {
    match mutation {
        Mutation::FlipBit { at: byte, bit } => {
            let line = &mut lines[at];
            let byte = byte % line.len();
            line[byte] ^= 1 << bit;
        }
        Mutation::Remove => drop(lines.remove(at)),
        Mutation::Repeat => lines.insert(at, lines[at].clone()),
        Mutation::SwapWithNext if at + 1 < lines.len() => lines.swap(at, at + 1),
        Mutation::SwapWithNext => return false,
        Mutation::InsertForeign => lines.insert(at, foreign.to_vec()),
        Mutation::InsertJunk => lines.insert(at, b"{}".to_vec()),
        Mutation::Cut { keep } => {
            let line = &mut lines[at];
            line.truncate(keep % line.len());
        }
        Mutation::Merge => lines[at].insert(10, b'\n'),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_mutation_of_a_single_line_is_found_where_it_is(
        names in prop::collection::vec(".{0,12}", 2..25),
        which in any::<prop::sample::Index>(),
        mutation in mutation(),
    ) {
        let place = Place::new();
        let journal = place.open();
        for name in &names {
            journal.append(NOW, intent(name)).unwrap();
        }
        drop(journal);
        prop_assert!(place.report().is_whole());
        let seq = which.index(names.len());
        let (file, at) = place.locate(seq);
        let (other, at_other) = place.locate(names.len() - 1 - seq);
        let foreign = lines_of(&other).swap_remove(at_other);
        let mut lines = lines_of(&file);
        if !mutate(&mut lines, at, &mutation, &foreign) {
            return Ok(());
        }
        let before = fs::read(&file).unwrap();
        write_lines(&file, &lines);
        prop_assume!(fs::read(&file).unwrap() != before);
        let faults = place.report().faults;
        prop_assert!(is_found(&faults, &file, at), "{mutation:?} of line {} of {file:?}: {faults:?}", at + 1);
    }
}

/// A fault names the line, its neighbour, or the file or the next one as a whole where the last line went.
fn is_found(faults: &[Fault], file: &Path, at: usize) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    let line = u64::try_from(at).unwrap() + 1;
    faults.iter().any(|fault| {
        let is_near = fault.file == name && (fault.line == 0 || fault.line.abs_diff(line) <= 1);
        is_near || (fault.file.as_str() > name && fault.line <= 1)
    })
}
