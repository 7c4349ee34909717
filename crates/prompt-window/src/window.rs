//! The dialogue on the screen.

use std::cell::{Cell, RefCell};
use std::process;
use std::rc::Rc;
use std::time::{Duration, Instant};

use daemon_wire::window::{Look, OutcomeBody, Refusal, Theme as LightOrDark, Tone as OutcomeTone};
use slint::platform::WindowEvent;
use slint::{
    CloseRequestResponse, ComponentHandle as _, LogicalSize, ModelRc, PlatformError, SharedString,
    Timer, VecModel,
};
use texts::Language;

use crate::dialogue::{Dialogue, Page, Role, Step};
use crate::palette::Palette;
use crate::pipe::{Message, Mouth};
use crate::ui::{self, PromptWindow};
use crate::words::{self, Speaker, Weight, Words};

/// A yes by a key that was meant for another window is none: so long the button takes no key.
const BEFORE_A_YES: Duration = Duration::from_millis(500);
/// How long the good news stays.
const DONE_IS_SHOWN: Duration = Duration::from_millis(2500);
/// How long bad news stays, and a wait for the card.
const LONGEST_UNATTENDED: Duration = Duration::from_secs(60);
/// How much time is left when that is told.
const TIME_IS_TOLD: Duration = Duration::from_secs(30);
/// How much is so little that nobody may overlook it.
const TIME_IS_SHORT: Duration = Duration::from_secs(5);
/// How often the time left is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// Tallest window at first, in logical pixels; what is longer scrolls.
const TALLEST: f32 = 790.0;
const WIDTH: f32 = 540.0;

/// The window, its dialogue, and the way back to the agent.
pub(crate) struct Conversation {
    window: PromptWindow,
    state: RefCell<State>,
    timer: Timer,
    /// Counts down while the reader waits at its keypad, or somebody for the answer.
    clock: Timer,
    /// The height that it was last given.
    height: Cell<f32>,
}

struct State {
    dialogue: Option<Dialogue>,
    words: Words,
    look: Look,
    /// What the agent hears; nothing where a picture is all that is wanted.
    mouth: Option<Mouth>,
    /// It is on the screen.
    is_shown: bool,
    /// The field that was given the focus, and how often one was.
    focus: (usize, i32),
}

impl Conversation {
    /// A window that is not shown yet.
    pub(crate) fn new(mouth: Option<Mouth>) -> Result<Rc<Self>, PlatformError> {
        let conversation = Rc::new(Self {
            window: PromptWindow::new()?,
            state: RefCell::new(State {
                dialogue: None,
                words: Words::default(),
                look: Look::default(),
                mouth,
                is_shown: false,
                focus: (0, 0),
            }),
            timer: Timer::default(),
            clock: Timer::default(),
            height: Cell::default(),
        });
        conversation.listen();
        Ok(conversation)
    }

    pub(crate) const fn window(&self) -> &PromptWindow {
        &self.window
    }

    /// Shows what the agent says.
    pub(crate) fn take(self: &Rc<Self>, message: Message) {
        match message {
            Message::Question { question, until } => {
                self.look(question.look);
                self.ask(Dialogue::new(question.asked), until);
            }
            Message::Outcome(outcome) => {
                self.look(outcome.look);
                self.end(&outcome);
            }
            Message::Entered => {
                self.with_dialogue(|dialogue| {
                    dialogue.entered();
                    Step::Stay
                });
                self.work();
            }
        }
    }

    /// Tells the agent that the window is on the screen.
    pub(crate) fn say_shown(self: &Rc<Self>) {
        self.send(Mouth::say_shown);
        self.state.borrow_mut().is_shown = true;
        let step = self.with_dialogue(Dialogue::seen);
        self.follow(step);
    }

    /// A key in a field, for pictures.
    pub(crate) fn type_digit(&self, field: usize) {
        self.with_dialogue(|dialogue| dialogue.key(field, "0"));
        self.show_fields();
    }

    /// The button that goes on, for pictures.
    pub(crate) fn go_on(self: &Rc<Self>) {
        let step = self.with_dialogue(Dialogue::accept);
        self.follow(step);
    }

