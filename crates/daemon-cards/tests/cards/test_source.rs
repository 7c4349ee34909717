//! Virtual readers whose connections obey a test: they fail, wait, and count when it says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use card_apdu::{Atr, CardChannel, CommandApdu, Protocol, ReaderFault, WireBytes};
use card_emulator::{ReadersState, VirtualCard, VirtualConnection, VirtualReaders};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};
use daemon_types::ErrorCode;
use tokio::sync::watch;

/// What a test does to the connections, shared with them.
pub(crate) struct Control {
    pub(crate) readers: VirtualReaders,
    /// Held closed by another program that has the transaction.
    pub(crate) transactions: Gate,
    /// Where [`Act::Pause`] waits.
    pub(crate) exchanges: Gate,
    /// Held closed by a service that does not say which readers it has.
    pub(crate) listings: Gate,
    state: Mutex<State>,
    stopped: AtomicBool,
    service_is_gone: AtomicBool,
    /// How often the source was asked for its readers.
    asked: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    connect_faults: Vec<ReaderFault>,
    transaction_faults: Vec<ReaderFault>,
    refused_resets: Vec<ReaderFault>,
    hidden_exchange: Option<String>,
    plan: Option<Plan>,
    commands: Vec<Vec<u8>>,
    connects: usize,
    resets: usize,
    taken_out: Option<Box<dyn VirtualCard>>,
}

type Choice = Box<dyn FnMut(&[u8]) -> bool + Send>;

/// Something that happens once, at the first exchange that `when` is true of.
struct Plan {
    when: Choice,
    moment: Moment,
    act: Act,
}

/// Whether the card sees the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    BeforeTheCommand,
    BeforeTheAnswer,
}

/// What happens to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Another program resets the card.
    Reset,
    /// The holder takes the card out.
    TakeOut,
    /// The card falls silent.
    FallSilent,
    /// The exchange waits, then succeeds.
    Pause,
    /// One bit of the answer is another one than the card sent.
    FlipABit,
    /// The agent comes upon a fault of its own.
    Panic,
}

impl Control {
    pub(crate) fn new(readers: VirtualReaders) -> Arc<Self> {
        Arc::new(Self {
            readers,
            transactions: Gate::new(),
            exchanges: Gate::new(),
            listings: Gate::new(),
            state: Mutex::default(),
            stopped: AtomicBool::new(false),
            service_is_gone: AtomicBool::new(false),
            asked: watch::Sender::new(0),
        })
    }

    pub(crate) fn fail_next_connect(&self, fault: ReaderFault) {
        self.lock().connect_faults.push(fault);
    }

    pub(crate) fn fail_next_transaction(&self, fault: ReaderFault) {
        self.lock().transaction_faults.push(fault);
    }

    pub(crate) fn refuse_next_reset(&self, fault: ReaderFault) {
        self.lock().refused_resets.push(fault);
    }

    /// At the next transaction the card of a reader that is not listed is behind the connection,
    /// and all that the connection says is that there was a reset.
    pub(crate) fn exchange_behind_a_reset(&self, reader: &str) {
        self.lock().hidden_exchange = Some(reader.to_owned());
    }

    pub(crate) fn plan(
        &self,
        when: impl FnMut(&[u8]) -> bool + Send + 'static,
        moment: Moment,
        act: Act,
    ) {
        let when = Box::new(when);
        self.lock().plan = Some(Plan { when, moment, act });
    }

    /// The service behind the readers ends.
    pub(crate) fn lose_service(&self) {
        self.service_is_gone.store(true, Ordering::Release);
        self.readers.wake();
    }

    /// It is back.
    pub(crate) fn restore_service(&self) {
        self.service_is_gone.store(false, Ordering::Release);
        self.readers.wake();
    }

