//! Bad days made to order: what goes wrong with which command.
//!
//! A plan belongs to a reader, counts what goes through it, and is kept by whoever wants to disturb
//! or to count. Without an order it disturbs nothing. Everything is told by the number of a command,
//! so that the same plan gives the same day.

use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use card_apdu::{CommandApdu, ReaderFault};

/// Orders for one reader, and what it counted; clones are the same plan.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    shared: Arc<Shared>,
}

/// One order of a [`FaultPlan`].
///
/// As text, for a command line: `removal@3`, `removal-after@3`, `slow-250@every`. The faults are
/// `removal`, `reset`, `power-loss`, `mute`, `silence`, `wrong-length`, `nonsense`, `oversized`,
/// `truncated` and `slow-<milliseconds>`; `-after` lets the card execute the command first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultOrder {
    /// Which command it befalls.
    pub when: When,
    /// Whether the card gets that command.
    pub moment: Moment,
    /// What happens.
    pub fault: Fault,
}

/// Which command a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The n-th after the order was given, from 1; then the order is done.
    Command(u64),
    /// Each, until [`FaultPlan::disarm`].
    Every,
}

/// Whether the card gets the command that a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It does not.
    Before,
    /// It does, counters and all; only its answer is lost.
    After,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The card is pulled; [`VirtualReaders::take_pulled`](crate::VirtualReaders::take_pulled) has it.
    Removal,
    /// Another program resets the card.
    Reset,
    /// The card loses its power for a moment: it does not answer, and forgets what a reset forgets.
    PowerLoss,
    /// The reader gives up: the card does not answer.
    Mute,
    /// Nobody says anything until [`FaultPlan::release`]; then the reader gives up.
    Silence,
    /// These bytes come in place of the answer.
    Answer(Vec<u8>),
    /// Only so many bytes of the answer come. The card gets the command in any case.
    Truncated(usize),
    /// So many bytes too many come before the status word. The card gets the command in any case.
    Oversized(usize),
    /// The answer takes so long. The card gets the command in any case.
    Slow(Duration),
    /// Another program sends these commands first. The card gets the command in any case.
    Interference(Vec<Vec<u8>>),
}

/// What went through a reader since its plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Commands that came to the reader.
    pub commands: u64,
    /// Commands that the card got; those of another program are not among them.
    pub reached: u64,
    /// VERIFY with a holder's code that the card got.
    pub pin_verifies: u64,
    /// VERIFY with an unblock code that the card got.
    pub unblock_verifies: u64,
    /// CHANGE REFERENCE DATA that the card got.
    pub changes: u64,
    /// RESET RETRY COUNTER that the card got.
    pub resets_of_tries: u64,
}

/// A text that is no [`FaultOrder`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no fault: write for example removal@3, mute-after@3 or slow-250@every")]
pub struct UnknownFault(String);

/// A reader as a plan needs it.
pub(crate) trait Line {
    /// Lets the card execute a command.
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderFault>;
    /// Takes the card out.
    fn pull(&mut self);
    /// Resets the card behind the back of whoever is connected.
    fn reset(&mut self);
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    orders: Vec<FaultOrder>,
    counts: Counts,
    releases: u64,
}

impl FaultPlan {
    /// Gives an order. Several may befall one command: then the one given first does.
    pub fn arm(&self, order: FaultOrder) {
        self.lock().orders.push(order);
    }

    /// Takes all orders back. Whoever waits in [`Fault::Silence`] goes on waiting.
    pub fn disarm(&self) {
        self.lock().orders.clear();
    }

    /// Ends every [`Fault::Silence`] that lasts now.
    pub fn release(&self) {
        self.lock().releases += 1;
        self.shared.released.notify_all();
    }

    /// What went through the reader.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Brings a command to the card, or the fault that is ordered for it to whoever sent it.
    pub(crate) fn exchange(
        &self,
        line: &mut dyn Line,
        command: &[u8],
    ) -> Result<Vec<u8>, ReaderFault> {
        match self.next() {
            None => self.answer(line, command),
            Some(order) => self.befall(order, line, command),
        }
    }

    fn befall(
        &self,
        order: FaultOrder,
        line: &mut dyn Line,
        command: &[u8],
    ) -> Result<Vec<u8>, ReaderFault> {
        let FaultOrder { moment, fault, .. } = order;
        match fault {
            Fault::Truncated(len) => {
                let mut answer = self.answer(line, command)?;
                answer.truncate(len);
                return Ok(answer);
            }
            Fault::Oversized(count) => {
                let mut answer = self.answer(line, command)?;
                let status_word = answer.split_off(answer.len().saturating_sub(2));
                answer.extend(std::iter::repeat_n(0x55, count));
                answer.extend(status_word);
                return Ok(answer);
            }
            Fault::Slow(time) => {
                std::thread::sleep(time);
                return self.answer(line, command);
            }
            Fault::Interference(commands) => {
                for other in commands {
                    line.answer(&other)?;
                }
                return self.answer(line, command);
            }
            Fault::Removal
            | Fault::Reset
            | Fault::PowerLoss
            | Fault::Mute
            | Fault::Silence
            | Fault::Answer(_) => {}
        }
        if moment == Moment::After {
            self.answer(line, command)?;
        }
        self.instead_of_answer(fault, line)
    }

