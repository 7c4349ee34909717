//! What a number of the list is: a function, a situation, the calls, the code that the agency expects, and ours.

use cryptoki_sys::CK_RV;

use crate::run::Run;

/// A line of a table, in the order of the run.
pub(crate) enum Line {
    Number(Number),
    /// What has to be before the next number.
    Step(fn(&mut Run)),
}

/// A number of the agency's list.
pub(crate) struct Number {
    pub(crate) number: u16,
    pub(crate) function: &'static str,
    /// In our own words.
    pub(crate) situation: &'static str,
    pub(crate) call: fn(&mut Run) -> CK_RV,
    /// The agency's code.
    pub(crate) expected: CK_RV,
    pub(crate) ours: Ours,
    pub(crate) cards: Cards,
}

/// What our module does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    Same,
    /// Another code, which is better, and why.
    Better(CK_RV, &'static str),
    /// The number asks for what the module never does; its code, and why.
    NotApplicable(CK_RV, &'static str),
}

/// On which cards the number is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cards {
    Both,
    Cps4,
}

impl Number {
    pub(crate) fn is_for(&self, is_cps4: bool) -> bool {
        self.cards == Cards::Both || is_cps4
    }

    /// The code that our module has to give.
    pub(crate) fn own_code(&self) -> CK_RV {
        match self.ours {
            Ours::Same => self.expected,
            Ours::Better(code, _) | Ours::NotApplicable(code, _) => code,
        }
    }
}

pub(crate) const fn number(
    number: u16,
    function: &'static str,
    situation: &'static str,
    expected: CK_RV,
    call: fn(&mut Run) -> CK_RV,
) -> Line {
    Line::Number(Number {
        number,
        function,
        situation,
        call,
        expected,
        ours: Ours::Same,
        cards: Cards::Both,
    })
}

pub(crate) const fn step(step: fn(&mut Run)) -> Line {
    Line::Step(step)
}

impl Line {
    /// Ours differs, for the better.
    pub(crate) const fn better(self, code: CK_RV, reason: &'static str) -> Self {
        self.ours(Ours::Better(code, reason))
    }

    /// Ours never does this.
    pub(crate) const fn not_applicable(self, code: CK_RV, reason: &'static str) -> Self {
        self.ours(Ours::NotApplicable(code, reason))
    }

    const fn ours(mut self, ours: Ours) -> Self {
        if let Self::Number(number) = &mut self {
            number.ours = ours;
        }
        self
    }

    /// The agency's list has it for a CPS4 alone, and no other card can do it.
    pub(crate) const fn on_cps4(mut self) -> Self {
        if let Self::Number(number) = &mut self {
            number.cards = Cards::Cps4;
        }
        self
    }
}
