//! What is in which reader, kept true by the watchers and the workers.

mod seen_before;
mod sources;
mod stays;
mod stuck_workers;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daemon_types::{
    CardId, CardSummary, CodeState, CodesOfCard, ErrorCode, Happening, KeyRole, OperationError,
    PresentCard, ReaderCondition, ReaderId, ReaderSummary, Reason, SignatureAlgorithm,
    TokenObjects, UnblockCodeState,
};
use ring::hmac;
use tokio::sync::oneshot;

use self::sources::KnownSource;
pub(crate) use self::sources::SourcePlace;
use crate::call_watch::{CallWatch, Calls, WaitsFor};
use crate::event_log::{EventLog, Subscription};
use crate::job::Job;
use crate::keypad::ReaderKeypad;
use crate::source::{ConnectCard, Presence, ReaderSource, ReaderState, StopSource};
use crate::worker::Message;
use crate::worker_link::{Post, Progress, Queue, Unanswered, WorkerLink};
use crate::{
    CardInReader, HolderCodeError, KeypadUses, NewCode, OperationClock, SeenCards, Settings,
    watcher,
};

/// All readers and cards of the agent; clones share the same ones.
#[derive(Clone, Debug)]
pub struct Cards(Arc<Inventory>);

impl Cards {
    /// Starts watching the sources, one thread each, in the order of precedence: a reader that several
    /// of them list is the first one's, and those after it wait until it has said what it has. Without
    /// `seen_cards` every card is read in full.
    ///
    /// # Errors
    /// The system's error when a thread cannot be started.
    pub fn start(
        sources: Vec<Box<dyn ReaderSource>>,
        settings: Settings,
        seen_cards: Option<SeenCards>,
    ) -> std::io::Result<Self> {
        let inventory = Arc::new(Inventory {
            settings,
            call_watch: CallWatch::new(settings.call_time),
            seen_cards,
            events: EventLog::new(settings.before_first_event),
            state: Mutex::new(State {
                sources: sources
                    .iter()
                    .map(|source| KnownSource::of(source.as_ref()))
                    .collect(),
                ..State::default()
            }),
            stoppers: sources.iter().map(|source| source.stopper()).collect(),
        });
        let told = Arc::clone(&inventory);
        let tell = move |calls: &Arc<Calls>| told.overdue(calls);
        inventory.call_watch.start(tell)?;
        for (place, source) in sources.into_iter().enumerate() {
            watcher::spawn(source, SourcePlace(place), Arc::clone(&inventory))?;
        }
        Ok(Self(inventory))
    }

    /// Every reader, by name.
    #[must_use]
    pub fn readers(&self) -> Vec<ReaderSummary> {
        let state = self.0.lock();
        let readers = state.by_name().into_iter();
        readers.map(|reader| reader.summary.clone()).collect()
    }

    /// Every card that can be used, by the name of its reader. One that two sources see, by readers
    /// that they name differently, is in the reader of the first.
    #[must_use]
    pub fn cards(&self) -> Vec<CardInReader> {
        let state = self.0.lock();
        let readers = state.by_name().into_iter();
        let acting = readers.filter(|reader| !state.has_card_from_before(reader));
        acting.filter_map(Reader::card_in_reader).collect()
    }

    /// The card of this name.
    ///
    /// # Errors
    /// `card-removed` for one that left, `not-found` for one that was never seen, and
    /// `card-unsupported` where two cards of one source bear the same number: one of them is a copy.
    pub fn find(&self, id: &CardId) -> Result<CardInReader, OperationError> {
        let mut present = self.cards();
        present.retain(|card| card.card.summary.id == *id);
        if present.len() > 1 {
            return Err(OperationError::new(ErrorCode::CardUnsupported)
                .caused_by("two cards bear the same number"));
        }
        present.pop().ok_or_else(|| {
            let was_seen = self.0.lock().seen.contains(id);
            OperationError::new(if was_seen {
                ErrorCode::CardRemoved
            } else {
                ErrorCode::NotFound
            })
        })
    }

    /// Why a source has no readers, where its service is not there; of several, the first one.
    #[must_use]
    pub fn missing_service(&self) -> Option<ErrorCode> {
        let state = self.0.lock();
        state.sources.iter().find_map(KnownSource::missing)
    }

    /// Reads the counters of the codes again, so that what another program did is seen.
    ///
    /// # Errors
    /// What the card or its reader says.
    pub async fn read_codes(&self, card: &CardInReader) -> Result<CardInReader, OperationError> {
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::ReadCodes { insertion, reply };
        let progress = self.give(card, job, |queue| &queue.looks)?;
        let read = progress.answer(answer).await;
        read.map_err(Unanswered::into_error)?;
        Ok(self.find(&card.card.summary.id)?.on_clock(&card.clock))
    }

