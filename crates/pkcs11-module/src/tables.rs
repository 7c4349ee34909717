//! What this process has: slots as the agent last showed them, and the sessions of its threads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_SLOT_ID, CKR_DEVICE_REMOVED, CKR_SESSION_CLOSED,
    CKR_SESSION_HANDLE_INVALID, CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_PRESENT,
};
use daemon_client::Held;
use daemon_wire::ReaderBody;

use crate::answer::Answer;
use crate::decrypting::Decrypting;
use crate::digesting::Digesting;
use crate::encrypting::Encrypting;
use crate::sessions::SessionToken;
use crate::signing::Signing;
use crate::token::Token;
use crate::verifying::Verifying;

/// Slots and sessions.
#[derive(Default)]
pub(crate) struct Tables {
    slots: Vec<Slot>,
    sessions: BTreeMap<CK_SESSION_HANDLE, Session>,
    last_session: CK_SESSION_HANDLE,
    /// The look at the readers that began last, and the one that the slots are of; the first is 1.
    last_look: u64,
    known_look: u64,
}

/// A reader; it keeps its number while the module lives.
pub(crate) struct Slot {
    pub(crate) reader: ReaderBody,
    /// The agent lists it.
    pub(crate) is_there: bool,
    pub(crate) token: Option<Arc<Token>>,
    pub(crate) log_in: Option<Arc<LogIn>>,
    /// A log-in whose last session was closed without a log-out: the token is logged out, and a next log-in of this
    /// process within seconds asks nobody (GnuTLS logs in for each object that it lists).
    pub(crate) kept_log_in: Option<Arc<LogIn>>,
    /// When the holder last said no, or could not be asked in time, at a log-in that nobody called for by name.
    pub(crate) refused_at: Option<Instant>,
    /// Whose turn it is to log in: of two threads that need a log-in, the second finds that of the first.
    pub(crate) log_in_turn: Arc<Mutex<()>>,
    /// Something happened in it that nobody was told of (`C_WaitForSlotEvent`).
    has_changed: bool,
}

/// The log-in of this process; dropped, it is over, too.
pub(crate) struct LogIn {
    held: Held,
}

/// A session of one thread or several.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) slot: CK_SLOT_ID,
    pub(crate) is_read_write: bool,
    /// What a search has not given yet.
    pub(crate) search: Option<Vec<CK_OBJECT_HANDLE>>,
    /// The value of a data object whose length was asked for: a program asks for it next.
    pub(crate) data: Option<(CK_OBJECT_HANDLE, Vec<u8>)>,
    pub(crate) signing: Option<Signing>,
    pub(crate) verifying: Option<Verifying>,
    pub(crate) digesting: Option<Digesting>,
    pub(crate) encrypting: Option<Encrypting>,
    pub(crate) decrypting: Option<Decrypting>,
}

impl LogIn {
    pub(crate) fn new(held: Held) -> Self {
        Self { held }
    }

    /// Its path in the API.
    pub(crate) fn path(&self) -> &str {
        self.held.location()
    }

    /// Its name, for calls in it.
    pub(crate) fn session(&self) -> Option<String> {
        let name = self.path().rsplit('/').next();
        name.map(str::to_owned)
    }
}

impl Slot {
    /// The card that can be used in it.
    pub(crate) fn card(&self) -> Option<&str> {
        self.reader.card.as_deref().filter(|_| self.is_there)
    }

    /// Whether the holder said no in the time that ends now.
    pub(crate) fn was_refused_within(&self, time: Duration) -> bool {
        self.refused_at.is_some_and(|then| then.elapsed() < time)
    }

    /// Whether this token is in it, in the same stay of its card.
    fn has(&self, token: &Arc<Token>) -> bool {
        let own = self.token.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, token))
    }
}

impl Tables {
    /// A look at the readers begins.
    pub(crate) fn begin_look(&mut self) -> u64 {
        self.last_look += 1;
        self.last_look
    }

    /// Takes over what the agent listed at a look, unless one that began later was taken over already. Where a card is gone, its sessions are, too (PKCS#11 2.40, 5.5).
    pub(crate) fn update(&mut self, look: u64, readers: Vec<ReaderBody>) {
        if look < self.known_look {
            return;
        }
        let is_first = self.known_look == 0;
        self.known_look = look;
        for slot in &mut self.slots {
            slot.is_there = false;
        }
        for reader in readers.into_iter().take(MOST_SLOTS) {
            let is_full = self.slots.len() >= MOST_SLOTS;
            let known = self
                .slots
                .iter_mut()
                .find(|slot| !slot.is_there && slot.reader.name == reader.name);
            match known {
                Some(slot) => {
                    slot.is_there = true;
                    slot.has_changed |= slot.reader.card != reader.card;
                    slot.reader = reader;
                }
                None if is_full => {}
                None => self.slots.push(Slot {
                    reader,
                    is_there: true,
                    token: None,
                    log_in: None,
                    kept_log_in: None,
                    refused_at: None,
                    log_in_turn: Arc::default(),
                    has_changed: !is_first,
                }),
            }
        }
        for number in 0..self.slots.len() {
            self.drop_lost_token(number);
        }
    }