    fn listen(self: &Rc<Self>) {
        // Keys are for the field that is to have the focus, which the toolkit may still be moving.
        let on = |act: fn(&mut Dialogue, usize, &str) -> Step| {
            let this = Rc::downgrade(self);
            move |text: &str| {
                let Some(this) = this.upgrade() else {
                    return;
                };
                let field = this.state.borrow().focus.0;
                let step = this.with_dialogue(|dialogue| act(dialogue, field, text));
                this.follow(step);
            }
        };
        let key = on(Dialogue::key);
        self.window.on_key(move |_, text| key(text.as_str()));
        let erase = on(|dialogue, field, _| dialogue.erase(field));
        self.window.on_erase(move |_| erase(""));
        let enter = on(|dialogue, field, _| dialogue.enter(field));
        self.window.on_enter(move |_| enter(""));
        let agreed = on(|dialogue, _, _| dialogue.accept());
        self.window.on_agreed(move || agreed(""));
        let this = Rc::downgrade(self);
        self.window.on_field_focused(move |field| {
            if let (Some(this), Ok(field)) = (this.upgrade(), usize::try_from(field)) {
                this.state.borrow_mut().focus.0 = field;
            }
        });
        let this = Rc::downgrade(self);
        let stop = move || {
            if let Some(this) = this.upgrade() {
                this.stop();
            }
        };
        let closed = stop.clone();
        self.window.on_stopped(stop);
        self.window.window().on_close_requested(move || {
            closed();
            CloseRequestResponse::KeepWindowShown
        });
        let this = Rc::downgrade(self);
        self.window.on_unfolded(move || {
            if let Some(this) = this.upgrade() {
                this.fit();
            }
        });
        let this = Rc::downgrade(self);
        self.window.on_theme_changed(move || {
            if let Some(this) = this.upgrade() {
                this.paint();
            }
        });
    }

    fn with_dialogue(&self, act: impl FnOnce(&mut Dialogue) -> Step) -> Step {
        let mut state = self.state.borrow_mut();
        state.dialogue.as_mut().map_or(Step::Stay, act)
    }

    fn stop(self: &Rc<Self>) {
        let step = self
            .state
            .borrow_mut()
            .dialogue
            .as_mut()
            .map(Dialogue::stop);
        self.follow(step.unwrap_or(Step::Close));
    }

    fn follow(self: &Rc<Self>, step: Step) {
        match step {
            Step::Stay => {
                self.show_fields();
                self.fit();
            }
            Step::Focus(field) => {
                let mut state = self.state.borrow_mut();
                state.focus = (field, state.focus.1 + 1);
                drop(state);
                self.show_page();
            }
            Step::Answer(answer) => {
                self.send(|mouth| mouth.answer(&answer));
                drop(answer);
                self.work();
            }
            Step::Open(answer) => {
                self.send(|mouth| mouth.answer(&answer));
                self.show_page();
                self.count_down();
            }
            Step::RefuseEntry => {
                self.send(|mouth| mouth.refuse(Refusal::Cancelled));
                self.work();
            }
            Step::Refuse(refusal) => {
                self.send(|mouth| mouth.refuse(refusal));
                process::exit(0);
            }
            Step::Close => process::exit(0),
        }
    }

    /// The answer is with the card, or will be refused.
    fn work(&self) {
        self.clock.stop();
        self.show_page();
        self.end_after(LONGEST_UNATTENDED);
    }

    /// Shows how long the reader waits, until something else is shown.
    fn count_down(self: &Rc<Self>) {
        let time = {
            let state = self.state.borrow();
            let dialogue = state.dialogue.as_ref();
            dialogue.and_then(Dialogue::keypad_time)
        };
        let until = Instant::now() + time.unwrap_or_default();
        let this = Rc::downgrade(self);
        self.clock
            .start(slint::TimerMode::Repeated, BETWEEN_LOOKS, move || {
                if let Some(this) = this.upgrade() {
                    this.show_time_left(until.saturating_duration_since(Instant::now()));
                }
            });
    }

