//! The time that the agent adds to the card's own.

use std::time::Duration;

use anyhow::Result;
use card_emulator::{CardParameters, Cps3Card, VirtualConnection, VirtualReaders};
use card_profiles::{
    CardMemory, Digest, HashAlgorithm, KeyRole, LastTry, Profile, Signable, SignatureAlgorithm,
};
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{authenticate_body, path_of};
use secrets::Pin;
use time::OffsetDateTime;

use super::http_client::HttpClient;
use super::statistics::{Durations, milliseconds};
use super::table::{Row, Table, Verdict};

/// Call and card take turns, so that both meet the same moods of the machine.
pub(super) fn measure(calls: u32) -> Result<Table> {
    let title =
        format!("time of an authentication, {calls} calls over one HTTPS connection to a demo");
    let mut table = Table::new(title, "the card alone");
    let agent = Agent::demo(&[]);
    let path = path_of(&agent.card(), "/authenticate");
    let mut client = HttpClient::over_tls(&agent)?;
    let mut card = CardAlone::new()?;
    let (mut whole, mut alone) = (Durations::default(), Durations::default());
    for _ in 0..calls {
        alone.time(|| card.authenticate())?;
        whole.time(|| client.call(&path, &authenticate_body()))?;
    }
    for (what, share, target) in [
        ("median", 50, Duration::from_millis(2)),
        ("99th percentile", 99, Duration::from_millis(5)),
    ] {
        let added = whole
            .percentile(share)
            .saturating_sub(alone.percentile(share));
        table.push(Row {
            what: format!("{what}: added by the agent"),
            ours: milliseconds(added),
            target: format!("under {}", milliseconds(target)),
            verdict: Verdict::of(added < target),
            ..Row::default()
        });
        table.push(Row {
            what: "    of the whole call".to_owned(),
            ours: milliseconds(whole.percentile(share)),
            beside: milliseconds(alone.percentile(share)),
            ..Row::default()
        });
    }
    Ok(table)
}

/// A card in this process, without an agent: the same commands, the same arithmetic.
struct CardAlone {
    connection: VirtualConnection,
    memory: CardMemory,
    pin: Pin,
}

impl CardAlone {
    fn new() -> Result<Self> {
        let card = Cps3Card::new(&CardParameters::new(OffsetDateTime::now_utc()))?;
        let readers = VirtualReaders::with_count(1);
        readers.insert(READER, Box::new(card))?;
        let mut alone = Self {
            connection: readers.connect(READER)?,
            memory: CardMemory::default(),
            pin: Pin::new(b"1234")?,
        };
        Profile::Cps3
            .open(&mut alone.connection, &mut alone.memory)
            .identity()?;
        alone.authenticate()?;
        Ok(alone)
    }

    fn authenticate(&mut self) -> Result<()> {
        let mut card = Profile::Cps3.open(&mut self.connection, &mut self.memory);
        card.verify_pin(&self.pin, LastTry::NotConfirmed)?;
        let digest = Signable::Digest(Digest {
            algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
            value: &[0x5A; 32],
        });
        card.sign(KeyRole::Authentication, &digest)?;
        drop(card);
        Ok(self.connection.reset()?)
    }
}

const READER: &str = "Virtual CPS reader 00";
