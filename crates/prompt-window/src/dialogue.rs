//! What the holder does, and what follows from it: no word, no pixel, no pipe.

use std::ops::RangeInclusive;
use std::time::Duration;

use daemon_types::KeypadEntry;
use daemon_wire::window::{Asked, Refusal, WindowAnswer};
use secrets::{Pin, UnblockCode};

use crate::typed_code::TypedCode;

/// One question and its answer so far.
#[derive(Debug)]
pub(crate) struct Dialogue {
    asked: Asked,
    page: Page,
    fields: Vec<Field>,
    last_try_confirmed: bool,
    /// The agent was told that the holder agrees, so that the reader may ask for the codes.
    is_agreed: bool,
}

/// What the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// What a wrong code would cost now, and whether it is worth it.
    LastTry,
    /// The question; where the reader asked before, whether it is to ask again.
    Question,
    /// The codes are typed at the keypad of the reader.
    Keypad,
    /// The answer is with the card.
    Working,
    /// What came of it.
    Outcome,
}

/// A field for a code.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) role: Role,
    /// How many digits the card takes.
    pub(crate) lengths: RangeInclusive<usize>,
    pub(crate) problem: Option<Problem>,
    typed: TypedCode,
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Code,
    /// The code as it is, where a new one follows.
    CurrentCode,
    UnblockCode,
    NewCode,
    NewCodeAgain,
}

/// Why what was typed stays here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Too few digits, or too many.
    Length,
    /// A key was no digit.
    NotADigit,
    /// The new code is the old one.
    SameAsOld,
    /// The second time was another code than the first.
    Different,
}

/// What the window does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Shows what changed.
    Stay,
    /// Brings the focus to this field.
    Focus(usize),
    /// Sends the answer, and waits for what comes of it.
    Answer(WindowAnswer),
    /// Sends that the holder agrees, and shows how long the reader waits.
    Open(WindowAnswer),
    /// Sends the refusal, and ends.
    Refuse(Refusal),
    /// Sends a refusal, and waits for what comes of it: the reader cannot be told.
    RefuseEntry,
    /// Ends.
    Close,
}

impl Field {
    fn new(role: Role, lengths: RangeInclusive<u8>) -> Self {
        let (minimum, maximum) = lengths.into_inner();
        Self {
            role,
            lengths: minimum.into()..=maximum.into(),
            problem: None,
            typed: TypedCode::default(),
        }
    }

    /// How many digits were typed.
    pub(crate) const fn typed(&self) -> usize {
        self.typed.len()
    }

    /// The digits, if they are as many as the card takes.
    fn digits(&self) -> Option<&[u8]> {
        let digits = self.typed.expose()?;
        self.lengths.contains(&digits.len()).then_some(digits)
    }
}

impl Dialogue {
    pub(crate) fn new(asked: Asked) -> Self {
        let fields = fields(&asked);
        let is_last_try = matches!(&asked, Asked::Card(question) if question.codes.is_last_try());
        Self {
            page: if is_last_try {
                Page::LastTry
            } else {
                first_page(&asked)
            },
            asked,
            fields,
            last_try_confirmed: false,
            is_agreed: false,
        }
    }

    pub(crate) const fn asked(&self) -> &Asked {
        &self.asked
    }

