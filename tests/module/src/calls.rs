//! The frame of every call: the plan is read, the call counted, its fault done, its line written.

use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use cryptoki_sys::{
    CK_RV, CK_SESSION_HANDLE, CK_ULONG, CK_ULONG_PTR, CKR_OK, CKR_SESSION_HANDLE_INVALID,
    CKR_TOKEN_NOT_PRESENT,
};

use crate::memory::{Card, with_card};
use crate::plan::{Habit, Misdeed, Plan};
use crate::process::{Presence, state};
use crate::{return_values, trace};

/// `Err` is any return value but `CKR_OK`.
pub(crate) type Answer = Result<(), CK_RV>;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) plan: Plan,
    gives_nonsense: bool,
}

/// Does the work of a function, unless the plan has something worse for this call.
///
/// `about` stands in the trace: the kind of user, the mechanism.
pub(crate) fn answer(
    function: &'static str,
    about: &str,
    work: impl FnOnce(&Call) -> Answer,
) -> CK_RV {
    let plan = Plan::read();
    let at = {
        let mut process = state();
        process.notice(Presence::of(&plan));
        process.count(function, &plan)
    };
    if plan.has(Habit::Prints) {
        print(&format!("{function} {about}"));
    }
    let mut plan = plan;
    let mut misdeed = plan.misdeed(function, at);
    if misdeed == Some(Misdeed::Wait) {
        trace::add(&plan.trace, function, about, "wait");
        plan = until_it_may_go_on(function, at);
        misdeed = plan.misdeed(function, at);
    }
    let line = |result: &str| trace::add(&plan.trace, function, about, result);
    let result = match misdeed {
        Some(Misdeed::Crash) => {
            line("crash");
            std::process::abort();
        }
        Some(Misdeed::Hang) => {
            line("hang");
            sleep_for_ever();
        }
        Some(Misdeed::Return(value)) => Err(value),
        Some(Misdeed::WorkAndReturn(value)) => work(&Call::of(&plan)).and(Err(value)),
        Some(Misdeed::NonsenseLength) => work(&Call {
            gives_nonsense: true,
            ..Call::of(&plan)
        }),
        Some(Misdeed::Exchange | Misdeed::Wait) | None => work(&Call::of(&plan)),
    };
    if misdeed == Some(Misdeed::Exchange) {
        plan.exchange();
    }
    let value = result.err().unwrap_or(CKR_OK);
    if misdeed == Some(Misdeed::NonsenseLength) {
        line("nonsense-length");
    } else {
        line(&return_values::name(value));
    }
    value
}

/// Says something where nobody asked for it.
pub(crate) fn print(text: &str) {
    let line = format!("{text}\n");
    for written in [
        io::stdout().write_all(line.as_bytes()),
        io::stderr().write_all(line.as_bytes()),
        io::stdout().flush(),
    ] {
        written.expect("the outputs are open");
    }
}

impl Call {
    fn of(plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            gives_nonsense: false,
        }
    }

    /// Whether the module always does this.
    pub(crate) fn has(&self, habit: Habit) -> bool {
        self.plan.has(habit)
    }

    /// Label of the token in the reader.
    pub(crate) fn token(&self) -> Result<&str, CK_RV> {
        self.plan.token.as_deref().ok_or(CKR_TOKEN_NOT_PRESENT)
    }

    /// Asks or changes what the card in the reader remembers.
    pub(crate) fn card<T>(&self, act: impl FnOnce(&mut Card) -> T) -> Result<T, CK_RV> {
        let plan = &self.plan;
        Ok(with_card(&plan.memory, self.token()?, plan.insertion, act))
    }

    /// Whether a session lives.
    #[expect(clippy::unused_self, reason = "only a call asks")]
    pub(crate) fn session(&self, session: CK_SESSION_HANDLE) -> Answer {
        if state().sessions.contains_key(&session) {
            Ok(())
        } else {
            Err(CKR_SESSION_HANDLE_INVALID)
        }
    }

    /// Spoils a length or count that was given out, if this call does.
    pub(crate) fn spoil(&self, len: CK_ULONG_PTR) {
        if self.gives_nonsense && !len.is_null() {
            unsafe { len.write(NONSENSE) };
        }
    }
}

/// The plan that has no such call any more.
fn until_it_may_go_on(function: &str, at: u64) -> Plan {
    loop {
        let plan = Plan::read();
        if plan.misdeed(function, at) != Some(Misdeed::Wait) {
            return plan;
        }
        thread::sleep(BETWEEN_READINGS);
    }
}

pub(crate) fn sleep_for_ever() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

const BETWEEN_READINGS: Duration = Duration::from_millis(20);
/// More than any buffer has.
const NONSENSE: CK_ULONG = 1 << 40;
