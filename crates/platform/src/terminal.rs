//! The holder's code and consent, asked at the terminal.
//!
//! Keys are read one by one with echo off, into a buffer that is wiped. The
//! wait for each key ends at a deadline, or when the [`CancelPipe`]'s other
//! end says so. The terminal's settings are put back whatever happens, and
//! what was typed and not read is thrown away, so that no digit of a code ends
//! in the shell.

mod cancel;
mod entry;
mod keys;
mod quiet;

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use secrets::SecretBytes;

use crate::system;
use entry::{CodeEntry, WordEntry};
use keys::{Key, Keyboard};

pub use cancel::{CancelPipe, Canceller};
pub use quiet::QuietTerminal;

/// Shown for each digit of a code, and taken back for each one erased.
const DIGIT_MARK: &str = "•";
const ERASE_MARK: &str = "\u{8} \u{8}";
const BELL: &str = "\u{7}";
/// Back to the start of the line, which is cleared.
const LINE_START: &str = "\r\u{1b}[K";
/// Often enough for who looks at it, and not too often for who has it read out.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Why the terminal gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The holder pressed Ctrl-C, Ctrl-D or Escape, or the caller went away.
    #[error("cancelled")]
    Cancelled,
    /// The deadline passed.
    #[error("nobody answered in time")]
    TimedOut,
    /// The terminal was closed.
    #[error("the terminal was closed")]
    Closed,
    /// More digits were typed than the code can have; none of them is used.
    #[error("more than {maximum} digits were typed")]
    TooLong {
        /// Most digits allowed.
        maximum: usize,
    },
    /// This process runs in the terminal's background, where asking would stop it.
    #[error("this program is in the background of its terminal")]
    Background,
    /// The system refused one step.
    #[error("cannot {step} the terminal")]
    Io {
        /// What was being done.
        step: &'static str,
        /// What the system said.
        #[source]
        source: rustix::io::Errno,
    },
}

/// A terminal at which the holder can be asked.
#[derive(Debug)]
pub struct Terminal {
    tty: OwnedFd,
}

/// The terminal from which this process was started, when there is one.
#[must_use]
pub fn open_controlling_terminal() -> Option<Terminal> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let tty = rustix::fs::open(system::CONTROLLING_TERMINAL, flags, Mode::empty()).ok()?;
    Terminal::over(tty)
}

/// The terminal at which somebody types to this process now: that of its standard input, provided
/// that this process is in its foreground.
#[must_use]
pub fn open_foreground_terminal() -> Option<Terminal> {
    let name = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new()).ok()?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = Terminal::over(rustix::fs::open(name, flags, Mode::empty()).ok()?)?;
    let foreground = rustix::termios::tcgetpgrp(&terminal.tty).ok()?;
    (foreground == rustix::process::getpgrp()).then_some(terminal)
}

/// The settings of a terminal, which return when this is dropped, whoever changed them.
#[derive(Debug)]
pub struct KeptSettings {
    terminal: Terminal,
    settings: rustix::termios::Termios,
}

impl Drop for KeptSettings {
    fn drop(&mut self) {
        let now = rustix::termios::OptionalActions::Now;
        // Fails only for a terminal that is gone, which then has no settings to restore.
        let _ = rustix::termios::tcsetattr(&self.terminal.tty, now, &self.settings);
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tty.as_fd()
    }
}

impl Terminal {
    /// Uses `tty`, which another program lent; `None` when it is no terminal, or another user's.
    #[must_use]
    pub fn of_this_user(tty: OwnedFd) -> Option<Self> {
        let owner = rustix::fs::fstat(&tty).ok()?.st_uid;
        Self::over(tty).filter(|_| owner == crate::current_user())
    }

    /// The same terminal once more.
    ///
    /// # Errors
    /// What the system says when it gives no descriptor.
    pub fn try_clone(&self) -> std::io::Result<Self> {
        let tty = self.tty.try_clone()?;
        Ok(Self { tty })
    }