    /// The time left at the keypad, in whole seconds that have begun.
    pub(crate) fn show_time_left(&self, left: Duration) {
        let seconds = begun_seconds(left);
        let texts = Speaker::new(self.language()).window;
        self.window.set_keypad_seconds(whole(seconds));
        self.window
            .set_keypad_time_left(texts.keypad_seconds(seconds).into());
    }

    /// An agent that hears no more has died, and this process with it.
    fn send(&self, say: impl FnOnce(&mut Mouth) -> std::io::Result<()>) {
        let mut state = self.state.borrow_mut();
        let said = state.mouth.as_mut().map(say);
        if said.is_some_and(|said| said.is_err()) {
            process::exit(1);
        }
    }

    /// Counts the last seconds in which somebody waits for the answer; before them there is time enough.
    fn count_down_to_the_answer(self: &Rc<Self>, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        self.show_time_to_answer(left);
        let this = Rc::downgrade(self);
        let enough = left.saturating_sub(TIME_IS_TOLD);
        if enough.is_zero() {
            let look = move || {
                if let Some(this) = this.upgrade() {
                    let left = until.saturating_duration_since(Instant::now());
                    this.show_time_to_answer(left);
                }
            };
            self.clock
                .start(slint::TimerMode::Repeated, BETWEEN_LOOKS, look);
        } else {
            self.clock
                .start(slint::TimerMode::SingleShot, enough, move || {
                    if let Some(this) = this.upgrade() {
                        this.count_down_to_the_answer(until);
                    }
                });
        }
    }

    /// The time left to answer, where it is little.
    pub(crate) fn show_time_to_answer(&self, left: Duration) {
        let texts = Speaker::new(self.language()).window;
        let told = (left <= TIME_IS_TOLD).then(|| texts.time_to_answer(begun_seconds(left)));
        self.window
            .set_time_to_answer(told.unwrap_or_default().into());
        self.window.set_time_is_short(left <= TIME_IS_SHORT);
        self.window
            .set_seconds_to_answer(whole(begun_seconds(left)));
    }

    fn ask(self: &Rc<Self>, dialogue: Dialogue, until: Option<Instant>) {
        self.timer.stop();
        self.clock.stop();
        let language = self.language();
        let words = Words::of(dialogue.asked(), language);
        let takes_a_yes = dialogue.fields().is_empty() && dialogue.page() == Page::Question;
        let waits_for_reader = dialogue.page() == Page::Keypad;
        let keypad_time = dialogue.keypad_time().unwrap_or_default();
        {
            let mut state = self.state.borrow_mut();
            state.words = words;
            state.dialogue = Some(dialogue);
            state.focus = (0, state.focus.1 + 1);
        }
        self.show_words();
        self.window.set_keypad_longest(whole(keypad_time.as_secs()));
        self.show_time_left(keypad_time);
        self.window.set_time_to_answer(SharedString::default());
        // A reader that waits has a time of its own.
        if let Some(until) = until.filter(|_| !waits_for_reader) {
            self.count_down_to_the_answer(until);
        }
        self.window
            .set_time_when_asked(self.window.get_time_to_answer());
        self.show_page();
        if takes_a_yes {
            self.window.set_accept_enabled(false);
            let this = Rc::downgrade(self);
            self.timer
                .start(slint::TimerMode::SingleShot, BEFORE_A_YES, move || {
                    if let Some(this) = this.upgrade() {
                        this.window.set_accept_enabled(true);
                    }
                });
        } else {
            self.window.set_accept_enabled(true);
        }
        if self.state.borrow().is_shown {
            let step = self.with_dialogue(Dialogue::seen);
            self.follow(step);
        }
    }

