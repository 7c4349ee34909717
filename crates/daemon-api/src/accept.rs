//! Accepting connections: TLS on loopback, the user's socket, and the console's port while it is open, each up
//! to a limit.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use daemon_types::ErrorCode;
use platform::peer::{self, FileId, Peer};
use platform::tcp_owner;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::console::Wishes;
use crate::places::{Place, Places};
use crate::router::Api;
use crate::serving::{LAST_ANSWERS, Serving};
use crate::tls::TlsIdentity;
use crate::user_socket::{UserConnection, UserListener, accept};

/// Where the agent listens.
#[derive(Debug)]
pub struct Doors {
    /// Loopback listeners, all on the same port.
    pub tcp: Vec<TcpListener>,
    /// The user's socket.
    pub socket: UserListener,
    /// What the TLS door presents.
    pub identity: TlsIdentity,
    /// The program that speaks for pages on the socket, where there is one.
    pub native_host: Option<PathBuf>,
}

/// Serves until `stop`, then lets open requests end for a moment.
pub async fn serve(api: &Api, mut doors: Doors, stop: CancellationToken) {
    let reception = Reception {
        serving: Serving {
            router: api.router(),
            stop: stop.clone(),
        },
        console: Serving {
            router: api.console_router(),
            stop: stop.clone(),
        },
        api: api.clone(),
        identity: doors.identity.clone(),
        native_host: doors.native_host,
        connections: TaskTracker::new(),
        places: Places::default(),
        stop: stop.clone(),
    };
    let mut tasks = tokio::task::JoinSet::new();
    for listener in doors.tcp {
        let reception = reception.clone();
        tasks.spawn(async move { reception.accept_tcp(&listener).await });
    }
    let at_the_socket = reception.clone();
    tasks.spawn(async move { at_the_socket.accept_socket(&mut doors.socket).await });
    if let Some(wishes) = api.console().take_wishes() {
        let reception = reception.clone();
        tasks.spawn(async move { reception.keep_console(wishes).await });
    }
    let api = api.clone();
    tasks.spawn(async move {
        let now = || api.operations().now();
        let renewing = doors.identity.renew_daily(now);
        let _ = stop.run_until_cancelled(renewing).await;
    });
    tasks.join_all().await;
    reception.connections.close();
    // Each connection has as long for its last answers.
    let _ = tokio::time::timeout(LAST_ANSWERS, reception.connections.wait()).await;
}

#[derive(Clone)]
struct Reception {
    serving: Serving,
    /// The same for the console's port.
    console: Serving,
    api: Api,
    identity: TlsIdentity,
    native_host: Option<PathBuf>,
    connections: TaskTracker,
    places: Places,
    stop: CancellationToken,
}

impl Reception {
    async fn accept_tcp(&self, listener: &TcpListener) {
        let accept = || self.stop.run_until_cancelled(listener.accept());
        let mut complaints = Complaints::default();
        while let Some(accepted) = accept().await {
            match accepted {
                Ok((stream, peer)) => self.receive_tcp(stream, peer),
                Err(error) => complaints.pause_after(&error).await,
            }
        }
    }

    async fn accept_socket(&self, listener: &mut UserListener) {
        let mut complaints = Complaints::default();
        while let Some(accepted) = self.stop.run_until_cancelled(accept(listener)).await {
            match accepted {
                Ok(stream) => self.receive_socket(stream),
                Err(error) => complaints.pause_after(&error).await,
            }
        }
    }

    /// Opens the console's port when somebody wants it, and closes it when it serves nobody any more.
    async fn keep_console(&self, mut wishes: Wishes) {
        let wish = async |wishes: &mut Wishes| self.stop.run_until_cancelled(wishes.recv()).await;
        while let Some(Some(wish)) = wish(&mut wishes).await {
            let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let bound = TcpListener::bind(any_port).await;
            let bound = bound.and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
            match bound {
                Ok((port, listener)) => {
                    tracing::info!(event = "console-opened", port, "the console is open");
                    let _ = wish.send(Ok(port));
                    self.accept_console(&listener, port, &mut wishes).await;
                    tracing::info!(event = "console-closed", port, "the console is closed");
                }
                Err(error) => {
                    let _ = wish.send(Err(error));
                }
            }
        }
    }