    /// Remembers the settings for as long as another program asks at this terminal, which may die
    /// in the middle of it.
    ///
    /// # Errors
    /// What the system says when it does not tell them.
    pub fn keep_settings(&self) -> std::io::Result<KeptSettings> {
        let terminal = self.try_clone()?;
        let settings = rustix::termios::tcgetattr(&terminal.tty)?;
        Ok(KeptSettings { terminal, settings })
    }

    /// Uses `tty`, opened for reading and writing; `None` when it is no terminal.
    #[must_use]
    pub fn over(tty: OwnedFd) -> Option<Self> {
        rustix::termios::isatty(&tty).then_some(Self { tty })
    }

    /// Asks for a code: digits, ended by Enter.
    ///
    /// Each digit shows as a dot and Backspace takes one back; any other character rings the bell
    /// and counts for nothing. What `prompt` holds of control characters is not sent to the
    /// terminal. An empty code is an answer, for the caller to judge.
    ///
    /// # Errors
    /// [`TerminalError::Cancelled`], [`TerminalError::TimedOut`] or [`TerminalError::TooLong`] by
    /// the holder's doing, another [`TerminalError`] by the terminal's.
    pub fn read_code(
        &mut self,
        prompt: &str,
        max_len: usize,
        deadline: Instant,
        cancel: &CancelPipe,
    ) -> Result<SecretBytes, TerminalError> {
        let mut keyboard = Keyboard::begin(&self.tty, deadline, cancel)?;
        let mut entry = CodeEntry::new(max_len);
        keyboard.show(prompt)?;
        let read = loop {
            match keyboard.next_key() {
                Ok(Key::Enter) => break entry.finish(),
                Ok(Key::Erase) if entry.erase() => keyboard.control(ERASE_MARK)?,
                Ok(Key::Character(digit)) if entry.push(digit) => keyboard.show(DIGIT_MARK)?,
                Ok(Key::Erase | Key::Character(_)) => keyboard.control(BELL)?,
                Err(error) => break Err(error),
            }
        };
        keyboard.end_line();
        read
    }

    /// Asks a question that is answered by yes or no (`y`, `yes`, `o`, `oui`, `n`, `no`, `non`),
    /// ended by Enter, and asks it again after any other answer.
    ///
    /// # Errors
    /// [`TerminalError::Cancelled`] or [`TerminalError::TimedOut`] by the holder's doing, another
    /// [`TerminalError`] by the terminal's. None of them is consent.
    pub fn confirm(
        &mut self,
        question: &str,
        deadline: Instant,
        cancel: &CancelPipe,
    ) -> Result<bool, TerminalError> {
        let mut keyboard = Keyboard::begin(&self.tty, deadline, cancel)?;
        loop {
            keyboard.show(question)?;
            let word = read_word(&mut keyboard);
            keyboard.end_line();
            match word?.as_str() {
                "y" | "yes" | "o" | "oui" => return Ok(true),
                "n" | "no" | "non" => return Ok(false),
                _ => keyboard.control(BELL)?,
            }
        }
    }

    /// Asks for a word: ASCII letters, ended by Enter, given back in lower case. Any other character,
    /// and a letter beyond the longest answer that is understood, rings the bell and is not taken.
    ///
    /// # Errors
    /// [`TerminalError::Cancelled`] or [`TerminalError::TimedOut`] by the holder's doing, another
    /// [`TerminalError`] by the terminal's.
    pub fn read_word(
        &mut self,
        prompt: &str,
        deadline: Instant,
        cancel: &CancelPipe,
    ) -> Result<String, TerminalError> {
        let mut keyboard = Keyboard::begin(&self.tty, deadline, cancel)?;
        keyboard.show(prompt)?;
        let word = read_word(&mut keyboard);
        keyboard.end_line();
        word
    }

    /// Shows how long something lasts that happens elsewhere, in a line that `line` makes of the whole
    /// seconds left, anew every few seconds; ends when the holder refuses, or the deadline passes. Other
    /// keys ring the bell and are thrown away.
    ///
    /// # Errors
    /// Always: [`TerminalError::Cancelled`] or [`TerminalError::TimedOut`] where nothing went wrong.
    pub fn count_down(
        &mut self,
        line: impl Fn(u64) -> String,
        deadline: Instant,
        cancel: &CancelPipe,
    ) -> Result<Infallible, TerminalError> {
        let mut keyboard = Keyboard::begin(&self.tty, deadline, cancel)?;
        let ended = count_down(&mut keyboard, line, deadline);
        keyboard.end_line();
        ended
    }

