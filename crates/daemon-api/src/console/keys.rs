//! Codes and tokens of the console, and the wish for its port.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daemon_operations::{Operations, Token, TokenDigest};
use daemon_types::{ErrorCode, OperationError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::token_life::ConsoleRequest;
use crate::open_requests::OpenRequests;

/// Who may use the console's port; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleDoor(Arc<Parts>);

/// Those who want the port, each waiting for its number.
pub(crate) type Wishes = mpsc::Receiver<oneshot::Sender<io::Result<u16>>>;

#[derive(Debug)]
struct Parts {
    keys: Mutex<Keys>,
    /// How many codes and tokens live.
    living: watch::Sender<usize>,
    wish: mpsc::Sender<oneshot::Sender<io::Result<u16>>>,
    wishes: Mutex<Option<Wishes>>,
}

/// Digests alone are kept: what is in the memory of this process opens nothing.
#[derive(Debug, Default)]
struct Keys {
    codes: Vec<TokenDigest>,
    tokens: Vec<LivingToken>,
}

#[derive(Debug)]
struct LivingToken {
    digest: TokenDigest,
    requests: OpenRequests,
    /// Ends, with this, whatever is under way with it.
    life: DropGuard,
}

impl Default for ConsoleDoor {
    fn default() -> Self {
        let (wish, wishes) = mpsc::channel(MOST_WISHES);
        Self(Arc::new(Parts {
            keys: Mutex::default(),
            living: watch::Sender::new(0),
            wish,
            wishes: Mutex::new(Some(wishes)),
        }))
    }
}

impl ConsoleDoor {
    /// A code that is good once, for [`CODE_TIME`]. The oldest one makes place for it.
    ///
    /// # Errors
    /// `internal` when the system gives no randomness.
    pub(crate) fn new_code(&self) -> Result<Token, OperationError> {
        let code = Operations::fresh_token()?;
        let digest = TokenDigest::of(code.expose());
        self.change(|keys| {
            if keys.codes.len() >= MOST_CODES {
                keys.codes.remove(0);
            }
            keys.codes.push(digest);
        });
        let door = self.clone();
        tokio::spawn(async move {
            sleep(CODE_TIME).await;
            door.change(|keys| keys.codes.retain(|code| *code != digest));
        });
        Ok(code)
    }

    /// A token in exchange for a code, which is worth nothing from now on; `None` for a code that is.
    ///
    /// # Errors
    /// `internal` when the system gives no randomness.
    pub(crate) fn exchange(&self, code: &str) -> Result<Option<Token>, OperationError> {
        let token = Operations::fresh_token()?;
        let (code, digest) = (TokenDigest::of(code), TokenDigest::of(token.expose()));
        let requests = OpenRequests::none();
        let is_good = self.change(|keys| {
            let before = keys.codes.len();
            keys.codes.retain(|good| *good != code);
            let is_good = keys.codes.len() < before;
            if is_good {
                if keys.tokens.len() >= MOST_TOKENS {
                    keys.tokens.remove(0);
                }
                keys.tokens.push(LivingToken {
                    digest,
                    requests: requests.clone(),
                    life: CancellationToken::new().drop_guard(),
                });
            }
            is_good
        });
        if !is_good {
            return Ok(None);
        }
        let door = self.clone();
        tokio::spawn(async move {
            let _ = timeout(TOKEN_LIFE, requests.idle_for(IDLE_TIME)).await;
            door.change(|keys| keys.tokens.retain(|token| token.digest != digest));
        });
        Ok(Some(token))
    }

    /// A request of whoever has this token, which lives while the request is open; `None` for one
    /// that is worth nothing.
    pub(crate) fn admit(&self, token: &str) -> Option<ConsoleRequest> {
        let presented = TokenDigest::of(token);
        let keys = self.keys();
        let mut tokens = keys.tokens.iter();
        let token = tokens.find(|token| token.digest == presented)?;
        let life = DropGuard::token(&token.life).clone();
        Some(ConsoleRequest::new(token.requests.open(), life))
    }

    /// Completes when no code and no token lives.
    pub(crate) async fn serves_nobody(&self) {
        let mut living = self.0.living.subscribe();
        let _ = living.wait_for(|count| *count == 0).await;
    }

    /// The console's port, which is opened where it is closed. A code that was made before keeps it open.
    ///
    /// # Errors
    /// `internal` when the system gives no port.
    pub(crate) async fn port(&self) -> Result<u16, OperationError> {
        let internal = OperationError::new(ErrorCode::Internal);
        let (tell, port) = oneshot::channel();
        if self.0.wish.send(tell).await.is_err() {
            return Err(internal);
        }
        match port.await {
            Ok(Ok(port)) => Ok(port),
            Ok(Err(error)) => Err(internal.caused_by(error)),
            Err(error) => Err(internal.caused_by(error)),
        }
    }

    /// The wishes, for the one who opens the port.
    pub(crate) fn take_wishes(&self) -> Option<Wishes> {
        let wishes = self.0.wishes.lock();
        wishes.unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Keys) -> T) -> T {
        let mut keys = self.keys();
        let changed = change(&mut keys);
        let living = keys.codes.len() + keys.tokens.len();
        self.0.living.send_replace(living);
        changed
    }
}

