//! What went over the line to the virtual card, as the card itself wrote it down.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The trace that a `virtual-card` keeps.
#[derive(Debug)]
pub(super) struct CardTrace {
    file: PathBuf,
    taken: usize,
}

/// Commands with their answers, in order.
#[derive(Debug, Default)]
pub(super) struct Traffic(Vec<Exchange>);

#[derive(Debug)]
struct Exchange {
    command: Vec<u8>,
    answer: Vec<u8>,
}

impl CardTrace {
    pub(super) fn of(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            taken: 0,
        }
    }

    /// What came since the last time, once the card has had nothing to do for a while.
    pub(super) fn take(&mut self) -> Result<Traffic> {
        let text = self.wait_until_quiet()?;
        let new = text.get(self.taken..).unwrap_or_default();
        self.taken = text.len();
        let mut lines = new.lines();
        let mut exchanges = Vec::new();
        while let (Some(command), Some(answer)) = (lines.next(), lines.next()) {
            exchanges.push(Exchange {
                command: bytes(command, ">> ")?,
                answer: bytes(answer, "<< ")?,
            });
        }
        Ok(Traffic(exchanges))
    }

    fn wait_until_quiet(&self) -> Result<String> {
        let mut text = String::new();
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET {
            std::thread::sleep(QUIET / 20);
            let now = std::fs::read_to_string(&self.file)
                .with_context(|| format!("reading the trace {}", self.file.display()))?;
            if now.len() != text.len() {
                quiet_since = Instant::now();
                text = now;
            }
        }
        Ok(text)
    }
}

impl Traffic {
    /// Commands, GET RESPONSE included.
    pub(super) fn commands(&self) -> usize {
        self.0.len()
    }

    /// Bytes both ways, status words included.
    pub(super) fn bytes(&self) -> usize {
        let len = |exchange: &Exchange| exchange.command.len() + exchange.answer.len();
        self.0.iter().map(len).sum()
    }

    /// Data bytes that every READ BINARY brought together.
    pub(super) fn content(&self) -> usize {
        let reads = self.0.iter();
        let reads = reads.filter(|exchange| exchange.command.get(1) == Some(&READ_BINARY));
        reads.map(Exchange::data_len).sum()
    }

    /// What came up to the last use of a key, and what came behind it.
    pub(super) fn split_behind_key_use(mut self) -> (Self, Self) {
        let uses_a_key = |exchange: &Exchange| exchange.command.get(1) == Some(&PSO);
        let last = self.0.iter().rposition(uses_a_key);
        let behind = self.0.split_off(last.map_or(0, |last| last + 1));
        (self, Self(behind))
    }

    /// Data bytes that each READ BINARY on the file of a certificate brought.
    pub(super) fn certificate_reads(&self) -> Vec<usize> {
        let mut in_certificate = false;
        let mut reads = Vec::new();
        for exchange in &self.0 {
            match exchange.command.get(1) {
                Some(&SELECT) => in_certificate = selects_any(&exchange.command, &CERTIFICATES),
                Some(&READ_BINARY) if in_certificate => {
                    reads.push(exchange.data_len());
                }
                _ => {}
            }
        }
        reads
    }

    /// What came before the list of private keys was selected, and what came from then on.
    pub(super) fn split_at_private_keys(self) -> (Self, Self) {
        self.split_at_any(&[PRIVATE_KEYS])
    }

    /// What came before the file of a certificate was selected, and what came from then on.
    pub(super) fn split_at_certificates(self) -> (Self, Self) {
        self.split_at_any(&CERTIFICATES)
    }

    fn split_at_any(mut self, files: &[[u8; 2]]) -> (Self, Self) {
        let selects = |exchange: &Exchange| selects_any(&exchange.command, files);
        let place = self.0.iter().position(selects).unwrap_or(self.0.len());
        let after = self.0.split_off(place);
        (self, Self(after))
    }
}

impl Exchange {
    fn data_len(&self) -> usize {
        self.answer.len().saturating_sub(STATUS_WORD_LEN)
    }
}

/// Whether a command selects one of these files by a path that ends there.
fn selects_any(command: &[u8], files: &[[u8; 2]]) -> bool {
    command.get(1) == Some(&SELECT) && files.iter().any(|file| command.ends_with(file))
}

fn bytes(line: &str, sign: &str) -> Result<Vec<u8>> {
    let pairs = line
        .strip_prefix(sign)
        .context("a crooked line of the trace")?;
    let byte = |pair| u8::from_str_radix(pair, 16).context("a crooked byte of the trace");
    pairs.split(' ').map(byte).collect()
}

const QUIET: Duration = Duration::from_millis(600);
const STATUS_WORD_LEN: usize = 2;
const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
/// PERFORM SECURITY OPERATION.
const PSO: u8 = 0x2A;
/// Files of the virtual card, as its directory files name them.
const CERTIFICATES: [[u8; 2]; 2] = [[0xA0, 0x01], [0xA0, 0x02]];
const PRIVATE_KEYS: [u8; 2] = [0x70, 0x02];