    /// Shows a line; what it holds of control characters is not sent to the terminal.
    ///
    /// # Errors
    /// [`TerminalError`] when the terminal does not take it before the deadline.
    pub fn tell(
        &mut self,
        line: &str,
        deadline: Instant,
        cancel: &CancelPipe,
    ) -> Result<(), TerminalError> {
        keys::show(&self.tty, line, deadline, cancel)?;
        keys::show(&self.tty, "\n", deadline, cancel)
    }
}

fn count_down(
    keyboard: &mut Keyboard<'_>,
    line: impl Fn(u64) -> String,
    deadline: Instant,
) -> Result<Infallible, TerminalError> {
    loop {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        keyboard.control(LINE_START)?;
        keyboard.show(&line(left.as_secs()))?;
        let next_line = deadline.min(now + BETWEEN_LINES);
        loop {
            match keyboard.key_before(next_line) {
                Ok(_) => keyboard.control(BELL)?,
                Err(TerminalError::TimedOut) if next_line < deadline => break,
                Err(error) => return Err(error),
            }
        }
    }
}

fn read_word(keyboard: &mut Keyboard<'_>) -> Result<String, TerminalError> {
    let mut entry = WordEntry::default();
    loop {
        match keyboard.next_key()? {
            Key::Enter => return Ok(entry.finish()),
            Key::Erase if entry.erase() => keyboard.control(ERASE_MARK)?,
            Key::Character(letter) => match entry.push(letter) {
                Some(letter) => keyboard.show(letter.encode_utf8(&mut [0; 4]))?,
                None => keyboard.control(BELL)?,
            },
            Key::Erase => keyboard.control(BELL)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, Termios, tcgetattr};
    use std::thread;

    const PROMPT: &str = "Code: ";

    /// Both ends of a pseudoterminal: the holder's side and the program's.
    struct Pty {
        holder: OwnedFd,
        terminal: Terminal,
        /// Keeps the terminal open, and looks at its settings while another thread uses it.
        observer: OwnedFd,
    }

    impl Pty {
        fn open() -> Self {
            let holder = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&holder).unwrap();
            unlockpt(&holder).unwrap();
            let name = ptsname(&holder, Vec::new()).unwrap();
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let tty = rustix::fs::open(name, flags, Mode::empty()).unwrap();
            let observer = tty.try_clone().unwrap();
            let terminal = Terminal::over(tty).unwrap();
            Self {
                holder,
                terminal,
                observer,
            }
        }

        fn settings(&self) -> Termios {
            tcgetattr(&self.observer).unwrap()
        }

        /// Asks for a code, types `keys` once the prompt is there, and returns the answer with
        /// everything that the holder saw.
        fn type_code(&mut self, keys: &[u8]) -> (Result<SecretBytes, TerminalError>, String) {
            let (cancel, _canceller) = CancelPipe::new().unwrap();
            self.dialogue(keys, |terminal| {
                terminal.read_code(PROMPT, 8, in_a_minute(), &cancel)
            })
        }

        fn dialogue<T: Send>(
            &mut self,
            keys: &[u8],
            ask: impl FnOnce(&mut Terminal) -> T + Send,
        ) -> (T, String) {
            let holder = self.holder.as_fd();
            let terminal = &mut self.terminal;
            thread::scope(|scope| {
                let asking = scope.spawn(move || ask(terminal));
                let mut seen = read_until(holder, PROMPT);
                rustix::io::write(holder, keys).unwrap();
                let answer = asking.join().unwrap();
                rustix::io::write(&self.observer, b"$ ").unwrap();
                seen.push_str(&read_until(holder, "$ "));
                (answer, seen)
            })
        }
    }

    fn read_until(holder: impl AsFd, end: &str) -> String {
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(end.as_bytes()) {
            assert_eq!(rustix::io::read(&holder, &mut byte).unwrap(), 1);
            seen.extend_from_slice(&byte);
        }
        String::from_utf8(seen).unwrap()
    }

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_code_is_read_and_never_shown() {
        let mut pty = Pty::open();
        let (code, seen) = pty.type_code(b"73918264\r");
        assert_eq!(code.unwrap().expose(), b"73918264");
        assert_eq!(seen, "Code: ••••••••\r\n$ ");
    }

    #[test]
    fn backspace_takes_a_digit_back_and_letters_count_for_nothing() {
        let mut pty = Pty::open();
        let (code, seen) = pty.type_code(b"\x7f12a\x7f\x0834\n");
        assert_eq!(code.unwrap().expose(), b"34");
        assert!(!seen.contains(|c: char| c.is_ascii_digit() || c == 'a'));
    }

    #[test]
    fn echo_is_off_while_asking_and_the_settings_return() {
        let mut pty = Pty::open();
        let before = pty.settings();
        assert!(before.local_modes.contains(LocalModes::ECHO));
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let observer = pty.observer.try_clone().unwrap();
        let holder = pty.holder.try_clone().unwrap();
        thread::scope(|scope| {
            let terminal = &mut pty.terminal;
            let asking = scope.spawn(move || terminal.read_code(PROMPT, 8, in_a_minute(), &cancel));
            read_until(&holder, PROMPT);
            let modes = tcgetattr(&observer).unwrap().local_modes;
            assert!(!modes.intersects(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
            rustix::io::write(&holder, b"1234\r").unwrap();
            asking.join().unwrap().unwrap();
        });
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
    }

    #[test]
    fn a_quiet_terminal_shows_nothing_before_between_and_after_questions() {
        let mut pty = Pty::open();
        let before = pty.settings();
        let quiet = pty.terminal.keep_quiet().unwrap();
        let holder = pty.holder.try_clone().unwrap();
        let observer = pty.observer.try_clone().unwrap();
        // What is typed reaches the terminal by a worker of the kernel's, and is thrown away only once it is there.
        let type_early = || {
            rustix::io::write(&holder, b"2580\r").unwrap();
            poll(&mut [PollFd::new(&observer, PollFlags::IN)], None).unwrap();
        };
        type_early();
        let (code, seen) = pty.type_code(b"73918264\r");
        assert_eq!(code.unwrap().expose(), b"73918264");
        assert_eq!(seen, "Code: ••••••••\r\n$ ");
        type_early();
        drop(quiet);
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
        rustix::io::write(&pty.observer, b"$ ").unwrap();
        assert_eq!(read_until(&holder, "$ "), "$ ");
    }

    #[test]
    fn the_settings_return_even_after_a_panic() {
        let pty = Pty::open();
        let before = pty.settings();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let outcome = std::panic::catch_unwind(|| {
            let _keyboard = Keyboard::begin(&pty.terminal.tty, in_a_minute(), &cancel);
            assert!(!pty.settings().local_modes.contains(LocalModes::ECHO));
            panic!("in the middle of a question");
        });
        assert!(outcome.is_err());
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
    }

    #[test]
    fn ctrl_c_ctrl_d_and_escape_cancel() {
        let mut pty = Pty::open();
        let before = pty.settings();
        for key in [b"12\x03", b"12\x04", b"12\x1b"] {
            let (code, _) = pty.type_code(key);
            assert!(matches!(code, Err(TerminalError::Cancelled)));
        }
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
    }

    #[test]
    fn a_code_that_is_too_long_is_refused_whole() {
        let mut pty = Pty::open();
        let (code, _) = pty.type_code(b"123456789\r");
        assert!(matches!(code, Err(TerminalError::TooLong { maximum: 8 })));
    }

    #[test]
    fn digits_typed_after_the_end_of_the_code_do_not_reach_the_shell() {
        let mut pty = Pty::open();
        let (code, _) = pty.type_code(b"12\x033456\r");
        assert!(matches!(code, Err(TerminalError::Cancelled)));
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let nothing_left = Keyboard::begin(&pty.terminal.tty, Instant::now(), &cancel)
            .unwrap()
            .next_key();
        assert!(matches!(nothing_left, Err(TerminalError::TimedOut)));
    }

    #[test]
    fn a_caller_that_goes_away_cancels() {
        let mut pty = Pty::open();
        let (cancel, canceller) = CancelPipe::new().unwrap();
        let terminal = &mut pty.terminal;
        thread::scope(|scope| {
            let asking = scope.spawn(|| terminal.read_code(PROMPT, 8, in_a_minute(), &cancel));
            read_until(&pty.holder, PROMPT);
            canceller.cancel();
            let answer = asking.join().unwrap();
            assert!(matches!(answer, Err(TerminalError::Cancelled)));
        });
        let again = pty.terminal.read_code(PROMPT, 8, in_a_minute(), &cancel);
        assert!(matches!(again, Err(TerminalError::Cancelled)));
    }

    #[test]
    fn a_deadline_that_passes_ends_the_question() {
        let mut pty = Pty::open();
        let before = pty.settings();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let soon = Instant::now() + Duration::from_millis(20);
        let answer = pty.terminal.read_code(PROMPT, 8, soon, &cancel);
        assert!(matches!(answer, Err(TerminalError::TimedOut)));
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
    }

    #[test]
    fn a_terminal_that_is_closed_ends_the_question() {
        let Pty {
            holder,
            mut terminal,
            observer: _observer,
        } = Pty::open();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        thread::scope(|scope| {
            let asking = scope.spawn(|| terminal.read_code(PROMPT, 8, in_a_minute(), &cancel));
            read_until(&holder, PROMPT);
            drop(holder);
            assert!(matches!(asking.join().unwrap(), Err(TerminalError::Closed)));
        });
    }

    #[test]
    fn consent_is_a_clear_yes() {
        for (keys, consent) in [
            (&b"y\r"[..], true),
            (b"Oui\r", true),
            (b"no\r", false),
            (b"N\r", false),
            (b"nx\x7f\r", false),
        ] {
            let mut pty = Pty::open();
            let (cancel, _canceller) = CancelPipe::new().unwrap();
            let (answer, _) = pty.dialogue(keys, |terminal| {
                terminal.confirm(PROMPT, in_a_minute(), &cancel)
            });
            assert_eq!(answer.unwrap(), consent);
        }
    }

    #[test]
    fn any_other_word_is_asked_again_and_is_no_consent() {
        let mut pty = Pty::open();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let (answer, seen) = pty.dialogue(b"\rok\ryesyes\rye\x03", |terminal| {
            terminal.confirm(PROMPT, in_a_minute(), &cancel)
        });
        assert!(matches!(answer, Err(TerminalError::Cancelled)));
        assert_eq!(seen.matches(PROMPT).count(), 4);
    }

    #[test]
    fn shown_text_cannot_command_the_terminal() {
        let mut pty = Pty::open();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        pty.terminal
            .tell("a\u{1b}[2Jb\r\u{9b}c\u{202e}d", in_a_minute(), &cancel)
            .unwrap();
        let seen = read_until(&pty.holder, "\n");
        assert_eq!(seen, "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d\r\n");
    }

    #[test]
    fn a_terminal_keeps_the_settings_that_another_program_changes() {
        let pty = Pty::open();
        let before = pty.settings();
        let kept = pty.terminal.keep_settings().unwrap();
        let (cancel, _canceller) = CancelPipe::new().unwrap();
        let keyboard = Keyboard::begin(&pty.terminal.tty, in_a_minute(), &cancel).unwrap();
        std::mem::forget(keyboard);
        assert!(!pty.settings().local_modes.contains(LocalModes::ECHO));
        drop(kept);
        assert_eq!(format!("{:?}", pty.settings()), format!("{before:?}"));
        assert!(Terminal::of_this_user(pty.observer.try_clone().unwrap()).is_some());
        let _ = pty.terminal.try_clone().unwrap();
    }

    #[test]
    fn a_file_is_no_terminal() {
        let file = tempfile::tempfile().unwrap();
        assert!(Terminal::over(file.into()).is_none());
    }
}