    fn drop_lost_token(&mut self, number: usize) {
        let Some(slot) = self.slots.get_mut(number) else {
            return;
        };
        if !slot.is_there && slot.reader.card.take().is_some() {
            slot.has_changed = true;
        }
        let is_lost = slot
            .token
            .as_ref()
            .is_some_and(|token| slot.reader.card.as_deref() != Some(token.card.as_str()));
        if is_lost {
            self.lose_token(id_of(number));
        }
    }

    /// A token is gone, and all that was about it, unless another has its slot by now.
    pub(crate) fn lose(&mut self, slot: CK_SLOT_ID, token: &Arc<Token>) {
        if self.slot(slot).is_ok_and(|slot| slot.has(token)) {
            self.lose_token(slot);
        }
    }

    fn lose_token(&mut self, slot: CK_SLOT_ID) {
        if let Ok(slot) = self.slot_mut(slot) {
            slot.token = None;
            slot.log_in = None;
            slot.kept_log_in = None;
            slot.refused_at = None;
        }
        self.sessions.retain(|_, session| session.slot != slot);
    }

    /// Forgets everything; the log-ins that were open.
    pub(crate) fn clear(&mut self) -> Vec<Arc<LogIn>> {
        let all = std::mem::take(self);
        let log_ins = all.slots.into_iter();
        log_ins
            .flat_map(|slot| [slot.log_in, slot.kept_log_in])
            .flatten()
            .collect()
    }