    fn instead_of_answer(&self, fault: Fault, line: &mut dyn Line) -> Result<Vec<u8>, ReaderFault> {
        match fault {
            Fault::Removal => {
                line.pull();
                Err(ReaderFault::Removed)
            }
            Fault::Reset => {
                line.reset();
                Err(ReaderFault::Reset)
            }
            Fault::PowerLoss => {
                line.reset();
                Err(ReaderFault::Mute)
            }
            Fault::Silence => {
                self.wait_for_release();
                Err(ReaderFault::Mute)
            }
            Fault::Answer(bytes) => Ok(bytes),
            Fault::Mute
            | Fault::Truncated(_)
            | Fault::Oversized(_)
            | Fault::Slow(_)
            | Fault::Interference(_) => Err(ReaderFault::Mute),
        }
    }

    fn answer(&self, line: &mut dyn Line, command: &[u8]) -> Result<Vec<u8>, ReaderFault> {
        let answer = line.answer(command)?;
        self.lock().counts.add(command);
        Ok(answer)
    }

    /// Counts a command and takes the order that befalls it off the list.
    fn next(&self) -> Option<FaultOrder> {
        let mut state = self.lock();
        state.counts.commands += 1;
        for order in &mut state.orders {
            if let When::Command(left) = &mut order.when {
                *left = left.saturating_sub(1);
            }
        }
        let befalls = |order: &FaultOrder| matches!(order.when, When::Command(0) | When::Every);
        let order = state.orders.iter().find(|order| befalls(order)).cloned();
        state.orders.retain(|order| order.when != When::Command(0));
        order
    }