    /// Sets a new code, in one transaction, and gives the state of both codes after it, unless the
    /// card could no longer be read then.
    ///
    /// Dropping the future before the worker took the job takes the job back.
    ///
    /// # Errors
    /// [`HolderCodeError`], about the code that proves the holder's right to it; the card of
    /// another insertion is never touched.
    pub async fn set_pin(
        &self,
        card: &CardInReader,
        new_code: impl Into<NewCode>,
    ) -> Result<Option<CodesOfCard>, HolderCodeError> {
        let new_code = new_code.into();
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::SetPin {
            insertion,
            new_code,
            reply,
        };
        let progress = self.give(card, job, |queue| &queue.uses)?;
        let set = progress.answer(answer).await;
        set.map_err(|unanswered| match unanswered {
            Unanswered::Error(error) => error,
            // The card may have the code, and whoever waits for it will never know.
            Unanswered::Overdue(WaitsFor::Card) => OperationError::new(ErrorCode::CardMute)
                .because(Reason::OutcomeUnknown)
                .into(),
            Unanswered::Overdue(WaitsFor::Turn) => unanswered.into_error(),
        })
    }

    /// The events after `after`, or from now on.
    #[must_use]
    pub fn subscribe(&self, after: Option<u64>) -> Subscription {
        self.0.events.subscribe(after)
    }

    /// Tells subscribers of something that happened above the cards.
    pub fn announce(&self, happening: Happening) {
        self.0.events.push(happening);
    }

    /// Ends all subscriptions, once they told what happened so far.
    pub fn end_subscriptions(&self) {
        self.0.events.close();
    }

    /// Ends all watches and subscriptions; workers end with them, but for one that its card holds.
    pub fn stop(&self) {
        self.0.call_watch.stop();
        for stopper in &self.0.stoppers {
            stopper.stop();
        }
        self.end_subscriptions();
    }

    pub(crate) fn worker_is_at_keypad(&self, reader: &ReaderId) -> bool {
        let state = self.0.lock();
        let reader = state.readers.get(reader);
        reader.is_some_and(|reader| reader.worker.is_at_keypad())
    }

    pub(crate) fn give(
        &self,
        card: &CardInReader,
        job: Job,
        kind: fn(&Queue) -> &AtomicUsize,
    ) -> Result<Progress, OperationError> {
        self.of_worker(card, |worker| worker.give(job, card.clock.clone(), kind))
    }

    /// Has the worker of the card's reader do this.
    pub(crate) fn of_worker<T>(
        &self,
        card: &CardInReader,
        ask: impl FnOnce(&WorkerLink) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        let state = self.0.lock();
        let reader = state.readers.get(card.reader());
        let reader = reader.ok_or(OperationError::new(ErrorCode::ReaderLost))?;
        ask(&reader.worker)
    }
}

/// The state behind [`Cards`].
pub(crate) struct Inventory {
    pub(crate) settings: Settings,
    pub(crate) call_watch: Arc<CallWatch>,
    seen_cards: Option<SeenCards>,
    events: Arc<EventLog>,
    state: Mutex<State>,
    stoppers: Vec<Box<dyn StopSource>>,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inventory").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    readers: BTreeMap<ReaderId, Reader>,
    /// Workers of readers that left, as long as a call holds their threads.
    left_behind: BTreeMap<ReaderId, WorkerLink>,
    seen: HashSet<CardId>,
    /// In the order of precedence.
    sources: Vec<KnownSource>,
    last_insertion: u64,
}

impl State {
    /// Ids differ from one installation to the next; names give an order that people expect.
    fn by_name(&self) -> Vec<&Reader> {
        let mut readers: Vec<_> = self.readers.values().collect();
        readers.sort_by(|one, other| one.summary.name.cmp(&other.summary.name));
        readers
    }

    /// Whether a source before that of the reader has its card as well.
    fn has_card_from_before(&self, reader: &Reader) -> bool {
        let id = |reader: &Reader| reader.card.as_ref().map(|card| card.id.clone());
        let card = id(reader);
        let mut others = self.readers.values();
        card.is_some() && others.any(|other| other.source < reader.source && id(other) == card)
    }
}

struct Reader {
    source: SourcePlace,
    connector: Arc<dyn ConnectCard>,
    summary: ReaderSummary,
    presence: Presence,
    card_changes: u32,
    /// Counts what was put into any reader: a number names one stay of one card.
    insertion: u64,
    card: Option<CardSummary>,
    /// What the keypad can be used for with the card in it.
    keypad_uses: KeypadUses,
    /// Whether the card in it can keep a code between two operations.
    keeps_code: bool,
    /// The names of its objects, once a program asked: they stay the same while the card stays.
    objects: Option<TokenObjects>,
    worker: WorkerLink,
}