    /// The numbers of the slots, of those with a token alone where `with_token` says so.
    pub(crate) fn slot_ids(&self, with_token: bool) -> Vec<CK_SLOT_ID> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| slot.is_there && (!with_token || slot.card().is_some()))
            .map(|(number, _)| id_of(number))
            .collect()
    }

    /// # Errors
    /// `CKR_SLOT_ID_INVALID`.
    pub(crate) fn slot(&self, id: CK_SLOT_ID) -> Answer<&Slot> {
        let slot = usize::try_from(id).ok();
        slot.and_then(|number| self.slots.get(number))
            .ok_or(CKR_SLOT_ID_INVALID)
    }

    /// # Errors
    /// `CKR_SLOT_ID_INVALID`.
    pub(crate) fn slot_mut(&mut self, id: CK_SLOT_ID) -> Answer<&mut Slot> {
        let slot = usize::try_from(id).ok();
        slot.and_then(|number| self.slots.get_mut(number))
            .ok_or(CKR_SLOT_ID_INVALID)
    }

    /// The first slot in which something happened that nobody was told of; it is told now.
    pub(crate) fn take_change(&mut self) -> Option<CK_SLOT_ID> {
        let number = self.slots.iter().position(|slot| slot.has_changed)?;
        self.slots.get_mut(number)?.has_changed = false;
        Some(id_of(number))
    }

    /// Opens a session with a token.
    ///
    /// # Errors
    /// `CKR_TOKEN_NOT_PRESENT` where the token is gone meanwhile.
    pub(crate) fn open_session(
        &mut self,
        session: Session,
        token: &Arc<Token>,
    ) -> Answer<CK_SESSION_HANDLE> {
        if !self.slot(session.slot)?.has(token) {
            return Err(CKR_TOKEN_NOT_PRESENT);
        }
        self.last_session += 1;
        self.sessions.insert(self.last_session, session);
        Ok(self.last_session)
    }

    /// Logs in with the token of a session that is still there.
    ///
    /// # Errors
    /// `CKR_DEVICE_REMOVED` where the token is gone, `CKR_SESSION_CLOSED` where the session alone is.
    pub(crate) fn store_log_in(&mut self, of: &SessionToken, log_in: &Arc<LogIn>) -> Answer {
        let is_open = self.sessions.contains_key(&of.session);
        let slot = self.slot_mut(of.slot)?;
        if !slot.has(&of.token) {
            return Err(CKR_DEVICE_REMOVED);
        }
        if !is_open {
            return Err(CKR_SESSION_CLOSED);
        }
        slot.log_in = Some(Arc::clone(log_in));
        Ok(())
    }

    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`.
    pub(crate) fn session(&self, handle: CK_SESSION_HANDLE) -> Answer<&Session> {
        let session = self.sessions.get(&handle);
        session.ok_or(CKR_SESSION_HANDLE_INVALID)
    }

    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`.
    pub(crate) fn session_mut(&mut self, handle: CK_SESSION_HANDLE) -> Answer<&mut Session> {
        let session = self.sessions.get_mut(&handle);
        session.ok_or(CKR_SESSION_HANDLE_INVALID)
    }

    /// Whether a session with the token reads alone.
    pub(crate) fn has_read_only_session(&self, slot: CK_SLOT_ID) -> bool {
        let mut sessions = self.sessions.values();
        sessions.any(|session| session.slot == slot && !session.is_read_write)
    }

    /// Ends a session, and with the last one of a token its log-in, which is kept for the next one; whether and where
    /// one is kept by this.
    ///
    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`.
    pub(crate) fn close_session(
        &mut self,
        handle: CK_SESSION_HANDLE,
    ) -> Answer<Option<(CK_SLOT_ID, Arc<LogIn>)>> {
        let session = self.sessions.remove(&handle);
        let slot = session.ok_or(CKR_SESSION_HANDLE_INVALID)?.slot;
        if self.sessions.values().any(|other| other.slot == slot) {
            return Ok(None);
        }
        let of_slot = self.slot_mut(slot)?;
        let log_in = of_slot.log_in.take();
        if let Some(log_in) = &log_in {
            of_slot.kept_log_in = Some(Arc::clone(log_in));
        }
        Ok(log_in.map(|log_in| (slot, log_in)))
    }

    /// Ends all sessions with a token, and its log-ins, which are given back.
    ///
    /// # Errors
    /// `CKR_SLOT_ID_INVALID`.
    pub(crate) fn close_sessions(&mut self, slot: CK_SLOT_ID) -> Answer<Vec<Arc<LogIn>>> {
        let ended = self.slot_mut(slot)?;
        let log_ins = [ended.log_in.take(), ended.kept_log_in.take()];
        self.sessions.retain(|_, session| session.slot != slot);
        Ok(log_ins.into_iter().flatten().collect())
    }

    /// How many sessions there are with a token, and how many of them may write.
    pub(crate) fn session_counts(&self, slot: CK_SLOT_ID) -> (usize, usize) {
        let sessions = self.sessions.values();
        let sessions: Vec<_> = sessions.filter(|session| session.slot == slot).collect();
        let writing = sessions.iter().filter(|session| session.is_read_write);
        (sessions.len(), writing.count())
    }
}

/// Far more readers than any computer has: what an agent lists beyond is not taken, since slots stay.
const MOST_SLOTS: usize = 256;

fn id_of(number: usize) -> CK_SLOT_ID {
    CK_SLOT_ID::try_from(number).unwrap_or(CK_SLOT_ID::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &str, card: Option<&str>) -> ReaderBody {
        ReaderBody {
            id: name.into(),
            name: name.into(),
            keypad: false,
            contactless: None,
            state: "card".into(),
            card: card.map(str::to_owned),
            problem: None,
            atr: None,
        }
    }

    /// A token in slot 0, and what is known of it.
    fn with_token() -> (Tables, Arc<Token>) {
        let mut tables = Tables::default();
        let look = tables.begin_look();
        tables.update(look, vec![reader("r1", Some("c1"))]);
        let token = Arc::new(Token::empty("c1"));
        tables.slot_mut(0).unwrap().token = Some(Arc::clone(&token));
        (tables, token)
    }

    #[test]
    fn an_answer_about_readers_that_comes_late_changes_nothing() {
        let (mut tables, token) = with_token();
        let (late, last) = (tables.begin_look(), tables.begin_look());
        tables.update(last, vec![reader("r1", Some("c1"))]);
        tables.update(late, vec![reader("r1", None)]);
        assert!(tables.slot(0).unwrap().has(&token));
        let now = tables.begin_look();
        tables.update(now, vec![reader("r1", None)]);
        assert!(!tables.slot(0).unwrap().has(&token));
    }

    #[test]
    fn no_session_is_opened_with_a_card_that_left_and_came_again_meanwhile() {
        let (mut tables, before) = with_token();
        tables.lose(0, &before);
        let after = Arc::new(Token::empty("c1"));
        tables.slot_mut(0).unwrap().token = Some(Arc::clone(&after));
        let opened = tables.open_session(Session::default(), &before);
        assert_eq!(opened, Err(CKR_TOKEN_NOT_PRESENT));
        assert_eq!(tables.open_session(Session::default(), &after), Ok(1));
        // What a call that began before it left comes to say of it is not about the next one.
        tables.lose(0, &before);
        assert!(tables.session(1).is_ok());
        tables.lose(0, &after);
        assert!(tables.session(1).is_err());
    }

    #[test]
    fn readers_without_end_make_no_slots_without_end() {
        let mut tables = Tables::default();
        for list in 0..10 {
            let readers = (0..1000).map(|number| reader(&format!("{list} {number}"), None));
            let look = tables.begin_look();
            tables.update(look, readers.collect());
        }
        assert_eq!(tables.slots.len(), MOST_SLOTS);
        assert!(tables.slot_ids(false).is_empty());
        let look = tables.begin_look();
        tables.update(look, vec![reader("0 1", None)]);
        assert_eq!(tables.slot_ids(false), [1]);
    }
}