    async fn accept_console(&self, listener: &TcpListener, port: u16, wishes: &mut Wishes) {
        let mut complaints = Complaints::default();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.api.console().serves_nobody() => return,
                wish = wishes.recv() => if let Some(wish) = wish {
                    let _ = wish.send(Ok(port));
                },
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.receive_console(stream, peer),
                    Err(error) => complaints.pause_after(&error).await,
                },
            }
        }
    }

    fn receive_console(&self, stream: TcpStream, peer: SocketAddr) {
        let serving = self.console.clone();
        if self.is_ours(&stream, peer) {
            self.seat(self.places.own_tcp(), || serving.console(stream));
        } else {
            self.seat(self.places.strangers(), || {
                serving.strangers_console(stream)
            });
        }
    }

    fn receive_tcp(&self, stream: TcpStream, peer: SocketAddr) {
        let serving = self.serving.clone();
        if self.is_ours(&stream, peer) {
            let tls = self.identity.config();
            self.seat(self.places.own_tcp(), || serving.own_tcp(stream, tls));
        } else {
            let tls = self.identity.config_for_strangers();
            self.seat(self.places.strangers(), || {
                serving.strangers_tcp(stream, tls)
            });
        }
    }

    /// Whether the system says that the other end is this same user's. Whoever leaves at once has
    /// no owner any more, and is not to fill the log with it.
    fn is_ours(&self, stream: &TcpStream, peer: SocketAddr) -> bool {
        let Ok(local) = stream.local_addr() else {
            return false;
        };
        tcp_owner::is_ours(local, peer).unwrap_or_else(|error| {
            let operations = self.api.operations();
            if operations.is_worth_a_line(ErrorCode::PeerRefused) {
                tracing::warn!(event = "connection-owner-unknown", %error, "the owner of a connection is not known");
            }
            false
        })
    }

    /// A peer that is not this user, or that the system does not name, gets no answer at all.
    fn receive_socket(&self, stream: UserConnection) {
        let serving = self.serving.clone();
        match peer::of_same_user(&stream) {
            Ok(peer) => {
                let is_native_host = self.is_native_host(&peer);
                self.seat(self.places.of_process(peer.pid), || {
                    serving.socket(stream, peer, is_native_host)
                });
            }
            Err(error) => {
                let code = ErrorCode::PeerRefused;
                if self.api.operations().note_refusal(code, None) {
                    tracing::warn!(event = "socket-peer-refused", %error, "a connection to the socket was refused");
                }
            }
        }
    }

    /// Whether a peer runs the very file of the native host: what a program calls itself, and a
    /// copy of that file, prove nothing. The file is looked up each time, since an update puts
    /// another one in its place.
    fn is_native_host(&self, peer: &Peer) -> bool {
        let host = self.native_host.as_deref().and_then(FileId::of);
        host.is_some() && host == peer.file
    }

    /// Serves a connection if there is a place for it, and closes it otherwise.
    fn seat<F>(&self, place: Option<Place>, serve: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match place {
            Some(place) => {
                self.connections.spawn(keeping(place, serve()));
            }
            None => tracing::debug!("a connection was closed: there are too many"),
        }
    }
}

async fn keeping(place: Place, serving: impl Future<Output = ()>) {
    serving.await;
    drop(place);
}

/// What was said of connections that could not be accepted, once a minute at most.
#[derive(Default)]
struct Complaints {
    last: Option<Instant>,
}

impl Complaints {
    /// Out of file descriptors, most likely: trying at once again would only burn the processor.
    async fn pause_after(&mut self, error: &std::io::Error) {
        if self
            .last
            .is_none_or(|last| last.elapsed() >= BETWEEN_COMPLAINTS)
        {
            self.last = Some(Instant::now());
            tracing::warn!(event = "connection-not-accepted", %error, "connections cannot be accepted");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);