    /// The watch ends.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.readers.wake();
    }

    /// Until the agent has taken over what the source said so often.
    pub(crate) async fn has_told(&self, times: usize) {
        let mut asked = self.asked.subscribe();
        let again = asked.wait_for(|asked| *asked > times);
        let again = tokio::time::timeout(PATIENCE, again).await;
        again.expect("the source is asked again").unwrap();
    }

    /// Drops what was planned; whether it was still to come.
    pub(crate) fn drop_plan(&self) -> bool {
        self.lock().plan.take().is_some()
    }

    /// The card that [`Act::TakeOut`] took.
    pub(crate) fn taken_out(&self) -> Option<Box<dyn VirtualCard>> {
        self.lock().taken_out.take()
    }

    /// Forgets what was counted so far.
    pub(crate) fn count_from_here(&self) {
        let mut state = self.lock();
        state.commands.clear();
        state.resets = 0;
    }

    pub(crate) fn commands(&self) -> usize {
        self.lock().commands.len()
    }

    /// The commands before the first one that is so.
    pub(crate) fn commands_before(&self, is_it: fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
        let state = self.lock();
        let commands = state.commands.iter();
        let before = commands.take_while(|command| !is_it(command));
        before.cloned().collect()
    }

    /// Cards that were opened.
    pub(crate) fn connects(&self) -> usize {
        self.lock().connects
    }

    /// Codes that were presented.
    pub(crate) fn verifies(&self) -> usize {
        self.count(is_verify)
    }

    /// Commands that carry a code or set one: VERIFY with data, CHANGE REFERENCE DATA, RESET RETRY COUNTER.
    pub(crate) fn code_commands(&self) -> usize {
        self.count(|command| is_verify(command) || matches!(command.get(1), Some(0x24 | 0x2C)))
    }

    pub(crate) fn signatures(&self) -> usize {
        self.count(is_signature)
    }

    /// Resets that the agent asked for.
    pub(crate) fn resets(&self) -> usize {
        self.lock().resets
    }

    fn count(&self, which: fn(&[u8]) -> bool) -> usize {
        let state = self.lock();
        let counted = state.commands.iter().filter(|command| which(command));
        counted.count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Notes a command, and says what is to happen to it.
    fn note(&self, command: &[u8]) -> Option<(Moment, Act)> {
        let mut state = self.lock();
        state.commands.push(command.to_vec());
        let plan = state.plan.as_mut()?;
        let is_now = (plan.when)(command);
        let now = (plan.moment, plan.act);
        is_now.then(|| {
            state.plan = None;
            now
        })
    }

    fn act(&self, reader: &str, act: Act) -> Result<(), ReaderFault> {
        match act {
            Act::Reset => {
                self.readers.connect(reader)?.reset()?;
                Err(ReaderFault::Reset)
            }
            Act::TakeOut => {
                let card = self.readers.remove(reader).unwrap();
                self.lock().taken_out = card;
                Err(ReaderFault::Removed)
            }
            Act::FallSilent => Err(ReaderFault::Mute),
            Act::Pause => {
                self.exchanges.pass();
                Ok(())
            }
            Act::FlipABit => Ok(()),
            Act::Panic => panic!("on purpose"),
        }
    }
}

/// Whether a command presents a code: VERIFY with data.
pub(crate) fn is_verify(command: &[u8]) -> bool {
    command.get(1) == Some(&0x20) && command.len() > 5
}

/// Whether a command asks for random bytes: GET CHALLENGE.
pub(crate) fn is_challenge(command: &[u8]) -> bool {
    command.get(1) == Some(&0x84)
}

/// Whether a command uses a key: PSO COMPUTE DIGITAL SIGNATURE, INTERNAL AUTHENTICATE.
pub(crate) fn is_signature(command: &[u8]) -> bool {
    command.starts_with(&[0x00, 0x2A, 0x9E]) || command.starts_with(&[0x00, 0x88])
}

/// A place where threads wait while it is closed.
pub(crate) struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: watch::Sender<usize>,
}

impl Gate {
    fn new() -> Self {
        Self {
            closed: Mutex::new(false),
            opened: Condvar::new(),
            waiting: watch::Sender::new(0),
        }
    }