    pub(crate) const fn page(&self) -> Page {
        self.page
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How long the reader waits, where the codes are typed at its keypad.
    pub(crate) fn keypad_time(&self) -> Option<Duration> {
        keypad(&self.asked).map(|entry| entry.time)
    }

    /// The window is on the screen. Whoever types at the keypad agrees by that to what they see.
    pub(crate) fn seen(&mut self) -> Step {
        if self.page != Page::Keypad || self.is_agreed {
            return Step::Stay;
        }
        self.is_agreed = true;
        Step::Open(WindowAnswer {
            last_try_confirmed: self.last_try_confirmed,
            ..WindowAnswer::default()
        })
    }

    fn open_keypad(&mut self) -> Step {
        self.page = Page::Keypad;
        self.seen()
    }

    /// Nothing is typed at the keypad any more.
    pub(crate) fn entered(&mut self) {
        if self.page == Page::Keypad {
            self.page = Page::Working;
        }
    }

    /// A key in a field. Only digits count; of other characters the holder is told so.
    pub(crate) fn key(&mut self, field: usize, text: &str) -> Step {
        let mut characters = text.chars();
        let (Page::Question, Some(field), Some(key), None) = (
            self.page,
            self.fields.get_mut(field),
            characters.next(),
            characters.next(),
        ) else {
            return Step::Stay;
        };
        if let Some(digit) = u8::try_from(key).ok().filter(u8::is_ascii_digit) {
            field.typed.push(digit);
            field.problem = None;
        } else if shows_something(key) {
            field.problem = Some(Problem::NotADigit);
        }
        Step::Stay
    }

    /// Takes the last digit of a field back.
    pub(crate) fn erase(&mut self, field: usize) -> Step {
        if let (Page::Question, Some(field)) = (self.page, self.fields.get_mut(field)) {
            field.typed.pop();
            field.problem = None;
        }
        Step::Stay
    }

    /// Enter in a field: the next one, or the answer.
    pub(crate) fn enter(&mut self, field: usize) -> Step {
        if self.page != Page::Question {
            return Step::Stay;
        }
        if field + 1 >= self.fields.len() {
            return self.accept();
        }
        match self.problem_of(field) {
            Some(problem) => self.tell(field, problem),
            None => Step::Focus(field + 1),
        }
    }

    /// The button that goes on.
    pub(crate) fn accept(&mut self) -> Step {
        match self.page {
            Page::LastTry => {
                self.last_try_confirmed = true;
                if self.keypad_time().is_some() {
                    self.open_keypad()
                } else {
                    self.page = Page::Question;
                    Step::Focus(0)
                }
            }
            Page::Question if self.keypad_time().is_some() => self.open_keypad(),
            Page::Question => self.answer(),
            Page::Keypad | Page::Working | Page::Outcome => Step::Stay,
        }
    }

    /// The button that does not, Escape, and the close button of the window.
    pub(crate) fn stop(&mut self) -> Step {
        self.wipe();
        match self.page {
            Page::LastTry => Step::Refuse(Refusal::LastTryNotConfirmed),
            Page::Keypad if self.is_agreed => {
                self.page = Page::Working;
                Step::RefuseEntry
            }
            Page::Question | Page::Keypad => Step::Refuse(Refusal::Cancelled),
            Page::Working | Page::Outcome => Step::Close,
        }
    }

    /// What came of the answer is there.
    pub(crate) fn end(&mut self) {
        self.wipe();
        self.page = Page::Outcome;
    }

    /// Everything is checked before anything leaves.
    fn answer(&mut self) -> Step {
        for place in 0..self.fields.len() {
            if let Some(problem) = self.problem_of(place) {
                return self.tell(place, problem);
            }
        }
        let answer = WindowAnswer {
            code: self
                .digits_of(&[Role::Code, Role::CurrentCode])
                .and_then(|digits| Pin::new(digits).ok()),
            unblock_code: self
                .digits_of(&[Role::UnblockCode])
                .and_then(|digits| UnblockCode::new(digits).ok()),
            new_code: self
                .digits_of(&[Role::NewCode])
                .and_then(|digits| Pin::new(digits).ok()),
            last_try_confirmed: self.last_try_confirmed,
        };
        self.wipe();
        self.page = Page::Working;
        Step::Answer(answer)
    }

    fn problem_of(&self, place: usize) -> Option<Problem> {
        let field = self.fields.get(place)?;
        let digits = field.digits();
        match (field.role, digits) {
            (Role::NewCodeAgain, digits) => {
                let is_same = digits.is_some() && digits == self.digits_of(&[Role::NewCode]);
                (!is_same).then_some(Problem::Different)
            }
            (_, None) => Some(Problem::Length),
            (Role::NewCode, digits) if digits == self.digits_of(&[Role::CurrentCode]) => {
                Some(Problem::SameAsOld)
            }
            _ => None,
        }
    }

    /// A slip in one of two new codes is a slip in nobody knows which.
    fn tell(&mut self, place: usize, problem: Problem) -> Step {
        let first = place.saturating_sub(1);
        let (wiped, told) = match problem {
            Problem::Different => (Some(first..=place), first),
            Problem::SameAsOld => (Some(place..=place), place),
            Problem::Length | Problem::NotADigit => (None, place),
        };
        for (number, field) in self.fields.iter_mut().enumerate() {
            let is_wiped = wiped.as_ref().is_some_and(|wiped| wiped.contains(&number));
            if is_wiped {
                field.typed.wipe();
            }
            field.problem = (number == told).then_some(problem);
        }
        Step::Focus(told)
    }

    fn digits_of(&self, roles: &[Role]) -> Option<&[u8]> {
        let field = self.fields.iter().find(|field| roles.contains(&field.role));
        field?.digits()
    }

    fn wipe(&mut self) {
        for field in &mut self.fields {
            field.typed.wipe();
            field.problem = None;
        }
    }
}

/// Only the first entry of a dialogue is agreed to by typing: a reader that passed a question
/// through by itself would spend one try after the other.
fn first_page(asked: &Asked) -> Page {
    match keypad(asked) {
        Some(entry) if !entry.again => Page::Keypad,
        Some(_) | None => Page::Question,
    }
}

fn keypad(asked: &Asked) -> Option<KeypadEntry> {
    match asked {
        Asked::Card(question) => question.codes.keypad,
        Asked::Grant(_) => None,
    }
}

fn fields(asked: &Asked) -> Vec<Field> {
    let Asked::Card(question) = asked else {
        return Vec::new();
    };
    let codes = question.codes;
    let mut fields = Vec::new();
    if codes.keypad.is_some() {
        return fields;
    }
    if let Some(entry) = codes.pin {
        let role = if codes.new_pin.is_some() {
            Role::CurrentCode
        } else {
            Role::Code
        };
        fields.push(Field::new(role, entry.minimum_len..=entry.maximum_len));
    }
    if codes.unblock_code.is_some() {
        let len = u8::try_from(UnblockCode::LEN).unwrap_or(u8::MAX);
        fields.push(Field::new(Role::UnblockCode, len..=len));
    }
    if let Some(entry) = codes.new_pin {
        for role in [Role::NewCode, Role::NewCodeAgain] {
            fields.push(Field::new(role, entry.minimum_len..=entry.maximum_len));
        }
    }
    fields
}

/// Keys such as Shift and F1 come as control or private characters.
fn shows_something(key: char) -> bool {
    const PRIVATE: RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';
    !key.is_control() && !PRIVATE.contains(&key)
}

#[cfg(test)]
mod tests;
