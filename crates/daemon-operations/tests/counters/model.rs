//! What can happen to a card in a day, and what an undisturbed call must come to.

use card_emulator::{Fault, FaultOrder, Generation, Moment, When};
use daemon_cards::AfterUse;
use daemon_types::{ErrorCode, Reason};
use proptest::prelude::*;

pub(crate) const PIN_TRIES: u8 = 3;
pub(crate) const UNBLOCK_CODE: &str = "12345678";
/// Nobody's code.
pub(crate) const WRONG_PIN: &str = "0000";
/// What people and programs change a code to, in turn.
pub(crate) const NEW_PINS: [&str; 2] = ["4321", "9876"];

/// What is left on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) pin_tries: u8,
    pub(crate) unblock_tries: u8,
    pub(crate) unblock_tries_maximum: u8,
    pub(crate) unblock_uses: u16,
}

impl Counters {
    pub(crate) fn unblock_code_is_usable(self) -> bool {
        self.unblock_tries > 0 && self.unblock_uses > 0
    }

    fn blocked(self) -> ErrorCode {
        if self.unblock_code_is_usable() {
            ErrorCode::PinBlocked
        } else {
            ErrorCode::CardDefinitivelyBlocked
        }
    }
}

/// A workstation with two cards of one generation and one reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) generation: Generation,
    pub(crate) after_use: AfterUse,
    pub(crate) unblock_tries: u8,
    pub(crate) unblock_uses: u16,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A program calls the agent.
    Call(Call),
    /// Another program acts, or somebody at the reader, while the agent has nothing to do.
    Act(Act),
    /// A program asks the agent what is left.
    Look,
}

/// A call, what its holder does, and what comes between.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The program looks at the counters first.
    pub(crate) looks: bool,
    pub(crate) work: Work,
    pub(crate) reply: Reply,
    pub(crate) disturbance: Disturbance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Authenticate,
    /// A session is opened, used twice and ended.
    Session,
    Change(NewPin),
    Unblock(NewPin),
}

/// The new code that the holder types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewPin {
    Good,
    TooShort,
    /// The code that was typed as the old one.
    Old,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Types a code, and says yes to a last try or nothing.
    Types {
        code: Typed,
        risks_last_try: bool,
    },
    SaysNo,
    WalksAway,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Right,
    Wrong,
    TooShort,
    TooLong,
}

#[derive(Clone, Debug)]
pub(crate) enum Disturbance {
    None,
    /// Between the reader and the card.
    Fault(FaultOrder),
    /// While the holder thinks.
    WhileTheHolderThinks(Act),
    /// While the code waits for another program's transaction.
    InATransaction(Act),
    /// While the holder thinks.
    CallerLeaves,
    /// While the code waits for another program's transaction.
    CallerLeavesInATransaction,
}

/// What others do to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    PresentRightPin,
    PresentWrongPin,
    ChangePin,
    Reset,
    SelectTheOtherView,
    /// The card is taken out and put back.
    Reinsert,
    /// The other card takes its place.
    Swap,
    /// The other card takes its place, and PC/SC tells of a mere reset.
    SwapUnseen,
}

/// What a call that nothing disturbed comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) outcome: Result<(), (ErrorCode, Option<Reason>)>,
    /// Times that the code was presented to the card.
    pub(crate) presentations: usize,
}

impl Call {
    /// Whether what comes of it can be told beforehand.
    pub(crate) fn is_predictable(&self) -> bool {
        self.looks && matches!(self.disturbance, Disturbance::None)
    }

    pub(crate) fn risks_last_try(&self) -> bool {
        matches!(
            self.reply,
            Reply::Types {
                risks_last_try: true,
                ..
            }
        )
    }

    /// What comes of it on a card with these counters.
    pub(crate) fn expected(&self, counters: Counters) -> Expected {
        match self.ask(counters) {
            Err(refused) => Expected {
                outcome: Err(refused),
                presentations: 0,
            },
            Ok(code) => Expected {
                outcome: self.present(code, counters),
                presentations: 1,
            },
        }
    }

    /// Everything before the card: the code that goes there, or why none does.
    fn ask(&self, counters: Counters) -> Result<Typed, (ErrorCode, Option<Reason>)> {
        let tries = match self.work {
            Work::Unblock(_) if counters.pin_tries > 0 => {
                return Err((ErrorCode::BadRequest, Some(Reason::PinNotBlocked)));
            }
            Work::Unblock(_) if !counters.unblock_code_is_usable() => {
                return Err((ErrorCode::CardDefinitivelyBlocked, None));
            }
            Work::Unblock(_) => counters.unblock_tries,
            Work::Authenticate | Work::Session | Work::Change(_) if counters.pin_tries == 0 => {
                return Err((counters.blocked(), None));
            }
            Work::Authenticate | Work::Session | Work::Change(_) => counters.pin_tries,
        };
        let (code, risks_last_try) = match self.reply {
            Reply::SaysNo => return Err((ErrorCode::Cancelled, None)),
            Reply::WalksAway => return Err((ErrorCode::Timeout, None)),
            Reply::Types {
                code,
                risks_last_try,
            } => (code, risks_last_try),
        };
        if tries == 1 && !risks_last_try {
            return Err((ErrorCode::LastTryNotConfirmed, None));
        }
        self.check_format(code)?;
        Ok(code)
    }

