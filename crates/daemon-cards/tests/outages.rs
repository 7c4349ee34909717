//! What the log says of a source whose service is not there, in a process of its own: a log is one for all.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use card_apdu::ReaderFault;
use daemon_cards::{
    AfterUse, CardConnection, Cards, ConnectCard, ReaderSource, ReaderState, Settings, SourceFault,
    StopSource,
};
use igc_sante::nomenclature::Nomenclature;
use tracing::Level;

/// A source that says what the test gives it, and tells the test when it is asked for more.
struct ScriptedSource {
    says: Receiver<Result<Vec<ReaderState>, SourceFault>>,
    asked: Sender<()>,
    stopper: Sender<Result<Vec<ReaderState>, SourceFault>>,
}

impl ReaderSource for ScriptedSource {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        let _ = self.asked.send(());
        self.says.recv().unwrap_or(Err(SourceFault::Stopped))
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(NoCard)
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper(self.stopper.clone()))
    }
}

struct NoCard;

impl ConnectCard for NoCard {
    fn connect(&self, _reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        Err(ReaderFault::Removed)
    }
}

struct Stopper(Sender<Result<Vec<ReaderState>, SourceFault>>);

impl StopSource for Stopper {
    fn stop(&self) {
        let _ = self.0.send(Err(SourceFault::Stopped));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_outage_is_one_line_of_the_log_however_often_it_is_looked_whether_it_is_over() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_writer(move || writer.clone())
        .init();
    let (say, says) = channel();
    let (asked, was_asked) = channel();
    let source = ScriptedSource {
        says,
        asked,
        stopper: say.clone(),
    };
    let _cards = Cards::start(vec![Box::new(source)], SETTINGS, None).unwrap();
    let gone = || Err(SourceFault::ServiceGone);
    for said in [gone(), gone(), gone(), Ok(Vec::new()), gone(), gone()] {
        was_asked.recv().unwrap();
        say.send(said).unwrap();
    }
    // It is asked again when it was heard.
    was_asked.recv().unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("is not there").count(), 2, "{log}");
}

const SETTINGS: Settings = Settings {
    id_salt: [7; 32],
    after_use: AfterUse::Reset,
    only_environment: None,
    call_time: Duration::from_secs(10),
    nomenclature: Nomenclature::BUILT_IN,
    before_first_event: 0,
};
