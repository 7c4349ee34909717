//! `virtual-card`: a card of the CPx family made of software in a real PC/SC reader, through vpcd.
//!
//! It ends when vpcd closes the connection or when it is killed; either takes the card out.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use card_emulator::pki::KeySet;
use card_emulator::vpcd::VpcdReader;
use card_emulator::{
    CardNumber, CardParameters, DemoCard, FaultOrder, FaultPlan, Generation, HolderName,
    ObservedCard, Observer, Pace,
};
use clap::Parser;
use secrets::SecretBytes;
use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// A virtual card for tests, plugged into pcscd through vpcd
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where vpcd listens
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:35963")]
    vpcd: String,

    /// Kind of card: cps3, cps3-contactless, cps4, cpf, cpe, cpe-non-nominative or cpa
    #[arg(long, value_name = "KIND", default_value = "cps3")]
    card: DemoCard,

    /// Set of test keys, 1 to 4; each set has a holder and a card number of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = key_set)]
    key_set: KeySet,

    /// Code of the holder, 4 to 8 digits; a test code, since it stands on the command line
    #[arg(long, value_name = "DIGITS")]
    pin: Option<String>,

    /// Longest code that the card takes, 4 to 8 (without it 4, or 8 when the code is longer)
    #[arg(long, value_name = "LENGTH")]
    pin_maximum_length: Option<u8>,

    /// Code that unblocks the holder's code, 8 digits
    #[arg(long, value_name = "DIGITS")]
    unblock_code: Option<String>,

    /// Surname of the holder, in capitals; pseudonym of a card of nobody
    #[arg(long, value_name = "NAME")]
    family_name: Option<String>,

    /// Given name of the holder
    #[arg(long, value_name = "NAME")]
    given_name: Option<String>,

    /// National identifier of the holder, such as 8 and an RPPS number
    #[arg(long, value_name = "ID")]
    national_id: Option<String>,

    /// Profession of the holder, a code of the table G15 (10 is a physician)
    #[arg(long, value_name = "CODE")]
    profession: Option<u8>,

    /// Number of the card, 10 digits
    #[arg(long, value_name = "DIGITS")]
    card_number: Option<CardNumber>,

    /// First day of validity, such as 2026-01-31 (without it 30 days ago)
    #[arg(long, value_name = "DATE", value_parser = date)]
    valid_from: Option<Date>,

    /// Days of validity (without it three years)
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    valid_days: Option<u16>,

    /// Refuse a finished hash for the signature key, so that the last block is hashed on the card
    #[arg(long)]
    refuse_finished_hash: bool,

    /// Something that goes wrong: removal@3, mute-after@3, slow-250@every; more in the library's FaultOrder
    #[arg(long, value_name = "FAULT")]
    fault: Vec<FaultOrder>,

    /// Be as slow as a real card
    #[arg(long)]
    real_pace: bool,

    /// File that keeps codes, counters and CPS_DATA from one run to the next
    #[arg(long, value_name = "FILE")]
    state_file: Option<PathBuf>,

    /// Write every command (>>) and answer (<<) in hex to a file, the codes of this test card included
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("virtual-card: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let parameters = arguments.parameters();
    let generation = arguments.card.generation();
    let mut card = generation.make(&parameters, arguments.state_file.as_deref())?;
    if let Some(file) = &arguments.trace {
        card = Box::new(ObservedCard::new(card, trace_to(file)?));
    }
    let reader = VpcdReader::connect(&arguments.vpcd)
        .with_context(|| format!("no vpcd at {}; is pcscd running?", arguments.vpcd))?;
    let reader = arguments.disturb(reader);
    tell(&format!(
        "TEST card {} of {} is in the reader at {}",
        parameters.number, parameters.holder.name, arguments.vpcd
    ));
    reader.serve(&mut *card)?;
    tell("The card was taken out.");
    Ok(())
}

/// Nobody may be listening, and that stops no card.
fn tell(sentence: &str) {
    let _: std::io::Result<()> = writeln!(std::io::stderr(), "{sentence}");
}

impl Arguments {
    fn parameters(&self) -> CardParameters {
        let mut card = self
            .card
            .parameters(self.key_set, OffsetDateTime::now_utc());
        self.set_holder(&mut card);
        if let Some(number) = &self.card_number {
            card.number = number.clone();
        }
        if let Some(pin) = &self.pin {
            card.pin = SecretBytes::copy_from(pin.as_bytes());
        }
        if let Some(unblock_code) = &self.unblock_code {
            card.unblock_code = SecretBytes::copy_from(unblock_code.as_bytes());
        }
        card.pin_maximum_len = self.pin_maximum_length;
        card.takes_finished_hash = !self.refuse_finished_hash;
        self.set_validity(&mut card);
        card
    }

