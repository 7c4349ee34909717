//! The memory of a process, searched for a code.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use ring::rand::{SecureRandom as _, SystemRandom};

/// Eight digits that stand nowhere by chance.
#[must_use]
pub fn random_code() -> String {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).expect("random bytes");
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    digits.collect()
}

/// A code as ASCII, UTF-16 and UTF-32 write it.
#[must_use]
pub fn written(code: &str) -> [Vec<u8>; 3] {
    [1, 2, 4].map(|width| {
        let digits = code.bytes();
        let wide = digits.flat_map(|digit| {
            let mut bytes = vec![0; width];
            *bytes.first_mut().expect("a byte") = digit;
            bytes
        });
        wide.collect()
    })
}

/// Places of a process's memory that hold the code. What cannot be read at all fails.
///
/// # Panics
/// Panics when this test may not read it.
#[must_use]
pub fn places(pid: &str, code: &str) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the map of the process");
    let memory = File::open(format!("/proc/{pid}/mem"))
        .expect("only root reads the memory of a process that forbids dumps: run this as root");
    let mut places = Vec::new();
    let mut bytes_read = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').expect("a line of the map");
        if !rest.starts_with("rw") {
            continue;
        }
        let (begin, end) = range.split_once('-').expect("a range");
        let [begin, end] =
            [begin, end].map(|hex| u64::from_str_radix(hex, 16).expect("a hexadecimal number"));
        let mut bytes = vec![0; usize::try_from(end - begin).expect("a length")];
        // A region that was just given back cannot be read, and holds nothing.
        if memory.read_exact_at(&mut bytes, begin).is_err() {
            continue;
        }
        bytes_read += bytes.len();
        for needle in written(code) {
            for (offset, window) in bytes.windows(needle.len()).enumerate() {
                if window == needle {
                    places.push(format!("{:x} {line}", begin + offset as u64));
                }
            }
        }
    }
    assert!(bytes_read > 100_000, "{pid}: {bytes_read} bytes were read");
    places
}