    pub(crate) fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub(crate) fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }

    /// Until a thread stands before the closed gate.
    pub(crate) async fn somebody_waits(&self) {
        self.waiting(|waiting| waiting > 0).await;
    }

    /// Until so many threads stand before the closed gate.
    pub(crate) async fn waiting(&self, enough: impl Fn(usize) -> bool) {
        let mut waiting = self.waiting.subscribe();
        tokio::time::timeout(PATIENCE, waiting.wait_for(|waiting| enough(*waiting)))
            .await
            .expect("nobody came to the gate")
            .unwrap();
    }

    pub(crate) fn waiting_now(&self) -> usize {
        *self.waiting.borrow()
    }

    fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        if !*closed {
            return;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        drop(
            self.opened
                .wait_timeout_while(closed, PATIENCE, |closed| *closed)
                .unwrap(),
        );
        self.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The readers of a [`Control`], but for those whose name says that they are hidden.
pub(crate) struct TestSource {
    control: Arc<Control>,
    seen: Option<u64>,
    missing_code: ErrorCode,
    says_that_it_is_gone: bool,
}

impl TestSource {
    pub(crate) fn new(control: &Arc<Control>) -> Self {
        Self {
            control: Arc::clone(control),
            seen: None,
            missing_code: ErrorCode::PcscUnavailable,
            says_that_it_is_gone: false,
        }
    }

    /// One whose readers stand behind a module.
    pub(crate) fn behind_a_module(control: &Arc<Control>) -> Self {
        Self {
            missing_code: ErrorCode::ModuleFailed,
            ..Self::new(control)
        }
    }

    /// Until the next change of the readers, or of the service behind them.
    fn next_state(&mut self) -> ReadersState {
        let readers = &self.control.readers;
        let state = match self.seen {
            None => readers.state(),
            Some(seen) => readers.wait_for_change(seen, None),
        };
        self.seen = Some(state.change);
        state
    }
}

pub(crate) const HIDDEN: &str = "hidden";

impl ReaderSource for TestSource {
    fn name(&self) -> &'static str {
        "test"
    }

    fn missing_code(&self) -> ErrorCode {
        self.missing_code
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        self.control.asked.send_modify(|asked| *asked += 1);
        self.control.listings.pass();
        let state = loop {
            let state = self.next_state();
            if self.control.stopped.load(Ordering::Acquire) {
                return Err(SourceFault::Stopped);
            }
            if !self.control.service_is_gone.load(Ordering::Acquire) {
                self.says_that_it_is_gone = false;
                break state;
            }
            if !self.says_that_it_is_gone {
                self.says_that_it_is_gone = true;
                return Err(SourceFault::ServiceGone);
            }
        };
        let listed = state.readers.into_iter();
        Ok(listed
            .filter(|reader| reader.name != HIDDEN)
            .map(reader_state)
            .collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector(Arc::clone(&self.control)))
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper(Arc::clone(&self.control)))
    }
}

fn reader_state(reader: card_emulator::ReaderState) -> ReaderState {
    let insertion = reader.card.as_ref().map_or(0, |card| card.insertion);
    let presence = match reader.card {
        Some(_) => Presence::Card,
        None => Presence::Empty,
    };
    ReaderState {
        name: reader.name,
        presence,
        card_changes: u32::try_from(insertion).unwrap(),
    }
}

struct Stopper(Arc<Control>);

impl StopSource for Stopper {
    fn stop(&self) {
        self.0.stop();
    }
}

struct Connector(Arc<Control>);

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        if let Some(fault) = self.0.lock().connect_faults.pop() {
            return Err(fault);
        }
        self.0.lock().connects += 1;
        let card = self.0.readers.connect(reader)?;
        Ok(Box::new(Connection {
            control: Arc::clone(&self.0),
            atr: Atr::parse(card.atr()).unwrap(),
            reader: reader.to_owned(),
            card,
        }))
    }
}

struct Connection {
    control: Arc<Control>,
    reader: String,
    atr: Atr,
    card: VirtualConnection,
}

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        self.control.transactions.pass();
        let (fault, exchange) = {
            let mut state = self.control.lock();
            (state.transaction_faults.pop(), state.hidden_exchange.take())
        };
        if let Some(fault) = fault {
            return Err(fault);
        }
        if let Some(other) = exchange {
            self.card = self.control.readers.connect(&other)?;
            self.reader = other;
            return Err(ReaderFault::Reset);
        }
        self.check_still_ours()?;
        Ok(Box::new(Transaction(self)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.card.reconnect()
    }
}

impl Connection {
    /// Tells of a reset or removal at the beginning of a transaction, as PC/SC does. The empty
    /// VERIFY changes nothing on the card.
    fn check_still_ours(&mut self) -> Result<(), ReaderFault> {
        let question = CommandApdu::new(0x00, 0x20, 0x00, 0x01);
        let line = question.to_wire(self.card.protocol()).unwrap();
        self.card.exchange(&line).map(drop)
    }
}

struct Transaction<'a>(&'a mut Connection);

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self.0)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        if let Some(fault) = self.0.control.lock().refused_resets.pop() {
            return Err(fault);
        }
        self.0.card.reset()?;
        self.0.control.lock().resets += 1;
        Ok(())
    }
}

impl CardChannel for Connection {
    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let planned = self.control.note(command.expose());
        if let Some((Moment::BeforeTheCommand, act)) = planned {
            self.control.act(&self.reader, act)?;
        }
        let mut answer = self.card.exchange(command)?;
        if let Some((Moment::BeforeTheAnswer, act)) = planned {
            self.control.act(&self.reader, act)?;
            if act == Act::FlipABit {
                *answer.first_mut().unwrap() ^= 0x10;
            }
        }
        Ok(answer)
    }
}
