//! HTTP over the user socket: what `ureq` asks of a connection.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use platform::paths::AgentPaths;
use platform::socket::{self, UserStream};
use platform::terminal::Terminal;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

use crate::hang_up::HangUp;
use crate::stream::{receive, send};

/// Connects every request to the agent of this user, whatever its address says.
#[derive(Debug)]
pub(crate) struct UserSocketConnector {
    paths: AgentPaths,
    lent: Lent,
    hang_up: HangUp,
}

/// The terminal that goes along with the first bytes of every connection, once there is one.
pub(crate) type Lent = Arc<OnceLock<Terminal>>;

impl UserSocketConnector {
    pub(crate) fn new(paths: AgentPaths, lent: Lent, hang_up: HangUp) -> Self {
        Self {
            paths,
            lent,
            hang_up,
        }
    }
}

impl Connector for UserSocketConnector {
    type Out = UserSocketTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let stream =
            socket::connect(&self.paths).map_err(|error| ureq::Error::Other(error.into()))?;
        let stream = Arc::new(stream);
        self.hang_up.holds(&stream)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(UserSocketTransport {
            stream,
            buffers,
            to_be_lent: self.lent.get().is_some().then(|| Arc::clone(&self.lent)),
        }))
    }
}

/// There is no name to look up.
#[derive(Debug)]
pub(crate) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// One connection to the agent.
#[derive(Debug)]
pub(crate) struct UserSocketTransport {
    stream: Arc<UserStream>,
    buffers: LazyBuffers,
    to_be_lent: Option<Lent>,
}

impl Transport for UserSocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let deadline = Deadline::of(timeout);
        let mut sent = 0;
        while sent < amount {
            let left = deadline.left()?;
            let Some(rest) = self.buffers.output().get(sent..amount) else {
                break;
            };
            let terminal = self.to_be_lent.as_ref().and_then(|lent| lent.get());
            match send(&self.stream, rest, terminal, left) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => {
                    sent += written;
                    self.to_be_lent = None;
                }
                Err(error) if is_to_be_tried_again(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let deadline = Deadline::of(timeout);
        loop {
            let left = deadline.left()?;
            match receive(&self.stream, self.buffers.input_append_buf(), left) {
                Ok(read) => {
                    self.buffers.input_appended(read);
                    return Ok(read > 0);
                }
                Err(error) if is_to_be_tried_again(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// No connection is kept for a second request.
    fn is_open(&mut self) -> bool {
        false
    }
}

/// An interrupted wait goes on; one that ran into its timeout ends at the deadline's own check.
fn is_to_be_tried_again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// When one exchange of bytes must be done, over however many system calls.
struct Deadline {
    timeout: NextTimeout,
    at: Option<Instant>,
}

impl Deadline {
    fn of(timeout: NextTimeout) -> Self {
        let at = if timeout.after.is_not_happening() {
            None
        } else {
            Instant::now().checked_add(*timeout.after)
        };
        Self { timeout, at }
    }

    /// Time left; `None` without limit.
    fn left(&self) -> Result<Option<Duration>, ureq::Error> {
        let Some(at) = self.at else {
            return Ok(None);
        };
        match at.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(ureq::Error::Timeout(self.timeout.reason)),
        }
    }
}
