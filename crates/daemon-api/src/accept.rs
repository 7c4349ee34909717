//! Accepting connections: TLS on loopback and the user's socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use platform::{peer, tcp_owner};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::connection::Connection;
use crate::router::Api;
use crate::tls::TlsIdentity;

/// Where the agent listens.
#[derive(Debug)]
pub struct Doors {
    /// Loopback listeners, all on the same port.
    pub tcp: Vec<TcpListener>,
    /// The user's socket.
    pub socket: UnixListener,
    /// What the TLS door presents.
    pub identity: TlsIdentity,
}

/// Serves until `stop`, then lets open requests end for a moment.
pub async fn serve(api: &Api, doors: Doors, stop: CancellationToken) {
    let graceful = Arc::new(GracefulShutdown::new());
    let acceptor = TlsAcceptor::from(doors.identity.config());
    let router = api.router();
    let mut tasks = tokio::task::JoinSet::new();
    for listener in doors.tcp {
        let door = Door::new(&router, &graceful);
        let (acceptor, stop) = (acceptor.clone(), stop.clone());
        tasks.spawn(async move { door.accept_tcp(&listener, &acceptor, &stop).await });
    }
    let door = Door::new(&router, &graceful);
    tasks.spawn(async move { door.accept_socket(&doors.socket, &stop).await });
    tasks.join_all().await;
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(LAST_REQUESTS, graceful.shutdown()).await;
    }
}

struct Door {
    router: axum::Router,
    graceful: Arc<GracefulShutdown>,
}

impl Door {
    fn new(router: &axum::Router, graceful: &Arc<GracefulShutdown>) -> Self {
        Self {
            router: router.clone(),
            graceful: Arc::clone(graceful),
        }
    }

    async fn accept_tcp(
        &self,
        listener: &TcpListener,
        acceptor: &TlsAcceptor,
        stop: &CancellationToken,
    ) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = look_at_peer(&stream, peer);
                    let handshake = handshake(stream, acceptor.clone());
                    let (router, watcher) = (self.router.clone(), self.graceful.watcher());
                    tokio::spawn(async move {
                        if let Some(stream) = handshake.await {
                            serve_connection(stream, connection, router, watcher).await;
                        }
                    });
                }
                Err(error) => pause_after(&error).await,
            }
        }
    }

    async fn accept_socket(&self, listener: &UnixListener, stop: &CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => self.serve_socket(stream),
                Err(error) => pause_after(&error).await,
            }
        }
    }

    /// A peer that is not this user, or that the system does not name, gets no answer at all.
    fn serve_socket(&self, stream: UnixStream) {
        match peer::of_same_user(&stream) {
            Ok(peer) => {
                let connection = Connection::Socket {
                    pid: peer.pid,
                    executable: peer.executable,
                };
                let (router, watcher) = (self.router.clone(), self.graceful.watcher());
                tokio::spawn(serve_connection(stream, connection, router, watcher));
            }
            Err(error) => tracing::warn!(%error, "a connection to the socket was refused"),
        }
    }
}

fn look_at_peer(stream: &TcpStream, peer: SocketAddr) -> Connection {
    let local = stream.local_addr();
    let port = local.as_ref().map_or(0, SocketAddr::port);
    let peer_is_ours = match local.map(|local| tcp_owner::is_ours(local, peer)) {
        Ok(Ok(is_ours)) => is_ours,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the owner of a connection is not known");
            false
        }
        Err(_) => false,
    };
    Connection::Tcp { port, peer_is_ours }
}

async fn handshake(
    stream: TcpStream,
    acceptor: TlsAcceptor,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let _ = stream.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn serve_connection<S>(
    stream: S,
    connection: Connection,
    router: axum::Router,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(connection.clone());
        router.clone().oneshot(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME);
    let served = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Out of file descriptors, most likely: trying at once again would only burn the processor.
async fn pause_after(error: &std::io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
const HEADER_TIME: Duration = Duration::from_secs(10);
const LAST_REQUESTS: Duration = Duration::from_secs(2);