impl Reader {
    fn card_in_reader(&self) -> Option<CardInReader> {
        self.card.clone().map(|summary| CardInReader {
            card: PresentCard {
                reader: self.summary.id.clone(),
                summary,
            },
            keypad: self.keypad_uses,
            keeps_code: self.keeps_code,
            clock: OperationClock::default(),
            insertion: self.insertion,
        })
    }

    fn holds_something(&self) -> bool {
        holds_something(&self.presence)
    }

    /// What it is shown as where no worker has said more of the card in it.
    fn condition(&self) -> ReaderCondition {
        match (&self.presence, self.worker.stuck()) {
            (Presence::Card, Some(waits_for)) => waits_for.condition(),
            (presence, _) => condition(presence),
        }
    }
}

impl Inventory {
    /// Publishes what a worker found in its reader, unless the card has left since. Says whether
    /// there is a card to be shown and used now.
    pub(crate) fn publish(
        &self,
        id: &ReaderId,
        insertion: u64,
        found: Result<CardSummary, (ErrorCode, Option<String>)>,
    ) -> bool {
        let mut state = self.lock();
        let Some(reader) = current(&mut state, id, insertion) else {
            return false;
        };
        let only = self.settings.only_environment;
        let found = found.and_then(|summary| match only {
            Some(only) if only != summary.environment => {
                Err((ErrorCode::EnvironmentMismatch, None))
            }
            Some(_) | None => Ok(summary),
        });
        let card = match found {
            Ok(summary) => {
                let card_id = summary.id.clone();
                reader.summary.condition = ReaderCondition::Card;
                reader.card = Some(summary);
                state.seen.insert(card_id.clone());
                Some(card_id)
            }
            Err((code, atr)) => {
                let problem = ReaderCondition::CardProblem(code, atr);
                if reader.summary.condition == problem {
                    return false;
                }
                reader.summary.condition = problem;
                if let Some(card) = reader.card.take() {
                    let (reader, card) = (id.clone(), Some(card.id));
                    self.events.push(Happening::CardRemoved { reader, card });
                }
                None
            }
        };
        let is_shown = card.is_some();
        let reader = id.clone();
        self.events.push(Happening::CardInserted { reader, card });
        is_shown
    }

    /// Whether the reader still holds what was put in at `insertion`.
    pub(crate) fn is_current(&self, id: &ReaderId, insertion: u64) -> bool {
        current(&mut self.lock(), id, insertion).is_some()
    }

    /// Publishes what is known of the keypad of a reader.
    pub(crate) fn publish_keypad(&self, id: &ReaderId, insertion: u64, keypad: ReaderKeypad) {
        let mut state = self.lock();
        if let Some(reader) = current(&mut state, id, insertion) {
            reader.summary.keypad = keypad.is_there;
            reader.keypad_uses = keypad.uses;
        }
    }

    /// Publishes whether a card can keep a code between two operations.
    pub(crate) fn publish_keeps_code(&self, id: &ReaderId, insertion: u64, keeps_code: bool) {
        if let Some(reader) = current(&mut self.lock(), id, insertion) {
            reader.keeps_code = keeps_code;
        }
    }

    /// Publishes which keys a card has, and what each of them signs by.
    pub(crate) fn publish_keys(
        &self,
        id: &ReaderId,
        insertion: u64,
        keys: &[(KeyRole, Vec<SignatureAlgorithm>)],
    ) {
        let mut state = self.lock();
        let card = current(&mut state, id, insertion).and_then(|reader| reader.card.as_mut());
        for certificate in card.into_iter().flat_map(|card| &mut card.certificates) {
            let key = keys.iter().find(|(role, _)| *role == certificate.role);
            let algorithms = key.map(|(_, algorithms)| algorithms.clone());
            certificate.signature_algorithms = Some(algorithms.unwrap_or_default());
        }
    }

    /// Publishes new counters, and tells subscribers when they differ.
    pub(crate) fn publish_codes(
        &self,
        id: &ReaderId,
        insertion: u64,
        pin: CodeState,
        unblock_code: UnblockCodeState,
    ) {
        let mut state = self.lock();
        let Some(card) = current(&mut state, id, insertion).and_then(|reader| reader.card.as_mut())
        else {
            return;
        };
        if card.pin == pin && card.unblock_code == unblock_code {
            return;
        }
        card.pin = pin;
        card.unblock_code = unblock_code;
        let card = card.id.clone();
        self.events.push(Happening::CardState { card });
    }