    fn check_format(&self, code: Typed) -> Result<(), (ErrorCode, Option<Reason>)> {
        let bad_new = Err((ErrorCode::PinLength, Some(Reason::NewPinRefused)));
        let length = match self.work {
            Work::Unblock(_) => Some(Reason::UnblockCodeLength),
            Work::Authenticate | Work::Session | Work::Change(_) => None,
        };
        match (code, self.work) {
            (Typed::TooShort, _) | (Typed::TooLong, Work::Unblock(_)) => {
                Err((ErrorCode::PinLength, length))
            }
            // A code that is one, of another length than this card's, is seen after the new one.
            (Typed::TooLong, Work::Change(NewPin::TooShort)) => bad_new,
            (Typed::TooLong, _) => Err((ErrorCode::PinLength, None)),
            (_, Work::Change(NewPin::TooShort) | Work::Unblock(NewPin::TooShort)) => bad_new,
            (_, Work::Change(NewPin::Old)) => {
                Err((ErrorCode::BadRequest, Some(Reason::NewPinUnchanged)))
            }
            (Typed::Right | Typed::Wrong, _) => Ok(()),
        }
    }

    fn present(&self, code: Typed, counters: Counters) -> Result<(), (ErrorCode, Option<Reason>)> {
        if code == Typed::Right {
            return Ok(());
        }
        Err(match self.work {
            Work::Unblock(_) if counters.unblock_tries == 1 => {
                (ErrorCode::CardDefinitivelyBlocked, None)
            }
            Work::Unblock(_) => (ErrorCode::UnblockWrong, None),
            Work::Authenticate | Work::Session | Work::Change(_) if counters.pin_tries == 1 => {
                (counters.blocked(), None)
            }
            Work::Authenticate | Work::Session | Work::Change(_) => (ErrorCode::PinWrong, None),
        })
    }
}

pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let generation = prop_oneof![Just(Generation::Cps3), Just(Generation::Cps4)];
    let after_use = prop_oneof![Just(AfterUse::Reset), Just(AfterUse::Leave)];
    (generation, after_use, 1_u8..=4, 1_u16..=3).prop_map(
        |(generation, after_use, unblock_tries, unblock_uses)| Setting {
            generation,
            after_use,
            unblock_tries,
            // A CPS4 does not tell them, so that no caller can know their end beforehand.
            unblock_uses: match generation {
                Generation::Cps4 => 100,
                Generation::Cps3 | Generation::Cps3Contactless => unblock_uses,
            },
        },
    )
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => call().prop_map(Step::Call),
        2 => act().prop_map(Step::Act),
        1 => Just(Step::Look),
    ];
    prop::collection::vec(step, 4..16)
}

fn call() -> impl Strategy<Value = Call> {
    (prop::bool::weighted(0.7), work(), reply(), disturbance()).prop_map(
        |(looks, work, reply, disturbance)| Call {
            looks,
            work,
            reply,
            disturbance,
        },
    )
}

fn work() -> impl Strategy<Value = Work> {
    let new = || {
        prop_oneof![
            4 => Just(NewPin::Good),
            1 => Just(NewPin::TooShort),
            1 => Just(NewPin::Old),
        ]
    };
    prop_oneof![
        4 => Just(Work::Authenticate),
        3 => Just(Work::Session),
        3 => new().prop_map(Work::Change),
        3 => new().prop_map(Work::Unblock),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    let code = prop_oneof![
        3 => Just(Typed::Right),
        5 => Just(Typed::Wrong),
        1 => Just(Typed::TooShort),
        1 => Just(Typed::TooLong),
    ];
    prop_oneof![
        10 => (code, any::<bool>()).prop_map(|(code, risks_last_try)| Reply::Types {
            code,
            risks_last_try,
        }),
        1 => Just(Reply::SaysNo),
        1 => Just(Reply::WalksAway),
    ]
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        4 => Just(Disturbance::None),
        4 => fault().prop_map(Disturbance::Fault),
        2 => act().prop_map(Disturbance::WhileTheHolderThinks),
        1 => Just(Disturbance::WhileTheHolderThinks(Act::SwapUnseen)),
        2 => act().prop_map(Disturbance::InATransaction),
        1 => Just(Disturbance::CallerLeaves),
        1 => Just(Disturbance::CallerLeavesInATransaction),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::PresentRightPin),
        Just(Act::PresentWrongPin),
        Just(Act::ChangePin),
        Just(Act::Reset),
        Just(Act::SelectTheOtherView),
        Just(Act::Reinsert),
        Just(Act::Swap),
    ]
}

/// Anything on any command, or an answer that gets lost on one of those around VERIFY.
fn fault() -> impl Strategy<Value = FaultOrder> {
    let moment = prop_oneof![Just(Moment::Before), Just(Moment::After)];
    let fault = prop_oneof![
        Just(Fault::Removal),
        Just(Fault::Reset),
        Just(Fault::PowerLoss),
        Just(Fault::Mute),
        Just(Fault::Answer(vec![0x67, 0x00])),
        Just(Fault::Answer(vec![0x12, 0x34])),
        Just(Fault::Answer(vec![0x63, 0x00])),
        Just(Fault::Truncated(1)),
        Just(Fault::Oversized(300)),
    ];
    let any = (1_u64..=12, moment, fault);
    let lost = (1_u64..=6, Just(Moment::After), Just(Fault::Mute));
    prop_oneof![any, lost].prop_map(|(command, moment, fault)| FaultOrder {
        when: When::Command(command),
        moment,
        fault,
    })
}