    fn end(self: &Rc<Self>, outcome: &OutcomeBody) {
        self.clock.stop();
        if let Some(dialogue) = &mut self.state.borrow_mut().dialogue {
            dialogue.end();
        }
        let speaker = Speaker::new(self.language());
        let tone = match outcome.tone {
            OutcomeTone::Done => ui::Tone::Done,
            OutcomeTone::Failed => ui::Tone::Danger,
        };
        let window = &self.window;
        window.set_window_title(match outcome.tone {
            OutcomeTone::Done => speaker.window.title_done().into(),
            OutcomeTone::Failed => speaker.window.title_failed().into(),
        });
        if self.state.borrow().dialogue.is_none() {
            window.set_header_title(speaker.window.title().into());
        }
        window.set_outcome_title(outcome.title.as_str().into());
        window.set_outcome(ui::Notice {
            tone,
            text: outcome.detail.as_str().into(),
        });
        window.set_page(ui::Page::Outcome);
        window.set_cancel_label(speaker.window.close().into());
        window.set_focus_cancel(window.get_focus_cancel() + 1);
        self.fit();
        self.end_after(match outcome.tone {
            OutcomeTone::Done => DONE_IS_SHOWN,
            OutcomeTone::Failed => LONGEST_UNATTENDED,
        });
    }

    fn end_after(&self, time: Duration) {
        self.timer
            .start(slint::TimerMode::SingleShot, time, || process::exit(0));
    }

    fn language(&self) -> Language {
        if self.state.borrow().look.english {
            Language::English
        } else {
            Language::French
        }
    }

    fn look(&self, look: Look) {
        self.state.borrow_mut().look = look;
        self.paint();
    }

    fn show_words(&self) {
        let speaker = Speaker::new(self.language());
        let state = self.state.borrow();
        let (words, window) = (&state.words, &self.window);
        window.set_has_card(words.has_card);
        window.set_header_title(words.header_title.as_str().into());
        window.set_header_detail(words.header_detail.as_str().into());
        window.set_test(words.test.as_str().into());
        window.set_facts(model(words.facts.iter().map(fact)));
        window.set_lists(model(words.lists.iter().map(|list| ui::ItemList {
            label: list.label.as_str().into(),
            items: model(list.items.iter().map(SharedString::from)),
        })));
        window.set_entries_label(speaker.window.documents().into());
        window.set_entries(model(words.entries.iter().map(|entry| ui::Entry {
            number: entry.number.as_str().into(),
            text: entry.text.as_str().into(),
            digest: entry.digest.as_str().into(),
        })));
        window.set_show_digests(speaker.window.show_digests().into());
        window.set_hide_digests(speaker.window.hide_digests().into());
        window.set_pairing_label(speaker.window.pairing_code().into());
        window.set_pairing_code(words.pairing_code.as_str().into());
        window.set_pairing_hint(speaker.window.pairing_hint().into());
        window.set_keypad_text(words.keypad.as_str().into());
        window.set_keypad_time_label(speaker.window.keypad_time().into());
        window.set_keypad_not_here(speaker.window.keypad_not_here().into());
        window.set_keypad_refusal(speaker.window.keypad_refusal().into());
        window.set_remark(words.remark.as_str().into());
        window.set_last_try_heading(speaker.window.last_try_heading().into());
    }

    /// What differs from page to page of one question.
    fn show_page(&self) {
        let speaker = Speaker::new(self.language());
        let page = {
            let state = self.state.borrow();
            let Some(dialogue) = &state.dialogue else {
                return;
            };
            dialogue.page()
        };
        let window = &self.window;
        self.show_fields();
        {
            let state = self.state.borrow();
            let words = &state.words;
            let is_shown =
                |notice: &&words::Notice| page != Page::LastTry || notice.weight != Weight::Info;
            window.set_notices(model(words.notices.iter().filter(is_shown).map(notice)));
            window.set_window_title(match page {
                Page::Question => words.title.as_str().into(),
                Page::Keypad => speaker.window.title_keypad().into(),
                Page::LastTry => speaker.window.title_last_try().into(),
                Page::Working | Page::Outcome => speaker.window.title_working().into(),
            });
            let (heading, accept, cancel) = match page {
                Page::LastTry => (
                    words.heading.clone(),
                    speaker.window.risk_last_try(),
                    speaker.window.keep_last_try(),
                ),
                Page::Question | Page::Keypad => (
                    words.heading.clone(),
                    words.accept.clone(),
                    words.cancel.clone(),
                ),
                Page::Working | Page::Outcome => (
                    speaker.window.working(),
                    words.accept.clone(),
                    speaker.window.close(),
                ),
            };
            window.set_heading(heading.into());
            window.set_accept_label(accept.into());
            window.set_cancel_label(cancel.into());
        }
        window.set_page(match page {
            Page::LastTry => ui::Page::LastTry,
            Page::Question => ui::Page::Question,
            Page::Keypad => ui::Page::Keypad,
            Page::Working => ui::Page::Working,
            Page::Outcome => ui::Page::Outcome,
        });
        self.fit();
        let has_fields = self
            .state
            .borrow()
            .dialogue
            .as_ref()
            .is_some_and(|dialogue| !dialogue.fields().is_empty());
        if page == Page::Keypad {
            // Enter, which ends a code at the keypad, must not refuse when it is pressed here.
            window.set_typed_here(false);
            window.set_focus_keypad(window.get_focus_keypad() + 1);
        } else if page != Page::Question || !has_fields {
            // A code and Enter that are meant for another window must never be a yes.
            window.set_focus_cancel(window.get_focus_cancel() + 1);
        }
    }