    /// Name of a card on this installation: nobody outside can tell the serial number from it.
    pub(crate) fn card_id(&self, serial_number: &str) -> CardId {
        CardId(self.salted_id("card", serial_number))
    }

    fn salted_id(&self, kind: &str, name: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.settings.id_salt);
        let tag = hmac::sign(&key, format!("{kind}\0{name}").as_bytes());
        tag.as_ref()
            .iter()
            .take(ID_LEN)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn new_reader(
        self: &Arc<Self>,
        id: &ReaderId,
        source: SourcePlace,
        connector: &Arc<dyn ConnectCard>,
        seen: &ReaderState,
        left_behind: Option<WorkerLink>,
    ) -> std::io::Result<Reader> {
        let worker = left_behind.map_or_else(
            || {
                WorkerLink::start(Post {
                    reader: id,
                    name: &seen.name,
                    connector,
                    inventory: self,
                })
            },
            Ok,
        )?;
        Ok(Reader {
            source,
            connector: Arc::clone(connector),
            summary: ReaderSummary {
                id: id.clone(),
                name: seen.name.clone(),
                keypad: false,
                contactless: None,
                condition: ReaderCondition::Empty,
            },
            presence: Presence::Empty,
            card_changes: seen.card_changes,
            insertion: 0,
            card: None,
            keypad_uses: KeypadUses::default(),
            keeps_code: false,
            objects: None,
            worker,
        })
    }

    fn update_reader(self: &Arc<Self>, state: &mut State, id: &ReaderId, seen: &ReaderState) {
        let Some(reader) = state.readers.get_mut(id) else {
            return;
        };
        let same_stay = reader.card_changes == seen.card_changes
            && reader.holds_something() == holds_something(&seen.presence);
        if same_stay && reader.presence == seen.presence {
            return;
        }
        if !same_stay && reader.holds_something() {
            let card = reader.card.take().map(|card| card.id);
            let reader_id = id.clone();
            self.events.push(Happening::CardRemoved {
                reader: reader_id,
                card,
            });
            let keeps_power = seen.presence == Presence::Unreachable;
            reader.worker.tell(Message::Removed { keeps_power });
        }
        if !same_stay {
            state.last_insertion += 1;
            reader.insertion = state.last_insertion;
            reader.keypad_uses = KeypadUses::default();
            reader.keeps_code = false;
            reader.objects = None;
        }
        reader.presence = seen.presence.clone();
        reader.card_changes = seen.card_changes;
        match seen.presence {
            Presence::Card if reader.card.is_none() => self.identify(reader),
            Presence::Mute => {
                let reader = id.clone();
                self.events
                    .push(Happening::CardInserted { reader, card: None });
            }
            Presence::Card | Presence::Empty | Presence::Busy | Presence::Unreachable => {}
        }
        reader.summary.condition = reader.condition();
    }

    fn remove_readers(&self, state: &mut State, is_gone: impl Fn(&ReaderId, &Reader) -> bool) {
        let gone: Vec<_> = state
            .readers
            .iter()
            .filter(|(id, reader)| is_gone(id, reader))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            let Some(reader) = state.readers.remove(&id) else {
                continue;
            };
            if reader.holds_something() {
                self.events.push(Happening::CardRemoved {
                    reader: id.clone(),
                    card: reader.card.map(|card| card.id),
                });
            }
            if let Some(worker) = reader.worker.leave_behind() {
                state.left_behind.insert(id.clone(), worker);
            }
            self.events.push(Happening::ReaderRemoved { reader: id });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reader, as long as it still holds what was put in at `insertion`.
fn current<'a>(state: &'a mut State, id: &ReaderId, insertion: u64) -> Option<&'a mut Reader> {
    state
        .readers
        .get_mut(id)
        .filter(|reader| reader.insertion == insertion)
}

fn holds_something(presence: &Presence) -> bool {
    match presence {
        Presence::Card | Presence::Mute | Presence::Busy => true,
        Presence::Empty | Presence::Unreachable => false,
    }
}

fn condition(presence: &Presence) -> ReaderCondition {
    match presence {
        Presence::Empty => ReaderCondition::Empty,
        Presence::Card => ReaderCondition::Card,
        Presence::Mute => ReaderCondition::CardProblem(ErrorCode::CardMute, None),
        Presence::Busy => ReaderCondition::Busy,
        Presence::Unreachable => ReaderCondition::Unreachable,
    }
}

/// Bytes of an id: enough that two cards never meet.
const ID_LEN: usize = 8;