/// A browser that was just started has opened a page by then.
pub(crate) const CODE_TIME: Duration = Duration::from_secs(60);
/// How long a token lives that nothing is asked with: an open page always has its stream of events open.
const IDLE_TIME: Duration = Duration::from_secs(5 * 60);
/// A working day: how long a token lives at all.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
const MOST_CODES: usize = 8;
const MOST_TOKENS: usize = 16;
const MOST_WISHES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    use axum::body::{Body, Bytes};
    use futures_util::FutureExt as _;
    use http_body_util::BodyExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_code_is_good_once_and_for_a_minute() {
        let door = ConsoleDoor::default();
        let code = door.new_code().unwrap();
        assert_eq!(door.exchange("guessed").unwrap(), None);
        let token = door.exchange(code.expose()).unwrap().unwrap();
        assert_eq!(door.exchange(code.expose()).unwrap(), None, "twice");
        assert!(door.admit(token.expose()).is_some());
        assert!(door.admit(code.expose()).is_none(), "a code is no token");
        let late = door.new_code().unwrap();
        sleep(CODE_TIME + Duration::from_secs(1)).await;
        assert_eq!(door.exchange(late.expose()).unwrap(), None, "late");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_lives_while_it_is_used_and_not_for_ever() {
        let door = ConsoleDoor::default();
        let code = door.new_code().unwrap();
        let token = door.exchange(code.expose()).unwrap().unwrap();
        let stream = door.admit(token.expose()).unwrap();
        sleep(IDLE_TIME * 3).await;
        assert!(door.admit(token.expose()).is_some(), "its stream is open");
        assert!(door.serves_nobody().now_or_never().is_none());
        drop(stream);
        sleep(IDLE_TIME + Duration::from_secs(1)).await;
        assert!(door.admit(token.expose()).is_none(), "idle");
        assert!(door.serves_nobody().now_or_never().is_some());
        let code = door.new_code().unwrap();
        let token = door.exchange(code.expose()).unwrap().unwrap();
        let stream = door.admit(token.expose()).unwrap();
        let endless =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
        let told = stream.until_the_end_of(endless).collect();
        let told = tokio::spawn(told);
        sleep(TOKEN_LIFE + Duration::from_secs(1)).await;
        assert!(door.admit(token.expose()).is_none(), "a day");
        assert!(
            told.await.unwrap().unwrap().to_bytes().is_empty(),
            "its stream"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn neither_codes_nor_tokens_heap_up() {
        let door = ConsoleDoor::default();
        let first = door.new_code().unwrap();
        for _ in 0..MOST_CODES {
            door.new_code().unwrap();
        }
        assert_eq!(door.exchange(first.expose()).unwrap(), None);
        let (mut tokens, mut pushed_out) = (Vec::new(), None);
        for _ in 0..=MOST_TOKENS {
            let code = door.new_code().unwrap();
            tokens.extend(door.exchange(code.expose()).unwrap());
            pushed_out.get_or_insert_with(|| door.admit(tokens[0].expose()).unwrap());
        }
        assert!(door.admit(tokens[0].expose()).is_none());
        assert_eq!(pushed_out.unwrap().while_good(async {}).await, None);
        assert!(door.admit(tokens[1].expose()).is_some());
    }
}
