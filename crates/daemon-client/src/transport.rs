//! HTTP over the user socket: what `ureq` asks of a connection.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use platform::paths::AgentPaths;
use platform::socket;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// Connects every request to the agent of this user, whatever its address says.
#[derive(Debug)]
pub(crate) struct UserSocketConnector {
    paths: AgentPaths,
}

impl UserSocketConnector {
    pub(crate) fn new(paths: AgentPaths) -> Self {
        Self { paths }
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
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(UserSocketTransport { stream, buffers }))
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
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl Transport for UserSocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let deadline = Deadline::of(timeout);
        let output = self.buffers.output();
        let mut rest = output.get(..amount).unwrap_or(output);
        while !rest.is_empty() {
            self.stream.set_write_timeout(deadline.left()?)?;
            match self.stream.write(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if is_to_be_tried_again(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let deadline = Deadline::of(timeout);
        loop {
            self.stream.set_read_timeout(deadline.left()?)?;
            match self.stream.read(self.buffers.input_append_buf()) {
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
    fn left(&self) -> Result<Option<std::time::Duration>, ureq::Error> {
        let Some(at) = self.at else {
            return Ok(None);
        };
        match at.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(ureq::Error::Timeout(self.timeout.reason)),
        }
    }
}
