//! The end of a call from outside: its connection is shut, and the agent sees its caller leave.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use platform::socket::UserStream;

use crate::stream;

/// Ends the call that a [`Client`](crate::Client) is waiting in, and all its later ones.
#[derive(Clone, Debug, Default)]
pub struct HangUp(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    is_hung_up: bool,
    /// The call's own: it is closed when that ends.
    stream: Weak<UserStream>,
}

impl HangUp {
    /// Shuts the connection: the agent closes what it asks for this call, and the call fails.
    pub fn hang_up(&self) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.is_hung_up = true;
        if let Some(stream) = line.stream.upgrade() {
            stream::shut(&stream);
        }
    }

    /// Whether that was done.
    #[must_use]
    pub fn is_hung_up(&self) -> bool {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.is_hung_up
    }

    /// Takes hold of the connection of the call that begins.
    pub(crate) fn holds(&self, stream: &Arc<UserStream>) -> io::Result<()> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if line.is_hung_up {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        line.stream = Arc::downgrade(stream);
        Ok(())
    }
}