    fn disturb(&self, reader: VpcdReader) -> VpcdReader {
        let plan = FaultPlan::default();
        for order in &self.fault {
            plan.arm(order.clone());
        }
        let pace = match (self.real_pace, self.card.generation()) {
            (false, _) => Pace::default(),
            (true, Generation::Cps3) => Pace::CPS3,
            (true, Generation::Cps3Contactless | Generation::Cps4) => Pace::CPS4,
        };
        reader.with_fault_plan(plan).with_pace(pace)
    }

    fn set_holder(&self, card: &mut CardParameters) {
        let holder = &mut card.holder;
        let set = |field: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        match &mut holder.name {
            HolderName::Person {
                family_name,
                given_name,
            } => {
                set(family_name, &self.family_name);
                set(given_name, &self.given_name);
            }
            HolderName::Pseudonym(pseudonym) => set(pseudonym, &self.family_name),
        }
        set(&mut holder.national_id, &self.national_id);
        holder.profession = self.profession.or(holder.profession);
    }

    fn set_validity(&self, card: &mut CardParameters) {
        let validity = match self.valid_days {
            Some(days) => Duration::days(days.into()),
            None => card.not_after - card.not_before,
        };
        if let Some(first_day) = self.valid_from {
            card.not_before = first_day.midnight().assume_offset(UtcOffset::UTC);
        }
        card.not_after = card.not_before.saturating_add(validity);
    }
}

fn key_set(number: &str) -> Result<KeySet, &'static str> {
    let number = number.parse().ok();
    number
        .and_then(KeySet::from_number)
        .ok_or("there are key sets 1 to 4")
}

fn date(text: &str) -> Result<Date, time::error::Parse> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format)
}

/// A trace that cannot be written stops nothing: the card is what matters.
fn trace_to(path: &Path) -> anyhow::Result<Observer> {
    let mut file =
        File::create(path).with_context(|| format!("creating the trace {}", path.display()))?;
    Ok(Box::new(move |command, answer| {
        let lines = format!(">> {}\n<< {}\n", hex_pairs(command), hex_pairs(answer));
        let _: std::io::Result<()> = file.write_all(lines.as_bytes());
    }))
}

fn hex_pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(line: &str) -> CardParameters {
        let words = std::iter::once("virtual-card").chain(line.split_whitespace());
        Arguments::try_parse_from(words).unwrap().parameters()
    }

    #[test]
    fn without_options_the_card_is_the_first_demo_card() {
        let card = card("");
        assert_eq!(card.number.to_string(), "9999123456");
        assert_eq!(card.pin.expose(), b"1234");
        assert!(card.takes_finished_hash);
    }

    #[test]
    fn every_option_reaches_the_card() {
        let card = card(
            "--key-set 2 --pin 73918264 --pin-maximum-length 8 --unblock-code 87654321 \
             --family-name MARTIN --given-name LOU --national-id 899700000054 --profession 21 \
             --card-number 9999000001 --valid-from 2020-02-01 --valid-days 10 --refuse-finished-hash",
        );
        assert_eq!(card.key_set, KeySet::Second);
        assert_eq!(card.pin.expose(), b"73918264");
        assert_eq!(card.pin_maximum_len, Some(8));
        assert_eq!(card.unblock_code.expose(), b"87654321");
        assert_eq!(card.holder.name, HolderName::person("LOU", "MARTIN"));
        assert_eq!(card.holder.national_id, "899700000054");
        assert_eq!(card.holder.profession, Some(21));
        assert_eq!(card.number.to_string(), "9999000001");
        assert_eq!(
            card.not_before,
            time::macros::datetime!(2020-02-01 00:00 UTC)
        );
        assert_eq!(
            card.not_after,
            time::macros::datetime!(2020-02-11 00:00 UTC)
        );
        assert!(!card.takes_finished_hash);
    }

    #[test]
    fn wrong_values_are_refused() {
        for line in [
            "--key-set 5",
            "--card cps2",
            "--fault fire@1",
            "--card-number 123",
            "--valid-from 2026-13-01",
            "--valid-days 0",
            "--profession many",
        ] {
            let words = std::iter::once("virtual-card").chain(line.split_whitespace());
            assert!(Arguments::try_parse_from(words).is_err(), "{line}");
        }
    }

    #[test]
    fn a_trace_has_a_line_for_each_direction() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let mut observer = trace_to(&path).unwrap();
        observer(&[0x00, 0x20], &[0x63, 0xC3]);
        drop(observer);
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            ">> 00 20\n<< 63 C3\n"
        );
    }
}
