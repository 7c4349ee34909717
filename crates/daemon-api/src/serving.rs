//! One connection, from its first byte to its end.
//!
//! Nothing here waits for ever on a peer: a handshake, the head of a request and
//! its body each have their time, and only a request that is open, such as a
//! question to the holder or a stream of events, keeps a connection longer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use platform::peer::Peer;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::connection::{Connection, Door};
use crate::departure::Departure;
use crate::open_requests::OpenRequests;
use crate::user_socket::{LendingStream, UserConnection};

/// Serves single connections until `stop`.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) stop: CancellationToken,
}

impl Serving {
    /// A connection of this user over TLS, in HTTP/2 or HTTP/1.1.
    pub(crate) async fn own_tcp(self, stream: TcpStream, tls: Arc<ServerConfig>) {
        let Ok(departure) = Departure::of_tcp(&stream) else {
            return;
        };
        let connection = Connection::through(tcp_door(&stream, true));
        let Ok(Some(stream)) = timeout(HANDSHAKE_TIME, handshake(stream, tls)).await else {
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
            self.http_2(stream, connection, &departure).await;
        } else {
            self.http_1(stream, connection, &departure).await;
        }
    }

    /// A connection of another user over TLS: time for one request and its refusal, no more.
    pub(crate) async fn strangers_tcp(self, stream: TcpStream, tls: Arc<ServerConfig>) {
        let connection = Connection::through(tcp_door(&stream, false));
        let refusal = async {
            let stream = handshake(stream, tls).await?;
            self.refuse(stream, connection).await;
            Some(())
        };
        let _ = timeout(STRANGERS_TIME, refusal).await;
    }

    /// A connection of this user to the console's port, in HTTP/1.1.
    pub(crate) async fn console(self, stream: TcpStream) {
        let Ok(departure) = Departure::of_tcp(&stream) else {
            return;
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection::through(console_door(&stream, true));
        self.http_1(stream, connection, &departure).await;
    }

    /// A connection of another user to the console's port: one refusal, no more.
    pub(crate) async fn strangers_console(self, stream: TcpStream) {
        let connection = Connection::through(console_door(&stream, false));
        let refusal = self.refuse(stream, connection);
        let _ = timeout(STRANGERS_TIME, refusal).await;
    }

    async fn refuse<S>(self, stream: S, connection: Connection)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let service = service(self.router, connection, OpenRequests::none());
        let mut http_1 = http1::Builder::new();
        let http_1 = http_1.keep_alive(false).max_buf_size(LONGEST_HEAD);
        let _ = http_1.serve_connection(TokioIo::new(stream), service).await;
    }

    /// A connection of this user's program `peer` to the socket, in HTTP/1.1.
    pub(crate) async fn socket(self, stream: UserConnection, peer: Peer, is_native_host: bool) {
        let departure = match Departure::of_socket(&stream) {
            Ok(departure) => departure,
            Err(error) => {
                tracing::debug!(%error, "a connection was closed: it cannot be watched");
                return;
            }
        };
        let connection = Connection::through(Door::Socket {
            pid: peer.pid,
            executable: peer.executable,
            is_native_host,
        });
        let stream = LendingStream::new(stream, connection.lent.clone());
        self.http_1(stream, connection, &departure).await;
    }

    async fn http_1<S>(&self, stream: S, connection: Connection, departure: &Departure)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let requests = OpenRequests::none();
        let gone = connection.gone.clone();
        let service = service(self.router.clone(), connection, requests.clone());
        let mut http_1 = http1::Builder::new();
        let served = http_1
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        drive(served, self.end_of(&requests, departure, &gone)).await;
    }

    async fn http_2<S>(&self, stream: S, connection: Connection, departure: &Departure)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let requests = OpenRequests::none();
        let gone = connection.gone.clone();
        let service = service(self.router.clone(), connection, requests.clone());
        let mut http_2 = http2::Builder::new(TokioExecutor::new());
        let served = http_2
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIME)
            .max_header_list_size(LONGEST_HEAD_IN_HTTP_2)
            .serve_connection(TokioIo::new(stream), service);
        drive(served, self.end_of(&requests, departure, &gone)).await;
    }

    /// Completes when a connection is to end: the agent stops, nobody asks anything, or the
    /// peer left, which the requests that are still open then know by `gone`.
    async fn end_of(
        &self,
        requests: &OpenRequests,
        departure: &Departure,
        gone: &CancellationToken,
    ) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = requests.idle_for(HEAD_TIME) => {}
            () = departure.noticed() => gone.cancel(),
        }
    }
}

fn tcp_door(stream: &TcpStream, peer_is_ours: bool) -> Door {
    let local = stream.local_addr();
    Door::Tcp {
        port: local.as_ref().map_or(0, SocketAddr::port),
        peer_is_ours,
    }
}

fn console_door(stream: &TcpStream, peer_is_ours: bool) -> Door {
    let local = stream.local_addr();
    Door::Console {
        port: local.as_ref().map_or(0, SocketAddr::port),
        peer_is_ours,
    }
}

async fn handshake(stream: TcpStream, tls: Arc<ServerConfig>) -> Option<TlsStream<TcpStream>> {
    let _ = stream.set_nodelay(true);
    match TlsAcceptor::from(tls).accept(stream).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
    }
}

/// The routes, for the requests of one connection.
fn service(
    router: Router,
    connection: Connection,
    requests: OpenRequests,
) -> impl HttpService<
    Incoming,
    ResBody = Body,
    Error = Infallible,
    Future: Future<Output = Result<http::Response<Body>, Infallible>> + Send + 'static,
> {
    service_fn(move |mut request: http::Request<Incoming>| {
        let open = requests.open();
        request.extensions_mut().insert(connection.clone());
        let answer = router.clone().oneshot(request);
        async move { Ok(answer.await?.map(|body| open.until_the_end_of(body))) }
    })
}

/// Serves until `end`, then lets the open requests end for a moment.
async fn drive<C>(connection: C, end: impl Future<Output = ()>)
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = end => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_ANSWERS, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How long open requests may go on when a connection is to end.
pub(crate) const LAST_ANSWERS: Duration = Duration::from_secs(2);

const HTTP_2: &[u8] = b"h2";
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How long a connection may be without a request whose head is whole.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection of another user may take in all.
const STRANGERS_TIME: Duration = Duration::from_secs(5);
/// How often HTTP/2 asks a peer that has requests open whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIME: Duration = Duration::from_secs(10);
/// Most bytes of a request's head; a page of a large site brings some kilobytes of it.
const LONGEST_HEAD: usize = 32 * 1024;
const LONGEST_HEAD_IN_HTTP_2: u32 = 32 * 1024;