    fn wait_for_release(&self) {
        let state = self.lock();
        let before = state.releases;
        let waited = self
            .shared
            .released
            .wait_while(state, |state| state.releases == before);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// A panic elsewhere leaves orders and counts as they are.
    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Counts a command that the card got. CPS4 marks references with bit 80.
    fn add(&mut self, line: &[u8]) {
        self.reached += 1;
        let Ok(command) = CommandApdu::parse(line) else {
            return;
        };
        let has_data = !command.data().is_empty();
        let count = match (command.ins(), command.p2() & 0x7F) {
            (0x20, 1) if has_data => &mut self.pin_verifies,
            (0x20, 2) if has_data => &mut self.unblock_verifies,
            (0x24, _) => &mut self.changes,
            (0x2C, _) => &mut self.resets_of_tries,
            _ => return,
        };
        *count += 1;
    }
}

impl FromStr for FaultOrder {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<FaultOrder> {
    let (what, when) = text.split_once('@')?;
    let (name, moment) = match what.strip_suffix("-after") {
        Some(name) => (name, Moment::After),
        None => (what, Moment::Before),
    };
    let when = match when {
        "every" => When::Every,
        number => When::Command(number.parse().ok().filter(|number| *number > 0)?),
    };
    let fault = parse_fault(name)?;
    Some(FaultOrder {
        when,
        moment,
        fault,
    })
}

fn parse_fault(name: &str) -> Option<Fault> {
    Some(match name {
        "removal" => Fault::Removal,
        "reset" => Fault::Reset,
        "power-loss" => Fault::PowerLoss,
        "mute" => Fault::Mute,
        "silence" => Fault::Silence,
        "wrong-length" => Fault::Answer(vec![0x67, 0x00]),
        "nonsense" => Fault::Answer(vec![0x12, 0x34]),
        "truncated" => Fault::Truncated(1),
        "oversized" => Fault::Oversized(300),
        slow => {
            let milliseconds = slow.strip_prefix("slow-")?.parse().ok()?;
            Fault::Slow(Duration::from_millis(milliseconds))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card that answers everything with its own command, and is reset and pulled.
    #[derive(Default)]
    struct Echo {
        got: Vec<Vec<u8>>,
        resets: u32,
        pulls: u32,
    }

    impl Line for Echo {
        fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderFault> {
            self.got.push(command.to_vec());
            Ok([command, &[0x90, 0x00]].concat())
        }

        fn pull(&mut self) {
            self.pulls += 1;
        }

        fn reset(&mut self) {
            self.resets += 1;
        }
    }

    const VERIFY: [u8; 9] = [0, 0x20, 0, 1, 4, 0x31, 0x32, 0x33, 0x34];
    const STATE: [u8; 4] = [0, 0x20, 0, 1];

    fn plan_of(order: &str) -> FaultPlan {
        let plan = FaultPlan::default();
        plan.arm(order.parse().unwrap());
        plan
    }

    #[test]
    fn an_order_befalls_its_command_once_and_no_other() {
        let (plan, mut card) = (plan_of("mute@2"), Echo::default());
        assert!(plan.exchange(&mut card, &STATE).is_ok());
        assert_eq!(plan.exchange(&mut card, &STATE), Err(ReaderFault::Mute));
        assert!(plan.exchange(&mut card, &STATE).is_ok());
        assert_eq!(card.got.len(), 2);
    }

    #[test]
    fn an_order_for_every_command_lasts_until_it_is_taken_back() {
        let (plan, mut card) = (plan_of("nonsense@every"), Echo::default());
        for _ in 0..3 {
            assert_eq!(plan.exchange(&mut card, &STATE), Ok(vec![0x12, 0x34]));
        }
        plan.disarm();
        assert!(
            plan.exchange(&mut card, &STATE)
                .unwrap()
                .ends_with(&[0x90, 0])
        );
        assert_eq!(card.got.len(), 1);
    }

    #[test]
    fn what_the_card_got_is_counted_whatever_became_of_the_answer() {
        for (order, reached) in [
            ("removal@1", 0),
            ("removal-after@1", 1),
            ("reset@1", 0),
            ("reset-after@1", 1),
            ("power-loss-after@1", 1),
            ("mute-after@1", 1),
            ("wrong-length@1", 0),
            ("wrong-length-after@1", 1),
            ("truncated@1", 1),
            ("oversized@1", 1),
            ("slow-0@1", 1),
        ] {
            let (plan, mut card) = (plan_of(order), Echo::default());
            let _: Result<Vec<u8>, ReaderFault> = plan.exchange(&mut card, &VERIFY);
            let counts = plan.counts();
            assert_eq!((counts.commands, counts.reached), (1, reached), "{order}");
            assert_eq!(counts.pin_verifies, reached, "{order}");
            assert_eq!(card.got.len() as u64, reached, "{order}");
        }
    }

    #[test]
    fn commands_about_codes_are_told_apart() {
        let (plan, mut card) = (FaultPlan::default(), Echo::default());
        for command in [
            &STATE[..],
            &VERIFY,
            &[1, 0x20, 0, 0x81, 4, 1, 2, 3, 4],
            &[1, 0x20, 0, 0x82, 1, 7],
            &[1, 0x24, 1, 1, 1, 7],
            &[1, 0x2C, 3, 0x81],
            &[9],
        ] {
            plan.exchange(&mut card, command).unwrap();
        }
        let expected = Counts {
            commands: 7,
            reached: 7,
            pin_verifies: 2,
            unblock_verifies: 1,
            changes: 1,
            resets_of_tries: 1,
        };
        assert_eq!(plan.counts(), expected);
    }

    #[test]
    fn answers_are_cut_and_grown() {
        let mut card = Echo::default();
        let cut = plan_of("truncated@1").exchange(&mut card, &STATE);
        assert_eq!(cut, Ok(vec![0]));
        let grown = plan_of("oversized@1").exchange(&mut card, &STATE).unwrap();
        assert_eq!(grown.len(), STATE.len() + 300 + 2);
        assert!(grown.ends_with(&[0x55, 0x90, 0x00]));
    }

    #[test]
    fn another_program_comes_first_and_is_not_counted() {
        let (plan, mut card) = (FaultPlan::default(), Echo::default());
        plan.arm(FaultOrder {
            when: When::Command(1),
            moment: Moment::Before,
            fault: Fault::Interference(vec![VERIFY.to_vec()]),
        });
        plan.exchange(&mut card, &STATE).unwrap();
        assert_eq!(card.got, [VERIFY.to_vec(), STATE.to_vec()]);
        assert_eq!(plan.counts().pin_verifies, 0);
    }

    #[test]
    fn a_silent_card_says_nothing_until_it_is_released() {
        let plan = plan_of("silence-after@1");
        let waiting = plan.clone();
        let waiter = std::thread::spawn(move || {
            let mut card = Echo::default();
            (waiting.exchange(&mut card, &STATE), card.got.len())
        });
        while plan.counts().reached == 0 || !waiter.is_finished() {
            plan.release();
            std::thread::yield_now();
        }
        assert_eq!(waiter.join().unwrap(), (Err(ReaderFault::Mute), 1));
    }

    #[test]
    fn other_texts_are_no_orders() {
        for text in [
            "",
            "removal",
            "removal@",
            "removal@0",
            "fire@1",
            "slow-x@1",
            "slow@1",
        ] {
            assert!(text.parse::<FaultOrder>().is_err(), "{text}");
        }
    }
}