    fn show_fields(&self) {
        let speaker = Speaker::new(self.language());
        let state = self.state.borrow();
        let Some(dialogue) = &state.dialogue else {
            return;
        };
        let fields = dialogue.fields().iter().enumerate().map(|(place, field)| {
            let typed = field.typed();
            let problem = field.problem;
            ui::Field {
                label: speaker.field_label(field.role).into(),
                hint: if field.role == Role::NewCodeAgain {
                    SharedString::default()
                } else {
                    speaker.lengths(&field.lengths).into()
                },
                problem: problem
                    .map(|problem| speaker.problem(problem, field.role, &field.lengths))
                    .unwrap_or_default()
                    .into(),
                spoken: speaker
                    .window
                    .typed(u64::try_from(typed).unwrap_or(u64::MAX))
                    .into(),
                typed: whole(typed),
                places: whole(*field.lengths.start()),
                focus_request: if place == state.focus.0 {
                    state.focus.1
                } else {
                    0
                },
            }
        });
        let mut fields = fields.collect::<Vec<_>>().into_iter();
        let window = &self.window;
        window.set_field_count(whole(fields.len()));
        window.set_first_field(fields.next().unwrap_or_default());
        window.set_second_field(fields.next().unwrap_or_default());
        window.set_third_field(fields.next().unwrap_or_default());
    }

    /// As tall as what it shows, within reason.
    fn fit(&self) {
        let window = self.window.window();
        // How tall words are depends on their width, which a window that was never shown has not.
        if window.size().width == 0 {
            let size = LogicalSize::new(WIDTH, TALLEST);
            window.dispatch_event(WindowEvent::Resized { size });
        }
        let wanted = self.window.get_wanted_height().min(TALLEST);
        // Whoever pulled the window to another size keeps it for as long as the words stay.
        if (self.height.replace(wanted) - wanted).abs() > 1.0 {
            window.set_size(LogicalSize::new(WIDTH, wanted));
        }
    }

    fn paint(&self) {
        let dark = match self.state.borrow().look.theme {
            Some(LightOrDark::Light) => false,
            Some(LightOrDark::Dark) => true,
            None => self.window.get_system_is_dark(),
        };
        Palette::of(dark).paint(&self.window.global::<ui::Theme<'_>>());
    }
}

fn fact(fact: &words::Fact) -> ui::Fact {
    ui::Fact {
        label: SharedString::from(&fact.label),
        value: SharedString::from(&fact.value),
        detail: SharedString::from(&fact.detail),
    }
}

fn notice(notice: &words::Notice) -> ui::Notice {
    ui::Notice {
        tone: match notice.weight {
            Weight::Info => ui::Tone::Info,
            Weight::Warning => ui::Tone::Warning,
            Weight::Danger => ui::Tone::Danger,
        },
        text: SharedString::from(&notice.text),
    }
}

fn model<T: Clone + 'static>(items: impl Iterator<Item = T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(items.collect::<Vec<_>>()))
}

fn begun_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn whole(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
